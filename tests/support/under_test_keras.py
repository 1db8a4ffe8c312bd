"""The Keras that this run was asked to test: Keras 3, or tf.keras 2."""

from __future__ import annotations

from typing import Any, Optional

import environment

SECOND = "keras2" in environment.frameworks()

if SECOND:
    import tensorflow

    keras = tensorflow.keras
else:
    import keras

layers = keras.layers


def symbolic(shape: tuple[Optional[int], ...], dtype: Any = None) -> Any:
    """An input of this shape, the batch included."""
    return keras.Input(shape[1:], batch_size=shape[0], dtype=dtype) if SECOND else keras.Input(batch_shape=shape, dtype=dtype)
