"""Runs a function or a twin of a model on meta tensors: PyTorch's own word on a shape, without data or memory."""

from __future__ import annotations

from typing import Any, Callable, Optional

import torch

from introspect.algebra import evaluate, unknowns
from introspect.ir import Shape

from .standins import is_standin

SAMPLES = {"N": 2}  # what an open dimension is tried with; others are large enough for most architectures
OTHER_SAMPLE = 224


def concrete(shape: Shape) -> Optional[tuple[int, ...]]:
    """`shape` with numbers in place of what is open."""
    values = {name: SAMPLES.get(name, OTHER_SAMPLE) for dim in shape for name in unknowns(dim)}
    sizes = [evaluate(dim, values) for dim in shape]
    return tuple(int(size) for size in sizes) if all(isinstance(size, int) for size in sizes) else None


def meta_tensor(x: Any) -> Any:
    """A meta tensor like a stand-in or tensor; anything else as it is."""
    if is_standin(x):
        return torch.empty(concrete(x._shape), dtype=x.dtype, device="meta")
    if isinstance(x, torch.Tensor):
        return torch.empty(tuple(x.shape), dtype=x.dtype, device="meta")
    return x


def mapped(tree: Any, f: Callable[[Any], Any]) -> Any:
    """`f` applied to every leaf of a nest of tuples, lists and dicts."""
    if isinstance(tree, tuple) and type(tree) is not torch.Size:
        items = [mapped(item, f) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if isinstance(tree, list):
        return [mapped(item, f) for item in tree]
    if isinstance(tree, dict):
        return {key: mapped(item, f) for key, item in tree.items()}
    return f(tree)


def leaves(tree: Any) -> list[Any]:
    """The leaves of a nest, in order."""
    if isinstance(tree, dict):
        return [leaf for item in tree.values() for leaf in leaves(item)]
    if isinstance(tree, (tuple, list)) and type(tree) is not torch.Size:
        return [leaf for item in tree for leaf in leaves(item)]
    return [tree]


_SAME = {
    "radd": "add", "iadd": "add", "rmul": "mul", "imul": "mul", "isub": "sub", "truediv": "div", "itruediv": "div",
    "rtruediv": "rdiv", "mod": "remainder",
}  # fmt: skip


def plain_name(function: Any) -> str:
    """What a function is called, however it was reached: ``x + 1``, ``x.add_(1)`` and ``torch.add`` are all ``add``."""
    name: str = function.__name__
    if name == "__get__":  # a property, such as `x.T`
        name = function.__self__.__name__
    return _SAME.get(name.strip("_"), name.strip("_"))


def site(path: list[str], function: Any) -> str:
    """Where a bare function is used: the module whose `forward` calls it, and its name."""
    here = path[-1] if len(path) > 1 else ""
    return f"{here}.{plain_name(function)}()".lstrip(".")
