"""Sizes that a function is given: plain numbers, or such as are worked out from the shapes of what flows in."""

from __future__ import annotations

from typing import Any, Union

from ..algebra import Dim, Expr
from ..errors import ConfigurationError, ShapeError
from .base import Shape, show

# a number; ("input", axis, which); or an operation on sizes: ("times", size, size, ...), "plus", "minus", "over"
Size = Union[Dim, tuple[object, ...]]


def size_of(size: Any, inputs: tuple[Shape, ...]) -> Dim:
    """The number that `size` stands for, where these are the inputs; the first input's, where it does not say whose.

    >>> size_of(7, ()), size_of(("input", -1), ((4, 5),)), size_of(("times", ("input", 0, 1), 3), ((4, 5), (6,)))
    (7, 5, 18)
    """
    if isinstance(size, (int, Expr)):
        return size
    if not isinstance(size, tuple) or not size:
        raise ConfigurationError("a size is no number", got=size)
    if size[0] == "input" and 2 <= len(size) <= 3 and all(isinstance(number, int) for number in size[1:]):
        return _taken_from(inputs, *size[1:])
    if len(size) < 3 or size[0] not in ("times", "plus", "minus", "over"):
        raise ConfigurationError("there is no such size", got=size, expected='("input", axis) or ("times", size, size)')
    first, *others = (size_of(part, inputs) for part in size[1:])
    for other in others:
        first = _worked_out(size[0], first, other)
    return first


def _taken_from(inputs: tuple[Shape, ...], axis: int, which: int = 0) -> Dim:
    x = inputs[which] if 0 <= which < len(inputs) else ()
    if not -len(x) <= axis < len(x):
        raise ShapeError("a size refers to a missing axis", got=show(x), expected=f"an axis {axis}")
    return x[axis]


def _worked_out(operation: str, a: Dim, b: Dim) -> Dim:
    if operation == "times":
        return a * b
    if operation == "plus":
        return a + b
    if operation == "minus":
        return a - b
    if isinstance(b, int) and b < 1:
        raise ConfigurationError("a size is divided by nothing", got=b, expected="at least 1")
    return a // b


def sizes_of(sizes: tuple[Size, ...], inputs: tuple[Shape, ...]) -> Shape:
    """The shape that `sizes` stand for."""
    return tuple(size_of(size, inputs) for size in sizes)
