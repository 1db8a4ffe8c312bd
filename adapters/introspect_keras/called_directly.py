"""TensorFlow's functions that the code of a layer of Keras 3 calls directly: they are asked for by way of TensorFlow's own
dispatch, and answer by the laws of those functions in graphs of tf.keras.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Callable, Optional

from . import ops2
from .calling import refilled
from .dialect import Node, fed_to, leaves
from .stored import Law

_THROUGH = ("convert_to_tensor", "identity")  # nothing but the tensor itself comes out of these


class TensorFlowFunction:
    """One of TensorFlow's functions in the place of one of Keras' operations. `symbol`: what TensorFlow calls it."""

    symbol = ""

    def __init__(self, function: Callable[..., Any], keras: Any) -> None:
        self.function, self._keras = function, keras
        self.name = self.symbol.rpartition(".")[2]

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """What Keras finds out by running the function on placeholders."""
        every = [leaf for leaf in leaves((args, kwargs)) if isinstance(leaf, self._keras.KerasTensor)]
        dense = {id(x): self._keras.KerasTensor(x.shape, x.dtype) for x in every}  # Keras takes `x * 2` for a sparse one
        return self._keras.src.backend.compute_output_spec(self.function, *refilled(args, dense), **refilled(kwargs, dense))


@cache
def _class_of(function: Callable[..., Any]) -> type[TensorFlowFunction]:
    """Functions are told apart by their class, as Keras' operations are."""
    exported: Any = sys.modules["tensorflow.python.util.tf_export"]
    symbol = str(exported.get_canonical_name_for_symbol(function) or getattr(function, "__name__", "function"))
    return type(f"tf.{symbol}", (TensorFlowFunction,), {"symbol": symbol})


def fed(operation: Any, symbolic: tuple[Any, ...], args: Any, kwargs: Any) -> tuple[Any, ...]:
    """What flows into an operation of Keras', or into a function of TensorFlow's."""
    if isinstance(operation, TensorFlowFunction):
        return ops2.fed(operation, symbolic, args, kwargs)
    return fed_to(symbolic, args, kwargs)


def function_law(operation: Any, node: Optional[Node]) -> Optional[Law]:
    """The law of a function of TensorFlow's in this call."""
    known = isinstance(operation, TensorFlowFunction) and node is not None
    return ops2.function_law(operation, node) if known and node is not None else None


class _Dispatcher:
    """Answers for one thread where TensorFlow cannot make anything of symbolic tensors."""

    NOT_SUPPORTED = object()

    def __init__(self, keras: Any, apply: Callable[..., Any]) -> None:
        self.keras, self.apply, self.thread = keras, apply, threading.get_ident()

    def handle(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        symbolic = [leaf for leaf in leaves((args, kwargs)) if isinstance(leaf, self.keras.KerasTensor)]
        if not symbolic or threading.get_ident() != self.thread:
            return self.NOT_SUPPORTED
        called = _class_of(function)(function, self.keras)
        if called.name == "shape":
            return list(symbolic[0].shape)
        if called.name in _THROUGH and len(symbolic) == 1 and symbolic[0] is (args[0] if args else None):
            return symbolic[0]
        return self.apply(called, args, kwargs)


@contextmanager
def tensorflow_asks(keras: Any, apply: Callable[..., Any]) -> Iterator[None]:
    """`apply` answers for TensorFlow's functions on symbolic tensors in this thread, where TensorFlow is the backend."""
    dispatch: Any = sys.modules.get("tensorflow.python.util.dispatch")
    registered = getattr(dispatch, "_GLOBAL_DISPATCHERS", None)
    if registered is None or keras.backend.backend() != "tensorflow":
        yield
        return
    mine = _Dispatcher(keras, apply)
    mine.NOT_SUPPORTED = dispatch.GlobalOpDispatcher.NOT_SUPPORTED
    registered.insert(0, mine)
    try:
        yield
    finally:
        registered.remove(mine)
