"""The Keras that this run was asked to test: Keras 3; or Keras 2, as tf.keras or as a package of its own."""

from __future__ import annotations

from typing import Any, Optional

import environment

ALONE = "keras2theano" in environment.frameworks()
SECOND = ALONE or "keras2" in environment.frameworks()

if SECOND and not ALONE:
    import tensorflow

    keras = tensorflow.keras
else:
    import keras

layers, models = keras.layers, keras.models


def symbolic(shape: tuple[Optional[int], ...], dtype: Any = None) -> Any:
    """An input of this shape, the batch included."""
    if ALONE:
        return layers.Input(batch_shape=shape, dtype=dtype)
    return keras.Input(shape[1:], batch_size=shape[0], dtype=dtype) if SECOND else keras.Input(batch_shape=shape, dtype=dtype)
