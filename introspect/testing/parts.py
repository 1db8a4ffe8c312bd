"""A quantity of a part of a model: the number, whether it can be relied on, and where it comes from, in words."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from typing import Callable, NamedTuple, Optional

from ..algebra import Dim, spelled_out
from ..counting import Row
from ..diagnosing.tally import OF_CALLS, OWNED, WORDS, Tally, find_scope
from ..diagnosing.workings import Terms
from ..errors import InputNeededError, IntrospectError
from ..explaining import Explanation
from ..notation import working
from ..rows import LayerRow
from ..verifying import MISMATCH

_MOST = 5  # parts that are shown
_MOST_TERMS = 8  # of a sum that can be read


class _Piece(NamedTuple):
    """A layer, or a tensor of the one layer there is; its expression is made only when it is shown."""

    name: str
    size: int
    expression: Callable[[], Dim]


class Part:
    """One quantity of a model, a block, a layer or a tensor.

    Raises `IntrospectError` with near names where there is no such quantity or part.
    """

    def __init__(self, explanation: Explanation, quantity: str = "params", at: Optional[str] = None) -> None:
        known = (*OWNED, *OF_CALLS)
        if quantity not in known:
            near = get_close_matches(str(quantity), known, 1, 0.5) or known
            raise IntrospectError("nothing of that name is counted", got=quantity, expected=", ".join(near))
        self.explanation, self.at = explanation, at
        self.tally = Tally(explanation, quantity, find_scope(explanation.model, _first_held(explanation, at)))
        self.what = WORDS.get(quantity, quantity)
        self._terms = Terms(self.tally)

    @property
    def name(self) -> str:
        """``conv1 of Net``."""
        model = self.explanation.model.name or "the model"
        return f"{self.at} of {model}" if self.at else model

    @property
    def value(self) -> int:
        """The number. Raises `InputNeededError` where it is not known."""
        return self.tally.total

    def why_unknown(self) -> str:
        """What is needed before the number is known; empty where it is."""
        try:
            self.tally.total  # noqa: B018
        except InputNeededError as error:
            return self._first_reason() or str(error.expected)
        return ""

    def _first_reason(self) -> str:
        kind, _, definition = self.tally.quantity.partition(":")
        for layer, row in self._within() if self.explanation.model.complete else ():
            if self.tally.before(row) is None:
                count = layer.count_neurons(definition or "weighted") if kind == "neurons" else getattr(layer, kind)
                return str(count.why_unknown)
        return ""

    def disagreements(self) -> list[str]:
        """In words: where the two roads disagree within the part."""
        if not self.explanation.verified:
            return []
        found = [text for layer, _ in self._within() if layer.status == MISMATCH for text in layer.verdicts]
        return found + ([] if self.at else self.explanation.notes_on_totals)

    def _within(self) -> Iterator[tuple[LayerRow, Row]]:
        """The part's rows, as a reader sees them and as they were counted."""
        for layer, row in zip(self.explanation.layers, self.tally.rows):
            if self.tally.scope.holds(row.layer_index):
                yield layer, row

    def sentence(self) -> str:
        """``conv2 of Net has 51,264 = (5·5·32 + 1)·64 parameters``."""
        what = self.what[:-1] if self.value == 1 and self.what.endswith("s") else self.what
        return f"{self.name} has {self.value:,}{_equals(self._working(), self.value)} {what}"

    def _working(self) -> str:
        """One formula for one layer, a sum of a few, nothing for many."""
        rows = [row for row in self.tally.rows if self.tally.before(row)]
        if len(rows) == 1:
            return _written(self._terms.row(rows[0]))
        return " + ".join(f"{self.tally.before(row):,}" for row in rows) if len(rows) <= _MOST_TERMS else ""

    def largest(self) -> list[str]:
        """A line for each of the largest parts with its working, and one for the rest: they add up."""
        pieces = sorted(self._pieces(), key=lambda piece: -piece.size)
        if len(pieces) < 2:
            return []
        most = len(pieces) if len(pieces) <= _MOST + 1 else _MOST
        rest = sum(piece.size for piece in pieces[most:])
        shown = [(p.name, f"{p.size:,}", _equals(_written(p.expression()), p.size)) for p in pieces[:most]]
        shown += [(f"{len(pieces) - most:,} more", f"{rest:,}", "")] if rest else []
        names, digits = (max(len(line[i]) for line in shown) for i in (0, 1))
        return [f"{name:<{names}}  {size:>{digits}}{worked}" for name, size, worked in shown]

    def _pieces(self) -> list[_Piece]:
        rows = [row for row in self.tally.rows if self.tally.before(row)]
        if len(rows) > 1 or not self.tally.owned:
            return [
                _Piece(r.layer.path or "(itself)", int(self.tally.before(r) or 0), partial(self._terms.row, r)) for r in rows
            ]
        held = [(row, entry) for row in rows for entry in row.entries if self.tally.counts(entry)]
        return [_Piece(e.name, int(self.tally.size(e) or 0), partial(self._terms.tensor, r, e)) for r, e in held]

    def notes(self) -> Iterator[str]:
        """What else is to be said of the number: whose it is, and what is counted elsewhere."""
        held = [(row, entry) for _, row in self._within() for entry in row.entries]
        opaque = [self.tally.size(entry) or 0 for _, entry in held if entry.size is None and self.tally.counts(entry)]
        if opaque and self.tally.owned:
            yield f"{sum(opaque):,} of them as the framework reports them: no law speaks of them"
        shared = sorted({name for layer, _ in self._within() for name in layer.shared})
        if shared and self.at and self.tally.owned:
            yield f"tied, and counted where it is held first: {', '.join(shared)}"


def _first_held(explanation: Explanation, at: Optional[str]) -> Optional[str]:
    """A tied tensor's name where it is held first; anything else as it is."""
    tied = next((t for t in explanation.tensors if at in t.holders[1:]), None)
    return at if tied is None else tied.holders[0]


def _written(expression: Dim) -> str:
    return working(spelled_out(expression))


def _equals(worked: str, size: int) -> str:
    return f" = {worked}" if worked and worked not in (f"{size}", f"{size:,}") else ""
