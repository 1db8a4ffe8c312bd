"""What the laws of Keras' operations have in common: how an operation was called, and the plainest laws."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Optional

from introspect.layers import Created, Elementwise, Identity, Reduce, Reshape

from .dialect import Node, leaves
from .stored import CHANNELS, Law, chosen

Operation = Callable[[Any, Node], Optional[Law]]
WHOLE = (None, None, None)


def all_known(node: Node, count: Optional[int] = None) -> bool:
    """Whether everything that goes in is an input of the node (if so many are asked for) or a plain number."""
    tensors = {id(tensor) for tensor in node.inputs}
    operands = [*leaves(node.args), *leaves(node.kwargs)]
    plain = all(id(x) in tensors or isinstance(x, (int, float, complex, bool)) for x in operands)
    return plain and (count is None or len(operands) == count)


def rank_of(node: Node) -> int:
    """How many axes the first input has."""
    return len(node.inputs[0].shape)


def alone(make: Callable[[Any, Node], Optional[Law]]) -> Operation:
    """A law for operations on one tensor."""
    return lambda op, node: make(op, node) if len(node.inputs) == 1 else None


def elementwise(operation: str, operands: int = 2) -> Operation:
    """A law for so many tensors or plain numbers, element by element."""
    return lambda op, node: Law(Elementwise(operation)) if all_known(node, operands) else None


def reduction(operation: str) -> Operation:
    """A law for an operation that takes axes away."""

    def law(op: Any, node: Node) -> Optional[Law]:
        axis = op.axis
        over = None if axis is None else tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
        return Law(Reduce(operation, over, bool(getattr(op, "keepdims", False))))

    return alone(law)


def channels(op: Any) -> str:
    """Where they are: as the operation says, else as Keras is configured."""
    return str(chosen(CHANNELS, op.data_format or sys.modules["keras"].config.image_data_format(), "data format"))


def along_an_axis(op: Any, node: Node) -> Optional[Law]:
    """Without an axis the input is flattened first."""
    return Law(Identity()) if op.axis is not None else Law(Reshape((-1,)))


def as_long(op: Any, node: Node) -> Optional[Law]:
    """As the first input, whatever flows in beside it."""
    return Law(Identity())


def sized(*sizes: Any) -> Operation:
    """Of these sizes."""
    return lambda op, node: Law(Created(sizes))


def axes_of(node: Node, which: int, start: int = 0, end: Optional[int] = None) -> tuple[tuple[str, int, int], ...]:
    """Sizes that are those of an input, from one axis to another."""
    return tuple(("input", axis, which) for axis in range(len(node.inputs[which].shape))[start:end])


def like(which: int) -> Operation:
    """As one of the inputs."""
    return lambda op, node: Law(Created(axes_of(node, which))) if len(node.inputs) > which else None


def numbers(value: Any, count: int) -> Optional[tuple[int, ...]]:
    """One number for each of `count` axes; None where any is no plain number."""
    each = tuple(value) if isinstance(value, (tuple, list)) else (value,) * count
    return each if len(each) == count and all(isinstance(n, int) for n in each) else None
