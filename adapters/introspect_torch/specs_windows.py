"""Convolutions, pools, padding and resampling of `torch.nn` as laws."""

from __future__ import annotations

from typing import Any

from introspect.errors import ConfigurationError
from introspect.layers import (
    AdaptivePool,
    ChannelShuffle,
    Conv,
    FractionalPool,
    MaxUnpool,
    Pad,
    PixelShuffle,
    TransposedConv,
    kernel_axes,
)

from .arguments import folded, pairs, pooled, same_or_numeric, tuple_of, unfolded, upsampled
from .lawful import Law, Rule, declared


def conv(m: Any) -> Law:
    rank = len(m.kernel_size)
    padding = same_or_numeric(m.padding, m.kernel_size, m.dilation)
    spec = Conv(
        tuple(m.kernel_size), tuple(m.stride), padding, tuple(m.dilation), None if m.bias is None else "shared",
        "first", declared(m, m.in_channels), filters=m.out_channels, groups=m.groups, padding_mode=m.padding_mode,
    )  # fmt: skip
    return Law(spec, {"weight": ("kernel", f"out in {' '.join(kernel_axes(rank))}"), "bias": ("bias", "out")})


def transposed(m: Any) -> Law:
    rank = len(m.kernel_size)
    spec = TransposedConv(
        tuple(m.kernel_size), tuple(m.stride), pairs(m.padding, rank), tuple(m.dilation),
        None if m.bias is None else "shared", "first", declared(m, m.in_channels), filters=m.out_channels,
        groups=m.groups, output_padding=tuple(m.output_padding),
    )  # fmt: skip
    return Law(spec, {"weight": ("kernel", f"in out {' '.join(kernel_axes(rank))}"), "bias": ("bias", "out")})


def pool(mode: str, rank: int) -> Rule:
    def law(m: Any) -> Law:
        spec = pooled(mode, rank, m.kernel_size, m.stride, m.padding, getattr(m, "dilation", 1), m.ceil_mode)
        return Law(spec.replace(indices=True) if getattr(m, "return_indices", False) else spec)

    return law


def lp_pool(rank: int) -> Rule:
    return lambda m: Law(pooled("lp", rank, m.kernel_size, m.stride, 0, 1, m.ceil_mode))


def adaptive(mode: str, rank: int) -> Rule:
    def law(m: Any) -> Law:
        if m.output_size is None:
            raise ConfigurationError("an adaptive pool needs an output size", got=None, expected="a size, or one for each axis")
        return Law(AdaptivePool(tuple_of(m.output_size, rank), mode, indices=getattr(m, "return_indices", False)))

    return law


def fractional(rank: int) -> Rule:
    def law(m: Any) -> Law:
        size = None if m.output_size is None else tuple_of(m.output_size, rank)
        ratio = () if m.output_ratio is None else tuple_of(m.output_ratio, rank)
        spare = 1 if rank == 3 else 0
        return Law(FractionalPool(tuple_of(m.kernel_size, rank), size, ratio, indices=bool(m.return_indices), spare=spare))

    return law


def unpool(rank: int) -> Rule:
    return lambda m: Law(MaxUnpool(tuple_of(m.kernel_size, rank), tuple_of(m.stride, rank), tuple_of(m.padding, rank)))


def pad(mode: str, rank: int) -> Rule:
    def law(m: Any) -> Law:
        flat = tuple_of(m.padding, 2 * rank)
        amounts = tuple((int(flat[2 * i]), int(flat[2 * i + 1])) for i in reversed(range(rank)))
        return Law(Pad(amounts, -rank, mode, () if mode == "constant" else (rank + 1, rank + 2)))

    return law


RULES: dict[str, Rule] = {
    "Unfold": lambda m: Law(unfolded(m.kernel_size, m.dilation, m.padding, m.stride)),
    "Fold": lambda m: Law(folded(m.output_size, m.kernel_size, m.dilation, m.padding, m.stride)),
    "PixelShuffle": lambda m: Law(PixelShuffle(m.upscale_factor)),
    "PixelUnshuffle": lambda m: Law(PixelShuffle(m.downscale_factor, inverse=True)),
    "ChannelShuffle": lambda m: Law(ChannelShuffle(m.groups)),
    "Upsample": lambda m: Law(upsampled(m.size, m.scale_factor, m.mode, m.align_corners)),
    "FractionalMaxPool2d": fractional(2), "FractionalMaxPool3d": fractional(3),
}  # fmt: skip
for _n in (1, 2, 3):
    RULES.update({
        f"Conv{_n}d": conv, f"ConvTranspose{_n}d": transposed, f"MaxPool{_n}d": pool("max", _n),
        f"AvgPool{_n}d": pool("average", _n), f"LPPool{_n}d": lp_pool(_n), f"MaxUnpool{_n}d": unpool(_n),
        f"AdaptiveAvgPool{_n}d": adaptive("average", _n), f"AdaptiveMaxPool{_n}d": adaptive("max", _n),
        f"ZeroPad{_n}d": pad("constant", _n), f"ConstantPad{_n}d": pad("constant", _n),
        f"ReflectionPad{_n}d": pad("reflect", _n), f"ReplicationPad{_n}d": pad("replicate", _n),
        f"CircularPad{_n}d": pad("circular", _n),
    })  # fmt: skip
