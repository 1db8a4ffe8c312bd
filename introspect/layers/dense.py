"""Fully connected layers: every input feature meets every unit, and every unit has one bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, product
from ..errors import ShapeError
from .base import Connections, Reading, Shape, Spec, Tensor, Term, need, require_dim, require_rank, settled, show


@dataclass(frozen=True)
class Dense(Spec):
    """``(inputs + 1)·units``. Sources: PyTorch's ``Linear``, Keras' ``Dense``, Lasagne's ``DenseLayer`` pages.

    `leading_axes`: how many axes are kept; all that follow are flattened into the input features (Lasagne keeps 1; a
    negative number counts from the end). None keeps all but the last, as PyTorch and Keras do. `in_features` is what the
    configuration declares, if it does.

    >>> Dense(5, leading_axes=1).tensors((None, 4, 3, 3))[0].shape, Dense(5).tensors((2, 4, 3, 3))[0].shape
    ((36, 5), (3, 5))
    """

    units: int
    bias: bool = True
    in_features: Optional[int] = None
    leading_axes: Optional[int] = None
    activation: Optional[str] = None
    kind: ClassVar[str] = "dense"
    weighted: ClassVar[bool] = True
    declared = ("in_features",)
    terms = {"units": Term("units"), "in_features": Term("inputs")}

    def features(self, x: Optional[Shape]) -> Dim:
        if x is None and self.in_features is not None:
            return self.in_features
        known = need(x, "the number of input features")
        if not known:
            raise ShapeError("Dense cannot take a scalar", got="0 axes", expected="at least 1 axis")
        return settled(product(known[self.kept(known) :]), self.in_features, "the number of input features")

    def kept(self, x: Shape) -> int:
        if self.leading_axes is None:
            return len(x) - 1
        kept = self.leading_axes if self.leading_axes >= 0 else len(x) + self.leading_axes
        if not 0 <= kept < len(x):
            raise ShapeError("Dense keeps axes that are not there", got=show(x), expected=f"more than {self.leading_axes} axes")
        return kept

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        kernel = Tensor("kernel", (("in", self.features(inputs[0] if inputs else None)), ("out", self.units)))
        return (kernel, Tensor("bias", (("out", self.units),))) if self.bias else (kernel,)

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        self.features(x)
        return (*x[: self.kept(x)], self.units)

    def connections(self, *inputs: Shape) -> Connections:
        (x,) = inputs
        repeated = product(self.per_example(self.output(x))[:-1])
        return Connections(repeated * self.features(x) * self.units, repeated * self.units if self.bias else 0)

    def per_example(self, y: Shape) -> Shape:
        return y if len(y) == 1 else y[1:]

    def reading(self, role: str, *inputs: Optional[Shape]) -> Reading:
        return Reading(("in",), ("out",))

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        (x,) = inputs
        kept = self.kept(x)
        flattened = ("inputs",) if len(x) - kept == 1 else tuple(f"d{i}" for i in range(1, len(x) - kept + 1))
        if len(x) - kept == 3:
            flattened = ("c", "h", "w")
        return (("",) * kept + flattened,)


@dataclass(frozen=True)
class Bilinear(Spec):
    """``(in1·in2 + 1)·units`` on two inputs. Source: PyTorch's ``Bilinear`` page."""

    units: int
    in1_features: int
    in2_features: int
    bias: bool = True
    kind: ClassVar[str] = "bilinear"
    weighted: ClassVar[bool] = True
    terms = {"units": Term("units"), "in1_features": Term("in1"), "in2_features": Term("in2")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        kernel = Tensor("kernel", (("in1", self.in1_features), ("in2", self.in2_features), ("out", self.units)))
        return (kernel, Tensor("bias", (("out", self.units),))) if self.bias else (kernel,)

    def output(self, *inputs: Shape) -> Shape:
        a, b = inputs
        require_rank(b, (len(a),), "Bilinear's second input")
        require_dim(a[-1], self.in1_features, "the first input's features")
        require_dim(b[-1], self.in2_features, "the second input's features")
        for left, right in zip(a[:-1], b[:-1]):
            require_dim(left, right, "the inputs' leading axes")
        return (*a[:-1], self.units)

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        return self.replace(in1_features=now[0][-1], in2_features=now[1][-1])

    def connections(self, *inputs: Shape) -> Connections:
        repeated = product(self.per_example(self.output(*inputs))[:-1])
        kernel = self.in1_features * self.in2_features * self.units
        return Connections(repeated * kernel, repeated * self.units if self.bias else 0)


@dataclass(frozen=True)
class FourierFeatures(Dense):
    """``cos(x·W/s + b)`` with a random W and b, which are never trained: ``(inputs + 1)·units + 1``, the scale s among them.

    Sources: Rahimi & Recht, 2007; tf.keras' ``RandomFourierFeatures`` page.

    >>> [(tensor.role, tensor.shape, tensor.trainable) for tensor in FourierFeatures(5).tensors((None, 3))]
    [('kernel', (3, 5), False), ('bias', (5,), False), ('scale', (1,), True)]
    """

    kind: ClassVar[str] = "fourier_features"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        drawn = [tensor._replace(trainable=False) for tensor in super().tensors(*inputs)]
        return (*drawn, Tensor("scale", (("one", 1),)))

    def output(self, *inputs: Shape) -> Shape:
        require_rank(inputs[0], (2,), "random Fourier features")
        return super().output(*inputs)


@dataclass(frozen=True)
class MaxoutDense(Dense):
    """The largest of `pieces` dense layers, unit by unit: ``pieces·(inputs + 1)·units``. Source: Keras 1's `MaxoutDense`.

    >>> [tensor.shape for tensor in MaxoutDense(5, pieces=4).tensors((None, 3))]
    [(4, 3, 5), (4, 5)]
    """

    pieces: int = 1
    kind: ClassVar[str] = "maxout_dense"
    terms = {**Dense.terms, "pieces": Term("pieces")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        piece = ("feature", self.pieces)
        return tuple(Tensor(t.role, (piece, *t.axes)) for t in super().tensors(*inputs))

    def connections(self, *inputs: Shape) -> Connections:
        once = super().connections(*inputs)
        return Connections(self.pieces * once.edges, self.pieces * once.bias_edges)

    @property
    def nonlinear(self) -> bool:
        return True


@dataclass(frozen=True)
class Highway(Spec):
    """A dense layer and a gate that mixes its output with its input: ``2·(d² + d)``. Sources: arXiv:1505.00387; Keras 1's page.

    >>> sum(tensor.size for tensor in Highway().tensors((None, 8)))
    144
    """

    bias: bool = True
    activation: Optional[str] = None
    kind: ClassVar[str] = "highway"
    weighted: ClassVar[bool] = True

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = need(inputs[0] if inputs else None, "the number of features")
        require_rank(x, (2,), "Highway")
        kernels = tuple(Tensor(role, (("in", x[1]), ("out", x[1]))) for role in ("kernel", "carry_kernel"))
        biases = tuple(Tensor(role, (("out", x[1]),)) for role in ("bias", "carry_bias") if self.bias)
        return (*kernels, *biases)

    def output(self, *inputs: Shape) -> Shape:
        self.tensors(*inputs)
        return inputs[0]

    def connections(self, *inputs: Shape) -> Connections:
        d = inputs[0][1]
        return Connections(2 * d * d, 2 * d if self.bias else 0)

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return (("", "d"),)
