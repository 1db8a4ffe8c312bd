"""A twin of a module tree to run instead of it, so that the user's own modules are never touched.

Twins have the class and the plain attributes of their originals, but containers, hooks and tensors of their own: what a
`forward` writes to `self` stays here. Another thread may train the original meanwhile.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, Callable, NamedTuple

import torch
from torch import nn

from introspect.errors import IntrospectError

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


def places(model: nn.Module) -> Iterator[Place]:
    """Every module once, in registration order; the model itself goes by its class's name."""
    model = uncompiled(model)
    seen: set[int] = set()
    waiting: list[tuple[str, nn.Module]] = [("", model)]  # not recursive: a model may be nested deeper than Python's stack
    while waiting:
        path, module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield Place(path or type(model).__name__, module)
        if module._modules:
            prefix = f"{path}." if path else ""
            waiting += [(prefix + n, m) for n, m in reversed(module._modules.items()) if m is not None]


class _NoHooks(OrderedDict):  # type: ignore[type-arg]
    """What a twin has where its original keeps hooks: one for all twins, so nothing may be put into it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        raise IntrospectError("the model's code registers a hook while it runs")


_UNHOOKED = dict.fromkeys(_HOOKS, _NoHooks())


class Twins:
    """The twins of a model's modules, made all at once.

    `tensors` turns a module's tensors into those of its twin. `sealed`: whether a module's own code will not run, so that
    its plain attributes need no copies.
    """

    def __init__(
        self,
        placed: Sequence[Place],
        tensors: Callable[[nn.Module, dict[str, Any]], dict[str, Any]],
        sealed: Callable[[Place], bool] = lambda place: False,
    ) -> None:
        self._made: dict[int, nn.Module] = {id(place.module): object.__new__(type(place.module)) for place in placed}
        self.root = self._made[id(placed[0].module)]
        for place in placed:
            self._fill(place.module, tensors, sealed(place))

    def of(self, module: nn.Module) -> nn.Module:
        """The twin of one of the modules; one twin for a module that stands in several places."""
        return self._made[id(module)]

    def dissolve(self) -> None:
        """Take the twins apart, so that they go at once and not when the garbage collector next looks at everything."""
        for twin in self._made.values():
            twin.__dict__.clear()
        self._made.clear()

    def _fill(self, module: nn.Module, tensors: Callable[[nn.Module, dict[str, Any]], dict[str, Any]], sealed: bool) -> None:
        original = module.__dict__
        twin = self._made[id(module)].__dict__
        twin.update(original)
        twin.update(_UNHOOKED)
        children = original["_modules"]
        twin["_modules"] = {n: None if m is None else self._made[id(m)] for n, m in children.items()} if children else {}
        for kind in ("_parameters", "_buffers"):
            twin[kind] = tensors(module, original[kind]) if original[kind] else {}
        twin["training"] = False  # what is explained is inference; the original keeps its flag
        if not sealed:
            for name, value in original.items():
                if name[:1] != "_" and type(value) in _PLAIN:
                    twin[name] = self._copied(value)

    def _copied(self, value: Any) -> Any:
        """A plain container's copy, with twins in place of modules that have one."""
        if isinstance(value, dict):
            return {key: self._made.get(id(item), item) for key, item in value.items()}
        return type(value)(self._made.get(id(item), item) for item in value)


def forward_of(twin: nn.Module) -> Callable[..., Any]:
    """What runs when a twin is called: what a wrapper holds, and not what it does to other processes; or the module's own."""
    child = next((_WRAPPED[name] for name in _names(type(twin)) if name in _WRAPPED), None)
    if child is not None:
        return twin._modules[child]  # type: ignore[no-any-return]
    return twin.__dict__.get("forward") or type(twin).forward.__get__(twin)  # type: ignore[no-any-return]


def in_flat_pieces(placed: Sequence[Place]) -> bool:
    """Whether parameters are kept as this process's piece of one long row, so that their sizes say nothing."""
    return any(_FLAT in _names(type(module)) for _, module in placed)


def _names(cls: type) -> list[str]:
    return [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__]


def unscripted(model: nn.Module) -> bool:
    """Whether the model is Python throughout: compiled modules have no `forward` to walk."""
    return not any(isinstance(module, torch.jit.ScriptModule) for module in model.modules())
