"""PyTorch's bare functions as laws: what `forward` may call, by the function's own name.

Each entry takes a function's arguments as PyTorch documents them, stand-ins in place of tensors, and gives the inputs and
the law. A function that is not here is run on meta tensors, and its result marked as reported.
"""

from __future__ import annotations

from typing import Any, Optional

from introspect.algebra import ceil_div
from introspect.layers import (
    Activation,
    Concatenate,
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
    Permute,
    Reduce,
    Reshape,
    ScaledDotProduct,
    Slice,
    Split,
    Stack,
    Standardization,
    Tile,
)

from .applied import Applied as Applied
from .applied import Entry, length_of, rank_of, several, shape_of, sizes_of
from .applied import NoLawError as NoLawError
from .arguments import tuple_of
from .functions_along import ALONG
from .functions_losses import LOSSES
from .functions_windows import WINDOWS
from .packed import PACKING


def activation(name: str) -> Entry:
    return lambda x, *args, **kwargs: Applied(Activation(name), (x,))


def unary(x: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Identity(), (x,))


def cast(x: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Identity(), (x,))


def noise(x: Any, p: float = 0.5, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Noise("dropout", float(p)), (x,))


def normalize(x: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Standardization("normalize"), (x,))


def binary(name: str, operation: str) -> Entry:
    in_place = name.startswith("__i") or (name.endswith("_") and not name.endswith("__"))
    spec = Elementwise(operation, "to_first" if in_place else "numpy")

    def law(a: Any, b: Any = None, *args: Any, other: Any = None, **kwargs: Any) -> Applied:
        tensors = tuple(x for x in (a, b if other is None else other) if hasattr(x, "dtype"))
        return Applied(spec, tensors) if len(tensors) == 2 else Applied(Identity(), tensors)

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
    given = sizes_of(sizes) or shape or size
    if not isinstance(given, tuple):
        given = tuple(given or ())
    if any(isinstance(n, (str, bool)) or not hasattr(n, "__add__") for n in given) or (sizes and not given):
        raise NoLawError  # a view as another dtype
    return Applied(Reshape(tuple(given)), (x,))


def unflatten(x: Any, dim: int, sizes: Any) -> Applied:
    return Applied(Reshape(tuple(sizes), only=dim), (x,))


def view_as(x: Any, other: Any) -> Applied:
    return Applied(Reshape(shape_of(other)), (x,))


def permute(x: Any, *dims: Any, **kwargs: Any) -> Applied:
    return Applied(Permute(tuple(sizes_of(dims) or kwargs["dims"])), (x,))


