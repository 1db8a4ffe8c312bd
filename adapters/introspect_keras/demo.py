"""The demonstration's network in Keras, to be compared with the one that was trained."""

from __future__ import annotations

import os
from typing import Any


def network() -> Any:
    """Two convolutions with pools, two dense layers; None where Keras has no backend, or is so old that it has other names."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a backend that starts up has much to say
    try:
        from keras import layers, models
    except ImportError:
        return None
    if not hasattr(layers, "Conv2D"):
        return None
    return models.Sequential([
        layers.InputLayer((28, 28, 1)), layers.Conv2D(32, 5), layers.Activation("relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 5), layers.Activation("relu"), layers.MaxPooling2D(2), layers.Dropout(0.25), layers.Flatten(),
        layers.Dense(100), layers.Activation("relu"), layers.Dropout(0.5), layers.Dense(2), layers.Activation("softmax"),
    ])  # fmt: skip
