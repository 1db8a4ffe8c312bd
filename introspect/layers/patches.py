"""Channels traded for space, and windows laid out side by side. Nothing is owned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, exact_div, product
from .base import Shape, Spec, positive, require_dim, require_divisible, require_rank
from .window import Padding, Pair, Windowed, slide, windows


@dataclass(frozen=True)
class PixelShuffle(Spec):
    """``(C·r², H, W)`` becomes ``(C, H·r, W·r)``; `inverse` goes back. The channels may be ``last``, too.

    Source: arXiv:1609.05158; PyTorch's ``PixelShuffle`` page, TensorFlow's ``depth_to_space`` page.

    >>> PixelShuffle(2).output((1, 12, 4, 5)), PixelShuffle(2, inverse=True).output((1, 3, 8, 10))
    ((1, 3, 8, 10), (1, 12, 4, 5))
    """

    factor: int
    inverse: bool = False
    channels: str = "first"
    kind: ClassVar[str] = "pixel_shuffle"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if len(x) < 3:
            require_rank(x, (3, 4), "PixelShuffle")
        *lead, c, h, w = x if self.channels == "first" else (*x[:-3], x[-1], x[-3], x[-2])
        c, h, w = self._shuffled(c, h, w)
        return (*lead, c, h, w) if self.channels == "first" else (*lead, h, w, c)

    def _shuffled(self, c: Dim, h: Dim, w: Dim) -> tuple[Dim, Dim, Dim]:
        r = self.factor
        if self.inverse:
            require_divisible(h, r, "the height")
            require_divisible(w, r, "the width")
            return c * r * r, exact_div(h, r), exact_div(w, r)
        require_divisible(c, r * r, "the channels")
        return exact_div(c, r * r), h * r, w * r

    def per_example(self, y: Shape) -> Shape:
        return y[-3:]

    def channels_of(self, y: Shape) -> Dim:
        return y[-3] if self.channels == "first" else y[-1]


@dataclass(frozen=True)
class ChannelShuffle(Spec):
    """Channels of `groups` groups interleaved. Source: PyTorch's ``ChannelShuffle`` page."""

    groups: int
    kind: ClassVar[str] = "channel_shuffle"
    passes: ClassVar[bool] = True

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if len(x) < 3:
            require_rank(x, (3, 4), "ChannelShuffle")
        require_divisible(x[1], self.groups, "the channels")
        return x


@dataclass(frozen=True)
class Unfold(Windowed):
    """Every window as a column: ``(C·kh·kw, positions)``; or, where not in `columns`, in its place, as many channels.

    Sources: PyTorch's ``Unfold`` page; TensorFlow's ``extract_patches`` page.

    >>> Unfold((2, 2), (2, 2), "same", (1, 1), "last", columns=False).output((1, 8, 9, 3))
    (1, 4, 5, 12)
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]
    channels: str = "first"
    columns: bool = True
    kind: ClassVar[str] = "unfold"

    def rank(self) -> int:
        return len(self.kernel_size)

    def output(self, *inputs: Shape) -> Shape:
        x = self.check(inputs[0])
        positions = slide(self, x, self.kernel_size, self.stride, self.padding, self.dilation)
        lead, channels = x[: len(x) - self.rank() - 1], x[self.channel_axis()] * product(self.kernel_size)
        return (*lead, channels, product(positions)) if self.columns else self.arranged(x, channels, positions)

    def per_example(self, y: Shape) -> Shape:
        return y[-2:] if self.columns else y[1:]


@dataclass(frozen=True)
class Fold(Spec):
    """Columns ``(C·kh·kw, positions)`` summed back into an image of `output_size`. Source: PyTorch's ``Fold`` page.

    >>> Fold((4, 5), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1)).output((1, 12, 12))
    (1, 3, 4, 5)
    """

    output_size: tuple[int, ...]
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[Pair, ...]
    dilation: tuple[int, ...]
    kind: ClassVar[str] = "fold"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        require_rank(x, (2, 3), "Fold")
        require_divisible(x[-2], product(self.kernel_size), "the columns")
        sizes = zip(self.output_size, self.kernel_size, self.stride, self.padding, self.dilation)
        require_dim(x[-1], product(positive(windows(*size), "Fold") for size in sizes), "the number of positions")
        return (*x[:-2], exact_div(x[-2], product(self.kernel_size)), *self.output_size)

    def batch_axis(self, x: Shape) -> Optional[int]:
        return 0 if len(x) == 3 else None

    def per_example(self, y: Shape) -> Shape:
        return y[-1 - len(self.output_size) :]

    def channels_of(self, y: Shape) -> Dim:
        return y[-1 - len(self.output_size)]
