"""PyTorch's ways of giving hyper-parameters, in the laws' one way. Modules and bare functions share these."""

from __future__ import annotations

from typing import Any, Optional, Union

from introspect.layers import Fold, Pool, Unfold, Upsample

Pairs = tuple[tuple[int, int], ...]


def tuple_of(value: Any, rank: int) -> tuple[Any, ...]:
    """A number for every axis, or a number for each.

    >>> tuple_of(3, 2), tuple_of((3, 5), 2)
    ((3, 3), (3, 5))
    """
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


def pairs(padding: Any, rank: int) -> Pairs:
    """The same padding before and after, for each axis."""
    return tuple((n, n) for n in tuple_of(padding, rank))


def same_or_numeric(padding: Any, kernel_size: Any, dilation: Any) -> Pairs:
    """``same`` pads so that a stride of 1 keeps the size, the odd element on the right.

    >>> same_or_numeric("same", (3, 4), (1, 1)), same_or_numeric("valid", (3,), (1,)), same_or_numeric((1,), (3,), (1,))
    (((1, 1), (1, 2)), ((0, 0),), ((1, 1),))
    """
    if padding == "valid":
        return ((0, 0),) * len(kernel_size)
    if padding == "same":
        totals = [d * (k - 1) for k, d in zip(kernel_size, dilation)]
        return tuple((total // 2, total - total // 2) for total in totals)
    return pairs(padding, len(kernel_size))


def pooled(
    mode: str, rank: int, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Pool:
    """A pooling law; without a stride, windows do not overlap."""
    size = tuple_of(kernel_size, rank)
    return Pool(
        size, _strides(stride, size), pairs(padding, rank), tuple_of(dilation, rank),
        "ceil_inside" if ceil_mode else "floor", mode, padding_limit="half",
        window_must_fit=mode != "max" and rank == 3,
    )  # fmt: skip


def unfolded(kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Unfold:
    """A law for windows laid out as columns, over two axes."""
    return Unfold(tuple_of(kernel_size, 2), tuple_of(stride, 2), pairs(padding, 2), tuple_of(dilation, 2))


def folded(output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Fold:
    """A law for columns laid back as windows, over two axes."""
    return Fold(
        tuple_of(output_size, 2), tuple_of(kernel_size, 2), tuple_of(stride, 2), pairs(padding, 2), tuple_of(dilation, 2)
    )  # fmt: skip


_RANKS = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "lanczos": (4,), "trilinear": (5,)}


def upsampled(size: Any, scale_factor: Any, mode: str = "nearest", align_corners: Any = None) -> Upsample:
    """A law for resampling to a size or by factors."""
    sizes, factors = (tuple(given) if isinstance(given, (tuple, list)) else given for given in (size, scale_factor))
    return Upsample(factors or (), sizes or (), mode, ranks=_RANKS.get(mode, (3, 4, 5)), align_corners=align_corners)


def _strides(stride: Optional[Union[int, tuple[int, ...]]], size: tuple[int, ...]) -> tuple[int, ...]:
    return size if stride is None or stride == () else tuple_of(stride, len(size))
