"""Keras' bare operations in a graph (``x + y``, ``ops.relu(x)``): from what they were called with to a law.

An operation whose arguments are not all tensors, constant arrays or plain numbers has none; what it gives is carried.
"""

from __future__ import annotations

from typing import Any, Optional

from introspect.layers import (
    Activation,
    Concatenate,
    Einsum,
    Expand,
    Index,
    MatMul,
    Pad,
    Permute,
    Reshape,
    Split,
    Stack,
    Tile,
)

from .dialect import Node
from .operands import WHOLE, Operation, all_known, alone, along_an_axis, as_long, elementwise, rank_of, reduction
from .ops_arrays import ARRAYS, split_along
from .ops_windows import WINDOWS
from .stored import Law, pairs


def _indexing(op: Any, node: Node) -> Optional[Law]:
    """Indices, slices with plain ends, and new axes; nothing that is picked by a tensor."""
    if len(node.inputs) != 1:
        return None
    key = node.kwargs.get("key", node.args[1] if len(node.args) > 1 else (0.5,))
    entries: list[Any] = []
    for item in key if isinstance(key, tuple) else (key,):
        if isinstance(item, slice):
            ends = (item.start, item.stop, item.step)
            if any(not (end is None or isinstance(end, int)) for end in ends) or (item.step or 1) < 1:
                return None
            entries.append(WHOLE if ends == (None, None, 1) else ends)
        elif item is None or (isinstance(item, int) and not isinstance(item, bool)):
            entries.append(item)
        elif item is Ellipsis:
            entries.append("...")
        else:
            return None
    return Law(Index(tuple(entries)))


def _transposed(op: Any, node: Node) -> Optional[Law]:
    axes = op.axes if op.axes is not None else tuple(reversed(range(rank_of(node))))
    return Law(Permute(tuple(axes)))


def _swapped(op: Any, node: Node) -> Optional[Law]:
    order = list(range(rank_of(node)))
    order[op.axis1], order[op.axis2] = order[op.axis2], order[op.axis1]
    return Law(Permute(tuple(order)))


def _moved(op: Any, node: Node) -> Optional[Law]:
    rank = rank_of(node)
    places = {destination % rank: source % rank for source, destination in zip(op.source, op.destination)}
    rest = iter([axis for axis in range(rank) if axis not in places.values()])
    return Law(Permute(tuple(places[i] if i in places else next(rest) for i in range(rank))))


def _reshaped(op: Any, node: Node) -> Optional[Law]:
    """The batch, where it is open, is written as None: it is the input's."""
    wanted = op.newshape if isinstance(op.newshape, (tuple, list)) else (op.newshape,)
    target = tuple(("input", 0) if i == 0 and size is None else size for i, size in enumerate(wanted))
    return Law(Reshape(target)) if all(isinstance(size, (int, tuple)) for size in target) else None


def _expanded(op: Any, node: Node) -> Optional[Law]:
    given = op.axis if isinstance(op.axis, (tuple, list)) else (op.axis,)
    rank = rank_of(node) + len(given)
    new = {axis % rank for axis in given}
    return Law(Index(tuple(None if i in new else WHOLE for i in range(rank))))


def _squeezed(op: Any, node: Node) -> Optional[Law]:
    if op.axis is None:
        return None  # which axes vanish depends on sizes that may be open
    given = op.axis if isinstance(op.axis, (tuple, list)) else (op.axis,)
    gone = {axis % rank_of(node) for axis in given}
    return Law(Index(tuple(0 if i in gone else WHOLE for i in range(rank_of(node)))))


def _split(op: Any, node: Node) -> Optional[Law]:
    return split_along(op, node, op.axis)


def _unstacked(op: Any, node: Node) -> Optional[Law]:
    number = op.num if op.num is not None else node.inputs[0].shape[op.axis]
    return None if number is None else Law(Split((1,) * number, op.axis, drop=True))


def _concatenated(op: Any, node: Node) -> Optional[Law]:
    return Law(Concatenate(op.axis)) if all_known(node) else None


def _stacked(op: Any, node: Node) -> Optional[Law]:
    return Law(Stack(op.axis)) if all_known(node) else None


def _tiled(op: Any, node: Node) -> Optional[Law]:
    times = op.repeats if isinstance(op.repeats, (tuple, list)) else (op.repeats,)
    return Law(Tile((1,) * (rank_of(node) - len(times)) + tuple(times)))


def _repeated(op: Any, node: Node) -> Optional[Law]:
    if op.axis is None or not isinstance(op.repeats, int):
        return None
    axis = op.axis % rank_of(node)
    return Law(Tile(tuple(op.repeats if i == axis else 1 for i in range(rank_of(node)))))


def _broadcast(op: Any, node: Node) -> Optional[Law]:
    return Law(Expand(tuple(op.shape))) if all(isinstance(size, int) for size in op.shape) else None


def _padded(op: Any, node: Node) -> Optional[Law]:
    amounts = pairs(op.pad_width)
    return Law(Pad(amounts if len(amounts) > 1 else amounts * rank_of(node), 0))


