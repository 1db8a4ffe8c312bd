"""What Keras 3 says comes out of one of its own layers in a call: by the whole call, where shapes alone are not enough."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Optional

from introspect.reported import ReportedShape

from .detecting import is_layer, is_second, overrides
from .dialect import Node, alike, leaves
from .intercepting import names_kept


def by_call(layer: Any, shapes: Sequence[ReportedShape], node: Node) -> Optional[list[ReportedShape]]:
    """The shapes that the layer declares for the call of `node` on inputs of these shapes; None where it declares none."""
    written = overrides(layer, ("call", "__call__", "build", "compute_output_shape", "compute_output_spec"))
    if not is_layer(layer) or is_second(layer) or written or not (node.args or node.kwargs):
        return None
    keras: Any = sys.modules["keras"]
    with names_kept():
        try:
            mine = [keras.KerasTensor(shape, dtype=given.dtype) for shape, given in zip(shapes, node.inputs)]
            fed = {id(given): tensor for given, tensor in zip(node.inputs, mine)}
            said = layer.compute_output_spec(*refilled(node.args, fed), **refilled(node.kwargs, fed))
        except Exception:  # a layer may refuse in any way it likes; it then says nothing
            return None
    return [tuple(tensor.shape) for tensor in leaves(said) if isinstance(tensor, keras.KerasTensor)] or None


def refilled(value: Any, tensors: dict[int, Any]) -> Any:
    """A nest of arguments with the tensors replaced."""
    if isinstance(value, dict):
        return {key: refilled(item, tensors) for key, item in value.items()}
    if hasattr(value, "_fields"):
        return type(value)(*(refilled(item, tensors) for item in value))
    if isinstance(value, (list, tuple)):
        return alike(value, (refilled(item, tensors) for item in value))
    return tensors.get(id(value), value)
