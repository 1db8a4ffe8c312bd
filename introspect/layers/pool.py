"""Pooling: windows that own nothing. What differs between frameworks is how the last, incomplete window is treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..errors import ConfigurationError, ShapeError
from .base import Shape, Spec, Term, require_divisible, require_rank
from .merge import require_equal
from .window import Padding, Windowed, outputs_of, require_at_least, slide


@dataclass(frozen=True)
class Pool(Windowed):
    """Max, average or LP pooling over windows; channels are untouched. `rounding`: see :mod:`introspect.layers.window`.

    >>> Pool((2, 2), (2, 2), ((0, 0), (0, 0))).output((1, 64, 32, 32))
    (1, 64, 16, 16)
    """

    pool_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...] = ()
    rounding: str = "floor"
    mode: str = "max"
    channels: str = "first"
    padding_limit: Optional[str] = None  # what is refused: wider than `half` a window (PyTorch), a `whole` one (Theano)
    unbatched: bool = True  # whether an input without a batch axis is taken
    indices: bool = False  # a second output says where each maximum was
    window_must_fit: bool = False  # an input smaller than a window is refused, however it is padded (PyTorch's AvgPool3d)
    kind: ClassVar[str] = "pool"
    terms = {
        "pool_size": Term("k"),
        "stride": Term("s"),
        "padding": Term("p", neutral=0),
        "dilation": Term("dilation", neutral=1),
    }

    def rank(self) -> int:
        return len(self.pool_size)

    def output(self, *inputs: Shape) -> Shape:
        x = self.check(inputs[0])
        self._check_padding()
        self._check_fit(x)
        spatial = slide(self, x, self.pool_size, self.stride, self.padding, self.dilation or None, self.rounding)
        return self.arranged(x, x[self.channel_axis()], spatial)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (self.output(*inputs),) * (2 if self.indices else 1)

    def _check_fit(self, x: Shape) -> None:
        for n, k in zip(self.spatial(x), self.pool_size):
            if self.window_must_fit and isinstance(n, int) and n < int(k):
                raise ShapeError("the input is smaller than a window", got=n, expected=f"at least {k}")

    def _check_padding(self) -> None:
        if self.padding_limit is None or isinstance(self.padding, str):
            return
        for k, amounts in zip(self.pool_size, self.padding):
            most = int(k) // 2 if self.padding_limit == "half" else int(k) - 1
            if max(int(amount) for amount in amounts) > most:
                raise ConfigurationError(f"padding too wide for a window of {k}", got=amounts, expected=f"at most {most}")


@dataclass(frozen=True)
class GlobalPool(Windowed):
    """One number a channel, over all spatial axes. `keepdims` leaves them in place with size 1."""

    spatial_axes: int
    keepdims: bool = False
    mode: str = "average"
    channels: str = "first"
    unbatched: bool = True  # whether an input without a batch axis is taken
    kind: ClassVar[str] = "global_pool"

    def rank(self) -> int:
        return self.spatial_axes

    def output(self, *inputs: Shape) -> Shape:
        x = self.check(inputs[0])
        channels = x[self.channel_axis()]
        if self.keepdims:
            return self.arranged(x, channels, (1,) * self.spatial_axes)
        return (*x[: len(x) - self.spatial_axes - 1], channels)

    def per_example(self, y: Shape) -> Shape:
        return super().per_example(y) if self.keepdims else y[1:]

    def channels_of(self, y: Shape) -> Dim:
        return y[self.channel_axis()] if self.keepdims else y[-1]


@dataclass(frozen=True)
class AdaptivePool(Windowed):
    """Windows chosen so that the output has a given size; None keeps an axis. Source: PyTorch's ``AdaptiveAvgPool2d`` page."""

    output_size: tuple[Optional[int], ...]
    mode: str = "average"
    channels: str = "first"
    unbatched: bool = True  # whether an input without a batch axis is taken
    indices: bool = False  # a second output says where each maximum was
    kind: ClassVar[str] = "adaptive_pool"

    def rank(self) -> int:
        return len(self.output_size)

    def output(self, *inputs: Shape) -> Shape:
        x = self.check(inputs[0])
        sizes = tuple(n if size is None else size for n, size in zip(self.spatial(x), self.output_size))
        return self.arranged(x, x[self.channel_axis()], sizes)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (self.output(*inputs),) * (2 if self.indices else 1)


