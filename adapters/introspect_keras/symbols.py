"""The symbolic tensors that a model's own code runs on, and what stands for its weights among them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Optional

from introspect.algebra import symbol, unknown
from introspect.layers import Shape

from .open_sizes import dim_of


def is_variable(value: Any) -> bool:
    return any(cls.__name__ == "Variable" for cls in type(value).__mro__) and hasattr(value, "assign")


def flowing(tensor: Any) -> Any:
    """A symbolic tensor that an array next to it leaves the arithmetic to: Keras' own refuses to become an array."""
    kind: Any = type(tensor)
    if kind.__name__ == "KerasTensor":
        tensor.__class__ = flowing_kind(kind)
    return tensor


@cache
def flowing_kind(tensor: Any) -> Any:
    def refused(self: Any) -> Any:
        raise AttributeError("__jax_array__")

    return type("FlowingTensor", (tensor,), {"__jax_array__": property(refused), "__array_ufunc__": None})


@cache
def symbolic_weight(tensor: Any) -> Any:
    """Keras' symbolic tensor with what code asks of a variable beside."""

    def assigned(self: Any, *values: Any, **options: Any) -> Any:
        return self

    methods = dict.fromkeys(("assign", "assign_add", "assign_sub"), assigned)
    return type("SymbolicWeight", (tensor,), {"value": property(lambda self: self), "trainable": True, **methods})


def dims(shape: Sequence[Optional[int]]) -> Shape:
    """Keras' shape for a law: the open batch is one and the same everywhere, any other open size is like no other."""
    return tuple((symbol("N") if i == 0 else unknown()) if dim is None else dim_of(dim) for i, dim in enumerate(shape))
