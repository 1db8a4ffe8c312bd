"""What is one layer here and several there: a grouped convolution, attention. They are made alike before they are aligned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Optional

from ..algebra import Dim, evaluate, exact_div, product
from ..layers import Conv, Dense, MultiHeadAttention, PerHeadAttention
from ..layers.base import Shape, Spec
from .flow import Flow
from .forms import core_of, form_of
from .units import Held, Unit, ledger_of, tensors_of

_MOST_GROUPS = 8  # more are never written as layers of their own


def together(flow: Flow, others: Sequence[Unit]) -> list[Unit]:
    """The units of a model, with convolutions of parts of the channels as one with groups, where that is how the other is."""
    halves: dict[tuple[int, Spec], list[Unit]] = {}
    for unit in flow.units:
        source = flow.sliced_from(unit)
        if type(unit.spec) is Conv and source is not None:
            halves.setdefault((source, unit.spec.replace(in_channels=None)), []).append(unit)
    wholes = {(unit.spec.kernel_size, unit.spec.filters) for unit in others if type(unit.spec) is Conv}
    merged: dict[int, Unit] = {}
    for (source, law), parts in halves.items():
        whole = _whole(law, parts, flow.shape(source))
        if whole is not None and (law.kernel_size, whole.spec.filters) in wholes:  # type: ignore[attr-defined]
            merged[parts[0].index] = whole
    gone = {row.path for whole in merged.values() for row in whole.joined[1:]}
    kept = [merged.get(unit.index, unit) for unit in flow.units if unit.row.path not in gone]
    return [replace(unit, index=i) for i, unit in enumerate(kept)]


def _whole(law: Spec, parts: Sequence[Unit], x: Optional[Shape]) -> Optional[Unit]:
    """Convolutions of equal parts of the channels as one with groups; None where they do not make up the whole."""
    first = parts[0]
    if x is None or len(parts) < 2 or not isinstance(law, Conv) or first.inputs[0] is None:
        return None
    at = law.channel_axis() % len(x)
    if x[at] != first.inputs[0][at] * len(parts) or any(set(part.held) != set(first.held) for part in parts):
        return None
    spec = law.replace(groups=law.groups * len(parts), filters=law.filters * len(parts))
    held = {role: one._replace(size=_sum(part.held[role].size for part in parts)) for role, one in first.held.items()}
    return replace(
        first, spec=spec, inputs=(x,), held=held, neurons=_sum(part.neurons for part in parts),
        joined=tuple(part.row for part in parts), given=None,
        seen=form_of(spec, x, first.layout, incoming=True), gives=form_of(spec, spec.output(x), first.layout),
    )  # fmt: skip


def _sum(sizes: Iterable[Optional[Dim]]) -> Optional[Dim]:
    found = list(sizes)
    return None if None in found else sum((size for size in found if size is not None), 0)


def apart(units: Sequence[Unit], others: Sequence[Unit]) -> list[Unit]:
    """`units`, with a grouped convolution as its groups and attention as its projections, where the other has no such layer."""
    found: list[Unit] = []
    kernels = [_kernel(unit) for unit in others]
    kinds = {type(core_of(unit.spec)) for unit in others}
    for unit in units:
        pieces = list(_groups(unit))
        wanted = pieces and kernels.count(_kernel(pieces[0])) >= len(pieces) and _kernel(unit) not in kernels
        if isinstance(unit.spec, (MultiHeadAttention, PerHeadAttention)) and type(unit.spec) not in kinds:
            pieces = list(_projections(unit))
            wanted = bool(pieces)
        found += pieces if wanted else [unit]
    return [replace(unit, index=i) for i, unit in enumerate(found)]


def _kernel(unit: Unit) -> Optional[tuple[object, ...]]:
    """What a convolution's kernel looks like, and whether it has groups."""
    spec = unit.spec
    if type(spec) is not Conv:
        return None
    kernel = ledger_of(spec, unit.inputs).get("kernel")
    return spec.kernel_size, spec.filters, spec.groups, None if kernel is None else kernel.size


def _groups(unit: Unit) -> Iterator[Unit]:
    """The groups of a convolution as units; nothing where there are none, or too many."""
    spec, x = unit.spec, unit.inputs[0] if unit.inputs else None
    if type(spec) is not Conv or x is None or not 1 < spec.groups <= _MOST_GROUPS or unit.part:
        return
    at, groups = spec.channel_axis() % len(x), spec.groups
    fed: Shape = (*x[:at], exact_div(x[at], groups), *x[at + 1 :])
    law = spec.replace(groups=1, filters=spec.filters // groups, in_channels=None)
    held = {role: _share(one, groups) for role, one in unit.held.items()}
    y = law.output(fed)
    neurons = None if unit.neurons is None else evaluate(unit.neurons) // groups
    for i in range(groups):
        yield replace(
            unit, spec=law, inputs=(fed,), held=held, neurons=neurons, part=f"group{i + 1}", whole="conv", abreast=groups,
            seen=form_of(law, fed, unit.layout, incoming=True), gives=form_of(law, y, unit.layout),
        )  # fmt: skip


def _projections(unit: Unit) -> Iterator[Unit]:
    """What attention does to queries, keys and values, each as a dense layer; nothing where it owns more than that."""
    tensors = tensors_of(unit.spec, unit.inputs)
    names = [name for name in ("query", "key", "value", "output") if f"{name}_kernel" in tensors]
    roles = {f"{name}_{part}": (name, part) for name in names for part in ("kernel", "bias")}
    if not names or not {*tensors, *unit.held} <= set(roles) or unit.seen is None:
        return
    time = unit.inputs[0][:-1] if unit.inputs and unit.inputs[0] else ()
    for name in names:
        sides = dict(tensors[f"{name}_kernel"].axes)
        bias = tensors.get(f"{name}_bias")
        units = evaluate(bias.size) if bias is not None else None
        size = evaluate(tensors[f"{name}_kernel"].size)
        width = _width(unit.spec, name, sides)
        if not isinstance(size, int) or not isinstance(width, int) or (units is not None and units != width):
            return
        law, fed = Dense(width, bias is not None), (*time, size // width)
        held = {roles[role][1]: one for role, one in unit.held.items() if roles[role][0] == name}
        yield replace(
            unit, spec=law, inputs=(fed,), held=held, part=name, whole=unit.spec.kind, abreast=len(names),
            neurons=unit.neurons if name == names[0] else 0,
            seen=form_of(law, fed, unit.layout, incoming=True), gives=form_of(law, law.output(fed), unit.layout), given=None,
        )  # fmt: skip


def _width(spec: Spec, name: str, sides: dict[str, Dim]) -> Dim:
    """How many features a projection has."""
    if isinstance(spec, MultiHeadAttention):
        return spec.width
    return evaluate(product(dim for axis, dim in list(sides.items())[1:])) if name != "output" else list(sides.values())[-1]


def _share(held: Held, groups: int) -> Held:
    return held._replace(size=None if held.size is None else held.size // groups)
