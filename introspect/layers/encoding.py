"""What prepares data: categories as vectors, images cut or scaled to a size, sound as a spectrogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, ceil_div
from ..errors import ShapeError
from .base import Shape, Spec, Tensor, need, positive, require_rank, show


@dataclass(frozen=True)
class Encoding(Spec):
    """Whole numbers as vectors of `depth`: one for each (``one_hot``; an axis of 1 is replaced), or one for all on the
    last axis (``multi_hot``, ``count``, ``tf_idf``). Source: Keras' ``CategoryEncoding`` page.

    >>> Encoding(5).output((2, 3)), Encoding(5).output((2, 1)), Encoding(5, "count").output((2, 3))
    ((2, 3, 5), (2, 5), (2, 5))
    """

    depth: int
    mode: str = "one_hot"
    kind: ClassVar[str] = "encoding"

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if not x:
            return (self.depth,)
        replaced = self.mode != "one_hot" or (isinstance(x[-1], int) and x[-1] == 1 and len(x) > 1)
        return (*(x[:-1] if replaced else x), self.depth)


@dataclass(frozen=True)
class ImageSize(Spec):
    """Images, with a batch or without, scaled or cut to a size. Sources: Keras' ``Resizing`` and ``CenterCrop`` pages."""

    size: tuple[int, int]
    channels: str = "last"
    mode: str = "resize"
    kind: ClassVar[str] = "image_size"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        require_rank(x, (3, 4), "an image layer")
        lead = x[: len(x) - 3]
        return (*lead, x[-3], *self.size) if self.channels == "first" else (*lead, *self.size, x[-1])

    def batch_axis(self, x: Shape) -> Optional[int]:
        return 0 if len(x) == 4 else None

    def per_example(self, y: Shape) -> Shape:
        return y[1:] if len(y) == 4 else y


@dataclass(frozen=True)
class MelSpectrogram(Spec):
    """``bins`` rows and one column for every `stride` samples: ``(n + stride + 1) // stride``, as Keras declares it.

    Source: Keras' ``MelSpectrogram`` page and its ``compute_output_shape``.
    """

    bins: int
    stride: int
    kind: ClassVar[str] = "mel_spectrogram"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        require_rank(x, (1, 2), "MelSpectrogram")
        return (*x[:-1], self.bins, (x[-1] + self.stride + 1) // self.stride)


@dataclass(frozen=True)
class Spectrogram(Spec):
    """A short-time Fourier transform as a convolution with fixed kernels: ``frame·bins`` for each of `parts`, trained or not.

    `bins` is ``fft_length // 2 + 1``. Source: Keras' ``STFTSpectrogram`` page. `parts`: the kernels held; `stacked`: whether
    both come out side by side (mode ``stft``); `expand`: bins and channels on axes of their own.
    """

    frame: int
    step: int
    bins: int
    parts: tuple[str, ...] = ("real", "imag")
    stacked: bool = False
    expand: bool = False
    padding: str = "valid"
    channels: str = "last"
    kind: ClassVar[str] = "spectrogram"
    weighted: ClassVar[bool] = True

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        need(inputs[0] if inputs else None, "a spectrogram")
        axes = (("k", self.frame), ("in", 1), ("out", self.bins))
        return tuple(Tensor(f"{part}_kernel", axes) for part in self.parts)

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        require_rank(x, (3,), "a spectrogram")
        samples, c = (x[2], x[1]) if self.channels == "first" else (x[1], x[2])
        time = positive(self._frames(samples), "a spectrogram")
        bins = self.bins * (2 if self.stacked else 1)
        if self.expand:
            return (x[0], c, time, bins) if self.channels == "first" else (x[0], time, bins, c)
        return (x[0], bins * c, time) if self.channels == "first" else (x[0], time, bins * c)

    def _frames(self, n: Dim) -> Dim:
        if self.padding == "same":
            return ceil_div(n, self.step)
        if self.padding == "valid":
            return (n - self.frame) // self.step + 1
        raise ShapeError("a spectrogram knows no such padding", got=self.padding, expected=f"valid or same for {show((n,))}")
