"""Convolution in any number of spatial axes: plain, grouped, depthwise and separable.

A filter spans all input channels of its group and has one bias: ``(kh·kw·c_in + 1)·filters``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, exact_div, product
from .base import Connections, Shape, Spec, Tensor, Term, axis_suffixes, kernel_axes, need, require_divisible, settled
from .window import Padding, Windowed, require_padding, slide


@dataclass(frozen=True)
class Sliding(Windowed):
    """What every convolution shares: a kernel that slides, and a bias that may not be shared between positions.

    `bias`: ``shared`` (one a filter), ``untied`` (one a filter and position: Lasagne's `untie_biases`), or None.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...] = ()
    bias: Optional[str] = "shared"
    channels: str = "first"
    in_channels: Optional[int] = None
    activation: Optional[str] = None
    padding_mode: str = "zeros"
    unbatched: bool = True  # whether an input without a batch axis is taken
    extra_batch: bool = False  # whether there may be more axes in front, all of which count with the batch (tf.keras 2)
    weighted: ClassVar[bool] = True
    declared = ("in_channels",)

    def rank(self) -> int:
        return len(self.kernel_size)

    def input_channels(self, x: Optional[Shape]) -> Dim:
        """What flows in, where it is known; what the configuration declares otherwise."""
        if self.in_channels is None:
            return self.check(need(x, "the number of input channels"))[self.channel_axis()]
        if x is None:
            return self.in_channels
        return settled(self.check(x)[self.channel_axis()], self.in_channels, "the number of input channels")

    def positions(self, x: Shape) -> Shape:
        """The output's spatial axes."""
        if self.padding_mode != "zeros" and not isinstance(self.padding, str):
            for n, amounts in zip(self.spatial(self.check(x)), self.padding):
                require_padding(n, max(int(amount) for amount in amounts), self.padding_mode)
        return slide(self, self.check(x), self.kernel_size, self.stride, self.padding, self.dilation or None)

    def out_channels(self, x: Optional[Shape]) -> Dim:
        raise NotImplementedError

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]  # a kernel that flows in beside it is spoken of by the fields
        self.input_channels(x)
        return self.arranged(x, self.out_channels(x), self.positions(x))

    def bias_tensors(self, x: Optional[Shape]) -> tuple[Tensor, ...]:
        if self.bias is None:
            return ()
        out = ("out", self.out_channels(x))
        if self.bias == "shared":
            return (Tensor("bias", (out,)),)
        names = tuple(suffix or "n" for suffix in axis_suffixes(self.rank()))
        return (Tensor("bias", (out, *zip(names, self.positions(need(x, "an untied bias"))))),)

    def window_axes(self) -> tuple[tuple[str, int], ...]:
        return tuple(zip(kernel_axes(self.rank()), self.kernel_size))

    def connections(self, *inputs: Shape) -> Connections:
        """Every kernel element is used once at every position."""
        positions = product(self.positions(inputs[0]))
        weights = [t.size for t in self.tensors(*inputs) if not t.is_bias]
        bias_edges = positions * self.out_channels(inputs[0]) if self.bias else 0
        return Connections(positions * sum(weights), bias_edges)


SLIDING_TERMS = {
    "kernel_size": Term("k"),
    "stride": Term("s"),
    "padding": Term("p"),
    "dilation": Term("dilation", neutral=1),
    "in_channels": Term("c_in"),
}


@dataclass(frozen=True)
class Conv(Sliding):
    """Convolution. Source: PyTorch's ``Conv2d`` page; Keras' ``Conv2D`` page (`groups`).

    >>> conv = Conv((5, 5), (1, 1), ((0, 0), (0, 0)), filters=64)
    >>> [tensor.shape for tensor in conv.tensors((1, 32, 12, 12))], conv.output((1, 32, 12, 12))
    ([(5, 5, 32, 64), (64,)], (1, 64, 8, 8))
    """

    filters: int = 1
    groups: int = 1
    kind: ClassVar[str] = "conv"
    terms = {**SLIDING_TERMS, "filters": Term("filters"), "groups": Term("groups", neutral=1)}

    def out_channels(self, x: Optional[Shape]) -> Dim:
        return self.filters

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        """A convolution of each channel alone stays one."""
        had, has = (x[0][self.channel_axis()] for x in (before, now))
        alone = isinstance(had, int) and had == self.groups > 1 and had != has
        follower = super().following(before, now)
        return follower.replace(groups=has, filters=self.filters // had * has) if alone else follower

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = inputs[0] if inputs else None
        c_in = self.input_channels(x)
        require_divisible(c_in, self.groups, "the input channels")
        require_divisible(self.filters, self.groups, "the filters")
        kernel = (*self.window_axes(), ("in", exact_div(c_in, self.groups)), ("out", self.filters))
        return (Tensor("kernel", kernel), *self.bias_tensors(x))


@dataclass(frozen=True)
class DepthwiseConv(Sliding):
    """Each channel convolved alone, `depth_multiplier` times. Source: Keras' ``DepthwiseConv2D`` page."""

    depth_multiplier: int = 1
    kind: ClassVar[str] = "depthwise_conv"
    terms = {**SLIDING_TERMS, "depth_multiplier": Term("multiplier", neutral=1)}

    def out_channels(self, x: Optional[Shape]) -> Dim:
        return self.input_channels(x) * self.depth_multiplier

    def depthwise_kernel(self, x: Optional[Shape]) -> Tensor:
        axes = (*self.window_axes(), ("in", self.input_channels(x)), ("multiplier", self.depth_multiplier))
        return Tensor("depthwise_kernel", axes)

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = inputs[0] if inputs else None
        return (self.depthwise_kernel(x), *self.bias_tensors(x))


@dataclass(frozen=True)
class SeparableConv(DepthwiseConv):
    """A depthwise convolution and a 1×1 convolution as one layer, with one bias. Source: Keras' ``SeparableConv2D`` page.

    >>> conv = SeparableConv((3, 3), (1, 1), "same", channels="last", filters=8)
    >>> sum(tensor.size for tensor in conv.tensors((1, 9, 9, 4)))
    76
    """

    filters: int = 1
    kind: ClassVar[str] = "separable_conv"
    terms = {**DepthwiseConv.terms, "filters": Term("filters")}

    def out_channels(self, x: Optional[Shape]) -> Dim:
        return self.filters

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = inputs[0] if inputs else None
        middle = self.input_channels(x) * self.depth_multiplier
        pointwise = (*((name, 1) for name in kernel_axes(self.rank())), ("middle", middle), ("out", self.filters))
        return (self.depthwise_kernel(x), Tensor("pointwise_kernel", pointwise), *self.bias_tensors(x))
