"""A twin of a module tree to run instead of it, so that the user's own modules are never touched.

Twins have the class and the plain attributes of their originals, but containers, hooks and tensors of their own: what a
`forward` writes to `self` stays here. Another thread may train the original meanwhile.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Callable, NamedTuple, Optional

import torch
from torch import nn

from introspect.errors import IntrospectError

from .guests import StandFor, of_another

_HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs", "_forward_hooks_always_called", "_state_dict_hooks", "_load_state_dict_pre_hooks",
)  # fmt: skip
_PLAIN = (list, dict, set)


_WRAPPED = {  # what spreads a model over devices or processes, and where it keeps the model
    "torch.nn.parallel.data_parallel.DataParallel": "module",
    "torch.nn.parallel.distributed.DistributedDataParallel": "module",
    "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel": "_fsdp_wrapped_module",
}
_FLAT = "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel"


class Place(NamedTuple):
    """A module and its first path in the model."""

    path: str
    module: nn.Module


def uncompiled(model: nn.Module) -> nn.Module:
    """What `torch.compile` was given: the compiled wrapper runs that very module, so it is not to be called."""
    inner = getattr(model, "_orig_mod", None)
    compiled = type(model).__name__ == "OptimizedModule" and isinstance(inner, nn.Module)
    return uncompiled(inner) if compiled and inner is not None else model


def as_module(model: Any) -> nn.Module:
    """An exported program as the module of its graph, which holds the very same tensors; a module as it is."""
    if isinstance(model, nn.Module):
        return model
    graph: nn.Module = model.module()
    return graph


def places(model: nn.Module) -> list[Place]:
    """Every module once, in registration order; the model itself goes by its class's name."""
    model = uncompiled(model)
    found: list[Place] = []
    seen: set[int] = set()
    waiting: list[tuple[str, nn.Module]] = [("", model)]  # not recursive: a model may be nested deeper than Python's stack
    new = tuple.__new__
    while waiting:
        place = waiting.pop()
        path, module = place
        if id(module) in seen:
            continue
        seen.add(id(module))
        found.append(new(Place, place))
        children = module._modules
        if children and not of_another(module):
            prefix = f"{path}." if path else ""
            waiting += [(prefix + n, m) for n, m in reversed(children.items()) if m is not None]
    found[0] = Place(type(model).__name__, model)
    return found


_EVERY_MODULES = frozenset(nn.Module().__dict__)  # what says nothing of a configuration


def standing_at(model: nn.Module, path: str) -> list[nn.Module]:
    """The modules that `places` has at a path: one; two where a child of the model's has the name of the model's class."""
    model = uncompiled(model)
    found = [model] if path == type(model).__name__ else []
    child: Any = model
    for name in path.split("."):
        child = None if child is None else dict(child._modules.items()).get(name)
    return found if child is None else [*found, child]


def own_names(state: Mapping[str, Any]) -> Sequence[str]:
    """The attributes in a module's state that not every module has, in their order; most have none."""
    own = state.keys() - _EVERY_MODULES
    return [name for name in state if name in own] if own else ()


class _NoHooks(OrderedDict):  # type: ignore[type-arg]
    """What a twin has where its original keeps hooks: one for all twins, so nothing may be put into it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        raise IntrospectError("the model's code registers a hook while it runs")


_UNHOOKED = {**dict.fromkeys(_EVERY_MODULES.intersection(_HOOKS), _NoHooks()), "training": False}  # inference is explained


class _Children(dict):  # type: ignore[type-arg]
    """A twin's children: the originals, of which who reads one gets the twin."""

    __slots__ = ("twin_of",)
    twin_of: Callable[[Any], Any]

    def __getitem__(self, name: str) -> Any:
        return self.twin_of(super().__getitem__(name))

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()  # said here, so that a copy of the whole is made name by name

    def get(self, name: str, default: Any = None) -> Any:
        return self.twin_of(super().get(name, default))

    def pop(self, name: str, *default: Any) -> Any:
        return self.twin_of(super().pop(name, *default))

    def values(self) -> Any:
        return {name: self[name] for name in self}.values()

    def items(self) -> Any:
        return {name: self[name] for name in self}.items()

    def copy(self) -> dict[str, Any]:
        return dict(self)


