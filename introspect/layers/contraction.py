"""A product over one axis of each of two inputs, example by example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Union

from ..errors import ConfigurationError, ShapeError
from .base import Shape, Spec, require_dim, show
from .merge import require_equal


@dataclass(frozen=True)
class Contraction(Spec):
    """Axis `axes[0]` of the first input meets axis `axes[1]` of the second; all their other axes stay. Source: Keras' ``Dot``.

    One number stands for both. Where nothing but the batch is left, an axis of 1 is added. `alike`: both inputs are of one
    shape (Keras 1's ``cos``).

    >>> Contraction((2, 1)).output((4, 5, 6), (4, 6, 7)), Contraction(1).output((4, 5), (4, 5))
    ((4, 5, 7), (4, 1))
    """

    axes_met: Union[int, tuple[int, int]]
    alike: bool = False
    kind: ClassVar[str] = "contraction"

    def output(self, *inputs: Shape) -> Shape:
        if len(inputs) != 2:
            raise ShapeError("this product takes two inputs", got=len(inputs), expected=2)
        a, b = inputs
        if self.alike:
            require_equal(inputs, "the inputs of this product")
        given = self.axes_met if isinstance(self.axes_met, tuple) else (self.axes_met, self.axes_met)
        if any(not -len(x) <= axis < len(x) for axis, x in zip(given, inputs)):
            raise ShapeError("no such axes to multiply", got=f"{show(a)} and {show(b)}", expected=f"axes {given}")
        i, j = given[0] % len(a), given[1] % len(b)
        if 0 in (i, j):
            raise ConfigurationError("the batch is no axis to sum over", got=given, expected="axes of an example")
        require_dim(b[j], a[i], "an axis of a product")
        require_dim(b[0], a[0], "the batch of a product's inputs")
        rest = (*a[:i], *a[i + 1 :], *b[1:j], *b[j + 1 :])
        return rest if len(rest) > 1 else (*rest, 1)
