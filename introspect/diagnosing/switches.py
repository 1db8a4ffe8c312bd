"""Every other way to fill in a convention, of one layer or of all layers of a kind at once, with what it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Optional

from ..conventions import Convention, alternatives, unwrapped
from ..layers import Recurrent
from ..layers.base import Spec
from . import costs
from .edits import Edit, Fields, field_changes, revised
from .naming import in_places
from .tally import Tally

_Choice = tuple[Convention, str, dict[str, Any]]


class Switches:
    """The choices of a model's layers, gathered: each in all layers it can be made in, in all of a kind, in one."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.groups: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = {}
        self.meant: dict[tuple[Any, ...], tuple[Convention, str]] = {}
        self._said: set[frozenset[tuple[int, str, str]]] = set()
        known: dict[Any, list[_Choice]] = {}
        for i, layer in enumerate(tally.model.layers):
            calls = tally.reviser.calls_of.get(i)
            call = tally.model.calls[calls[0]] if calls else None
            inputs = tally.model.shapes(call.inputs) if call else ()
            key = (layer.spec, inputs)
            if key not in known:
                known[key] = list(_choices(layer.spec, inputs))
            for convention, words, changes in known[key]:
                if not convention.before or (call and _read_by(tally, call.outputs[0], convention.before)):
                    self._enter(i, convention, words, changes, key)

    def _enter(self, i: int, convention: Convention, words: str, changes: dict[str, Any], key: Any) -> None:
        place, kind = (convention.code, words), self.tally.model.layers[i].spec.kind
        for group in ((place,), (place, kind), (place, kind, key)):
            if len(group) < 3 or not self.groups.get(group) or convention.before:
                self.groups.setdefault(group, {})[i] = changes
            self.meant[group] = (convention, words)

    def edits(self, odd: bool) -> Iterator[Edit]:
        """The edits of all layers of a kind; or, if `odd`, of single layers among others."""
        for group in sorted(self.groups, key=len):
            if odd == (len(group) == 3 and len(self.groups[group[:2]]) > 1):
                edit = self._edit(group, odd)
                if edit is not None:
                    yield edit

    def _edit(self, group: tuple[Any, ...], odd: bool) -> Optional[Edit]:
        tally, fields, (convention, words) = self.tally, self.groups[group], self.meant[group]
        signature = frozenset((i, name, repr(value)) for i, changes in fields.items() for name, value in changes.items())
        if signature in self._said:
            return None
        self._said.add(signature)
        recount = tally.recount(revised(tally.model, fields))
        if recount is None or recount.value == tally.total or not isinstance(recount.value, int):
            return None
        known = costs.UNKNOWN["cell"] if convention is CELL else costs.CONVENTIONS.get(convention.code, costs.CONVENTION)
        places = tuple(tally.model.layers[i].path for i in fields)
        return Edit(
            convention.code, _sentence(tally, convention, words, fields), known + (costs.ODD_ONE if odd else 0.0),
            recount.value - tally.total, places, frozenset(recount.by_layer), fields,
        )  # fmt: skip


def _choices(spec: Spec, inputs: Any) -> Iterator[_Choice]:
    for convention, law in alternatives(spec, inputs):
        words = convention.states(unwrapped(law))
        yield convention, words, field_changes(spec, law)
    if isinstance(spec, Recurrent):
        for cell in ("simple", "lstm", "gru"):
            if cell != spec.cell:
                yield CELL, _CELLS[cell], {"cell": cell}


_CELLS = {"simple": "a simple cell", "lstm": "an LSTM cell", "gru": "a GRU cell"}
CELL = Convention(
    "cell", ("recurrent", "recurrent_cell"), ("cell",), "a cell has one gate, three or four",
    lambda spec: _CELLS.get(spec.cell, spec.cell), lambda spec, inputs: (),
)  # fmt: skip


def _read_by(tally: Tally, value: int, kinds: tuple[str, ...]) -> bool:
    return any(tally.model.layers[tally.model.calls[i].layer].spec.kind in kinds for i in tally.reviser.readers.get(value, ()))


def _sentence(tally: Tally, convention: Convention, words: str, fields: Fields) -> str:
    layers = [tally.model.layers[i] for i in fields]
    now = dict.fromkeys(convention.states(unwrapped(layer.spec)) for layer in layers)
    instead = " or ".join(now)
    return f"{words} instead of {instead} {in_places(layers)}: {convention.because}"