class Twins:
    """The twins of a model's modules, each made when somebody reads it: most experts of a mixture are never called.

    `tensors` turns a module's tensors into those of its twin. `ready` is told of each twin that is made.
    `sealed`: whether a module's own code will not run, so that its plain attributes need no copies.
    """

    def __init__(
        self,
        placed: Sequence[Place],
        tensors: Callable[[nn.Module, dict[str, Any]], dict[str, Any]],
        ready: Callable[[Place, nn.Module], None],
        sealed: Callable[[nn.Module], bool] = lambda module: False,
    ) -> None:
        self._places = {id(place.module): place for place in placed}
        self._tensors, self._ready, self._sealed = tensors, ready, sealed
        self.made: dict[int, nn.Module] = {}
        self.root: nn.Module = self.of(placed[0].module)

    def of(self, module: Any) -> Any:
        """The twin of one of the modules, one for a module that stands in several places; anything else as it is."""
        twin = self.made.get(id(module))
        if twin is None:
            place = self._places.get(id(module))
            return module if place is None else self._twin(place)
        return twin

    def dissolve(self) -> None:
        """Take the twins apart, so that they go at once and not when the garbage collector next looks at everything."""
        for twin in self.made.values():
            twin.__dict__.clear()
        self.made.clear()

    def _twin(self, place: Place) -> nn.Module:
        module = place.module
        if of_another(module):
            self.made[id(module)] = stand_in = StandFor(module)
            self._ready(place, stand_in)
            return stand_in
        twin: nn.Module = object.__new__(type(module))
        self.made[id(module)] = twin
        state = module.__dict__.copy()
        state.update(_UNHOOKED)
        object.__setattr__(twin, "__dict__", state)
        for kind in ("_parameters", "_buffers"):
            state[kind] = self._tensors(module, state[kind]) if state[kind] else {}
        if state["_modules"]:
            state["_modules"] = children = _Children(state["_modules"])
            children.twin_of = self.of
        else:
            state["_modules"] = {}
        state.pop("_compiled_call_impl", None)  # it would run the original
        if not self._sealed(module):
            for name in own_names(module.__dict__):
                if name[:1] != "_" and type(state[name]) in _PLAIN:
                    state[name] = self._copied(state[name])
        self._ready(place, twin)
        return twin

    def _copied(self, value: Any) -> Any:
        """A plain container's copy, with twins in place of modules that have one."""
        if isinstance(value, dict):
            return {key: self.of(item) for key, item in value.items()}
        return type(value)(self.of(item) for item in value)


def forward_of(twin: nn.Module) -> Callable[..., Any]:
    """What runs when a twin is called: what a wrapper holds, and not what it does to other processes; or the module's own."""
    child = _wrapped(type(twin))  # type: ignore[arg-type]
    if child is not None:
        return twin._modules[child]  # type: ignore[no-any-return]
    return twin.__dict__.get("forward") or type(twin).forward.__get__(twin)  # type: ignore[no-any-return]


@lru_cache(maxsize=1024)
def _wrapped(cls: Any) -> Optional[str]:
    """The name of the child that a wrapper is around; None for what is none."""
    return next((_WRAPPED[name] for name in _names(cls) if name in _WRAPPED), None)


def in_flat_pieces(placed: Sequence[Place]) -> bool:
    """Whether parameters are kept as this process's piece of one long row, so that their sizes say nothing."""
    return any(_FLAT in _names(type(module)) for _, module in placed)


def _names(cls: type) -> list[str]:
    return [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__]


def unscripted(placed: Sequence[Place]) -> bool:
    """Whether the model is Python throughout: compiled modules have no `forward` to walk."""
    return not any(issubclass(cls, torch.jit.ScriptModule) for cls in {type(module) for _, module in placed})
