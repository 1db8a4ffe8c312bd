"""Keras' bare operations in a graph (``x + y``, ``ops.relu(x)``): those whose law is certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from introspect.layers import Activation, Concatenate, Elementwise, Identity, Index, Permute, Reduce

from .dialect import Node
from .stored import Law

Operation = Callable[[Any, Node], Optional[Law]]


def _elementwise(operation: str) -> Operation:
    def law(op: Any, node: Node) -> Optional[Law]:
        return Law(Elementwise(operation)) if _only_numbers_beside(op, node) else None

    return law


def _only_numbers_beside(op: Any, node: Node) -> bool:
    """Whether everything that goes in is a tensor of the graph or a plain number, which takes any shape."""
    arguments = _arguments(op, node)
    tensors = {id(tensor) for tensor in node.inputs}
    return len(arguments) == 2 and all(id(a) in tensors or isinstance(a, (int, float, bool)) for a in arguments)


def _arguments(op: Any, node: Node) -> list[Any]:
    """Everything that the operation was called with, constants included."""
    recorded = next((n for n in op._inbound_nodes if n.outputs and n.outputs[0] is node.outputs[0]), None)
    return [] if recorded is None else [*recorded.arguments.args, *recorded.arguments.kwargs.values()]


def _reduction(operation: str) -> Operation:
    def law(op: Any, node: Node) -> Optional[Law]:
        axis = op.axis
        over = None if axis is None else tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
        return Law(Reduce(operation, over, bool(op.keepdims))) if len(node.inputs) == 1 else None

    return law


def _indexing(op: Any, node: Node) -> Optional[Law]:
    """Whole axes, single indices and new axes; how long any other slice is can depend on an unknown size."""
    arguments = _arguments(op, node)
    key = arguments[1] if len(arguments) == 2 else (0.5,)
    entries: list[Any] = []
    for item in key if isinstance(key, tuple) else (key,):
        if isinstance(item, slice) and (item.start, item.stop) == (None, None) and item.step in (None, 1):
            entries.append((None, None, None))
        elif item is None or (isinstance(item, int) and not isinstance(item, bool)):
            entries.append(item)
        elif item is Ellipsis:
            entries.append("...")
        else:
            return None
    return Law(Index(tuple(entries)))


def _transposed(op: Any, node: Node) -> Optional[Law]:
    return Law(Permute(tuple(op.axes))) if op.axes is not None and len(node.inputs) == 1 else None


def _concatenated(op: Any, node: Node) -> Optional[Law]:
    given = _arguments(op, node)
    tensors = {id(tensor) for tensor in node.inputs}
    whole = len(given) == 1 and isinstance(given[0], (list, tuple)) and all(id(x) in tensors for x in given[0])
    return Law(Concatenate(op.axis)) if whole else None


def _activation(function: str) -> Operation:
    return lambda op, node: Law(Activation(function)) if len(node.inputs) == 1 else None


def _unchanged(op: Any, node: Node) -> Optional[Law]:
    return Law(Identity()) if len(node.inputs) == 1 else None


_BINARY = {
    "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide", "TrueDivide": "divide",
    "Maximum": "maximum", "Minimum": "minimum", "Power": "power", "Equal": "equal", "NotEqual": "not_equal",
    "Greater": "greater", "GreaterEqual": "greater_equal", "Less": "less", "LessEqual": "less_equal",
    "LogicalAnd": "and", "LogicalOr": "or",
}  # fmt: skip
_ACTIVATIONS = (
    "Relu", "Relu6", "Sigmoid", "Softplus", "Softsign", "Silu", "LogSigmoid", "LeakyRelu", "HardSigmoid", "HardSilu",
    "HardTanh", "HardShrink", "SoftShrink", "Elu", "Selu", "Gelu", "Celu", "Softmax", "LogSoftmax", "Tanh", "Mish",
)  # fmt: skip
_UNCHANGED = (
    "Absolute",
    "Abs",
    "Negative",
    "Exp",
    "Log",
    "Sqrt",
    "Square",
    "Cast",
    "Identity",
    "Sin",
    "Cos",
    "Clip",
    "StopGradient",
)

OPERATIONS: dict[str, Operation] = {
    **{name: _elementwise(operation) for name, operation in _BINARY.items()},
    **{name: _activation(name.lower()) for name in _ACTIVATIONS},
    **dict.fromkeys(_UNCHANGED, _unchanged),
    **{name: _reduction(name.lower()) for name in ("Any", "All", "Sum", "Mean", "Max", "Min", "Prod", "Std", "Var")},
    "GetItem": _indexing,
    "Transpose": _transposed,
    "Concatenate": _concatenated,
}
