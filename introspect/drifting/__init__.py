"""`drift(old, new)`: what became of a model's ledger: tensors that appeared, disappeared or changed, with workings and why."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Optional

from ..algebra import evaluate
from ..baselines.canonical import canonical
from ..comparing import comparison
from ..comparing.result import Side
from ..comparing.wording import listed
from ..explaining import Explanation
from ..layers.base import show
from ..rows import LayerRow, TensorRow
from .pairing import Pair, given, paired, places_of, trait
from .result import APPEARED, CHANGED, DISAPPEARED, QUANTITIES, Drift, Held, Renamed, Reshaped, Row, Total, said

__all__ = ["Drift", "Held", "Renamed", "Reshaped", "Row", "Total", "drift"]

_LABELS = "the new model", "the old one"


def drift(old: Explanation, new: Explanation) -> Drift:
    """What of `old` is not so in `new`; each a baseline that was read, a saved explanation or one just made.

    >>> from ..demo import on_paper
    >>> from ..explaining import explain
    >>> drift(explain(on_paper()), explain(on_paper())).same
    True
    """
    a, b = _numbered(old), _numbered(new)
    pairs = paired(places_of(a.layers), places_of(b.layers))
    paths = {before.row.path: now.row.path for before, now in pairs if before is not None and now is not None}
    rows: list[Row] = []
    renamed: list[Renamed] = []
    layers: list[Reshaped] = []
    for pair in pairs:
        found = list(_tensors(pair, paths, renamed))
        rows += found
        layers += [] if found or old.model.complete != new.model.complete else _reshaped(pair)
    totals = tuple(Total(name, getattr(a, name).value, getattr(b, name).value) for name in QUANTITIES)
    sides = _side(old, _LABELS[1]), _side(new, _LABELS[0])
    answer = Drift(*sides, tuple(rows), tuple(layers), tuple(renamed), totals, notes=tuple(_notes(old, new, pairs)))
    if answer.same:
        return answer
    labels = _LABELS if old.model.framework == new.model.framework else None
    return replace(answer, accounts=comparison(b, a, labels=labels).accounts)


def _numbered(e: Explanation) -> Explanation:
    """The same with dimensions that have no name called by their place, so that those of two models can be the same."""
    return Explanation(canonical(e.model), e.reported, verified=e.verified)


def _side(e: Explanation, label: str) -> Side:
    return Side(e.model.framework, e.model.version, e.model.name, label, e.status)


def _tensors(pair: Pair, paths: Mapping[str, str], renamed: list[Renamed]) -> Iterator[Row]:
    """The tensors of a pair that differ; those that are only called otherwise are put aside."""
    old, new = ({} if place is None else {t.name: t for t in place.row.tensors} for place in pair)
    for before, now in _matched(old, new):
        a, b = (_held(place.row, t) if place is not None and t is not None else None
                for place, t in zip(pair, (before, now)))  # fmt: skip
        if a is None or b is None:
            yield Row(APPEARED if a is None else DISAPPEARED, a, b)
            continue
        what = tuple(_changes(a, b, paths))
        if what:
            yield Row(CHANGED, a, b, what if a.name == b.name else (*what, f"{a.name} before"))
        elif a.name != b.name:
            renamed.append(Renamed(a.name, b.name))


def _matched(
    old: Mapping[str, TensorRow], new: Mapping[str, TensorRow]
) -> Iterator[tuple[Optional[TensorRow], Optional[TensorRow]]]:
    """The tensors of a layer by name; what is left by what it is, then by what it is for, where as many are on either side."""
    before = {name: old[name] for name in new if name in old}
    for alike in (trait, _purpose):
        taken = {t.name for t in before.values()}
        left = [t for name, t in old.items() if name not in taken], [t for name, t in new.items() if name not in before]
        for group in {alike(t): None for t in left[1]}:
            those, these = ([t for t in side if alike(t) == group] for side in left)
            if len(those) == len(these):
                before.update(zip([t.name for t in these], those))
    taken = {t.name for t in before.values()}
    yield from ((before.get(name), tensor) for name, tensor in new.items())
    yield from ((tensor, None) for name, tensor in old.items() if name not in taken)


def _purpose(tensor: TensorRow) -> Hashable:
    """What a tensor is for; one that no law speaks of is for nothing that another one is."""
    return tensor.keys or tensor.name


def _held(row: LayerRow, tensor: TensorRow) -> Held:
    shape = "?" if tensor.shape is None else show(tensor.shape)
    role = " + ".join(tensor.keys) or tensor.role
    working = "" if tensor.opaque else row.worked(tensor).working
    return Held(
        tensor.holders[0], role, shape, None if tensor.size is None else evaluate(tensor.size), working, tensor.trainable,
        tensor.buffer, tuple(tensor.holders), tensor.opaque,
    )  # fmt: skip


def _changes(a: Held, b: Held, paths: Mapping[str, str]) -> Iterator[str]:
    """What is not the same in a tensor, in a few words each."""
    if a.role != b.role:
        yield f"{a.role} → {b.role}"
    if a.shape != b.shape:
        yield f"{a.shape} → {b.shape}"
    elif a.size != b.size:
        yield f"{said(a.size)} → {said(b.size)} elements"
    if a.buffer != b.buffer:
        yield "a buffer now" if b.buffer else "a parameter now"
    elif a.trainable != b.trainable:
        yield "trained now" if b.trainable else "not trained any more"
    if a.opaque != b.opaque:
        yield "no law speaks of it now" if b.opaque else "a law speaks of it now"
    others = [{_moved(name, paths) for name in a.holders[1:]}, set(b.holders[1:])]
    if others[0] - others[1]:
        yield f"not tied to {', '.join(sorted(others[0] - others[1]))} any more"
    if others[1] - others[0]:
        yield f"tied to {', '.join(sorted(others[1] - others[0]))} now"


def _moved(name: str, paths: Mapping[str, str]) -> str:
    path, dot, leaf = name.rpartition(".")
    return f"{paths.get(path, path)}{dot}{leaf}"


def _reshaped(pair: Pair) -> list[Reshaped]:
    """A layer that gives something else, or is counted otherwise."""
    before, now = pair
    if before is None or now is None:
        return []
    a, b = before.row, now.row
    found = Reshaped(a.path, b.path, b.kind_name, given(a), given(b), a.neurons.value, b.neurons.value)
    differs = (found.old_output, found.old_neurons) != (found.output, found.neurons)
    return [found] if differs else []


def _notes(old: Explanation, new: Explanation, pairs: Sequence[Pair]) -> Iterator[str]:
    """What is no drift, and may be the cause of one."""
    a, b = old.model, new.model
    if a.framework != b.framework:
        yield f"the framework was {a.framework or 'none'}, it is {b.framework or 'none'} now"
    elif a.version != b.version:
        yield f"{a.framework} was {a.version}, it is {b.version} now"
    if a.name != b.name:
        yield f"the model was called {a.name}, it is called {b.name} now"
    if a.complete != b.complete:
        yield "the calls were not known" if b.complete else "the calls are not known: no input was given"
    for word, i in (("new", 1), ("gone", 0)):
        empty = [place.row for place in (pair[i] for pair in pairs if pair[1 - i] is None) if place is not None]
        names = [row.path for row in empty if not row.tensors and not row.function and not row.repeated]
        if names:
            yield f"{word}, without any tensor: {listed(names, 8)}"
    if new.status == "mismatch":
        yield "the new model is not what its framework reports: see explain()"