def transpose(x: Any, dim0: int, dim1: int) -> Applied:
    order = list(range(rank_of(x)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return Applied(Permute(tuple(order)), (x,))


def matrix_transpose(x: Any) -> Applied:
    return transpose(x, -2, -1) if rank_of(x) > 1 else unary(x)


def squeeze(x: Any, dim: Any = None) -> Applied:
    shape = shape_of(x)
    named = () if dim is None else tuple_of(dim, 1)
    if any(not -len(shape) <= d < len(shape) for d in named) or (dim is None and not all(isinstance(n, int) for n in shape)):
        raise NoLawError
    chosen = range(len(shape)) if dim is None else [d % len(shape) for d in named]
    gone = {d for d in chosen if isinstance(shape[d], int) and shape[d] == 1}
    return Applied(Permute(tuple(i for i in range(len(shape)) if i not in gone)), (x,))


def unsqueeze(x: Any, dim: int) -> Applied:
    order: list[Optional[int]] = list(range(rank_of(x)))
    if not -len(order) - 1 <= dim <= len(order):
        raise NoLawError
    order.insert(dim if dim >= 0 else dim + len(order) + 1, None)
    return Applied(Permute(tuple(order)), (x,))


def expand(x: Any, *sizes: Any, **kwargs: Any) -> Applied:
    return Applied(Expand(tuple(sizes_of(sizes) or kwargs["size"])), (x,))


def expand_as(x: Any, other: Any) -> Applied:
    return Applied(Expand(shape_of(other)), (x,))


def repeat(x: Any, *times: Any, **kwargs: Any) -> Applied:
    return Applied(Tile(tuple(sizes_of(times) or kwargs["repeats"])), (x,))


def cat(tensors: Any, dim: int = 0, **kwargs: Any) -> Applied:
    filled = [x for x in tensors if shape_of(x) != (0,)]  # PyTorch passes over an empty row, whatever the others' axes
    return Applied(Concatenate(kwargs.get("axis", dim)), tuple(filled or tensors))


def stack(tensors: Any, dim: int = 0) -> Applied:
    return Applied(Stack(dim), tuple(tensors))


def split(x: Any, size: Any = None, dim: int = 0, **kwargs: Any) -> Applied:
    size = kwargs.get("split_size_or_sections", kwargs.get("split_size", size))
    if isinstance(size, (tuple, list)):
        return several(Split(tuple(size), dim), (x,), tuple)
    n = length_of(x, dim)
    return several(Split(tuple(min(size, n - start) for start in range(0, n, size)) or (0,), dim), (x,), tuple)


def chunk(x: Any, chunks: int, dim: int = 0) -> Applied:
    return split(x, max(int(ceil_div(length_of(x, dim), chunks)), 1), dim)


def unbind(x: Any, dim: int = 0) -> Applied:
    return several(Split((1,) * length_of(x, dim), dim, drop=True), (x,), tuple)


def tensor_split(x: Any, *args: Any, **kwargs: Any) -> Applied:
    """Into `sections` pieces, the first ones longer, or before each of `indices`."""
    chosen, dim = [*args, *kwargs.values()][0], kwargs.get("dim", args[1] if len(args) > 1 else 0)
    n = length_of(x, dim)
    if isinstance(chosen, int):
        sizes = tuple(n // chosen + (i < n % chosen) for i in range(chosen))
    elif hasattr(chosen, "dtype"):
        raise NoLawError  # indices that are values
    else:
        sizes = tuple(len(range(n)[a:b]) for a, b in zip((None, *chosen), (*chosen, None)))
    return several(Split(sizes, dim), (x,), tuple)


def weight_norm(direction: Any, magnitude: Any, dim: int = 0) -> Applied:
    return Applied(Identity(), (direction,))


def reduce(operation: str) -> Entry:
    def law(x: Any, dim: Any = None, keepdim: bool = False, *args: Any, **kwargs: Any) -> Applied:
        dim, keepdim = kwargs.get("axis", dim), kwargs.get("keepdims", keepdim)
        if hasattr(dim, "dtype") or isinstance(dim, bool):
            raise NoLawError  # torch.max(a, b)
        over = None if dim is None or dim == () else tuple_of(dim, 1)
        return Applied(Reduce(operation, over, bool(keepdim)), (x,))

    return law


def pick(operation: str) -> Entry:
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


def attention(query: Any, key: Any, value: Any, *args: Any, enable_gqa: bool = False, **kwargs: Any) -> Applied:
    return Applied(ScaledDotProduct(bool(enable_gqa)), (query, key, value))


def narrow(x: Any, dim: int, start: int, length: int) -> Applied:
    return Applied(Slice(dim, start, start + length), (x,))


def select(x: Any, dim: int, index: int) -> Applied:
    return Applied(Slice(dim, index=index), (x,))


def linear(x: Any, weight: Any, bias: Any = None) -> Applied:
    units, features = shape_of(weight)
    return Applied(Dense(units, bias is not None, features), (x,))  # type: ignore[arg-type]


def embedding(indices: Any, weight: Any, *args: Any, **kwargs: Any) -> Applied:
    vocabulary, dimension = shape_of(weight)
    spec = Embedding(vocabulary, dimension)  # type: ignore[arg-type]
    return Applied(spec, (indices,), weight.dtype, indices=(0,))


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
_CAST = ("to as_tensor float half double bfloat16 type type_as int long bool cpu cuda").split()
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

FUNCTIONS: dict[str, Entry] = {
    **{name: activation(name.rstrip("_")) for name in _NONLINEAR},
    **dict.fromkeys(_UNARY, unary), **dict.fromkeys(_CAST, cast), **dict.fromkeys(_DROPOUTS, noise),
    **{name: binary(name, operation) for name, operation in _BINARY.items()},
    **{name: reduce(name) for name in _REDUCTIONS},
    **{name: pick(name) for name in ("max", "min", "median")},
    "where": where, "matmul": matmul, "__matmul__": matmul, "bmm": matmul, "mm": matmul, "mv": matmul,
    "flatten": flatten, "view": view, "reshape": view, "view_as": view_as, "reshape_as": view_as, "unflatten": unflatten,
    "permute": permute, "transpose": transpose,
    "swapaxes": transpose, "t": matrix_transpose, "T": matrix_transpose, "mT": matrix_transpose, "squeeze": squeeze,
    "unsqueeze": unsqueeze, "expand": expand, "expand_as": expand_as, "repeat": repeat, "tile": repeat,
    "cat": cat, "concat": cat, "concatenate": cat, "stack": stack, "split": split, "chunk": chunk, "unbind": unbind,
    "tensor_split": tensor_split, "_weight_norm": weight_norm,
    **PACKING, "__getitem__": getitem, "narrow": narrow, "select": select, "linear": linear, "embedding": embedding,
    "scaled_dot_product_attention": attention, "einsum": einsum, **WINDOWS, **ALONG, **LOSSES,
}  # fmt: skip
