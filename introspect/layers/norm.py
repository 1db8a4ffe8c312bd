"""Normalisation: a scale (gamma) and a shift (beta) along some axes, and running statistics where a framework keeps them.

Whether running statistics are *parameters* (Keras: non-trainable weights; Lasagne: untrainable parameters) or *buffers*
(PyTorch: not among the parameters) is a convention, and so a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, product
from ..errors import ShapeError
from .base import Shape, Spec, Tensor, Term, need, require_dim, require_divisible, require_rank, settled, show

_RENORMALIZATION = ("moving_stddev", "renorm_mean", "renorm_stddev")


def _axis_name(i: int) -> str:
    return f"d{i}"


def _along(x: Shape, axis: int, what: str) -> Dim:
    if not -len(x) <= axis < len(x):
        raise ShapeError(f"{what} has no such axis", got=show(x), expected=f"an axis {axis}")
    return x[axis]


@dataclass(frozen=True)
class _Affine(Spec):
    """A scale and a shift of one shape, each optional."""

    scale: bool = True
    center: bool = True
    passes: ClassVar[bool] = True

    def parameter_axes(self, x: Optional[Shape]) -> tuple[tuple[str, Dim], ...]:
        raise NotImplementedError

    def affine(self, x: Optional[Shape]) -> tuple[Tensor, ...]:
        roles = [role for role, there in (("gamma", self.scale), ("beta", self.center)) if there]
        axes = self.parameter_axes(x) if roles else ()
        return tuple([Tensor(role, axes) for role in roles])

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return self.affine(inputs[0] if inputs else None)

    @property
    def owns_something(self) -> bool:
        """Whether there is a tensor that an input could fail to fit."""
        return self.scale or self.center


@dataclass(frozen=True)
class BatchNorm(_Affine):
    """Normalises over the batch; parameters along `parameter_axis` (several: one per location). Source: arXiv:1502.03167;
    PyTorch's ``BatchNorm2d``, Keras' ``BatchNormalization``, Lasagne's ``BatchNormLayer`` pages.

    `statistics`: running mean and variance are ``parameters``, ``buffers`` or not kept (None); `counter`: PyTorch's
    `num_batches_tracked`; `renormalization`: three more statistics (arXiv:1702.03275). `num_features` is what the
    configuration declares, if it does. `several`: one number a channel is refused, as it has no variance of its own.

    >>> bn = BatchNorm(parameter_axis=(1,), statistics="parameters")
    >>> sum(t.size for t in bn.tensors((None, 64, 8, 8))), sum(t.size for t in bn.tensors((None, 64, 8, 8)) if t.trainable)
    (256, 128)
    """

    parameter_axis: tuple[int, ...] = (1,)
    statistics: Optional[str] = "parameters"
    counter: bool = False
    num_features: Optional[int] = None
    ranks: tuple[int, ...] = ()
    renormalization: bool = False
    several: bool = False
    kind: ClassVar[str] = "batch_norm"
    declared = ("num_features",)
    terms = {"num_features": Term("c")}

    def parameter_axes(self, x: Optional[Shape]) -> tuple[tuple[str, Dim], ...]:
        if x is None and self.num_features is not None:
            return ((_axis_name(0), self.num_features),)
        known = need(x, "BatchNorm's number of features")
        try:
            return tuple((_axis_name(i), self._settled(known[axis])) for i, axis in enumerate(self.parameter_axis))
        except IndexError:
            raise ShapeError("BatchNorm has no such axis", got=show(known), expected=f"axes {self.parameter_axis}") from None

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = inputs[0] if inputs else None
        if self.statistics is None:
            return self.affine(x)
        buffer = self.statistics == "buffers"
        axes = self.parameter_axes(x)
        running = [Tensor(role, axes, trainable=False, buffer=buffer) for role in self._statistics()]
        counter = [Tensor("counter", (), trainable=False, buffer=True)] if self.counter else []
        return (*self.affine(x), *running, *counter)

    def _statistics(self) -> tuple[str, ...]:
        return ("running_mean", "running_variance") + (_RENORMALIZATION if self.renormalization else ())

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.ranks and len(x) not in self.ranks:
            raise ShapeError("BatchNorm cannot take this input", got=f"{len(x)} axes", expected=f"{self.ranks} axes")
        self.parameter_axes(x)
        numbers = product(self.normalised(x)) if self.several else 2
        if isinstance(numbers, int) and numbers == 1:
            raise ShapeError("one number a channel has no variance", got=show(x), expected="more than one number a channel")
        return x

    def normalised(self, x: Shape) -> Shape:
        """The axes that a statistic is taken over."""
        kept = {axis % len(x) for axis in self.parameter_axis}
        return tuple(dim for i, dim in enumerate(x) if i not in kept)

    def _settled(self, flowing: Dim) -> Dim:
        return settled(flowing, self.num_features if self.owns_something else None, "the number of features")

    @property
    def owns_something(self) -> bool:
        return super().owns_something or self.statistics is not None

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        (x,) = inputs
        kept = {axis % len(x) for axis in self.parameter_axis}
        names = iter(["c"] if len(kept) == 1 else [f"d{i}" for i in range(1, len(x) + 1)])
        return (tuple(next(names) if i in kept else "" for i in range(len(x))),)


@dataclass(frozen=True)
class LayerNorm(_Affine):
    """Normalises each example over its last axes, or over `axis`. Source: arXiv:1607.06450; PyTorch's ``LayerNorm`` page.

    `normalized_shape` is what the configuration declares (PyTorch); otherwise the dimensions are the input's along `axis`.
    Scale and shift have one element for each normalised location: 2·C·H·W, not 2·C.
    """

    normalized_shape: Optional[tuple[int, ...]] = None
    axis: tuple[int, ...] = (-1,)
    kind: ClassVar[str] = "layer_norm"
    terms = {"normalized_shape": Term("d")}

    def parameter_axes(self, x: Optional[Shape]) -> tuple[tuple[str, Dim], ...]:
        if self.normalized_shape is not None:
            return tuple((_axis_name(i), dim) for i, dim in enumerate(self.normalized_shape))
        known = need(x, "the normalised shape")
        return tuple((_axis_name(i), _along(known, axis, "LayerNorm")) for i, axis in enumerate(self.axis))

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        self.parameter_axes(x)
        if self.normalized_shape is not None:
            if len(x) < len(self.normalized_shape):
                raise ShapeError("the input has too few axes", got=show(x), expected=f"to end in {self.normalized_shape}")
            for got, expected in zip(x[len(x) - len(self.normalized_shape) :], self.normalized_shape):
                require_dim(got, expected, "the normalised shape")
        return x

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        if self.normalized_shape is None:
            return self
        return self.replace(normalized_shape=now[0][len(now[0]) - len(self.normalized_shape) :])


@dataclass(frozen=True)
class RMSNorm(LayerNorm):
    """LayerNorm without mean and shift. Source: arXiv:1910.07467; PyTorch's ``RMSNorm`` page."""

    center: bool = False
    kind: ClassVar[str] = "rms_norm"


