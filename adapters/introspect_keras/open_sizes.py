"""Numbers in the place of sizes that are open: they remember what they stand for, so that `rows * columns` still does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Optional

from introspect.algebra import Dim, evaluate
from introspect.layers import Spec

from .dialect import UntraceableError

BATCH = "the batch"


class OpenSizeError(UntraceableError):
    """What code does depends on a size that is open."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: explain(model, inputs) with a number in its place")


class Size(int):
    """A number in the place of an open size. `dim`: what it stands for, in the sizes of the inputs."""

    dim: Dim
    dtype = name = "int32"  # Keras asks whatever is no plain number for it; Keras 3.0 its class

    @classmethod
    def of(cls, number: int, dim: Dim) -> int:
        """The number alone where nothing is open."""
        if isinstance(dim, int):
            return number
        made = cls(number)
        made.dim = dim
        return made

    def __neg__(self) -> int:
        return Size.of(-int(self), 0 - self.dim)

    def __float__(self) -> float:
        raise OpenSizeError("it computes with an open size in floating point")

    def __truediv__(self, other: Any) -> float:
        return float(self)

    def __rtruediv__(self, other: Any) -> float:
        return float(self)


def _arithmetic(name: str, compute: Callable[[Any, Any], Any]) -> None:
    """`Size` under one operator, from either side."""

    def left(self: Size, other: Any) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        return Size.of(compute(int(self), int(other)), compute(self.dim, dim_of(other)))

    def right(self: Size, other: Any) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        return Size.of(compute(int(other), int(self)), compute(dim_of(other), self.dim))

    setattr(Size, f"__{name}__", left)
    setattr(Size, f"__r{name}__", right)


_arithmetic("add", lambda a, b: a + b)
_arithmetic("sub", lambda a, b: a - b)
_arithmetic("mul", lambda a, b: a * b)
_arithmetic("floordiv", lambda a, b: a // b)


def dim_of(size: int) -> Dim:
    """What a size stands for: itself, or an expression in the sizes of the inputs."""
    return size.dim if isinstance(size, Size) else int(size)


def opened(value: Any, dims: Optional[Mapping[str, Dim]] = None) -> Any:
    """A law, or a nest of its fields, with what sizes stand for in their place; in terms of `dims` where these are given."""
    if isinstance(value, Size):
        return evaluate(value.dim, dims)
    if isinstance(value, (list, tuple)):
        return type(value)(opened(item, dims) for item in value)
    if isinstance(value, Spec):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {name: opened(item, dims) for name, item in fields.items() if holds_size(item)}
        return value.replace(**changed) if changed else value
    return value


def holds_size(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(holds_size(item) for item in value)
    if isinstance(value, Spec):
        return any(holds_size(getattr(value, field.name)) for field in dataclasses.fields(value))
    return isinstance(value, Size)


def name_of(i: int, axis: int) -> str:
    """What the open size of an axis of input `i` is called; the batch is one for all inputs."""
    return BATCH if axis == 0 else f"axis {axis} of input {i}"


def names_of(shapes: Sequence[Optional[Sequence[Any]]]) -> Iterator[tuple[str, int, int]]:
    """The open sizes of a layer's inputs: a name, and the input and axis where it stands first. The batch is one for all."""
    seen: set[str] = set()
    for i, shape in enumerate(shapes):
        for axis, dim in enumerate(shape or ()):
            name = name_of(i, axis)
            if not isinstance(dim, int) and name not in seen:
                seen.add(name)
                yield name, i, axis
