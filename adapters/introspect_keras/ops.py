"""Keras' bare operations in a graph (``x + y``, ``ops.relu(x)``): those whose law is certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from introspect.layers import Activation, Elementwise, Identity

from .dialect import Node
from .stored import Law

Operation = Callable[[Any, Node], Optional[Law]]


def _elementwise(operation: str) -> Operation:
    def law(op: Any, node: Node) -> Optional[Law]:
        return Law(Elementwise(operation)) if _only_numbers_beside(op, node) else None

    return law


def _only_numbers_beside(op: Any, node: Node) -> bool:
    """Whether everything that goes in is a tensor of the graph or a plain number, which takes any shape."""
    recorded = next((n for n in op._inbound_nodes if n.outputs and n.outputs[0] is node.outputs[0]), None)
    if recorded is None:
        return False
    arguments = [*recorded.arguments.args, *recorded.arguments.kwargs.values()]
    tensors = {id(tensor) for tensor in node.inputs}
    return len(arguments) == 2 and all(id(a) in tensors or isinstance(a, (int, float, bool)) for a in arguments)


def _activation(function: str) -> Operation:
    return lambda op, node: Law(Activation(function)) if len(node.inputs) == 1 else None


def _unchanged(op: Any, node: Node) -> Optional[Law]:
    return Law(Identity()) if len(node.inputs) == 1 else None


_BINARY = {
    "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide", "TrueDivide": "divide",
    "Maximum": "maximum", "Minimum": "minimum", "Power": "power",
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
}
