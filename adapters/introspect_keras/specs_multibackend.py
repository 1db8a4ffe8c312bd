"""Layers of Keras 2.0 to 2.3 that tf.keras 2 does not have, or has otherwise."""

from __future__ import annotations

from typing import Any, Optional

from introspect.errors import ConfigurationError

from .specs_keras1 import LAYERS as FIRST
from .specs_recurrent import RECURRENT
from .stored import Law, Table


def _bidirectional(layer: Any) -> Optional[Law]:
    states = any(getattr(direction, "return_state", False) for direction in (layer.forward_layer, layer.backward_layer))
    if states and not hasattr(layer, "return_state"):
        raise ConfigurationError("this Bidirectional cannot hand on states", got="return_state=True", expected="False")
    return RECURRENT["Bidirectional"](layer)


OLDER: Table = {
    **{name: FIRST[name] for name in ("MaxoutDense", "Highway", "Merge", "Lambda")},
    "Bidirectional": _bidirectional,
}
