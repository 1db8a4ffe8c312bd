"""Layers of Keras 2.0 to 2.3 that tf.keras 2 does not have, or has otherwise."""

from __future__ import annotations

from .specs_keras1 import LAYERS as FIRST
from .stored import Table

OLDER: Table = {name: FIRST[name] for name in ("MaxoutDense", "Highway", "Merge")}
