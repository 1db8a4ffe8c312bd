"""Sizes that a function is given: plain numbers, or such as are worked out from the shapes of what flows in."""

from __future__ import annotations

from typing import Any, Union

from ..algebra import Dim
from ..errors import ShapeError
from .base import Shape, show

# a number; ("input", axis, which); or an operation on two of these: ("times", size, size), "plus", "minus", "over"
Size = Union[Dim, tuple[Any, ...]]


def size_of(size: Size, inputs: tuple[Shape, ...]) -> Dim:
    """The number that `size` stands for, where these are the inputs; the first input's, where it does not say whose.

    >>> size_of(7, ()), size_of(("input", -1), ((4, 5),)), size_of(("times", ("input", 0, 1), 3), ((4, 5), (6,)))
    (7, 5, 18)
    """
    if not isinstance(size, tuple):
        return size
    operation, first, *second = size
    if operation == "input":
        x = inputs[second[0] if second else 0]
        if not -len(x) <= first < len(x):
            raise ShapeError("a size refers to a missing axis", got=show(x), expected=f"an axis {first}")
        return x[first]
    return _worked_out(operation, size_of(first, inputs), size_of(second[0], inputs))


def _worked_out(operation: str, a: Dim, b: Dim) -> Dim:
    if operation == "times":
        return a * b
    if operation == "plus":
        return a + b
    if operation == "minus":
        return a - b
    return a // b


def sizes_of(sizes: tuple[Size, ...], inputs: tuple[Shape, ...]) -> Shape:
    """The shape that `sizes` stand for."""
    return tuple(size_of(size, inputs) for size in sizes)
