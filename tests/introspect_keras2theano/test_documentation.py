"""docs/keras.md names every layer class of Keras 2.0 to 2.3; those for graphics cards are worked out where none is."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

import keras
import pytest
from keras import layers
from keras.engine.topology import Layer
from table_keras import classes, untold

from introspect import explain

PLACES = [layers, import_module("keras.legacy.layers")]
PLACES += [import_module(f"keras.layers.{module.name}") for module in pkgutil.iter_modules(layers.__path__)]
FOUND = classes(PLACES, Layer)


def test_every_class_is_in_the_table() -> None:
    assert len(FOUND) > 75
    assert untold(FOUND, "2") == {}


@pytest.mark.parametrize(("name", "gates"), [("CuDNNLSTM", 4), ("CuDNNGRU", 3)])
def test_layers_for_graphics_cards(name: str, gates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")  # which they ask for before anything else
    layer: Any = FOUND[name](6, name="it")
    monkeypatch.undo()
    e = explain(layer, (None, 7, 4))  # to be built they ask for TensorFlow
    assert not e.opaque
    assert e.params == gates * 6 * (4 + 6 + 2)
    assert {tensor.name for tensor in e["it"].tensors} == {"kernel", "recurrent_kernel", "bias"}


@pytest.mark.skipif("ConvLSTM2DCell" not in FOUND, reason="Keras has it since 2.1.3")
def test_a_recurrence_by_a_cell_of_images() -> None:
    layer = FOUND["ConvRNN2D"](FOUND["ConvLSTM2DCell"](5, 3), name="it")
    e = explain(layer, (None, 4, 9, 8, 3), verify=False)
    assert e.params == 4 * 5 * (9 * 3 + 9 * 5 + 1)
    assert e["it"].output_shape[1:] == (7, 6, 5)
