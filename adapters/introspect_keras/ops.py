"""Keras' bare operations in a graph (``x + y``, ``ops.relu(x)``): from what they were called with to a law.

An operation whose arguments are not all tensors, constant arrays or plain numbers has none; what it gives is carried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from introspect.layers import (
    Activation,
    Concatenate,
    Einsum,
    Elementwise,
    Expand,
    Identity,
    ImageSize,
    Index,
    MatMul,
    Pad,
    Permute,
    Pool,
    Reduce,
    Reshape,
    Split,
    Stack,
    Tile,
)

from .dialect import Node, leaves
from .stored import CHANNELS, Law, chosen, pairs, sliding_padding

Operation = Callable[[Any, Node], Optional[Law]]
_WHOLE = (None, None, None)


def _operands(node: Node) -> list[Any]:
    """Everything that the operation was called with, lists opened."""
    return [*leaves(node.args), *leaves(node.kwargs)]


def _all_known(node: Node, count: Optional[int] = None) -> bool:
    """Whether everything that goes in is an input of the node (if so many are asked for) or a plain number."""
    tensors = {id(tensor) for tensor in node.inputs}
    operands = _operands(node)
    plain = all(id(x) in tensors or isinstance(x, (int, float, complex, bool)) for x in operands)
    return plain and (count is None or len(operands) == count)


def _rank(node: Node) -> int:
    return len(node.inputs[0].shape)


def _alone(make: Callable[[Any, Node], Optional[Law]]) -> Operation:
    """A law for operations on one tensor."""
    return lambda op, node: make(op, node) if len(node.inputs) == 1 else None


def _elementwise(operation: str, operands: int = 2) -> Operation:
    return lambda op, node: Law(Elementwise(operation)) if _all_known(node, operands) else None


def _reduction(operation: str) -> Operation:
    def law(op: Any, node: Node) -> Optional[Law]:
        axis = op.axis
        over = None if axis is None else tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
        return Law(Reduce(operation, over, bool(getattr(op, "keepdims", False))))

    return _alone(law)


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
            entries.append(_WHOLE if ends == (None, None, 1) else ends)
        elif item is None or (isinstance(item, int) and not isinstance(item, bool)):
            entries.append(item)
        elif item is Ellipsis:
            entries.append("...")
        else:
            return None
    return Law(Index(tuple(entries)))


def _transposed(op: Any, node: Node) -> Optional[Law]:
    axes = op.axes if op.axes is not None else tuple(reversed(range(_rank(node))))
    return Law(Permute(tuple(axes)))


def _swapped(op: Any, node: Node) -> Optional[Law]:
    order = list(range(_rank(node)))
    order[op.axis1], order[op.axis2] = order[op.axis2], order[op.axis1]
    return Law(Permute(tuple(order)))


def _moved(op: Any, node: Node) -> Optional[Law]:
    rank = _rank(node)
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
    rank = _rank(node) + len(given)
    new = {axis % rank for axis in given}
    return Law(Index(tuple(None if i in new else _WHOLE for i in range(rank))))


def _squeezed(op: Any, node: Node) -> Optional[Law]:
    if op.axis is None:
        return None  # which axes vanish depends on sizes that may be open
    given = op.axis if isinstance(op.axis, (tuple, list)) else (op.axis,)
    gone = {axis % _rank(node) for axis in given}
    return Law(Index(tuple(0 if i in gone else _WHOLE for i in range(_rank(node)))))


def _split(op: Any, node: Node) -> Optional[Law]:
    whole, wanted = node.inputs[0].shape[op.axis], op.indices_or_sections
    if whole is None:
        return None
    if isinstance(wanted, int):
        return Law(Split((whole // wanted,) * wanted, op.axis)) if whole % wanted == 0 else None
    ends = [0, *(int(end) for end in wanted), whole]
    return Law(Split(tuple(b - a for a, b in zip(ends, ends[1:])), op.axis))


def _unstacked(op: Any, node: Node) -> Optional[Law]:
    number = op.num if op.num is not None else node.inputs[0].shape[op.axis]
    return None if number is None else Law(Split((1,) * number, op.axis, drop=True))


def _concatenated(op: Any, node: Node) -> Optional[Law]:
    return Law(Concatenate(op.axis)) if _all_known(node) else None


def _stacked(op: Any, node: Node) -> Optional[Law]:
    return Law(Stack(op.axis)) if _all_known(node) else None


def _tiled(op: Any, node: Node) -> Optional[Law]:
    times = op.repeats if isinstance(op.repeats, (tuple, list)) else (op.repeats,)
    return Law(Tile((1,) * (_rank(node) - len(times)) + tuple(times)))


def _repeated(op: Any, node: Node) -> Optional[Law]:
    if op.axis is None or not isinstance(op.repeats, int):
        return None
    axis = op.axis % _rank(node)
    return Law(Tile(tuple(op.repeats if i == axis else 1 for i in range(_rank(node)))))


def _broadcast(op: Any, node: Node) -> Optional[Law]:
    return Law(Expand(tuple(op.shape))) if all(isinstance(size, int) for size in op.shape) else None


def _padded(op: Any, node: Node) -> Optional[Law]:
    amounts = pairs(op.pad_width)
    return Law(Pad(amounts if len(amounts) > 1 else amounts * _rank(node), 0))


def _taken(op: Any, node: Node) -> Optional[Law]:
    if op.axis is None or len(node.inputs) != 2:
        return None
    axis = op.axis % _rank(node)
    return Law(Index((*(_WHOLE,) * axis, "tensor")))


def _matmul(op: Any, node: Node) -> Optional[Law]:
    return Law(MatMul()) if len(node.inputs) == 2 else None


def _dot(op: Any, node: Node) -> Optional[Law]:
    two = len(node.inputs) == 2 and len(node.inputs[1].shape) in (1, 2) and _rank(node) > 0
    return Law(MatMul()) if two else None


def _einsum(op: Any, node: Node) -> Optional[Law]:
    return Law(Einsum(op.subscripts)) if _all_known(node) else None


def _attention(op: Any, node: Node) -> Optional[Law]:
    """Heads behind the sequence; the keys' may be fewer. A mask or bias does not change what comes out."""
    if any(name in node.kwargs for name in ("query", "key", "value")) or len(node.inputs) < 3:
        return None
    return Law(Einsum("btnh,bsmh,bsmh->btnh")) if len(node.inputs) == 3 else None


