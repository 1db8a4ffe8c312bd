"""What prepares data: categories as vectors, images cut or scaled to a size, sound as a spectrogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional, Union

from ..algebra import Dim, ceil_div, unknown
from ..errors import ShapeError
from .base import Shape, Spec, Tensor, need, positive, require_dim, require_rank, show


@dataclass(frozen=True)
class Encoding(Spec):
    """Whole numbers as vectors of `depth`: one for each (``one_hot``; a last axis of 1 is replaced), or one for all along the
    axis behind the batch (``multi_hot``, ``count``, ``tf_idf``). Source: Keras' ``encode_categorical_inputs``. `depth`: None
    where a vocabulary is still to be learned.

    >>> Encoding(5).output((2, 3)), Encoding(5).output((2, 1)), Encoding(5, "count").output((2, 3))
    ((2, 3, 5), (2, 5), (2, 5))
    >>> Encoding(5, "count").output((2, 3, 4)), Encoding(5, "multi_hot").output((2,))
    ((2, 4, 5), (5,))
    """

    depth: Optional[int]
    mode: str = "one_hot"
    kind: ClassVar[str] = "encoding"

    def output(self, *inputs: Shape) -> Shape:
        x, depth = inputs[0], unknown() if self.depth is None else self.depth
        if self.mode != "one_hot":
            return (*x[:1], *x[2:], depth) if len(x) > 1 else (depth,)
        return (*(x[:-1] if len(x) > 1 and x[-1] == 1 else x), depth)


@dataclass(frozen=True)
class Tokens(Spec):
    """Text as the numbers of its words, or as vectors over the vocabulary. Source: Keras' ``TextVectorization`` page.

    `split`: whether each text is taken apart, a last axis of 1 going with it; how many words it has nobody knows before.
    `length`: so many are kept or filled up, unless they are left `ragged`. `joined`: runs of words are words too. `mode`,
    `depth`: the vectors, as in :class:`Encoding`; ``int`` for none.

    >>> Tokens(length=7).output((2, 1)), Tokens(mode="count", depth=5).output((2,)), Tokens(split=False).output((2, 3))
    ((2, 7), (2, 5), (2, 3))
    """

    split: bool = True
    length: Optional[int] = None
    ragged: bool = False
    joined: bool = False
    mode: str = "int"
    depth: Optional[int] = None
    kind: ClassVar[str] = "tokens"

    def output(self, *inputs: Shape) -> Shape:
        words = self._words(inputs[0])
        if self.mode != "int":
            return Encoding(self.depth, self.mode).output(words)
        if self.length is None:
            return words
        return (*words[:-1], unknown() if self.ragged else self.length)

    def _words(self, x: Shape) -> Shape:
        if not self.split:
            return (*x[:-1], unknown()) if self.joined else x
        if len(x) > 1:
            require_dim(x[-1], 1, "the last axis of text that is taken apart")
        return (*(x[:-1] if len(x) > 1 else x), unknown())


@dataclass(frozen=True)
class BoxCount(Spec):
    """Pictures with boxes drawn in them: `number` boxes come out of each, and all else as it went in. The first `boxes` inputs
    are the boxes and their labels. Source: Keras' ``MaxNumBoundingBoxes`` page.

    >>> BoxCount(7, boxes=2).outputs((2, 3, 4), (2, 3), (2, 8, 8, 3))
    ((2, 7, 4), (2, 7), (2, 8, 8, 3))
    """

    number: int
    boxes: int = 0
    kind: ClassVar[str] = "box_count"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        for x in inputs[: self.boxes]:
            if len(x) < 2:
                raise ShapeError("boxes cannot be counted", got=f"{len(x)} axes {show(x)}", expected="2 axes or more")
        counted = [(x[0], self.number, *x[2:]) for x in inputs[: self.boxes]]
        return (*counted, *inputs[self.boxes :])


@dataclass(frozen=True)
class ImageSize(Spec):
    """Images, with a batch or without, scaled or cut to a size. Sources: Keras' ``Resizing`` and ``CenterCrop`` pages.

    A side may be ``kept``, or ``drawn`` anew for every batch: of no size that is known (tf.keras' ``RandomHeight``).

    >>> ImageSize((7, "kept")).output((1, 32, 48, 3))
    (1, 7, 48, 3)
    """

    size: tuple[Union[int, str], Union[int, str]]
    channels: str = "last"
    mode: str = "resize"
    kind: ClassVar[str] = "image_size"

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if len(inputs) > 1:
            raise ShapeError("an image layer of this kind takes images alone", got=f"{len(inputs)} inputs", expected="one")
        require_rank(x, (3, 4), "an image layer")
        lead = x[: len(x) - 3]
        first = self.channels == "first"
        sides = [self._side(wanted, n) for wanted, n in zip(self.size, x[-2:] if first else x[-3:-1])]
        return (*lead, x[-3], *sides) if first else (*lead, *sides, x[-1])

    @staticmethod
    def _side(wanted: Union[int, str], n: Dim) -> Dim:
        if isinstance(wanted, int):
            return wanted
        return n if wanted == "kept" else unknown()

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
