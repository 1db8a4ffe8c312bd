"""Bare functions that slide, pool, pad and resample, as laws."""

from __future__ import annotations

from typing import Any

import torch

from introspect.layers import (
    AdaptivePool,
    ChannelShuffle,
    Conv,
    FractionalPool,
    GridSample,
    MaxUnpool,
    Pad,
    PixelShuffle,
    SlidingView,
    TransposedConv,
)

from .applied import Applied, Entry, several, shape_of
from .arguments import folded, pairs, pooled, same_or_numeric, tuple_of, unfolded, upsampled


def _with_indices(spec: Any, x: Any) -> Applied:
    """Maxima, and where they were."""
    return several(spec.replace(indices=True), (x,), tuple, (x.dtype, torch.int64))


def pixel_shuffle(x: Any, upscale_factor: int) -> Applied:
    return Applied(PixelShuffle(upscale_factor), (x,))


def pixel_unshuffle(x: Any, downscale_factor: int) -> Applied:
    return Applied(PixelShuffle(downscale_factor, inverse=True), (x,))


def pad(x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Applied:
    amounts = tuple((pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2))
    return Applied(Pad(amounts, -len(amounts), mode), (x,))


def interpolate(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None, **kwargs: Any
) -> Applied:
    return Applied(upsampled(size, scale_factor, mode, align_corners), (x,))


def pool(mode: str, rank: int) -> Entry:
    def maximum(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                ceil_mode: bool = False, return_indices: bool = False) -> Applied:  # fmt: skip
        spec = pooled("max", rank, kernel_size, stride, padding, dilation, ceil_mode)
        return _with_indices(spec, x) if return_indices else Applied(spec, (x,))

    def average(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
                *args: Any, **kwargs: Any) -> Applied:  # fmt: skip
        return Applied(pooled("average", rank, kernel_size, stride, padding, 1, ceil_mode), (x,))

    return maximum if mode == "max" else average


def adaptive(mode: str, rank: int) -> Entry:
    def law(x: Any, output_size: Any, return_indices: bool = False) -> Applied:
        spec = AdaptivePool(tuple_of(output_size, rank), mode)
        return _with_indices(spec, x) if return_indices else Applied(spec, (x,))

    return law


def conv(rank: int) -> Entry:
    def law(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
            groups: int = 1) -> Applied:  # fmt: skip
        filters, per_group, *kernel = (int(n) for n in shape_of(weight))
        dilations = tuple_of(dilation, rank)
        spec = Conv(
            tuple(kernel), tuple_of(stride, rank), same_or_numeric(padding, kernel, dilations), dilations,
            None if bias is None else "shared", "first", per_group * groups, filters=filters, groups=groups,
        )  # fmt: skip
        return Applied(spec, (x,))

    return law


def conv_transpose(rank: int) -> Entry:
    def law(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
            groups: int = 1, dilation: Any = 1) -> Applied:  # fmt: skip
        channels, per_group, *kernel = (int(n) for n in shape_of(weight))
        spec = TransposedConv(
            tuple(kernel), tuple_of(stride, rank), pairs(padding, rank), tuple_of(dilation, rank),
            None if bias is None else "shared", "first", channels, filters=per_group * groups, groups=groups,
            output_padding=tuple_of(output_padding, rank),
        )  # fmt: skip
        return Applied(spec, (x,))

    return law


def channel_shuffle(x: Any, groups: int) -> Applied:
    return Applied(ChannelShuffle(groups), (x,))


def lp_pool(rank: int) -> Entry:
    def law(x: Any, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Applied:
        return Applied(pooled("lp", rank, kernel_size, stride, 0, 1, ceil_mode), (x,))

    return law


def fractional(rank: int, indices: bool) -> Entry:
    def law(x: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
            **kwargs: Any) -> Applied:  # fmt: skip
        size = None if output_size is None else tuple_of(output_size, rank)
        ratio = () if output_ratio is None else tuple_of(output_ratio, rank)
        spec = FractionalPool(tuple_of(kernel_size, rank), size, ratio, spare=1 if rank == 3 else 0)
        return _with_indices(spec, x) if indices or return_indices else Applied(spec, (x,))

    return law


def unpool(rank: int) -> Entry:
    def law(x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Applied:
        size = tuple_of(kernel_size, rank)
        steps = size if stride is None else tuple_of(stride, rank)
        wanted = None if output_size is None else tuple(output_size)
        return Applied(MaxUnpool(size, steps, tuple_of(padding, rank), wanted), (x, indices))

    return law


def unfold(x: Any, *args: Any, **kwargs: Any) -> Applied:
    """``F.unfold`` lays windows out as columns; ``Tensor.unfold`` gives a view of them."""
    if "kernel_size" in kwargs or "dilation" in kwargs:
        return Applied(unfolded(*args, **kwargs), (x,))
    axis, size, step = [*args, *(kwargs[name] for name in ("dimension", "size", "step") if name in kwargs)]
    return Applied(SlidingView(axis, size, step), (x,))


def fold(x: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(folded(*args, **kwargs), (x,))


def grid_sample(x: Any, grid: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(GridSample(), (x, grid))


WINDOWS: dict[str, Entry] = {
    "pad": pad, "_pad": pad, "interpolate": interpolate, "upsample": interpolate, "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle, "channel_shuffle": channel_shuffle, "unfold": unfold, "fold": fold,
    "grid_sample": grid_sample,
}  # fmt: skip
for _n in (1, 2, 3):
    WINDOWS.update({
        f"conv{_n}d": conv(_n), f"conv_transpose{_n}d": conv_transpose(_n), f"max_pool{_n}d": pool("max", _n),
        f"avg_pool{_n}d": pool("average", _n), f"adaptive_avg_pool{_n}d": adaptive("average", _n),
        f"adaptive_max_pool{_n}d": adaptive("max", _n), f"lp_pool{_n}d": lp_pool(_n), f"max_unpool{_n}d": unpool(_n),
    })  # fmt: skip
