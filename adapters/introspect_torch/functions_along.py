"""Bare functions that work along an axis: sorting, picking, accumulating, reducing to several results, moving axes about."""

from __future__ import annotations

from typing import Any

import torch

from introspect.layers import (
    Activation,
    Along,
    Concatenate,
    Diagonal,
    Einsum,
    Elementwise,
    Expand,
    Flatten,
    GatedLinear,
    Gather,
    Identity,
    IndexSelect,
    MatMul,
    Meshgrid,
    OneHot,
    Permute,
    Reduce,
    Tile,
    TopK,
)

from .applied import Applied, Entry, NoLawError, length_of, rank_of, returned, several, sizes_of, tensors_of
from .arguments import tuple_of


def along_axis(name: str) -> Entry:
    """An activation along one axis (softmax)."""
    return lambda x, dim=None, *args, **kwargs: Applied(Activation(name, dim), (x,))


def normalize(x: Any, p: float = 2.0, dim: Any = 1, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Along("normalize", tuple_of(dim, 1)), (x,))


def glu(x: Any, dim: int = -1) -> Applied:
    return Applied(GatedLinear(dim), (x,))


def accumulate(name: str) -> Entry:
    def law(x: Any, dim: Any = None, *args: Any, axis: Any = None, **kwargs: Any) -> Applied:
        dim = axis if dim is None else dim
        if not isinstance(dim, int):
            raise NoLawError
        return Applied(Along(name, (dim,)), (x,))

    return law


def with_places(name: str, default: Any = None) -> Entry:
    """A rearrangement along one axis, and where the elements were."""

    def law(x: Any, dim: Any = default, *args: Any, **kwargs: Any) -> Applied:
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise NoLawError
        return several(Along(name, (dim,), copies=2), (x,), returned(name), (x.dtype, torch.int64))

    return law


def argsort(x: Any, dim: Any = -1, *args: Any, **kwargs: Any) -> Applied:
    if isinstance(dim, bool):
        raise NoLawError
    return Applied(Along("argsort", (dim,)), (x,), torch.int64)


def topk(x: Any, k: int, dim: int = -1, *args: Any, **kwargs: Any) -> Applied:
    return several(TopK(k, dim), (x,), returned("topk"), (x.dtype, torch.int64))


