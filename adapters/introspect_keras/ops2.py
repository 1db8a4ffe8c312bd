"""Functions of TensorFlow that stand in a graph of Keras 2 as layers: from what they were called with to a law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from introspect.layers import (
    Activation,
    Concatenate,
    Elementwise,
    Identity,
    Index,
    MatMul,
    Pad,
    Permute,
    Reduce,
    Reshape,
    Stack,
)

from .dialect import Node, leaves
from .stored import Law, pairs

Function = Callable[[Any, Node], Optional[Law]]


def _argument(node: Node, position: int, name: str, default: Any = None) -> Any:
    return node.args[position] if len(node.args) > position else node.kwargs.get(name, default)


def _plain(node: Node, count: Optional[int] = None) -> bool:
    """Whether only inputs of the node and numbers go in."""
    tensors = {id(tensor) for tensor in node.inputs}
    operands = [*leaves(node.args), *leaves({k: v for k, v in node.kwargs.items() if k != "name"})]
    known = all(id(x) in tensors or isinstance(x, (int, float, bool)) for x in operands)
    return known and (count is None or len(operands) == count)


def _elementwise(operation: str) -> Function:
    return lambda layer, node: Law(Elementwise(operation)) if _plain(node, 2) else None


def _activation(function: str) -> Function:
    return lambda layer, node: Law(Activation(function)) if len(node.inputs) == 1 else None


def _unchanged(layer: Any, node: Node) -> Optional[Law]:
    return Law(Identity()) if len(node.inputs) == 1 else None


def _reduction(operation: str) -> Function:
    def law(layer: Any, node: Node) -> Optional[Law]:
        axis = _argument(node, 1, "axis")
        over = None if axis is None else tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
        return Law(Reduce(operation, over, bool(_argument(node, 2, "keepdims", False))))

    return law


def _concat(layer: Any, node: Node) -> Optional[Law]:
    return Law(Concatenate(_argument(node, 1, "axis"))) if isinstance(_argument(node, 1, "axis"), int) else None


def _stack(layer: Any, node: Node) -> Optional[Law]:
    return Law(Stack(_argument(node, 1, "axis", 0)))


def _reshape(layer: Any, node: Node) -> Optional[Law]:
    shape = _argument(node, 1, "shape")
    plain = isinstance(shape, (list, tuple)) and all(isinstance(size, int) for size in shape)
    return Law(Reshape(tuple(shape))) if plain else None


def _transpose(layer: Any, node: Node) -> Optional[Law]:
    order = _argument(node, 1, "perm")
    return Law(Permute(tuple(order))) if isinstance(order, (list, tuple)) else None


def _expand(layer: Any, node: Node) -> Optional[Law]:
    axis, rank = _argument(node, 1, "axis"), len(node.inputs[0].shape) + 1
    if not isinstance(axis, int):
        return None
    return Law(Index(tuple(None if i == axis % rank else (None, None, None) for i in range(rank))))


def _pad(layer: Any, node: Node) -> Optional[Law]:
    amounts = _argument(node, 1, "paddings")
    return Law(Pad(pairs(amounts), 0)) if isinstance(amounts, (list, tuple)) else None


def _matmul(layer: Any, node: Node) -> Optional[Law]:
    turned = any(value is True for value in (*node.args[2:], *node.kwargs.values()))
    return Law(MatMul()) if len(node.inputs) == 2 and not turned else None


def sliced(layer: Any, node: Node) -> Optional[Law]:
    """``x[...]``: Keras 2 keeps slices as dicts."""
    key = _argument(node, 1, "slice_spec", (0.5,))
    entries: list[Any] = []
    for item in key if isinstance(key, (tuple, list)) else (key,):
        if isinstance(item, dict):
            ends = (item.get("start"), item.get("stop"), item.get("step"))
            if any(not (end is None or isinstance(end, int)) for end in ends) or (ends[2] or 1) < 1:
                return None
            entries.append(ends)
        elif item is Ellipsis:
            entries.append("...")
        elif item is None or isinstance(item, int):
            entries.append(item)
        else:
            return None
    return Law(Index(tuple(entries)))


_BINARY = {"add": "add", "sub": "subtract", "subtract": "subtract", "mul": "multiply", "multiply": "multiply",
           "truediv": "divide", "divide": "divide", "maximum": "maximum", "minimum": "minimum", "pow": "power",
           "greater": "greater", "less": "less", "equal": "equal", "not_equal": "not_equal"}  # fmt: skip
_ACTIVATIONS = ("relu", "relu6", "sigmoid", "tanh", "softmax", "softplus", "elu", "selu", "gelu", "silu", "swish", "leaky_relu")
_SAME = ("cast", "identity", "stop_gradient", "square", "sqrt", "rsqrt", "exp", "log", "abs", "negative", "sin", "cos",
         "round", "floor", "sign", "clip_by_value", "l2_normalize", "reverse")  # fmt: skip


def _everywhere(name: str, law: Function) -> dict[str, Function]:
    """TensorFlow has most functions in several places."""
    return {f"{place}{name}": law for place in ("", "math.", "nn.", "__operators__.", "linalg.")}


FUNCTIONS: dict[str, Function] = {}
for _name, _operation in _BINARY.items():
    FUNCTIONS.update(_everywhere(_name, _elementwise(_operation)))
for _name in _ACTIVATIONS:
    FUNCTIONS.update(_everywhere(_name, _activation(_name)))
for _name in _SAME:
    FUNCTIONS.update(_everywhere(_name, _unchanged))
for _name in ("mean", "sum", "max", "min", "prod", "any", "all", "std", "variance"):
    FUNCTIONS.update(_everywhere(f"reduce_{_name}", _reduction(_name)))
for _name, _law in {
    "concat": _concat, "stack": _stack, "reshape": _reshape, "transpose": _transpose, "expand_dims": _expand, "pad": _pad,
    "compat.v1.pad": _pad, "matmul": _matmul, "compat.v1.transpose": _transpose,
}.items():  # fmt: skip
    FUNCTIONS.update(_everywhere(_name, _law))
