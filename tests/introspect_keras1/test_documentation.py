"""docs/keras.md names every layer class of Keras 1."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from keras import layers
from keras.engine.topology import Layer
from table_keras import classes, untold

PLACES = [layers, *(import_module(f"keras.layers.{module.name}") for module in pkgutil.iter_modules(layers.__path__))]


def test_every_class_is_in_the_table() -> None:
    found = classes(PLACES, Layer)
    assert len(found) > 60
    assert untold(found, "1") == {}