@dataclass(frozen=True)
class GroupNorm(_Affine):
    """Normalises groups of channels; one scale and shift a channel. Source: arXiv:1803.08494; PyTorch's ``GroupNorm`` page.

    `several`: one number a group, over the whole batch, is refused.
    """

    groups: int = 1
    channel_axis: int = 1
    num_channels: Optional[int] = None
    several: bool = False
    kind: ClassVar[str] = "group_norm"
    declared = ("num_channels",)
    terms = {"num_channels": Term("c")}

    def parameter_axes(self, x: Optional[Shape]) -> tuple[tuple[str, Dim], ...]:
        if x is None and self.num_channels is not None:
            return ((_axis_name(0), self.num_channels),)
        return ((_axis_name(0), self._flowing(need(x, "the number of channels"))),)

    def _flowing(self, x: Shape) -> Dim:
        if len(x) < 2:
            raise ShapeError("GroupNorm cannot take this input", got=show(x), expected="at least 2 axes")
        declared = self.num_channels if self.owns_something else None
        return settled(_along(x, self.channel_axis, "GroupNorm"), declared, "the number of channels")

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        require_divisible(self._flowing(x), self.groups, "the channels")
        numbers = product(x) // self.groups if self.several else 2
        if isinstance(numbers, int) and numbers == 1:
            raise ShapeError("one number a group has no variance", got=show(x), expected="more than one number a group")
        return x