def _taken(op: Any, node: Node) -> Optional[Law]:
    if op.axis is None or len(node.inputs) != 2:
        return None
    axis = op.axis % rank_of(node)
    return Law(Index((*(WHOLE,) * axis, "tensor")))


def _matmul(op: Any, node: Node) -> Optional[Law]:
    return Law(MatMul()) if len(node.inputs) == 2 else None


def _dot(op: Any, node: Node) -> Optional[Law]:
    two = len(node.inputs) == 2 and len(node.inputs[1].shape) in (1, 2) and rank_of(node) > 0
    return Law(MatMul()) if two else None


def _einsum(op: Any, node: Node) -> Optional[Law]:
    return Law(Einsum(op.subscripts)) if all_known(node) else None


def _attention(op: Any, node: Node) -> Optional[Law]:
    """Heads behind the sequence; the keys' may be fewer. A mask or bias does not change what comes out."""
    if any(name in node.kwargs for name in ("query", "key", "value")) or len(node.inputs) < 3:
        return None
    return Law(Einsum("btnh,bsmh,bsmh->btnh")) if len(node.inputs) == 3 else None


def _activation(function: str) -> Operation:
    return alone(lambda op, node: Law(Activation(function)))


_BINARY = {
    "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide", "TrueDivide": "divide",
    "DivideNoNan": "divide", "FloorDivide": "divide", "Maximum": "maximum", "Minimum": "minimum", "Power": "power",
    "Equal": "equal", "NotEqual": "not_equal", "Greater": "greater", "GreaterEqual": "greater_equal", "Less": "less",
    "LessEqual": "less_equal", "LogicalAnd": "and", "LogicalOr": "or", "LogicalXor": "xor", "Mod": "mod",
    "Arctan2": "arctan2", "Logaddexp": "logaddexp", "Hypot": "hypot", "Fmax": "maximum", "Fmin": "minimum",
}  # fmt: skip
_ACTIVATIONS = (
    "Relu", "Relu6", "Sigmoid", "SparseSigmoid", "Softplus", "Softsign", "Silu", "Squareplus", "LogSigmoid", "LeakyRelu",
    "HardSigmoid", "HardSilu", "HardTanh", "HardShrink", "SoftShrink", "TanhShrink", "Threshold", "Elu", "Selu", "Gelu",
    "Celu", "Softmax", "LogSoftmax", "Sparsemax", "SparsePlus", "Tanh", "Mish",
)  # fmt: skip
_UNCHANGED = (
    "Absolute", "Abs", "Fabs", "Negative", "Exp", "Exp2", "Expm1", "Log", "Log1p", "Log2", "Log10", "Sqrt", "Rsqrt", "Cbrt",
    "Square", "Reciprocal", "Cast", "SaturateCast", "Identity", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Arcsin", "Arccos",
    "Arctan", "Arcsinh", "Arccosh", "Arctanh", "Erf", "Erfinv", "Clip", "StopGradient", "Sign", "Signbit", "Round", "Floor",
    "Ceil", "Trunc", "LogicalNot", "Isnan", "Isfinite", "Isinf", "NanToNum", "Flip", "Tril", "Triu", "OnesLike", "ZerosLike",
    "Copy", "Real", "Imag", "Conj", "Conjugate", "Deg2rad", "Rad2deg", "Sinc", "ConvertToTensor", "Normalize",
)  # fmt: skip
_REDUCTIONS = (
    "Any", "All", "Sum", "Mean", "Max", "Min", "Prod", "Std", "Var", "Amax", "Amin", "Argmax", "Argmin", "Median",
    "CountNonzero", "Logsumexp", "Ptp", "Nansum", "Nanmean", "Nanmax", "Nanmin", "Nanstd", "Nanvar", "Average",
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {
    **{name: elementwise(operation) for name, operation in _BINARY.items()},
    **{name: _activation(name.lower()) for name in _ACTIVATIONS},
    **dict.fromkeys(_UNCHANGED, alone(as_long)),
    **dict.fromkeys(("Cumsum", "Cumprod", "Roll", "Sort", "Argsort"), alone(along_an_axis)),
    **{name: reduction(name.lower()) for name in _REDUCTIONS},
    "Where": elementwise("where", 3), "GetItem": _indexing, "Transpose": alone(_transposed),
    "Swapaxes": alone(_swapped), "Moveaxis": alone(_moved), "Reshape": alone(_reshaped),
    "Ravel": alone(lambda op, node: Law(Reshape((-1,)))), "ExpandDims": alone(_expanded), "Squeeze": alone(_squeezed),
    "Split": alone(_split), "Unstack": alone(_unstacked), "Concatenate": _concatenated, "Stack": _stacked,
    "Tile": alone(_tiled), "Repeat": alone(_repeated), "BroadcastTo": alone(_broadcast), "Pad": alone(_padded),
    "Take": _taken, "Matmul": _matmul, "Dot": _dot, "Einsum": _einsum, "DotProductAttention": _attention,
    **ARRAYS,
    **WINDOWS,
}  # fmt: skip
