"""Tensors that a model learns beside its layers: tokens, embeddings of positions, scales for channels.

They belong to no kernel, and what is done with them is arithmetic in the model's own code; the laws say how large they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, maximum, product
from .base import Shape, Spec, Tensor, Term


@dataclass(frozen=True)
class ClassToken(Spec):
    """One learned token of `width` elements, stored with `leading_axes` axes of 1 before it. Source: arXiv:2010.11929.

    >>> ClassToken(768).tensors()[0].shape
    (1, 1, 768)
    """

    width: int
    leading_axes: int = 2
    kind: ClassVar[str] = "class_token"
    terms = {"width": Term("width")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return (Tensor("class_token", (*_ones(self.leading_axes), ("width", self.width))),)


@dataclass(frozen=True)
class PositionEmbedding(Spec):
    """A learned vector for each position, the class token's among them: ``positions·width``. Source: arXiv:2010.11929.

    >>> PositionEmbedding(197, 768).tensors()[0].size
    151296
    """

    positions: int
    width: int
    kind: ClassVar[str] = "position_embedding"
    terms = {"positions": Term("positions"), "width": Term("width")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return (Tensor("position_embedding", (*_ones(1), ("position", self.positions), ("width", self.width))),)


@dataclass(frozen=True)
class SeparablePositionEmbedding(Spec):
    """A class token, and learned positions for space and time apart: ``(h·w + t + 2)·width``; the token alone where
    positions are `relative`. Source: arXiv:2104.11227.

    >>> sum(t.size for t in SeparablePositionEmbedding((56, 56), 8, 96).tensors())
    302016
    """

    spatial_size: tuple[int, ...]
    temporal_size: int
    width: int
    relative: bool = False
    kind: ClassVar[str] = "separable_position_embedding"
    terms = {"spatial_size": Term("n"), "temporal_size": Term("frames"), "width": Term("width")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        width = ("width", self.width)
        token = Tensor("class_token", (width,))
        if self.relative:
            return (token,)
        space = Tensor("spatial_position", (("position", product(self.spatial_size)), width))
        time = Tensor("temporal_position", (("position", self.temporal_size), width))
        return (token, space, time, Tensor("class_position", (width,)))


@dataclass(frozen=True)
class ChannelScale(Spec):
    """A learned factor for each channel, stored with `trailing_axes` axes of 1 behind it. Source: arXiv:2103.17239.

    >>> ChannelScale(96, trailing_axes=2).tensors()[0].shape
    (96, 1, 1)
    """

    channels: int
    trailing_axes: int = 0
    kind: ClassVar[str] = "channel_scale"
    terms = {"channels": Term("channels")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return (Tensor("scale", (("channel", self.channels), *_ones(self.trailing_axes))),)


@dataclass(frozen=True)
class RelativePositionBias(Spec):
    """A learned bias for each head and each distance within a window: ``(2·w − 1)·heads``, w's factor for every axis.
    Source: arXiv:2103.14030.

    `index`: the table of distances is kept as a buffer, ``flat`` or ``square``. `continuous`: the biases are computed by a
    small network from a buffer of distances, and each head has a learned scale (arXiv:2111.09883).

    >>> RelativePositionBias((7, 7), 3).tensors()[0].size
    507
    """

    window_size: tuple[int, ...]
    heads: int
    index: str = "flat"
    continuous: bool = False
    kind: ClassVar[str] = "relative_position_bias"
    terms = {"window_size": Term("w"), "heads": Term("heads")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        heads, window = ("heads", self.heads), product(self.window_size)
        squares = {"flat": (("pairs", window * window),), "square": (("from", window), ("to", window))}
        index = Tensor("relative_position_index", squares[self.index], trainable=False, buffer=True)
        distances = tuple((f"distance{i}", 2 * w - 1) for i, w in enumerate(self.window_size))
        if not self.continuous:
            return (Tensor("relative_position_bias", (("distance", product(d for _, d in distances)), heads)), index)
        table = Tensor("distances", (*distances, ("axis", len(distances))), trainable=False, buffer=True)
        return (Tensor("logit_scale", (heads, *_ones(2))), table, index)


@dataclass(frozen=True)
class DecomposedRelativePosition(Spec):
    """Relative positions for height, width and time apart, of the queries' and keys' sizes. Source: arXiv:2112.01526.

    >>> [t.shape for t in DecomposedRelativePosition(56, 14, 8, 96).tensors()]
    [(111, 96), (111, 96), (15, 96)]
    """

    query_size: int
    key_size: int
    frames: int
    head_dim: int
    kind: ClassVar[str] = "decomposed_relative_position"
    terms = {"query_size": Term("q"), "key_size": Term("k"), "frames": Term("frames"), "head_dim": Term("head_dim")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        width = ("head_dim", self.head_dim)
        space = ("distance", 2 * maximum(self.query_size, self.key_size) - 1)
        time = ("distance", 2 * self.frames - 1)
        return tuple(Tensor(f"relative_{a}", (d, width)) for a, d in (("height", space), ("width", space), ("time", time)))


def _ones(count: int) -> tuple[tuple[str, Dim], ...]:
    return tuple((f"one{i}" if i else "one", 1) for i in range(count))