@dataclass(frozen=True)
class InstanceNorm(BatchNorm):
    """Normalises each channel of each example alone. Source: arXiv:1607.08022. By default PyTorch's owns nothing.

    `batched`: how many axes an input with a batch has; one less is one example, its channels first.
    """

    scale: bool = False
    center: bool = False
    statistics: Optional[str] = None
    batched: Optional[int] = None
    kind: ClassVar[str] = "instance_norm"

    def parameter_axes(self, x: Optional[Shape]) -> tuple[tuple[str, Dim], ...]:
        if x is not None and self.batched is not None and len(x) == self.batched - 1:
            return ((_axis_name(0), self._settled(x[0])),)
        return super().parameter_axes(x)

    def normalised(self, x: Shape) -> Shape:
        return x[1:] if len(x) + 1 == self.batched else x[2:]


@dataclass(frozen=True)
class ScaleShift(_Affine):
    """A learned scale or shift alone (Lasagne's ``ScaleLayer`` and ``BiasLayer``), shared along `shared_axes`."""

    shared_axes: tuple[int, ...] = (0,)
    kind: ClassVar[str] = "scale_shift"

    def parameter_axes(self, x: Optional[Shape]) -> tuple[tuple[str, Dim], ...]:
        known = need(x, "the parameter's shape")
        shared = {axis % len(known) for axis in self.shared_axes}
        return tuple((_axis_name(i), dim) for i, dim in enumerate(known) if i not in shared)


@dataclass(frozen=True)
class Standardization(Spec):
    """Normalises each example by its own statistics; owns nothing. Also local response normalisation.

    `ranks`: how many axes an input may have; `least_axes`: how many at least.
    """

    mode: str = "standardize"
    ranks: tuple[int, ...] = ()
    axis: tuple[int, ...] = ()
    least_axes: int = 0
    kind: ClassVar[str] = "standardization"
    passes: ClassVar[bool] = True

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.ranks:
            require_rank(x, self.ranks, "this normalisation")
        if len(x) < self.least_axes:
            raise ShapeError("this normalisation asks for more axes", got=show(x), expected=f"at least {self.least_axes} axes")
        for axis in self.axis:
            _along(x, axis, "this normalisation")
        return x


@dataclass(frozen=True)
class DataNormalization(Spec):
    """Input normalisation with adapted statistics: mean, variance and a count, none trainable (2n + 1).

    Source: Keras' ``Normalization`` page. `axis` are the axes with statistics of their own; where the statistics are
    given (`adapted` is False), nothing is owned.
    """

    axis: tuple[int, ...] = (-1,)
    adapted: bool = True
    kind: ClassVar[str] = "data_normalization"
    passes: ClassVar[bool] = True

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = need(inputs[0] if inputs else None, "the adapted shape")
        if not self.adapted:
            return ()
        axes = tuple((_axis_name(i), x[axis]) for i, axis in enumerate(self._kept(x)))
        statistics = [Tensor(role, axes, trainable=False) for role in ("running_mean", "running_variance")]
        return (*statistics, Tensor("counter", (), trainable=False))

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        self._kept(x)
        return x

    def _kept(self, x: Shape) -> list[int]:
        """The axes with statistics of their own, in the input's order."""
        for axis in self.axis:
            _along(x, axis, "this normalisation")
        return sorted(axis % len(x) for axis in self.axis)