def _pooled(mode: str) -> Operation:
    def law(op: Any, node: Node) -> Optional[Law]:
        rank = _rank(node) - 2
        size = op.pool_size if isinstance(op.pool_size, (tuple, list)) else (op.pool_size,) * rank
        strides = op.strides if op.strides is not None else size
        stride = strides if isinstance(strides, (tuple, list)) else (strides,) * rank
        fields: dict[str, Any] = {"mode": mode, "channels": _channels(op), "unbatched": False}
        return Law(Pool(tuple(size), tuple(stride), sliding_padding(op.padding, rank), **fields))

    return _alone(law)


def _channels(op: Any) -> str:
    return str(chosen(CHANNELS, op.data_format or "channels_last", "data format"))


def _resized(op: Any, node: Node) -> Optional[Law]:
    height, width = op.size
    return Law(ImageSize((int(height), int(width)), _channels(op)))


def _activation(function: str) -> Operation:
    return _alone(lambda op, node: Law(Activation(function)))


def _unchanged(op: Any, node: Node) -> Optional[Law]:
    return Law(Identity())


def _along_an_axis(op: Any, node: Node) -> Optional[Law]:
    """Without an axis the input is flattened first."""
    return Law(Identity()) if op.axis is not None else Law(Reshape((-1,)))


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
    "Celu", "Softmax", "LogSoftmax", "Sparsemax", "Tanh", "Mish",
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
    **{name: _elementwise(operation) for name, operation in _BINARY.items()},
    **{name: _activation(name.lower()) for name in _ACTIVATIONS},
    **dict.fromkeys(_UNCHANGED, _alone(_unchanged)),
    **dict.fromkeys(("Cumsum", "Cumprod", "Roll", "Sort", "Argsort"), _alone(_along_an_axis)),
    **{name: _reduction(name.lower()) for name in _REDUCTIONS},
    "Where": _elementwise("where", 3), "GetItem": _indexing, "Transpose": _alone(_transposed),
    "Swapaxes": _alone(_swapped), "Moveaxis": _alone(_moved), "Reshape": _alone(_reshaped),
    "Ravel": _alone(lambda op, node: Law(Reshape((-1,)))), "ExpandDims": _alone(_expanded), "Squeeze": _alone(_squeezed),
    "Split": _alone(_split), "Unstack": _alone(_unstacked), "Concatenate": _concatenated, "Stack": _stacked,
    "Tile": _alone(_tiled), "Repeat": _alone(_repeated), "BroadcastTo": _alone(_broadcast), "Pad": _alone(_padded),
    "Take": _taken, "Matmul": _matmul, "Dot": _dot, "Einsum": _einsum, "DotProductAttention": _attention,
    "MaxPool": _pooled("max"), "AveragePool": _pooled("average"), "Resize": _alone(_resized),
}  # fmt: skip
