"""Every other way to fill in a convention, of one layer or of all layers of a kind at once, with what it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..conventions import Convention, alternatives, unwrapped
from ..layers import Recurrent
from ..layers.base import Spec
from . import costs
from .edits import Edit, Fields, field_changes, revised
from .naming import in_places
from .tally import Tally

_Choice = tuple[Convention, str, dict[str, Any]]
_KEPT = 12  # equal layers: beyond that, nobody means a single one


def switches(tally: Tally) -> Iterator[Edit]:
    """One edit for each choice: of all layers it can be made in, of all of a kind, of one."""
    groups: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = {}
    meant: dict[tuple[Any, ...], tuple[Convention, str]] = {}
    known: dict[Any, list[_Choice]] = {}
    for i, layer in enumerate(tally.model.layers):
        calls = tally.reviser.calls_of.get(i)
        call = tally.model.calls[calls[0]] if calls else None
        inputs = tally.model.shapes(call.inputs) if call else ()
        key = (layer.spec, inputs)
        if key not in known:
            known[key] = list(_choices(layer.spec, inputs))
        for convention, words, changes in known[key]:
            if convention.before and not (call and _read_by(tally, call.outputs[0], convention.before)):
                continue
            place = (convention.code, words)
            for group in ((place,), (place, layer.spec.kind), (place, layer.spec.kind, key)):
                if len(group) < 3 or not groups.get(group) or convention.before:
                    groups.setdefault(group, {})[i] = changes
                meant[group] = (convention, words)
    yield from _edits(tally, groups, meant)


def _choices(spec: Spec, inputs: Any) -> Iterator[_Choice]:
    for convention, law in alternatives(spec, inputs):
        words = convention.states(unwrapped(law))
        yield convention, words, field_changes(spec, law)
    if isinstance(spec, Recurrent):
        for cell in ("simple", "lstm", "gru"):
            if cell != spec.cell:
                yield CELL, f"a {cell} cell", {"cell": cell}


CELL = Convention(
    "cell", ("recurrent", "recurrent_cell"), ("cell",), "a cell has one gate, three or four",
    lambda spec: f"a {spec.cell} cell", lambda spec, inputs: (),
)  # fmt: skip


def _read_by(tally: Tally, value: int, kinds: tuple[str, ...]) -> bool:
    return any(tally.model.layers[tally.model.calls[i].layer].spec.kind in kinds for i in tally.reviser.readers.get(value, ()))


def _edits(tally: Tally, groups: dict[Any, dict[int, dict[str, Any]]], meant: dict[Any, Any]) -> Iterator[Edit]:
    said: set[frozenset[tuple[int, str, str]]] = set()
    for group in sorted(groups, key=len):
        fields = groups[group]
        signature = frozenset((i, name, repr(value)) for i, changes in fields.items() for name, value in changes.items())
        if signature in said:
            continue
        said.add(signature)
        recount = tally.recount(revised(tally.model, fields))
        if recount is None or recount.value == tally.total or not isinstance(recount.value, int):
            continue
        convention, words = meant[group]
        odd = len(group) == 3 and len(groups[group[:2]]) > 1
        yield Edit(
            convention.code,
            _sentence(tally, convention, words, fields),
            (costs.UNKNOWN["cell"] if convention is CELL else costs.CONVENTIONS.get(convention.code, costs.CONVENTION))
            + (costs.ODD_ONE if odd else 0.0),
            recount.value - tally.total,
            tuple(tally.model.layers[i].path for i in fields),
            frozenset((c.after or c.before).layer_index for c in recount.changes),  # type: ignore[union-attr]
            fields,
        )


def _sentence(tally: Tally, convention: Convention, words: str, fields: Fields) -> str:
    layers = [tally.model.layers[i] for i in fields]
    now = dict.fromkeys(convention.states(unwrapped(layer.spec)) for layer in layers)
    instead = " or ".join(now)
    return f"{words} instead of {instead} {in_places(layers)}: {convention.because}"
