"""Which law a module follows, worked out once for all modules of one model that are configured alike.

A deep model repeats a few configurations many times. Modules alike share one spec object, by which the core
remembers what it has worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from torch import nn

from introspect.errors import IntrospectError
from introspect.layers import Opaque
from introspect.layers.base import Spec

from .holding import held
from .skeleton import Place
from .specs import READS_CHILDREN, Law, law_class, rule_of, runs_by_law
from .specs_torchvision import beside
from .specs_wrapped import changed, is_changed


class Kind(NamedTuple):
    """What a module's layer is. `spec`: None where there is no law. `law`: says what is owned; None where the tensors are
    not understood. `stored`: a tensor's roles and layout by its name. `runs`: whether the framework's own `forward` is what
    runs, so that the law says what comes out.
    """

    spec: Optional[Spec]
    law: Optional[Law] = None
    stored: Mapping[str, tuple[tuple[str, ...], str]] = {}
    runs: bool = False

    @classmethod
    def by(cls, law: Law, runs: bool) -> Kind:
        """The kind of a module whose tensors are where `law` has them."""
        return cls(law.spec, law, {n: (tuple(keys.split()), layout) for n, (keys, layout) in law.layouts.items()}, runs)


_LAWLESS = Kind(None)


class Kinds:
    """The kinds of one model's modules."""

    def __init__(self) -> None:
        self._bases: dict[type, tuple[Optional[type], tuple[str, ...]]] = {}
        self._known: dict[Any, Kind] = {}

    def of(self, module: nn.Module) -> Kind:
        """The kind of `module`. Raises the law's error where its configuration cannot be."""
        cls = type(module)
        if cls not in self._bases:
            public = tuple(name for name in module.__dict__ if name[:1] != "_" and name != "training")
            self._bases[cls] = law_class(module), public
        base, public = self._bases[cls]
        if base is None:
            return _LAWLESS
        if base in READS_CHILDREN or is_changed(module):  # modules that look alike may differ in what they hold
            return _kind(module, base)
        state = module.__dict__
        names = tuple([name for kind in (module._parameters, module._buffers) for name, t in kind.items() if t is not None])
        key = (cls, len(state), names, *map(state.get, public))
        try:
            return self._known.get(key) or self._known.setdefault(key, _kind(module, base))
        except TypeError:  # an attribute that does not hash: nothing to remember it by
            return _kind(module, base)


def beside_layers(placed: Sequence[Place]) -> dict[str, Kind]:
    """By path: modules that are walked through and hold tensors of which a law is known."""
    found: dict[str, Kind] = {}
    root = placed[0].path
    for path, module in placed:
        for below, law in beside(module):
            place = below if path == root else f"{path}.{below}" if below else path
            found[place or root] = Kind.by(law, runs=False)
    return found


def _kind(module: nn.Module, base: type) -> Kind:
    rule = rule_of(base)
    law = None if rule is None else rule(module)
    if law is None:
        return _LAWLESS
    runs = runs_by_law(module, base)
    understood = changed(module, law) if is_changed(module) else law
    if understood is None:
        return Kind(Opaque(type(module).__name__, law.spec), runs=runs)
    law = understood
    if _stored_otherwise(module, law):
        return Kind(Opaque(type(module).__name__, law.spec), runs=runs)
    return Kind.by(law, runs)


def _stored_otherwise(module: nn.Module, law: Law) -> bool:
    """Whether a tensor that the law owns is not held under its name."""
    absent = {n for n in law.layouts if n not in module._parameters and n not in module._buffers}
    absent -= {one.name for one in held(module)}
    if not absent:
        return False
    try:
        owned = {tensor.key for tensor in law.spec.tensors()}
    except IntrospectError:
        return False
    return any(owned & set(law.layouts[name][0].split()) for name in absent)
