"""docs/keras.md names every layer class of tf.keras 2, wherever it is kept; what later versions renamed or hid is verified."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf
from agreement import assert_verified
from table_keras import classes, untold
from under_test_keras import keras, layers

from introspect import explain

PLACES = (layers, layers.experimental, layers.experimental.preprocessing, keras.experimental, tf.compat.v1.keras.layers)
FOUND = classes(PLACES, layers.Layer)


def test_every_class_is_in_the_table() -> None:
    assert len(FOUND) > 110
    assert untold(FOUND, "2") == {}


def test_a_class_that_is_missing_is_seen() -> None:
    assert untold(["Dense", "NoSuchLayer", "MelSpectrogram"], "2") == {"NoSuchLayer": "not in the table", "MelSpectrogram": "3"}


def built(layer: Any, shape: tuple[Any, ...]) -> Any:
    layer.build(shape)
    return explain(layer, shape)


@pytest.mark.parametrize(("name", "params"), [("CuDNNLSTM", 4 * 32 * (16 + 32 + 2)), ("CuDNNGRU", 3 * 32 * (16 + 32 + 2))])
def test_layers_for_graphics_cards(name: str, params: int) -> None:
    e = built(FOUND[name](32, return_sequences=True, return_state=True, name="it"), (None, 7, 16))
    assert not e.mismatches
    assert not e.opaque
    assert e.params == params
    assert e["it"].output_shape[1:] == (7, 32)
    assert explain(FOUND[name](32), (None, 7, 16), verify=False).params == params


def test_normalisation_over_several_devices() -> None:
    x = keras.Input((4, 4, 5))
    e = explain(keras.Model(x, FOUND["SyncBatchNormalization"](name="it")(x)))
    assert_verified(e)
    assert (e.params, e.trainable) == (20, 10)


@pytest.mark.parametrize("trainable", [False, True])
def test_random_features(trainable: bool) -> None:
    x = keras.Input((6,))
    e = explain(keras.Model(x, FOUND["RandomFourierFeatures"](5, trainable=trainable, name="it")(x)))
    assert_verified(e)
    assert e["it"].params.working == "6·5 + 5 + 1"
    assert e.trainable == (1 if trainable else 0)


@pytest.mark.skipif("PeepholeLSTMCell" not in FOUND, reason="Keras dropped it after 2.6")
def test_a_cell_that_is_looked_at() -> None:
    x = keras.Input((7, 16))
    e = explain(keras.Model(x, layers.RNN(FOUND["PeepholeLSTMCell"](32), name="it")(x)))
    assert_verified(e)
    assert e["it"].params == 4 * 32 * (16 + 32 + 1) + 3 * 32


@pytest.mark.parametrize(("name", "axis"), [("RandomHeight", 1), ("RandomWidth", 2)])
def test_a_side_that_is_drawn_is_unknown(name: str, axis: int) -> None:
    x = keras.Input((32, 48, 3))
    e = explain(keras.Model(x, layers.Conv2D(4, 3, name="conv")(FOUND[name](0.2, name="it")(x))))
    assert_verified(e)
    assert e["conv"].params == 112
    shape = e["it"].output_shape
    assert [isinstance(dim, int) for dim in shape[1:]] == [axis != 1, axis != 2, True]
    assert not e.neurons.known or not isinstance(e.neurons.value, int)
