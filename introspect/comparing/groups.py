"""A grouped convolution here, and one convolution for each group there: the former is taken apart before they are aligned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Optional

from ..algebra import evaluate, exact_div
from ..layers import Conv
from ..layers.base import Shape
from .forms import form_of
from .units import Held, Unit, ledger_of

_MOST_GROUPS = 8  # more are never written as layers of their own


def apart(units: Sequence[Unit], others: Sequence[Unit]) -> list[Unit]:
    """`units`, with each grouped convolution as its groups where that is how the other model has it."""
    found: list[Unit] = []
    kernels = [_kernel(unit) for unit in others]
    for unit in units:
        pieces = list(_groups(unit))
        wanted = pieces and kernels.count(_kernel(pieces[0])) >= len(pieces) and _kernel(unit) not in kernels
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


def _share(held: Held, groups: int) -> Held:
    return held._replace(size=None if held.size is None else held.size // groups)