@dataclass(frozen=True)
class FractionalPool(Windowed):
    """Windows at random places, as many as `output_size` says, or `output_ratio` of the input. Source: arXiv:1412.6071;
    PyTorch's ``FractionalMaxPool2d`` page.

    >>> FractionalPool((2, 2), output_ratio=(0.7, 0.5)).output((1, 3, 9, 9))
    (1, 3, 6, 4)
    """

    pool_size: tuple[int, ...]
    output_size: Optional[tuple[int, ...]] = None
    output_ratio: tuple[float, ...] = ()
    mode: str = "max"
    channels: str = "first"
    unbatched: bool = True  # whether an input without a batch axis is taken
    indices: bool = False  # a second output says where each maximum was
    spare: int = 0  # elements that must be left over along each axis (PyTorch's FractionalMaxPool3d: 1)
    kind: ClassVar[str] = "fractional_pool"

    def rank(self) -> int:
        return len(self.pool_size)

    def output(self, *inputs: Shape) -> Shape:
        x = self.check(inputs[0])
        sizes = tuple(self.output_size or map(_share, self.spatial(x), self.output_ratio))
        for n, k, size in zip(self.spatial(x), self.pool_size, sizes):
            require_at_least(k, 1, "a window's size")
            least = size + k - 1 + self.spare
            if isinstance(n, int) and isinstance(least, int) and n < least:
                raise ShapeError("the input is smaller than all windows together", got=n, expected=f"at least {least}")
        return self.arranged(x, x[self.channel_axis()], outputs_of(self, sizes))

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (self.output(*inputs),) * (2 if self.indices else 1)


def _share(n: Dim, ratio: float) -> Dim:
    if not isinstance(n, int):
        raise ShapeError("a ratio needs a known size", got=f"{n} × {ratio}", expected="a number")
    return int(n * ratio)


@dataclass(frozen=True)
class MaxUnpool(Windowed):
    """Maxima back where they were, ``(n − 1)·s + k − 2p`` along each axis, or `output_size`.

    Source: PyTorch's ``MaxUnpool2d`` page. A second input says where the maxima were; `output_size` may differ from the formula
    by less than a stride.

    >>> MaxUnpool((2, 2), (2, 2), (0, 0)).output((1, 3, 4, 5), (1, 3, 4, 5))
    (1, 3, 8, 10)
    """

    pool_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_size: Optional[tuple[int, ...]] = None
    channels: str = "first"
    unbatched: bool = True  # whether an input without a batch axis is taken
    kind: ClassVar[str] = "max_unpool"
    terms = {"pool_size": Term("k"), "stride": Term("s"), "padding": Term("p", neutral=0)}

    def rank(self) -> int:
        return len(self.pool_size)

    def output(self, *inputs: Shape) -> Shape:
        x = self.check(inputs[0])
        require_equal(inputs[:2], "maxima and where they were")
        spread = [(n - 1) * s + k - 2 * p for n, s, k, p in zip(self.spatial(x), self.stride, self.pool_size, self.padding)]
        return self.arranged(x, x[self.channel_axis()], outputs_of(self, self._settled(spread)))

    def _settled(self, spread: list[Dim]) -> list[Dim]:
        if self.output_size is None:
            return spread
        if len(self.output_size) not in (self.rank(), self.rank() + 2):
            raise ConfigurationError("an output size for other axes", got=self.output_size, expected=f"{self.rank()} numbers")
        wanted = self.output_size[-self.rank() :]
        for size, n, s in zip(wanted, spread, self.stride):
            if isinstance(n, int) and not n - s < size < n + s:
                raise ShapeError("no pool gives such an output size", got=size, expected=f"between {n - s} and {n + s}")
        return list(wanted)


@dataclass(frozen=True)
class FeaturePool(Spec):
    """Pools groups of `pool_size` channels into one (Maxout). Source: Lasagne's ``FeaturePoolLayer`` page."""

    pool_size: int
    axis: int = 1
    mode: str = "max"
    kind: ClassVar[str] = "feature_pool"
    terms = {"pool_size": Term("k")}

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.axis < 0:
            raise ConfigurationError("FeaturePool counts its axis from the front", got=self.axis, expected="0 or more")
        if len(x) <= self.axis:
            require_rank(x, (self.axis + 1,), "FeaturePool")
        require_divisible(x[self.axis], self.pool_size, "the pooled axis")
        return (*x[: self.axis], x[self.axis] // self.pool_size, *x[self.axis + 1 :])
