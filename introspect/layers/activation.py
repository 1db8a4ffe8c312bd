"""Activations: shapes pass through; only PReLU owns anything, and how much is shared is where frameworks part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..errors import ShapeError
from .base import Shape, Spec, Tensor, Term, need, require_dim, show


@dataclass(frozen=True)
class Activation(Spec):
    """A function applied to every element, or along one axis (softmax)."""

    function: str
    kind: ClassVar[str] = "activation"
    passes: ClassVar[bool] = True

    @property
    def nonlinear(self) -> bool:
        return self.function not in ("linear", "identity")


@dataclass(frozen=True)
class PReLU(Spec):
    """A learned slope for negative inputs. Source: arXiv:1502.01852; PyTorch's, Keras' and Lasagne's pages.

    `num_parameters`: PyTorch's own count, 1 or the channels. Otherwise one slope for each location of an example, less those
    shared along `shared_axes`, which keep size 1 (`keepdims`, Keras) or vanish (Lasagne).

    >>> x = (None, 8, 8, 4)
    >>> [PReLU(**fields).tensors(x)[0].size for fields in ({"num_parameters": 1}, {}, {"shared_axes": (0, 1, 2)})]
    [1, 256, 4]
    """

    num_parameters: Optional[int] = None
    shared_axes: tuple[int, ...] = (0,)
    keepdims: bool = False
    kind: ClassVar[str] = "prelu"
    passes: ClassVar[bool] = True
    terms = {"num_parameters": Term("slopes")}

    @property
    def nonlinear(self) -> bool:
        return True

    def slopes(self, x: Optional[Shape]) -> tuple[tuple[str, Dim], ...]:
        if self.num_parameters is not None:
            return (("d0", self.num_parameters),)
        known = need(x, "the number of slopes")
        for axis in self.shared_axes:
            if not -len(known) < axis < len(known):
                raise ShapeError("PReLU has no such axis to share", got=show(known), expected=f"an axis {axis}")
        shared = {axis % len(known) for axis in self.shared_axes}
        kept = [(i, 1 if i in shared else dim) for i, dim in enumerate(known) if i not in shared or (self.keepdims and i)]
        return tuple((f"d{i}", dim) for i, dim in kept)

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return (Tensor("alpha", self.slopes(inputs[0] if inputs else None)),)

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.num_parameters is not None and not (isinstance(self.num_parameters, int) and self.num_parameters == 1):
            if len(x) < 1:
                raise ShapeError("PReLU cannot take this input", got=show(x), expected="at least 1 axis")
            require_dim(x[1] if len(x) > 1 else 1, self.num_parameters, "PReLU's number of slopes")
        self.slopes(x)
        return x
