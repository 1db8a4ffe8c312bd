"""Keras' operations that slide, pool, fold and cut images."""

from __future__ import annotations

from typing import Any, Optional

from introspect.layers import (
    AdaptivePool,
    Conv,
    Created,
    DepthwiseConv,
    Fold,
    GatedLinear,
    ImageSize,
    Index,
    Pad,
    PixelShuffle,
    Pool,
    SeparableConv,
    TransposedConv,
    Unfold,
)

from .dialect import Node
from .operands import Operation, alone, as_long, axes_of, channels, numbers, rank_of
from .stored import Law, sliding_padding


def _pooled(mode: str) -> Operation:
    def law(op: Any, node: Node) -> Optional[Law]:
        rank = rank_of(node) - 2
        size = numbers(op.pool_size, rank)
        stride = size if op.strides is None else numbers(op.strides, rank)
        if size is None or stride is None:
            return None
        fields: dict[str, Any] = {"mode": mode, "channels": channels(op), "unbatched": False}
        return Law(Pool(size, stride, sliding_padding(op.padding, rank), **fields))

    return alone(law)


def _adaptive(mode: str) -> Operation:
    def law(op: Any, node: Node) -> Optional[Law]:
        size = numbers(op.output_size, rank_of(node) - 2)
        return None if size is None else Law(AdaptivePool(size, mode, channels=channels(op), unbatched=False))

    return alone(law)


def _sliding(op: Any, node: Node, kernel: int) -> Optional[dict[str, Any]]:
    """What the kernels of an operation are, and how they slide; None where a size of them is open."""
    if len(node.inputs) != kernel + 1:
        return None
    rank = rank_of(node) - 2
    sizes = tuple(node.inputs[1].shape)
    strides, rates = numbers(op.strides, rank), numbers(op.dilation_rate, rank)
    if strides is None or rates is None or len(sizes) != rank + 2 or not all(isinstance(n, int) for n in sizes):
        return None
    return {"kernel_size": sizes[:-2], "stride": strides, "padding": sliding_padding(op.padding, rank), "dilation": rates,
            "bias": None, "channels": channels(op), "unbatched": False}  # fmt: skip


def _conv(op: Any, node: Node) -> Optional[Law]:
    fields = _sliding(op, node, 1)
    if fields is None:
        return None
    x, kernel = (tuple(one.shape) for one in node.inputs)
    whole = x[1 if fields["channels"] == "first" else -1]
    groups = whole // kernel[-2] if isinstance(whole, int) and kernel[-2] and whole % kernel[-2] == 0 else 1
    return Law(Conv(**fields, filters=kernel[-1], groups=max(groups, 1)))


def _depthwise(op: Any, node: Node) -> Optional[Law]:
    fields = _sliding(op, node, 1)
    return None if fields is None else Law(DepthwiseConv(**fields, depth_multiplier=node.inputs[1].shape[-1]))


def _separable(op: Any, node: Node) -> Optional[Law]:
    fields = _sliding(op, node, 2)
    if fields is None:
        return None
    return Law(SeparableConv(**fields, depth_multiplier=node.inputs[1].shape[-1], filters=node.inputs[2].shape[-1]))


def _transposed(op: Any, node: Node) -> Optional[Law]:
    fields = _sliding(op, node, 1)
    if fields is None or op.output_padding is not None:
        return None
    return Law(TransposedConv(**{**fields, "padding": op.padding}, filters=node.inputs[1].shape[-2]))


def _unfolded(op: Any, node: Node) -> Optional[Law]:
    size, stride, padding, rate = (numbers(one, 2) for one in (op.kernel_size, op.stride, op.padding, op.dilation))
    if size is None or stride is None or padding is None or rate is None:
        return None
    return Law(Unfold(size, stride, tuple((n, n) for n in padding), rate))


def _folded(op: Any, node: Node) -> Optional[Law]:
    size, stride, padding, rate = (numbers(one, 2) for one in (op.kernel_size, op.stride, op.padding, op.dilation))
    whole = numbers(op.output_size, 2)
    if size is None or stride is None or padding is None or rate is None or whole is None:
        return None
    return Law(Fold(whole, size, stride, tuple((n, n) for n in padding), rate))


def _patches(op: Any, node: Node) -> Optional[Law]:
    rank = len(op.size)
    stride, rate = numbers(op.strides, rank), numbers(op.dilation_rate, rank)
    if stride is None or rate is None:
        return None
    padding = sliding_padding(op.padding, rank)
    return Law(Unfold(tuple(op.size), stride, padding, rate, channels(op), columns=False))


def _shuffled(inverse: bool) -> Operation:
    return alone(lambda op, node: Law(PixelShuffle(op.block_size, inverse, channels(op))))


def _resized(op: Any, node: Node) -> Optional[Law]:
    size = numbers(op.size, 2)
    return None if size is None else Law(ImageSize((size[0], size[1]), channels(op)))


def _gray(op: Any, node: Node) -> Optional[Law]:
    last = channels(op) == "last"
    return Law(Index(("...", (0, 1, 1)) if last else ("...", (0, 1, 1), (None, None, None), (None, None, None))))


def _bordered(change: str, sign: int) -> Operation:
    """Cropped or padded to a size, or by as much on each side."""

    def law(op: Any, node: Node) -> Optional[Law]:
        size = numbers((op.target_height, op.target_width), 2)
        if size is not None:
            return Law(ImageSize((size[0], size[1]), channels(op), mode="crop"))
        by = numbers([getattr(op, f"{side}_{change}") for side in ("top", "bottom", "left", "right")], 4)
        if by is None:
            return None
        top, bottom, left, right = (sign * n for n in by)
        return Law(Pad(((top, bottom), (left, right)), -3 if channels(op) == "last" else -2))

    return alone(law)


def _edges(op: Any, node: Node) -> Optional[Law]:
    return Law(Created((*axes_of(node, 0), 2)))


def _similarity(op: Any, node: Node) -> Optional[Law]:
    return Law(Created(axes_of(node, 0)[: rank_of(node) - 3]))


def _mapped(op: Any, node: Node) -> Optional[Law]:
    return Law(Created(axes_of(node, 1, 1))) if len(node.inputs) == 2 else None


def _gated(op: Any, node: Node) -> Optional[Law]:
    return Law(GatedLinear(op.axis))


WINDOWS: dict[str, Operation] = {
    "MaxPool": _pooled("max"), "AveragePool": _pooled("average"), "AdaptiveMaxPool": _adaptive("max"),
    "AdaptiveAveragePool": _adaptive("average"), "Conv": _conv, "DepthwiseConv": _depthwise, "SeparableConv": _separable,
    "ConvTranspose": _transposed, "Unfold": alone(_unfolded), "Fold": alone(_folded), "ExtractPatches": alone(_patches),
    "DepthToSpace": _shuffled(False), "SpaceToDepth": _shuffled(True), "Resize": alone(_resized),
    "RGBToGrayscale": alone(_gray), "CropImages": _bordered("cropping", -1), "PadImages": _bordered("padding", 1),
    "SobelEdges": alone(_edges), "SSIM": _similarity, "MapCoordinates": _mapped, "Glu": alone(_gated),
    **dict.fromkeys(("RGBToHSV", "HSVToRGB", "AffineTransform", "PerspectiveTransform", "GaussianBlur", "ElasticTransform"),
                    as_long),
}  # fmt: skip
