"""Which law a module follows, worked out once for all modules of one model that are configured alike.

A deep model repeats a few configurations many times. Modules alike share one spec object, by which the core
remembers what it has worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Callable, NamedTuple, Optional

import torch
from torch import nn

from introspect.errors import IntrospectError
from introspect.ir import Alike, Holding
from introspect.layers import Opaque
from introspect.layers.base import Spec

from .holding import FOLDER, held
from .skeleton import Place, own_names
from .specs import READS_CHILDREN, Law, law_class, rule_of, runs_by_law
from .specs_quantized import keeps_packed
from .specs_torchvision import beside, has_beside
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
_NOTHING = Alike()
_NO_ROLE: tuple[tuple[str, ...], str] = ((), "")


Found = tuple[Kind, Alike, Sequence[Any]]  # a module's kind, what it holds but for identities, and what tells those apart
_OPEN: Found = (_LAWLESS, _NOTHING, ())


class _Reading(NamedTuple):
    """How the modules of one class are told apart. `base`: whose law they follow; `configuration`: reads it from a module's
    state; `singly`: what such a module holds is not all in its own registers; `known`: those that were seen.
    """

    base: Optional[type]
    configuration: Callable[[Mapping[str, Any]], Any]
    singly: bool
    known: dict[Any, tuple[Kind, Alike]]
    lasting: bool  # whether those are kept for other models too


class Kinds:
    """The kinds of one model's modules."""

    def __init__(self) -> None:
        self._readings: dict[Any, _Reading] = {}
        self._known: dict[Any, tuple[Kind, Alike]] = {}

    def of(self, module: nn.Module) -> Found:
        """What is known of `module`. Raises the law's error where its configuration cannot be."""
        state = module.__dict__
        reading = self._readings.get(type(module)) or self._readings.setdefault(type(module), _reading(module))
        base, configuration, singly, known, lasting = reading
        if singly or state["_forward_pre_hooks"] or FOLDER in state["_modules"]:
            return found(module, _LAWLESS if base is None else _kind(module, base))
        parameters, buffers = state["_parameters"], state["_buffers"]
        keys: Sequence[int] = ()
        held: Any = None
        if parameters or buffers:
            own = [*parameters.values(), *buffers.values()]
            keys = [id(tensor) for tensor in own if tensor is not None]
            trained = tuple([None if tensor is None else tensor.requires_grad for tensor in own])
            held = (tuple(parameters), tuple(buffers), trained)
        elif base is None:
            return _OPEN  # most containers
        try:
            key = (configuration(state), len(state), held)
            alike = known.get(key)
        except (KeyError, TypeError):
            key, lasting = (frozen(list(state.items())), 0, held), False
            alike = None
        if alike is None:
            alike = self._known.get((type(module), key))
        if alike is None:
            kind, holdings, _ = found(module, _LAWLESS if base is None else _kind(module, base))
            alike = self._known[type(module), key] = kind, holdings
            if lasting and is_plain(key):
                known[key] = alike
        return (*alike, keys)


def _reading(module: nn.Module) -> _Reading:
    cls: Any = type(module)
    base = law_class(module)
    names = own_names(module.__dict__) if base is not None else ()
    singly = issubclass(cls, torch.jit.ScriptModule) or base in READS_CHILDREN or keeps_packed(cls)
    lasting = not singly and cls.__module__.partition(".")[0] == "torch"
    known = _lasting((cls, cls.forward, getattr(base, "forward", None), base and rule_of(base), *names)) if lasting else {}
    return _Reading(base, itemgetter(*names) if names else lambda state: None, singly, known, lasting)


@lru_cache(maxsize=128)
def _lasting(key: tuple[Any, ...]) -> dict[Any, tuple[Kind, Alike]]:
    """The kinds of PyTorch's own classes as they were seen in all models; `key`: all that the class has to do with them."""
    return _Few()


class _Few(dict[Any, Any]):
    """A dictionary that forgets everything rather than grow without end."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if len(self) >= 1024:
            self.clear()
        super().__setitem__(key, value)


_PLAIN = frozenset({bool, int, float, str, type(None)})


def is_plain(value: Any) -> bool:
    """Whether this is numbers, text and tuples of these, which may be kept without keeping anything of the user's."""
    return type(value) in _PLAIN or (type(value) is tuple and all(map(is_plain, value)))


def frozen(value: Any) -> Any:
    """Plain containers as tuples; what has no hash even so as something that equals nothing else."""
    if isinstance(value, (tuple, list)):
        return (type(value), *[frozen(item) for item in value])
    if type(value) is dict:
        return (dict, *[(frozen(key), frozen(item)) for key, item in value.items()])
    try:
        hash(value)
    except TypeError:
        return object()
    return value


def found(module: nn.Module, kind: Kind) -> Found:
    """A module of a known kind, whatever it holds."""
    own = held(module)
    alike = Alike(
        Holding(one.name, "", *kind.stored.get(one.name, _NO_ROLE), not one.buffer and one.tensor.requires_grad, one.buffer)
        for one in own
    )
    return kind, alike, [one.key for one in own]


def beside_layers(placed: Sequence[Place]) -> dict[str, Kind]:
    """By path: modules that are walked through and hold tensors of which a law is known."""
    found: dict[str, Kind] = {}
    root = placed[0].path
    classes = {type(module) for _, module in placed}
    classes = {cls for cls in classes if has_beside(cls)}
    for path, module in placed if classes else ():
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
