"""Runs a function or a twin of a model on meta tensors: PyTorch's own word on a shape, without data or memory."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import Any, Callable

import torch

from introspect.inputs import InputShape

from .standins import concrete, is_standin

try:
    torch.empty(0, device="meta")
    THERE_IS_META = True
except RuntimeError:  # before PyTorch 1.9
    THERE_IS_META = False


def meta_tensor(x: Any) -> Any:
    """A meta tensor like a stand-in or tensor; anything else as it is."""
    if is_standin(x):
        return torch.empty(concrete(x.known_shape), dtype=x.dtype, device="meta")
    if isinstance(x, torch.Tensor):
        return torch.empty(tuple(x.shape), dtype=x.dtype, device="meta")
    return x


def mapped(tree: Any, f: Callable[[Any], Any]) -> Any:
    """`f` applied to every leaf of a nest of tuples, lists, dicts and dataclasses."""
    if isinstance(tree, tuple) and type(tree) is not torch.Size:
        items = [mapped(item, f) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if isinstance(tree, list):
        return [mapped(item, f) for item in tree]
    if isinstance(tree, dict):
        return {key: mapped(item, f) for key, item in tree.items()}
    if is_record(tree):
        twin = copy.copy(tree)
        for field in fields(tree):
            object.__setattr__(twin, field.name, mapped(getattr(tree, field.name), f))
        return twin
    return f(tree)


def leaves(tree: Any) -> list[Any]:
    """The leaves of a nest, in order."""
    if isinstance(tree, dict):
        return [leaf for item in tree.values() for leaf in leaves(item)]
    if isinstance(tree, (tuple, list)) and type(tree) is not torch.Size:
        return [leaf for item in tree for leaf in leaves(item)]
    if is_record(tree):
        return [leaf for field in fields(tree) for leaf in leaves(getattr(tree, field.name))]
    return [tree]


def shapes_in(given: Any) -> list[InputShape]:
    """The inputs among what a model is called with, in order."""
    return [leaf for leaf in leaves(given) if isinstance(leaf, InputShape)]


def is_record(tree: Any) -> bool:
    """Whether this is a dataclass of the user's, holding tensors in its fields."""
    return is_dataclass(tree) and not isinstance(tree, (type, InputShape))


_SAME = {
    "radd": "add", "iadd": "add", "rmul": "mul", "imul": "mul", "isub": "sub", "truediv": "div", "itruediv": "div",
    "rtruediv": "rdiv", "mod": "remainder",
}  # fmt: skip


def property_name(function: Any) -> str:
    """A function's name; for reading a property, such as `x.T`, the property's; for an operator of a graph, without the
    overload: ``aten.linear.default`` is ``linear``.
    """
    name: str = getattr(function, "_overloadpacket", function).__name__
    return str(function.__self__.__name__) if name == "__get__" else name


def plain_name(function: Any) -> str:
    """What a function is called, however it was reached: ``x + 1``, ``x.add_(1)`` and ``torch.add`` are all ``add``."""
    name = property_name(function)
    return _SAME.get(name.strip("_"), name.strip("_"))


def site(path: list[str], function: Any) -> str:
    """Where a bare function is used: the module whose `forward` calls it, and its name."""
    here = path[-1] if len(path) > 1 else ""
    return f"{here}.{plain_name(function)}()".lstrip(".")
