"""torchvision's tensors that stand beside layers, as laws: by a module's full name, nothing is imported.

Such a module's `forward` is Python and is walked; only what it holds needs a law. Some sizes are known to the model alone, so
an entry speaks for modules below its own: a relative path gives the law and where its tensors are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Callable, NamedTuple, Optional

from torch import nn

from introspect.layers import (
    ChannelScale,
    ClassToken,
    DecomposedRelativePosition,
    PositionEmbedding,
    RelativePositionBias,
    SeparablePositionEmbedding,
)

from .specs import Law


class Beside(NamedTuple):
    """A law for what a module holds beside its layers. `path` is relative to the module whose entry this is."""

    path: str
    law: Law


def _vision_transformer(m: Any) -> Iterator[Beside]:
    yield Beside("", Law(ClassToken(m.hidden_dim), {"class_token": ("class_token", "one one1 width")}))
    layout = {"pos_embedding": ("position_embedding", "one position width")}
    yield Beside("encoder", Law(PositionEmbedding(m.seq_length, m.hidden_dim), layout))


def _convnext_block(m: Any) -> Iterator[Beside]:
    depthwise = m.block[0]
    yield Beside("", Law(ChannelScale(depthwise.out_channels, 2), {"layer_scale": ("scale", "channel one one1")}))


def _ssd_vgg(m: Any) -> Iterator[Beside]:
    scaled = next(layer for layer in reversed(m.features) if isinstance(layer, nn.Conv2d))
    yield Beside("", Law(ChannelScale(scaled.out_channels), {"scale_weight": ("scale", "channel")}))


_BIAS = {
    "relative_position_bias_table": ("relative_position_bias", "distance heads"),
    "relative_position_index": ("relative_position_index", "pairs"),
}
_SQUARE = {**_BIAS, "relative_position_index": ("relative_position_index", "from to")}


def _shifted_window(m: Any) -> Iterator[Beside]:
    yield Beside("", Law(RelativePositionBias(tuple(m.window_size), m.num_heads), _BIAS))


def _shifted_window_3d(m: Any) -> Iterator[Beside]:
    yield Beside("", Law(RelativePositionBias(tuple(m.window_size), m.num_heads, "square"), _SQUARE))


def _shifted_window_v2(m: Any) -> Iterator[Beside]:
    layouts = {
        "logit_scale": ("logit_scale", "heads one one1"),
        "relative_coords_table": ("distances", "one distance0 distance1 axis"),
        "relative_position_index": ("relative_position_index", "pairs"),
    }
    yield Beside("", Law(RelativePositionBias(tuple(m.window_size), m.num_heads, continuous=True), layouts))


def _maxvit_attention(m: Any) -> Iterator[Beside]:
    yield Beside("", Law(RelativePositionBias((m.size, m.size), m.n_heads, "square"), _SQUARE))


def _multiscale(m: Any) -> Iterator[Beside]:
    """Each block of a multiscale transformer attends over what the blocks before it have left of space and time."""
    positions = m.pos_encoding
    sizes = (positions.temporal_size, *positions.spatial_size)
    first = m.blocks[0].attn
    relative = first.rel_pos_h is not None
    spec = SeparablePositionEmbedding(tuple(positions.spatial_size), positions.temporal_size, first.embed_dim, relative)
    layouts = {
        "class_token": ("class_token", "width"),
        "spatial_pos": ("spatial_position", "position width"),
        "temporal_pos": ("temporal_position", "position width"),
        "class_pos": ("class_position", "width"),
    }
    yield Beside("pos_encoding", Law(spec, layouts))
    for i, block in enumerate(m.blocks):
        attention, space = block.attn, max(sizes[1:])
        if attention.rel_pos_h is not None:
            query, key = space // _strides(attention.pool_q)[1], space // _strides(attention.pool_k)[1]
            yield Beside(
                f"blocks.{i}.attn", Law(DecomposedRelativePosition(query, key, sizes[0], attention.head_dim), _RELATIVE)
            )
        sizes = tuple(n // s for n, s in zip(sizes, _strides(attention.pool_q)))


_RELATIVE = {
    "rel_pos_h": ("relative_height", "distance head_dim"),
    "rel_pos_w": ("relative_width", "distance head_dim"),
    "rel_pos_t": ("relative_time", "distance head_dim"),
}


def _strides(pool: Any) -> tuple[int, ...]:
    return (1, 1, 1) if pool is None else tuple(pool.pool.stride)


BESIDE: Mapping[str, Callable[[Any], Iterator[Beside]]] = {
    f"torchvision.models.{name}": entry
    for name, entry in {
        "vision_transformer.VisionTransformer": _vision_transformer,
        "convnext.CNBlock": _convnext_block,
        "swin_transformer.ShiftedWindowAttention": _shifted_window,
        "swin_transformer.ShiftedWindowAttentionV2": _shifted_window_v2,
        "video.swin_transformer.ShiftedWindowAttention3d": _shifted_window_3d,
        "maxvit.RelativePositionalMultiHeadAttention": _maxvit_attention,
        "video.mvit.MViT": _multiscale,
        "detection.ssd.SSDFeatureExtractorVGG": _ssd_vgg,
    }.items()
}


def beside(module: nn.Module) -> Iterator[Beside]:
    """The laws of what `module`, and modules below it, hold beside their layers."""
    entry = _entry(type(module))  # type: ignore[arg-type]
    return iter(()) if entry is None else entry(module)


def has_beside(cls: type) -> bool:
    """Whether modules of this class say what stands beside layers."""
    return _entry(cls) is not None


@lru_cache(maxsize=1024)
def _entry(cls: Any) -> Optional[Callable[[Any], Iterator[Beside]]]:
    names = (f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__)
    return next((BESIDE[name] for name in names if name in BESIDE), None)
