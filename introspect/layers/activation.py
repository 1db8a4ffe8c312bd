"""Activations: shapes pass through; only PReLU owns anything, and how much is shared is where frameworks part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, exact_div
from ..errors import ShapeError
from .base import Shape, Spec, Tensor, Term, need, require_dim, require_divisible, require_rank, show


@dataclass(frozen=True)
class Activation(Spec):
    """A function applied to every element, or along one `axis` (softmax). `ranks`: how many axes an input may have."""

    function: str
    axis: Optional[int] = None
    ranks: tuple[int, ...] = ()
    kind: ClassVar[str] = "activation"
    passes: ClassVar[bool] = True

    @property
    def nonlinear(self) -> bool:
        return self.function not in ("linear", "identity")

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.ranks:
            require_rank(x, self.ranks, self.function)
        if self.axis is not None and not -max(len(x), 1) <= self.axis < max(len(x), 1):
            raise ShapeError(f"{self.function} has no such axis", got=show(x), expected=f"an axis {self.axis}")
        return x


@dataclass(frozen=True)
class GatedLinear(Spec):
    """One half of an axis times the sigmoid of the other: the axis is halved. Source: arXiv:1612.08083; PyTorch's ``GLU`` page.

    >>> GatedLinear().output((2, 8))
    (2, 4)
    """

    axis: int = -1
    kind: ClassVar[str] = "gated_linear"

    @property
    def nonlinear(self) -> bool:
        return True

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if not -len(x) <= self.axis < len(x):
            raise ShapeError("there is no such axis to halve", got=show(x), expected=f"an axis {self.axis}")
        axis = self.axis % len(x)
        require_divisible(x[axis], 2, "the axis that is halved")
        return (*x[:axis], exact_div(x[axis], 2), *x[axis + 1 :])


@dataclass(frozen=True)
class PReLU(Spec):
    """A learned slope for negative inputs. Source: arXiv:1502.01852; PyTorch's, Keras' and Lasagne's pages.

    `num_parameters`: PyTorch's own count, 1 or the channels. Otherwise one slope for each location of an example, less those
    shared along `shared_axes`, which keep size 1 (`keepdims`, Keras) or vanish (Lasagne). `learned`: what else there is of that
    size; Keras 1's ``SReLU`` (arXiv:1512.07030) learns two thresholds and two slopes, its ``ParametricSoftplus`` two factors.

    >>> x = (None, 8, 8, 4)
    >>> [PReLU(**fields).tensors(x)[0].size for fields in ({"num_parameters": 1}, {}, {"shared_axes": (0, 1, 2)})]
    [1, 256, 4]
    """

    num_parameters: Optional[int] = None
    shared_axes: tuple[int, ...] = (0,)
    keepdims: bool = False
    learned: tuple[str, ...] = ("alpha",)
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

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        """One slope for each channel stays that."""
        had, has = (x[0][1] if len(x[0]) > 1 else 1 for x in (before, now))
        return self.replace(num_parameters=has) if self.num_parameters == had != has and had != 1 else self

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        slopes = self.slopes(inputs[0] if inputs else None)
        return tuple(Tensor(role, slopes) for role in self.learned)

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.num_parameters is not None and not (isinstance(self.num_parameters, int) and self.num_parameters == 1):
            if len(x) < 1:
                raise ShapeError("PReLU cannot take this input", got=show(x), expected="at least 1 axis")
            require_dim(x[1] if len(x) > 1 else 1, self.num_parameters, "PReLU's number of slopes")
        self.slopes(x)
        return x
