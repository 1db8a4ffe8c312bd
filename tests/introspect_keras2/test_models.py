"""Whole models of tf.keras 2: functions of TensorFlow, what later versions dropped, frozen, unbuilt, subclassed."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
from agreement import assert_verified
from under_test_keras import keras, layers

from introspect import explain

SEQUENCE, IMAGE, MOVIE = (6, 8), (7, 8, 2), (3, 7, 8, 2)
ALONE: dict[str, tuple[tuple[int, ...], Callable[[], Any], int]] = {
    "MultiHeadAttention": (SEQUENCE, lambda: on_itself(layers.MultiHeadAttention(2, 3)), 4 * 8 * 6 + 3 * 6 + 8),
    "AdditiveAttention": (SEQUENCE, lambda: paired(layers.AdditiveAttention()), 8),
    "LocallyConnected1D": (SEQUENCE, lambda: layers.LocallyConnected1D(3, 2), 5 * (2 * 8 * 3 + 3)),
    "LocallyConnected2D": (IMAGE, lambda: layers.LocallyConnected2D(3, 2), 6 * 7 * (2 * 2 * 2 * 3 + 3)),
    "RNN": (SEQUENCE, lambda: layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)]), 4 * 3 * 12 + 3 * 4 * (3 + 4 + 2)),
    "LSTM": (SEQUENCE, lambda: layers.LSTM(3, time_major=True, return_sequences=True), 4 * 3 * (8 + 3 + 1)),
    "Bidirectional": (SEQUENCE, lambda: layers.Bidirectional(layers.LSTM(3)), 2 * 4 * 3 * (8 + 3 + 1)),
    "ConvLSTM2D": (MOVIE, lambda: layers.ConvLSTM2D(3, 2), 4 * 3 * (4 * 2 + 4 * 3 + 1)),
    "ThresholdedReLU": (SEQUENCE, layers.ThresholdedReLU, 0),
    "Dot": (SEQUENCE, lambda: paired(layers.Dot((2, 2))), 0),
}


def on_itself(layer: Any) -> Callable[[Any], Any]:
    return lambda x: layer(x, x)


def paired(layer: Any) -> Callable[[Any], Any]:
    return lambda x: layer([x, x])


@pytest.mark.parametrize("name", ALONE)
def test_a_layer_alone(name: str) -> None:
    shape, make, params = ALONE[name]
    x = keras.Input(shape)
    e = explain(keras.Model(x, make()(x)))
    assert_verified(e)
    assert e.params == params


@pytest.mark.parametrize(("data_format", "made"), [("channels_last", (4, 6, 8, 5, 6)), ("channels_first", (2, 6, 8, 10, 6))])
def test_upsampling_of_volumes_asks_no_number_of_axes(data_format: str, made: tuple[int, ...]) -> None:
    """Keras 2 repeats along three axes by their places, whatever axes there are beside them."""
    x = keras.Input((2, 3, 4, 5, 6))
    e = explain(keras.Model(x, layers.UpSampling3D(2, data_format=data_format, name="it")(x)))
    assert_verified(e)
    assert e["it"].output_shape[1:] == made


def test_functions_of_tensorflow_have_their_laws() -> None:
    x = keras.Input((8, 8, 3))
    y = tf.nn.relu(layers.Conv2D(4, 3)(x)) + 1.0
    y = tf.reduce_mean(y[:, 1:], axis=[1, 2])
    e = explain(keras.Model(x, layers.Dense(3, name="last")(tf.concat([y, y], axis=-1))))
    assert_verified(e)
    assert not e.opaque
    assert e["last"].params.working == "(8 + 1)·3"


def test_a_sequential_before_and_after_it_is_trained() -> None:
    model = keras.Sequential([layers.Conv2D(3, 3, name="conv"), layers.Flatten(), layers.Dense(2, name="dense")])
    e = explain(model, (None, 9, 9, 1))
    assert (e.params, e.status) == (30 + (7 * 7 * 3 + 1) * 2, "incomplete")
    assert not model.built
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 9, 9, 1)), np.zeros((2, 2)), verbose=0)
    e = explain(model, (None, 9, 9, 1))
    assert_verified(e)
    assert e.params == 326
    assert e.reported.notes == ()  # this summary() does not count the optimizer


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="subclassed")
        self.first, self.second = layers.Dense(3, name="first"), layers.Dense(4, name="second")

    def call(self, x: Any) -> Any:
        return self.second(self.first(x))


def test_a_subclassed_model_is_worked_out_before_it_is_built_and_after() -> None:
    model = Subclassed()
    e = explain(model, (None, 4))
    assert (e.params, e.neurons, e.status) == (31, 7, "incomplete")
    assert not model.built
    model(np.zeros((1, 4), "float32"))
    e = explain(model, (None, 4))
    assert_verified(e)
    assert e["second"].params.working == "(3 + 1)·4"
    model.first.trainable = False
    assert explain(model, (None, 4)).trainable == explain(model).trainable == 16


def test_frozen_in_a_wrapper_and_in_a_nested_model() -> None:
    inner = layers.Dense(3, name="inner")
    part = keras.Sequential([keras.Input((4, 8)), layers.TimeDistributed(inner, name="each"), layers.BatchNormalization()])
    x = keras.Input((4, 8))
    model = keras.Model(x, layers.Dense(2)(part(x)))
    inner.trainable = False
    e = explain(model)
    assert_verified(e)
    assert (e.trainable, e.non_trainable) == (8 + 6, 27 + 6)
    part.trainable = False
    e = explain(model)
    assert_verified(e)
    assert e.trainable == 8


def test_a_shared_layer_and_a_nested_model_called_twice() -> None:
    encoder = keras.Sequential([keras.Input((5,)), layers.Dense(3, name="dense")], name="encoder")
    left, right = keras.Input((5,)), keras.Input((5,))
    shared = layers.Dense(2, name="shared")
    e = explain(keras.Model([left, right], layers.Add()([shared(encoder(left)), shared(encoder(right))])))
    assert_verified(e)
    assert e.params == 18 + 8
    assert [row.path for row in e.layers if row.kind == "dense"] == ["encoder.dense", "shared", "encoder.dense", "shared"]


def test_a_corrupted_weight_is_a_mismatch() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="dense")])
    dense = model.get_layer("dense")
    dense._trainable_weights[0] = dense.kernel = tf.Variable(np.zeros((5, 3), "float32"), name="dense/kernel")
    e = explain(model)
    assert e.status == "mismatch"
    assert "4×3" in " ".join(e["dense"].verdicts)
    assert "5×3" in " ".join(e["dense"].verdicts)


def test_the_model_is_left_as_it_is() -> None:
    unbuilt = keras.Sequential([layers.LayerNormalization(), layers.Dense(2)])
    built = keras.Sequential([keras.Input((8,)), layers.LayerNormalization(), layers.Dense(2)])
    for model in (unbuilt, built):
        everything = list(model._flatten_layers())
        nodes = [len(part._inbound_nodes) for part in everything]
        flags = [part.built for part in everything]
        explain(model, (None, 8))
        assert [len(part._inbound_nodes) for part in everything] == nodes
        assert [part.built for part in everything] == flags
