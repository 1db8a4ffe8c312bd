"""A twin of a module tree to run instead of it, so that the user's own modules are never touched.

Twins have the class and the plain attributes of their originals, but containers, hooks and tensors of their own: what a
`forward` writes to `self` stays here. Another thread may train the original meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable, NamedTuple

import torch
from torch import nn

_HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs", "_forward_hooks_always_called", "_state_dict_hooks", "_load_state_dict_pre_hooks",
)  # fmt: skip
_PLAIN = (list, dict, set)


class Place(NamedTuple):
    """A module and its first path in the model."""

    path: str
    module: nn.Module


def uncompiled(model: nn.Module) -> nn.Module:
    """What `torch.compile` was given: the compiled wrapper runs that very module, so it is not to be called."""
    inner = getattr(model, "_orig_mod", None)
    compiled = type(model).__name__ == "OptimizedModule" and isinstance(inner, nn.Module)
    return uncompiled(inner) if compiled and inner is not None else model


def places(model: nn.Module) -> Iterator[Place]:
    """Every module once, in registration order; the model itself goes by its class's name."""
    model = uncompiled(model)
    for path, module in model.named_modules():
        yield Place(path or type(model).__name__, module)


class Twins:
    """Makes the twins of a model's modules. `tensors` turns a module's tensors into those of its twin."""

    def __init__(self, tensors: Callable[[nn.Module, dict[str, Any]], dict[str, Any]]) -> None:
        self._tensors = tensors
        self._made: dict[int, nn.Module] = {}

    def twin(self, module: nn.Module) -> nn.Module:
        """The twin of `module` and of everything below it; one twin for a module that stands in several places."""
        made = self._made.get(id(module))
        if made is not None:
            return made
        twin: nn.Module = object.__new__(type(module))
        self._made[id(module)] = twin
        attributes = dict(module.__dict__)
        twin.__dict__.update(attributes)
        twin.__dict__["_modules"] = {n: None if m is None else self.twin(m) for n, m in module._modules.items()}
        for name in _HOOKS:
            if name in attributes:
                twin.__dict__[name] = type(attributes[name])()
        for kind in ("_parameters", "_buffers"):
            twin.__dict__[kind] = self._tensors(module, attributes[kind])
        for name, value in attributes.items():
            if name not in _HOOKS and name[:1] != "_" and type(value) in _PLAIN:
                twin.__dict__[name] = self._copied(value)
        twin.__dict__["training"] = False  # what is explained is inference; the original keeps its flag
        return twin

    def dissolve(self) -> None:
        """Take the twins apart, so that they go at once and not when the garbage collector next looks at everything."""
        for twin in self._made.values():
            twin.__dict__.clear()
        self._made.clear()

    def _copied(self, value: Any) -> Any:
        """A plain container's copy, with twins in place of modules that have one."""
        if isinstance(value, dict):
            return {key: self._made.get(id(item), item) for key, item in value.items()}
        return type(value)(self._made.get(id(item), item) for item in value)


def unscripted(model: nn.Module) -> bool:
    """Whether the model is Python throughout: compiled modules have no `forward` to walk."""
    return not any(isinstance(module, torch.jit.ScriptModule) for module in model.modules())
