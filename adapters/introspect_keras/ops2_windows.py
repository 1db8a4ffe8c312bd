"""Functions of TensorFlow that slide, pool and cut images: from what they were called with to a law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from introspect.layers import (
    Conv,
    DepthwiseConv,
    ImageSize,
    Index,
    PixelShuffle,
    Pool,
    SeparableConv,
    Spec,
    Tile,
    TransposedConv,
    Unfold,
)
from introspect.layers.window import Padding

from .calls2 import Call, NoLawError


def _channels(call: Call) -> str:
    """``NHWC`` and its like."""
    return "first" if str(call.get("data_format") or "").startswith("NC") else "last"


def _spatial(call: Call, name: tuple[str, ...], rank: int, default: int = 1) -> tuple[int, ...]:
    """One number for all axes, one for each, or one for each of the input's with the batch and the channels."""
    if call.get(*name) is None:
        return (default,) * rank
    numbers = call.numbers(*name)
    if len(numbers) == 1:
        return numbers * rank
    if len(numbers) == rank + 2:
        return numbers[2:] if _channels(call) == "first" else numbers[1:-1]
    if len(numbers) != rank:
        raise NoLawError
    return numbers


def _padding(call: Call, rank: int) -> Padding:
    given = call.get("padding")
    options: dict[Any, Padding] = {"VALID": ((0, 0),) * rank, "SAME": "same"}
    found = options.get(str(given).upper()) if isinstance(given, str) else None
    if found is None:
        raise NoLawError
    return found


def _sliding(call: Call, window: tuple[int, ...]) -> dict[str, Any]:
    rank = len(window)
    return {
        "kernel_size": window,
        "stride": _spatial(call, ("strides", "stride"), rank),
        "padding": _padding(call, rank),
        "dilation": _spatial(call, ("dilations", "rate", "dilation_rate"), rank),
        "bias": None,
        "channels": _channels(call),
        "unbatched": False,
    }


def _kernel(call: Call, *names: str) -> tuple[int, ...]:
    sizes = call.shape(*names)
    if any(not isinstance(size, int) for size in sizes):
        raise NoLawError
    return sizes


def _conv(call: Call) -> Spec:
    *window, per_group, filters = _kernel(call, "filters", "filter", "kernel")
    if call.rank() != len(window) + 2:
        raise NoLawError
    whole = call.node.inputs[0].shape[1 if _channels(call) == "first" else -1]
    groups = whole // per_group if isinstance(whole, int) and per_group else 1
    return Conv(**_sliding(call, tuple(window)), filters=filters, groups=max(groups, 1))


def _depthwise(call: Call) -> Spec:
    *window, _, multiplier = _kernel(call, "filter", "filters", "depthwise_kernel")
    return DepthwiseConv(**_sliding(call, tuple(window)), depth_multiplier=multiplier)


def _separable(call: Call) -> Spec:
    *window, _, multiplier = _kernel(call, "depthwise_filter", "depthwise_kernel")
    filters = _kernel(call, "pointwise_filter", "pointwise_kernel")[-1]
    return SeparableConv(**_sliding(call, tuple(window)), depth_multiplier=multiplier, filters=filters)


def _transposed(call: Call) -> Spec:
    """Its output's shape is given, with the batch and the channels."""
    *window, filters, _ = _kernel(call, "filters", "filter", "kernel")
    asked = call.sizes("output_shape")
    given = asked[2:] if _channels(call) == "first" else asked[1:-1]
    sizes = tuple(size for size in given if isinstance(size, int))
    if len(sizes) < len(given):
        raise NoLawError
    fields = {**_sliding(call, tuple(window)), "padding": str(call.get("padding")).lower()}
    return TransposedConv(**fields, filters=filters, output_size=sizes)


def _pool(mode: str) -> Callable[[Call], Spec]:
    def spec(call: Call) -> Spec:
        rank = call.rank() - 2
        window = _spatial(call, ("ksize", "pool_size", "window_shape"), rank)
        stride = _spatial(call, ("strides",), rank)
        return Pool(window, stride, _padding(call, rank), mode=mode, channels=_channels(call), unbatched=False)

    return spec


def _shuffled(inverse: bool) -> Callable[[Call], Spec]:
    return lambda call: PixelShuffle(call.number("block_size"), inverse, _channels(call))


def _patches(call: Call) -> Spec:
    window = call.numbers("sizes", "ksizes")[1:-1]
    strides, rates = call.numbers("strides")[1:-1], call.numbers("rates")[1:-1]
    return Unfold(window, strides, _padding(call, 2), rates, "last", columns=False)


def _resized(call: Call) -> Spec:
    height, width = call.numbers("size")
    if call.flag("preserve_aspect_ratio"):
        raise NoLawError
    return ImageSize((height, width))


def _cut(call: Call) -> Spec:
    return ImageSize((call.number("target_height"), call.number("target_width")), mode="crop")


def _gray(call: Call) -> Spec:
    return Index(("...", (0, 1, 1)))


def _coloured(call: Call) -> Spec:
    return Tile((1,) * (call.rank() - 1) + (3,))


WINDOWS: dict[str, Callable[[Call], Spec]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "convolution"), _conv),
    "depthwise_conv2d": _depthwise, "depthwise_conv2d_native": _depthwise, "separable_conv2d": _separable,
    **{f"conv{rank}d_transpose": _transposed for rank in (1, 2, 3)}, "conv_transpose": _transposed,
    **{f"max_pool{rank}": _pool("max") for rank in ("", "1d", "2d", "3d", "_v2")},
    **{f"avg_pool{rank}": _pool("average") for rank in ("", "1d", "2d", "3d", "_v2")},
    "depth_to_space": _shuffled(False), "space_to_depth": _shuffled(True),
    "image.extract_patches": _patches, "image.resize": _resized, "image.resize_with_crop_or_pad": _cut,
    "image.resize_with_pad": _cut, "image.crop_to_bounding_box": _cut, "image.pad_to_bounding_box": _cut,
    "image.rgb_to_grayscale": _gray, "image.grayscale_to_rgb": _coloured,
}  # fmt: skip
