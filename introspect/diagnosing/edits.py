"""A change that may be behind a claim: other fields of some laws (a revision), or something counted wrongly (a slip)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Optional

from ..algebra import Dim, evaluate
from ..conventions import rewrapped, unwrapped
from ..ir import Model
from ..layers.base import Spec
from ..notation import working
from .revising import Specs

Fields = Mapping[int, Mapping[str, Any]]  # new values of fields, by the index of the layer
MOST_PIECES = 6  # a longer working is no help to a reader


@dataclass(frozen=True)
class Piece:
    """A term of a working: `expression`, `times` times; taken away if that is negative."""

    expression: Dim
    times: int = 1

    @property
    def value(self) -> int:
        return self.times * int(evaluate(self.expression))

    @property
    def text(self) -> str:
        """Without its sign.

        >>> Piece(1234567).text, Piece(64, -3).text
        ('1,234,567', '3·64')
        """
        times = abs(self.times)
        if isinstance(self.expression, int):
            text = f"{self.expression:,}" if self.expression >= 0 else f"({self.expression:,})"
            return text if times == 1 else f"{times}·{text}"
        text = working(self.expression)
        if len(self.expression.terms) > 1 and not (text.startswith("(") and "·" in text and not _splits(text)):
            text = f"({text})" if _splits(text) else text
        return text if times == 1 else f"{times}·{text}"


def _splits(text: str) -> bool:
    """Whether a sum stands outside all brackets."""
    depth = 0
    for i, mark in enumerate(text):
        depth += {"(": 1, "⌊": 1, "⌈": 1, ")": -1, "⌋": -1, "⌉": -1}.get(mark, 0)
        if depth == 0 and mark in "+−" and i > 0:
            return True
    return False


def total(pieces: Iterable[Piece]) -> int:
    """What pieces come to."""
    return sum(piece.value for piece in pieces)


def written(pieces: Sequence[Piece]) -> str:
    """Pieces as a sum.

    >>> written([Piece(100), Piece(64, -3), Piece(7)])
    '100 − 3·64 + 7'
    """
    shown = [piece for piece in pieces if piece.times and not (isinstance(piece.expression, int) and piece.expression == 0)]
    if not shown:
        return "0"
    if len(shown) == 1 and shown[0].times == 1 and not isinstance(shown[0].expression, int):
        return working(shown[0].expression)
    first, *others = shown
    text = ("−" if first.times < 0 else "") + first.text
    return text + "".join((" − " if piece.times < 0 else " + ") + piece.text for piece in others)


def gathered(pieces: Iterable[Piece]) -> list[Piece]:
    """Equal pieces as one; all that is added and all that is taken away as two numbers where there are too many."""
    times: dict[Dim, int] = {}
    for piece in pieces:
        times[piece.expression] = times.get(piece.expression, 0) + piece.times
    found = [Piece(expression, n) for expression, n in times.items() if n]
    if len(found) <= MOST_PIECES:
        return found
    taken = sum(piece.value for piece in found if piece.value < 0)
    added = sum(piece.value for piece in found if piece.value > 0)
    return [piece for piece in (Piece(-taken, -1), Piece(added)) if piece.expression != 0]


@dataclass(frozen=True)
class Edit:
    """One change. `text` says it in a sentence's beginning; `delta` is what it adds to the quantity.

    `fields`: what it changes in the laws; none for a slip, which brings its own `pieces`. `touched`: the layers whose share of
    the quantity it changes.
    """

    code: str
    text: str
    cost: float
    delta: int
    places: tuple[str, ...] = ()
    touched: frozenset[int] = frozenset()
    fields: Fields = dataclasses.field(default_factory=dict)
    pieces: Callable[[], list[Piece]] = list
    whole: bool = False  # its pieces are all there is, and not a difference
    solved: bool = False  # the value of a hyper-parameter
    formula: Callable[[], Optional[Dim]] = type(None)  # the whole quantity in one term, for a hyper-parameter


def revised(model: Model, fields: Fields) -> dict[int, Spec]:
    """The laws with new values in their fields; equal layers share one object, so that it is worked out once."""
    made: dict[tuple[object, ...], Spec] = {}
    found: dict[int, Spec] = {}
    for i, changes in fields.items():
        spec = model.layers[i].spec
        key = (id(spec), *changes.items())
        if key not in made:
            made[key] = rewrapped(spec, changes)
        found[i] = made[key]
    return found


def merged(model: Model, edits: Iterable[Edit]) -> Specs:
    """The laws with the fields of all `edits` changed; the last one wins where two change the same."""
    together: dict[int, dict[str, Any]] = {}
    for edit in edits:
        for layer, changes in edit.fields.items():
            together.setdefault(layer, {}).update(changes)
    return revised(model, together)


def clash(a: Edit, b: Edit) -> bool:
    """Whether two edits set the same field of a layer."""
    return any(set(changes) & set(b.fields[i]) for i, changes in a.fields.items() if i in b.fields)


def field_changes(before: Spec, after: Spec) -> dict[str, Any]:
    """The fields of (the law inside) `after` that are not those of `before`."""
    before, after = unwrapped(before), unwrapped(after)
    names = [field.name for field in dataclasses.fields(after)]
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}