def extremum(name: str) -> Entry:
    """The largest of all, or along an axis, with its place; of two tensors, element by element."""

    def law(x: Any, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> Applied:
        if hasattr(dim, "dtype") or hasattr(kwargs.get("other"), "dtype"):
            return Applied(Elementwise(name), (x, kwargs.get("other", dim)))
        if dim is None:
            return Applied(Reduce(name), (x,))
        return several(Reduce(name, (dim,), bool(keepdim), copies=2), (x,), returned(name), (x.dtype, torch.int64))

    return law


def kthvalue(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Applied:
    return several(Reduce("kthvalue", (dim,), keepdim, copies=2), (x,), returned("kthvalue"), (x.dtype, torch.int64))


def spread(name: str, copies: int = 1) -> Entry:
    """Variance and standard deviation; whether they are corrected may stand before whether axes are kept."""

    def law(x: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, **kwargs: Any) -> Applied:
        over = None if dim is None or isinstance(dim, bool) or dim == () else tuple_of(dim, 1)
        spec = Reduce(name, over, bool(keepdim), copies)
        return Applied(spec, (x,)) if copies == 1 else several(spec, (x,), tuple)

    return law


def norm(x: Any, p: Any = None, dim: Any = None, keepdim: bool = False, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Reduce("norm", None if dim is None else tuple_of(dim, 1), bool(keepdim)), (x,))


def flip(x: Any, *dims: Any, **kwargs: Any) -> Applied:
    return Applied(Along("flip", tuple(sizes_of(dims) or tuple_of(kwargs["dims"], 1)), distinct=True), (x,))


def roll(x: Any, shifts: Any, dims: Any = ()) -> Applied:
    over = tuple_of(dims, 1)
    if len(over) != len(tuple_of(shifts, 1)) and over:
        raise NoLawError  # refused
    return Applied(Along("roll", over, least_axes=1 if over else 0), (x,))


def triangle(name: str) -> Entry:
    return lambda x, *args, **kwargs: Applied(Along(name, least_axes=2), (x,))


def rot90(x: Any, k: int = 1, dims: Any = (0, 1)) -> Applied:
    a, b = dims
    if rank_of(x) < 2:
        raise NoLawError  # refused
    order = list(range(rank_of(x)))
    if k % 2:
        order[a], order[b] = order[b], order[a]
    return Applied(Permute(tuple(order)), (x,))


def movedim(x: Any, source: Any, destination: Any) -> Applied:
    rank = rank_of(x)
    if any(not -rank <= axis < rank for axis in (*tuple_of(source, 1), *tuple_of(destination, 1))):
        raise NoLawError
    moved, places = ([axis % rank for axis in tuple_of(axes, 1)] for axes in (source, destination))
    rest = iter(axis for axis in range(rank) if axis not in moved)
    return Applied(Permute(tuple(moved[places.index(i)] if i in places else next(rest) for i in range(rank))), (x,))


def ravel(x: Any) -> Applied:
    return Applied(Flatten(0, -1), (x,))


def broadcast_to(x: Any, *sizes: Any, **kwargs: Any) -> Applied:
    return Applied(Expand(tuple(sizes_of(sizes) or kwargs["size"])), (x,))


def repeat_interleave(x: Any, repeats: Any, dim: Any = None, **kwargs: Any) -> Applied:
    if not isinstance(repeats, int) or dim is None:
        raise NoLawError
    length_of(x, dim)
    times = [1] * rank_of(x)
    times[dim] = repeats
    return Applied(Tile(tuple(times)), (x,))


def tile(x: Any, *times: Any, **kwargs: Any) -> Applied:
    given = tuple(sizes_of(times) or kwargs["dims"])
    return Applied(Tile((1,) * (rank_of(x) - len(given)) + given), (x,))


def gather(x: Any, dim: int, index: Any, **kwargs: Any) -> Applied:
    return Applied(Gather(dim), (x, index), x.dtype)


def scatter(x: Any, dim: int, index: Any, src: Any = None, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Gather(dim, scattered=True), (x, index, *tensors_of(src)), x.dtype)


def index_select(x: Any, dim: int, index: Any) -> Applied:
    return Applied(IndexSelect(dim), (x, index), x.dtype)


def diagonal(x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Applied:
    return Applied(Diagonal(offset, dim1, dim2), (x,))


def masked_fill(x: Any, mask: Any, value: Any) -> Applied:
    return Applied(Elementwise("masked_fill"), (x, mask), x.dtype)


def masked_fill_in_place(x: Any, mask: Any, value: Any) -> Applied:
    return Applied(Elementwise("masked_fill", "to_first"), (x, mask), x.dtype)


def elementwise(name: str) -> Entry:
    """However many tensors, element by element; what is no tensor changes no shape."""

    def law(*args: Any, **kwargs: Any) -> Applied:
        tensors = tensors_of(*args, *kwargs.values())
        return Applied(Elementwise(name), tensors) if len(tensors) > 1 else Applied(Identity(), tensors)

    return law


def test_of(name: str) -> Entry:
    return lambda x, *args, **kwargs: Applied(Identity(), (x,), torch.bool)


def matmul(*ranks: int) -> Entry:
    return lambda a, b: Applied(MatMul(ranks), (a, b))


def added_matmul(*ranks: int) -> Entry:
    return lambda added, a, b, **kwargs: Applied(MatMul(ranks), (a, b, added))


def meshgrid(*tensors: Any, indexing: Any = None) -> Applied:
    given = sizes_of(tensors)
    return several(Meshgrid(indexing or "ij"), given, tuple)


def hstack(tensors: Any) -> Applied:
    if any(rank_of(x) < 1 for x in tensors):
        raise NoLawError
    return Applied(Concatenate(0 if rank_of(tensors[0]) == 1 else 1), tuple(tensors))


def vstack(tensors: Any) -> Applied:
    if any(rank_of(x) < 2 for x in tensors):
        raise NoLawError
    return Applied(Concatenate(0), tuple(tensors))


def one_hot(x: Any, num_classes: int = -1) -> Applied:
    if num_classes < 0:
        raise NoLawError  # as many as the largest value says
    return Applied(OneHot(num_classes), (x,), torch.int64, indices=(0,))


def outer(a: Any, b: Any) -> Applied:
    return Applied(Einsum("i,j->ij"), (a, b))


ALONG: dict[str, Entry] = {
    **{name: along_axis(name) for name in ("softmax", "log_softmax", "softmin")}, "normalize": normalize, "glu": glu,
    **{name: accumulate(name) for name in ("cumsum", "cumprod", "logcumsumexp", "renorm_")},
    "sort": with_places("sort", -1), "cummax": with_places("cummax"), "cummin": with_places("cummin"), "argsort": argsort,
    "topk": topk, "kthvalue": kthvalue, **{name: extremum(name) for name in ("max", "min", "median", "nanmedian")},
    "var": spread("var"), "std": spread("std"), "var_mean": spread("var_mean", 2), "std_mean": spread("std_mean", 2),
    "norm": norm, "linalg_norm": norm, "linalg_vector_norm": norm, "flip": flip, "roll": roll, "tril": triangle("tril"),
    "triu": triangle("triu"), "rot90": rot90, "movedim": movedim, "moveaxis": movedim, "ravel": ravel,
    "broadcast_to": broadcast_to, "repeat_interleave": repeat_interleave, "tile": tile, "gather": gather,
    **dict.fromkeys(("scatter", "scatter_", "scatter_add", "scatter_add_", "scatter_reduce"), scatter),
    "index_select": index_select, "diagonal": diagonal, "masked_fill": masked_fill, "masked_fill_": masked_fill_in_place,
    **{name: elementwise(name) for name in ("lerp", "addcmul", "addcdiv", "clamp", "clip", "clamp_min", "clamp_max", "hypot",
                                            "xlogy", "fmod", "logaddexp", "bitwise_and", "bitwise_or", "bitwise_xor")},
    **{name: test_of(name) for name in ("isnan", "isinf", "isfinite", "signbit")},
    "bmm": matmul(3, 3), "mm": matmul(2, 2), "mv": matmul(2, 1), "dot": matmul(1, 1), "addmm": added_matmul(2, 2),
    "baddbmm": added_matmul(3, 3), "addmv": added_matmul(2, 1), "meshgrid": meshgrid, "hstack": hstack, "vstack": vstack,
    "one_hot": one_hot, "outer": outer, "ger": outer,
}  # fmt: skip
