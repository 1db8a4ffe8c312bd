"""Weights that are computed from other tensors: weight norm, spectral norm, pruning, and parametrizations in general.

PyTorch keeps two ways of each: hooks before `forward`, and `torch.nn.utils.parametrize`. Both are told by the class of what
does the work; a parametrization that nobody knows keeps the stored tensor's shape unless it says how to invert itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

from torch import nn

from introspect.layers import Computed, Pruned, SpectralNorm, WeightNorm
from introspect.layers.base import Spec
from introspect.storage import parse_layout

from .holding import parametrizations
from .lawful import Law, Layouts

_WEIGHT_NORM, _SPECTRAL_NORM, _PRUNED, _KEPT, _SOMEHOW = "weight norm", "spectral norm", "pruned", "kept", "somehow"


class Change(NamedTuple):
    """What is done to the tensor called `name`: the way, the new names in a fixed order, the stored axis it goes along."""

    name: str
    way: str
    stored: tuple[str, ...] = ()
    dim: int = -1


def changed(module: nn.Module, law: Law) -> Optional[Law]:
    """`law` as `module` stores its tensors; None where something is done to a tensor that the law does not know."""
    for change in (*_by_hooks(module), *_by_parametrizations(module)):
        if change.name not in law.layouts:
            return None
        law = _applied(law, change)
    return law


def is_changed(module: nn.Module) -> bool:
    """Whether some tensor of `module` is computed from others."""
    by_hook = bool(module._forward_pre_hooks) and next(_by_hooks(module), None) is not None
    return by_hook or parametrizations(module) is not None


def _by_hooks(module: nn.Module) -> Iterator[Change]:
    for hook in module._forward_pre_hooks.values():
        names = {f"{base.__module__}.{base.__name__}" for base in type(hook).__mro__}
        if "torch.nn.utils.weight_norm.WeightNorm" in names:
            dim = -1 if hook.dim is None else hook.dim
            yield Change(hook.name, _WEIGHT_NORM, (f"{hook.name}_g", f"{hook.name}_v"), dim)
        elif "torch.nn.utils.spectral_norm.SpectralNorm" in names:
            stored = tuple(f"{hook.name}_{part}" for part in ("orig", "u", "v"))
            yield Change(hook.name, _SPECTRAL_NORM, stored, hook.dim)
        elif "torch.nn.utils.prune.BasePruningMethod" in names:
            yield Change(hook._tensor_name, _PRUNED, (f"{hook._tensor_name}_orig", f"{hook._tensor_name}_mask"))


def _by_parametrizations(module: nn.Module) -> Iterator[Change]:
    for name, chain in (parametrizations(module) or {}).items():
        yield _parametrized(name, chain)


def _parametrized(name: str, chain: Any) -> Change:
    folder = f"parametrizations.{name}"
    known = [f"{type(step).__module__}.{type(step).__name__}" for step in chain]
    if known == ["torch.nn.utils.parametrizations._WeightNorm"]:
        return Change(name, _WEIGHT_NORM, (f"{folder}.original0", f"{folder}.original1"), chain[0].dim)
    if known == ["torch.nn.utils.parametrizations._SpectralNorm"]:
        return Change(name, _SPECTRAL_NORM, (f"{folder}.original", f"{folder}.0._u", f"{folder}.0._v"), chain[0].dim)
    if chain.unsafe or any(hasattr(step, "right_inverse") for step in chain):
        return Change(name, _SOMEHOW)
    return Change(name, _KEPT, (f"{folder}.original",))


def _applied(law: Law, change: Change) -> Law:
    role, layout = law.layouts[change.name]
    others = {name: place for name, place in law.layouts.items() if name != change.name}
    fused = change.way == _SPECTRAL_NORM and len(parse_layout(layout)[change.dim]) > 1  # several of the law's axes in one
    spec, layouts = _WAYS[_SOMEHOW if fused else change.way](law.spec, role, layout, change)
    return Law(spec, {**others, **layouts})


def _somehow(spec: Spec, role: str, layout: str, change: Change) -> tuple[Spec, Layouts]:
    return Computed(spec, role), {}


def _kept(spec: Spec, role: str, layout: str, change: Change) -> tuple[Spec, Layouts]:
    return spec, {change.stored[0]: (role, layout)}


def _pruned(spec: Spec, role: str, layout: str, change: Change) -> tuple[Spec, Layouts]:
    original, mask = change.stored
    return Pruned(spec, role), {original: (role, layout), mask: (f"{role}_mask", layout)}


def _weight_norm(spec: Spec, role: str, layout: str, change: Change) -> tuple[Spec, Layouts]:
    groups = parse_layout(layout)
    kept = () if change.dim == -1 else groups[change.dim]  # PyTorch's word for one magnitude for all
    magnitude = " ".join(_group(group) if group == kept else "one" for group in groups) if kept else ""
    g, v = change.stored
    layouts = {g: (f"{role}_magnitude", magnitude), v: (f"{role}_direction", layout)}
    return WeightNorm(spec, role, kept), layouts


def _spectral_norm(spec: Spec, role: str, layout: str, change: Change) -> tuple[Spec, Layouts]:
    original, u, v = change.stored
    (along, *_) = parse_layout(layout)[change.dim]
    layouts = {original: (role, layout), u: ("vector_u", "out"), v: ("vector_v", "rest")}
    return SpectralNorm(spec, role, along, both=True, buffers=True), layouts


def _group(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"({' '.join(names)})"


_WAYS = {
    _WEIGHT_NORM: _weight_norm, _SPECTRAL_NORM: _spectral_norm, _PRUNED: _pruned, _KEPT: _kept, _SOMEHOW: _somehow,
}  # fmt: skip
