"""PyTorch's bare functions as laws: what `forward` may call, by the function's own name.

Each entry takes a function's arguments as PyTorch documents them, stand-ins in place of tensors, and gives the inputs and
the law. A function that is not here is run on meta tensors, and its result marked as reported.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from introspect.algebra import ceil_div
from introspect.ir import Shape, Spec
from introspect.layers import (
    Activation,
    AdaptivePool,
    Concatenate,
    Conv,
    Dense,
    Einsum,
    Elementwise,
    Embedding,
    Expand,
    Flatten,
    Identity,
    Index,
    MatMul,
    Noise,
    Pad,
    Permute,
    PixelShuffle,
    Reduce,
    Reshape,
    ScaledDotProduct,
    Slice,
    Split,
    Stack,
    Standardization,
    Tile,
    TransposedConv,
    Upsample,
)

from .arguments import pairs, pooled, same_or_numeric, tuple_of
from .standins import is_standin


class Applied(NamedTuple):
    """A law and the tensors it is applied to."""

    spec: Spec
    inputs: tuple[Any, ...]
    dtype: Any = None  # None: the first input's


class NoLawError(Exception):
    """These arguments are not covered; the function is run on meta tensors instead."""


def _shape(x: Any) -> Shape:
    return x.known_shape if is_standin(x) else tuple(x.shape)


def _rank(x: Any) -> int:
    return len(_shape(x))


def _sizes(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """``x.view(2, 3)`` and ``x.view((2, 3))`` alike."""
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes


def activation(name: str) -> Callable[..., Applied]:
    return lambda x, *args, **kwargs: Applied(Activation(name), (x,))


def unary(x: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Identity(), (x,))


def cast(x: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Identity(), (x,))


def noise(x: Any, p: float = 0.5, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Noise("dropout", float(p)), (x,))


def normalize(x: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Standardization("normalize"), (x,))


def binary(operation: str) -> Callable[..., Applied]:
    def law(a: Any, b: Any = None, *args: Any, other: Any = None, **kwargs: Any) -> Applied:
        tensors = tuple(x for x in (a, b if other is None else other) if hasattr(x, "dtype"))
        return Applied(Elementwise(operation), tensors) if len(tensors) == 2 else Applied(Identity(), tensors)

    return law


def where(condition: Any, a: Any = None, b: Any = None, **kwargs: Any) -> Applied:
    if a is None:
        raise NoLawError
    return Applied(Elementwise("where"), tuple(x for x in (condition, a, b) if hasattr(x, "dtype")))


def matmul(a: Any, b: Any) -> Applied:
    return Applied(MatMul(), (a, b))


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Applied:
    return Applied(Flatten(start_dim, end_dim), (x,))


def view(x: Any, *sizes: Any, shape: Any = None, size: Any = None) -> Applied:
    given = _sizes(sizes) or shape or size
    if not isinstance(given, tuple):
        given = tuple(given or ())
    if any(isinstance(n, (str, bool)) or not hasattr(n, "__add__") for n in given) or (sizes and not given):
        raise NoLawError  # a view as another dtype
    return Applied(Reshape(tuple(given)), (x,))


def unflatten(x: Any, dim: int, sizes: Any) -> Applied:
    return Applied(Reshape(tuple(sizes), only=dim), (x,))


def view_as(x: Any, other: Any) -> Applied:
    return Applied(Reshape(_shape(other)), (x,))


def permute(x: Any, *dims: Any, **kwargs: Any) -> Applied:
    return Applied(Permute(tuple(_sizes(dims) or kwargs["dims"])), (x,))


def transpose(x: Any, dim0: int, dim1: int) -> Applied:
    order = list(range(_rank(x)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return Applied(Permute(tuple(order)), (x,))


def matrix_transpose(x: Any) -> Applied:
    return transpose(x, -2, -1) if _rank(x) > 1 else unary(x)


def squeeze(x: Any, dim: Any = None) -> Applied:
    shape = _shape(x)
    named = () if dim is None else tuple_of(dim, 1)
    if any(not -len(shape) <= d < len(shape) for d in named) or (dim is None and not all(isinstance(n, int) for n in shape)):
        raise NoLawError
    chosen = range(len(shape)) if dim is None else [d % len(shape) for d in named]
    gone = {d for d in chosen if isinstance(shape[d], int) and shape[d] == 1}
    return Applied(Permute(tuple(i for i in range(len(shape)) if i not in gone)), (x,))


def unsqueeze(x: Any, dim: int) -> Applied:
    order: list[Optional[int]] = list(range(_rank(x)))
    if not -len(order) - 1 <= dim <= len(order):
        raise NoLawError
    order.insert(dim if dim >= 0 else dim + len(order) + 1, None)
    return Applied(Permute(tuple(order)), (x,))


def expand(x: Any, *sizes: Any, **kwargs: Any) -> Applied:
    return Applied(Expand(tuple(_sizes(sizes) or kwargs["size"])), (x,))


def expand_as(x: Any, other: Any) -> Applied:
    return Applied(Expand(_shape(other)), (x,))


def repeat(x: Any, *times: Any, **kwargs: Any) -> Applied:
    return Applied(Tile(tuple(_sizes(times) or kwargs["repeats"])), (x,))


def cat(tensors: Any, dim: int = 0, **kwargs: Any) -> Applied:
    return Applied(Concatenate(kwargs.get("axis", dim)), tuple(tensors))


def stack(tensors: Any, dim: int = 0) -> Applied:
    return Applied(Stack(dim), tuple(tensors))


def split(x: Any, size: Any = None, dim: int = 0, **kwargs: Any) -> Applied:
    size = kwargs.get("split_size_or_sections", kwargs.get("split_size", size))
    if isinstance(size, (tuple, list)):
        return Applied(Split(tuple(size), dim), (x,))
    n = _length(x, dim)
    return Applied(Split(tuple(min(size, n - start) for start in range(0, n, size)) or (0,), dim), (x,))


def chunk(x: Any, chunks: int, dim: int = 0) -> Applied:
    return split(x, max(int(ceil_div(_length(x, dim), chunks)), 1), dim)


def unbind(x: Any, dim: int = 0) -> Applied:
    return Applied(Split((1,) * _length(x, dim), dim, drop=True), (x,))


def _length(x: Any, dim: int) -> int:
    n = _shape(x)[dim]
    if not isinstance(n, int):
        raise NoLawError
    return n


def reduce(operation: str) -> Callable[..., Applied]:
    def law(x: Any, dim: Any = None, keepdim: bool = False, *args: Any, **kwargs: Any) -> Applied:
        dim, keepdim = kwargs.get("axis", dim), kwargs.get("keepdims", keepdim)
        if hasattr(dim, "dtype") or isinstance(dim, bool):
            raise NoLawError  # torch.max(a, b)
        over = None if dim is None or dim == () else tuple_of(dim, 1)
        return Applied(Reduce(operation, over, bool(keepdim)), (x,))

    return law


def pick(operation: str) -> Callable[..., Applied]:
    """Reductions that give values and indices when an axis is named; those are left to meta tensors."""

    def law(x: Any, *args: Any, **kwargs: Any) -> Applied:
        if args or kwargs:
            raise NoLawError
        return Applied(Reduce(operation), (x,))

    return law


def getitem(x: Any, key: Any) -> Applied:
    parts = key if isinstance(key, tuple) else (key,)
    picks = tuple(part for part in parts if hasattr(part, "dtype"))
    return Applied(Index(tuple(_entry(part) for part in parts)), (x, *picks), x.dtype)


def _entry(part: Any) -> Any:
    if hasattr(part, "dtype") and not part.dtype.is_floating_point and str(part.dtype) != "torch.bool":
        return "tensor"
    if part is None or (isinstance(part, int) and not isinstance(part, bool)):
        return part
    if part is Ellipsis:
        return "..."
    if isinstance(part, slice) and all(n is None or isinstance(n, int) for n in (part.start, part.stop, part.step)):
        return (part.start, part.stop, part.step)
    raise NoLawError  # a mask, whose result depends on its values, or a list


def einsum(equation: Any, *operands: Any) -> Applied:
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else operands
    if not isinstance(equation, str):
        raise NoLawError
    return Applied(Einsum(equation), tuple(tensors))


def pixel_shuffle(x: Any, upscale_factor: int) -> Applied:
    return Applied(PixelShuffle(upscale_factor), (x,))


def pixel_unshuffle(x: Any, downscale_factor: int) -> Applied:
    return Applied(PixelShuffle(downscale_factor, inverse=True), (x,))


def attention(query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(ScaledDotProduct(), (query, key, value))


def narrow(x: Any, dim: int, start: int, length: int) -> Applied:
    return Applied(Slice(dim, start, start + length), (x,))


def select(x: Any, dim: int, index: int) -> Applied:
    return Applied(Slice(dim, index=index), (x,))


def pad(x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Applied:
    amounts = tuple((pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2))
    return Applied(Pad(amounts, -len(amounts), mode), (x,))


def interpolate(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", *args: Any, **kwargs: Any
) -> Applied:
    if size is not None:
        return Applied(Upsample(size=tuple(size) if isinstance(size, (tuple, list)) else size, mode=mode), (x,))
    factors = tuple(scale_factor) if isinstance(scale_factor, (tuple, list)) else scale_factor
    return Applied(Upsample(factors, mode=mode), (x,))


def pool(mode: str, rank: int) -> Callable[..., Applied]:
    def maximum(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
                ceil_mode: bool = False, return_indices: bool = False) -> Applied:  # fmt: skip
        if return_indices:
            raise NoLawError
        return Applied(pooled("max", rank, kernel_size, stride, padding, dilation, ceil_mode), (x,))

    def average(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
                *args: Any, **kwargs: Any) -> Applied:  # fmt: skip
        return Applied(pooled("average", rank, kernel_size, stride, padding, 1, ceil_mode), (x,))

    return maximum if mode == "max" else average


def adaptive(mode: str, rank: int) -> Callable[..., Applied]:
    def law(x: Any, output_size: Any, return_indices: bool = False) -> Applied:
        if return_indices:
            raise NoLawError
        return Applied(AdaptivePool(tuple_of(output_size, rank), mode), (x,))

    return law


def linear(x: Any, weight: Any, bias: Any = None) -> Applied:
    units, features = _shape(weight)
    return Applied(Dense(units, bias is not None, features), (x,))  # type: ignore[arg-type]


def embedding(indices: Any, weight: Any, *args: Any, **kwargs: Any) -> Applied:
    vocabulary, dimension = _shape(weight)
    return Applied(Embedding(vocabulary, dimension), (indices,), weight.dtype)  # type: ignore[arg-type]


def conv(rank: int) -> Callable[..., Applied]:
    def law(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
            groups: int = 1) -> Applied:  # fmt: skip
        filters, per_group, *kernel = (int(n) for n in _shape(weight))
        dilations = tuple_of(dilation, rank)
        spec = Conv(
            tuple(kernel), tuple_of(stride, rank), same_or_numeric(padding, kernel, dilations), dilations,
            None if bias is None else "shared", "first", per_group * groups, filters=filters, groups=groups,
        )  # fmt: skip
        return Applied(spec, (x,))

    return law


def conv_transpose(rank: int) -> Callable[..., Applied]:
    def law(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
            groups: int = 1, dilation: Any = 1) -> Applied:  # fmt: skip
        channels, per_group, *kernel = (int(n) for n in _shape(weight))
        spec = TransposedConv(
            tuple(kernel), tuple_of(stride, rank), pairs(padding, rank), tuple_of(dilation, rank),
            None if bias is None else "shared", "first", channels, filters=per_group * groups, groups=groups,
            output_padding=tuple_of(output_padding, rank),
        )  # fmt: skip
        return Applied(spec, (x,))

    return law


_NONLINEAR = (
    "relu relu_ relu6 sigmoid sigmoid_ tanh tanh_ gelu silu elu selu celu leaky_relu hardtanh hardswish hardsigmoid "
    "mish softplus softsign logsigmoid softmax log_softmax softmin tanhshrink hardshrink softshrink threshold"
).split()
_UNARY = (
    "contiguous clone detach neg __neg__ abs __abs__ exp log log2 log10 log1p expm1 sqrt rsqrt square reciprocal sin "
    "cos tan clamp clamp_ clip clamp_min clamp_max floor ceil round sign erf nan_to_num masked_fill masked_fill_ "
    "zero_ fill_ tril triu cumsum flip roll requires_grad_ positive __pos__ bitwise_not logical_not __invert__ "
    "zeros_like ones_like full_like empty_like rand_like randn_like detach_ alias"
).split()
_CAST = ("to float half double bfloat16 type type_as int long bool cpu cuda").split()
_BINARY = {
    "add": "add", "add_": "add", "__add__": "add", "__radd__": "add", "__iadd__": "add", "sub": "subtract", "sub_": "subtract",
    "__sub__": "subtract", "__rsub__": "subtract", "rsub": "subtract", "__isub__": "subtract", "mul": "multiply",
    "mul_": "multiply", "__mul__": "multiply", "__rmul__": "multiply", "__imul__": "multiply", "multiply": "multiply",
    "div": "divide", "div_": "divide", "__truediv__": "divide", "__rtruediv__": "divide", "__itruediv__": "divide",
    "true_divide": "divide", "__floordiv__": "divide", "floor_divide": "divide", "remainder": "remainder",
    "__mod__": "remainder", "pow": "power", "pow_": "power", "__pow__": "power", "__rpow__": "power",
    "maximum": "maximum", "minimum": "minimum", "eq": "compare", "ne": "compare", "lt": "compare", "le": "compare",
    "gt": "compare", "ge": "compare", "__eq__": "compare", "__ne__": "compare", "__lt__": "compare", "__le__": "compare",
    "__gt__": "compare", "__ge__": "compare", "logical_and": "and", "logical_or": "or", "__and__": "and", "__or__": "or",
    "atan2": "atan2", "subtract": "subtract", "divide": "divide",
}  # fmt: skip
_DROPOUTS = ("dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout").split()

_REDUCTIONS = "mean sum amax amin var std logsumexp prod all any norm argmax argmin".split()

FUNCTIONS: dict[str, Callable[..., Applied]] = {
    **{name: activation(name.rstrip("_")) for name in _NONLINEAR},
    **dict.fromkeys(_UNARY, unary), **dict.fromkeys(_CAST, cast), **dict.fromkeys(_DROPOUTS, noise),
    **{name: binary(operation) for name, operation in _BINARY.items()},
    **{name: reduce(name) for name in _REDUCTIONS},
    **{name: pick(name) for name in ("max", "min", "median")},
    "normalize": normalize, "layer_norm": normalize, "batch_norm": normalize, "group_norm": normalize,
    "instance_norm": normalize, "local_response_norm": normalize, "rms_norm": normalize,
    "where": where, "matmul": matmul, "__matmul__": matmul, "bmm": matmul, "mm": matmul, "mv": matmul,
    "flatten": flatten, "view": view, "reshape": view, "view_as": view_as, "reshape_as": view_as, "unflatten": unflatten,
    "permute": permute, "transpose": transpose,
    "swapaxes": transpose, "t": matrix_transpose, "T": matrix_transpose, "mT": matrix_transpose, "squeeze": squeeze,
    "unsqueeze": unsqueeze, "expand": expand, "expand_as": expand_as, "repeat": repeat, "tile": repeat,
    "cat": cat, "concat": cat, "concatenate": cat, "stack": stack, "split": split, "chunk": chunk, "unbind": unbind,
    "__getitem__": getitem, "narrow": narrow, "select": select, "pad": pad, "_pad": pad, "interpolate": interpolate,
    "upsample": interpolate, "linear": linear, "embedding": embedding,
    "scaled_dot_product_attention": attention, "einsum": einsum, "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
}  # fmt: skip
for _n in (1, 2, 3):
    FUNCTIONS.update({
        f"conv{_n}d": conv(_n), f"conv_transpose{_n}d": conv_transpose(_n), f"max_pool{_n}d": pool("max", _n),
        f"avg_pool{_n}d": pool("average", _n), f"adaptive_avg_pool{_n}d": adaptive("average", _n),
        f"adaptive_max_pool{_n}d": adaptive("max", _n),
    })  # fmt: skip
