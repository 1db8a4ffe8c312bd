"""What the own code of a layer of tf.keras 2 does: the same walk, on Keras 2's symbolic tensors.

TensorFlow's functions answer to such tensors with layers of their own, which Keras itself asks for their shapes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Optional

from introspect.reported import ReportedShape

from .detecting import FUNCTIONS, facts, is_a
from .dialect import Dialect, Graph, Node
from .intercepting import intercepted, original
from .ops2 import fed
from .symbols import symbolic_weight
from .tracing import Recorder


def trace(dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]) -> Graph:
    """The graph of one call of `layer` on inputs of these shapes, called as in `node`, or as its signature asks for.

    Raises `UntraceableError`, or the `IntrospectError` of a law that refuses what flows.
    """
    return Recorder2(dialect, layer).record(layer, shapes, node, names)


class Recorder2(Recorder):
    """What tf.keras 2 has otherwise than Keras 3."""

    asked_for = ("name", "shape", "dtype", "initializer", "regularizer", "trainable")

    def __init__(self, dialect: Dialect, layer: Any) -> None:
        super().__init__(dialect)
        self._base: Any = facts(type(layer)).layer_class
        engine = self._base.__module__.rpartition(".")[0]
        self._symbol = sys.modules[f"{engine}.keras_tensor"].KerasTensor
        self._backend = sys.modules[f"{engine.rpartition('.')[0]}.backend"]
        self._spec = sys.modules["tensorflow"].TensorSpec

    @contextmanager
    def names_put_back(self) -> Iterator[None]:
        """Keras numbers the layers that it makes of functions, and remembers their names."""
        numbers, names = self._backend.get_default_graph_uid_map(), self._backend.OBSERVED_NAMES
        before, known = dict(numbers), set(names)
        try:
            yield
        finally:
            numbers.clear()
            numbers.update(before)
            names.intersection_update(known)

    @contextmanager
    def _taking_over(self) -> Iterator[None]:
        with intercepted(self, self._base):
            yield

    def _twin(self, layer: Any) -> Any:
        twin = super()._twin(layer)
        vars(twin).pop("_obj_reference_counts_dict", None)  # it would remember for the layer what the twin is given
        return twin

    def layer(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not is_a(layer, *FUNCTIONS):
            return super().layer(layer, args, kwargs)
        result = original(layer)(layer, *args, **kwargs)
        self._note(layer, args, kwargs, result, None, recorded=True)
        return result

    def _flowing(self, operation: Any, tensors: tuple[Any, ...], args: Any, kwargs: Any) -> tuple[Any, ...]:
        return fed(operation, tensors, args, kwargs)

    def _tensor(self, shape: Sequence[Optional[int]], dtype: Any) -> Any:
        return self._symbol(self._spec(tuple(shape), dtype))

    def _weight_tensor(self, shape: tuple[int, ...], dtype: Any) -> Any:
        return symbolic_weight(self._symbol)(self._spec(shape, dtype))

    def _dtype_of(self, value: Any) -> str:
        return str(getattr(value.dtype, "name", value.dtype))

    def _is_tensor(self, value: Any) -> bool:
        return isinstance(value, self._symbol)
