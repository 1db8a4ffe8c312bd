"""Tensors that are made to a given shape: zeros, ones, random numbers, ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Shape, Spec
from .sizes import Size, sizes_of


@dataclass(frozen=True)
class Created(Spec):
    """As many numbers as `shape` says, whatever flows in; a size may be that of something which does.

    Sources: TensorFlow's pages on ``zeros``, ``random.normal`` and ``shape``.

    >>> Created((("input", 0), 7)).output((4, 5)), Created((2,)).output((4, 5))
    ((4, 7), (2,))
    """

    shape: tuple[Size, ...]
    kind: ClassVar[str] = "created"

    def output(self, *inputs: Shape) -> Shape:
        return sizes_of(self.shape, inputs)
