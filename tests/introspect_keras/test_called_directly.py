"""Layers whose code calls TensorFlow itself, on TensorFlow: followed by the laws of its functions."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from agreement import assert_verified
from keras import layers

from introspect import explain

if keras.config.backend() == "tensorflow":
    import tensorflow as tf

pytestmark = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="another backend has functions of its own")


class Attention(layers.Layer):
    """As courses on transformers write it for TensorFlow."""

    def __init__(self, heads: int, width: int) -> None:
        super().__init__(name="attention")
        self.heads, self.width = heads, width
        self.q, self.k, self.v = (layers.Dense(width, name=name) for name in "qkv")

    def split(self, x: Any, batch: Any) -> Any:
        return tf.transpose(tf.reshape(x, (batch, -1, self.heads, self.width // self.heads)), perm=[0, 2, 1, 3])

    def call(self, x: Any) -> Any:
        batch = tf.shape(x)[0]
        q, k, v = (self.split(dense(x), batch) for dense in (self.q, self.k, self.v))
        scores = tf.matmul(q, k, transpose_b=True) / tf.math.sqrt(tf.cast(tf.shape(k)[-1], tf.float32))
        out = tf.transpose(tf.matmul(tf.nn.softmax(scores, axis=-1), v), perm=[0, 2, 1, 3])
        return tf.concat([tf.reshape(out, (batch, -1, self.width)), x * 2], axis=-1)


@pytest.mark.parametrize("length", [10, None])
def test_attention_written_for_tensorflow(length: Any) -> None:
    x = keras.Input((length, 16))
    e = explain(keras.Model(x, layers.Dense(2, name="last")(Attention(4, 16)(x))))
    assert_verified(e)
    assert e.params == 3 * (16 + 1) * 16 + (32 + 1) * 2
    assert e["last"].params.working == "(32 + 1)·2"
    assert "tf.nn.softmax" in [row.kind_name for row in e.layers]


class Sampling(layers.Layer):
    def call(self, inputs: Any) -> Any:
        mean, log_var = inputs
        noise = tf.random.normal(shape=(tf.shape(mean)[0], tf.shape(mean)[1]))
        return mean + tf.exp(0.5 * log_var) * noise


def test_random_numbers_are_not_drawn() -> None:
    x = keras.Input((6,))
    model = keras.Model(x, Sampling()([layers.Dense(2, name="mean")(x), layers.Dense(2, name="log_var")(x)]))
    tf.random.set_seed(7)
    expected = [float(tf.random.normal(())) for _ in range(2)]
    tf.random.set_seed(7)
    assert float(tf.random.normal(())) == expected[0]
    assert_verified(explain(model))
    assert float(tf.random.normal(())) == expected[1]


class Own(layers.Layer):
    """A weight of its own in TensorFlow's product."""

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(shape[-1], 3), name="w")

    def call(self, x: Any) -> Any:
        return tf.nn.relu(tf.matmul(x, self.w))


def test_weights_that_code_asks_for_are_what_tensorflow_multiplies_by() -> None:
    layer = Own(name="own")
    unbuilt = explain(layer, (None, 5))
    assert (unbuilt.params, layer.built) == (15, False)
    layer(np.zeros((1, 5), "float32"))
    e = explain(layer, (None, 5))
    assert_verified(e)
    assert e.params == 15


def test_tensorflow_is_asked_by_nobody_else_meanwhile() -> None:
    from tensorflow.python.util import dispatch

    before = list(dispatch._GLOBAL_DISPATCHERS)
    explain(Own(name="own"), (None, 5))
    assert before == dispatch._GLOBAL_DISPATCHERS


def test_what_tensorflow_cannot_run_on_symbols_is_said() -> None:
    x = keras.Input((5, 3))
    y = layers.Lambda(lambda t: tf.map_fn(lambda row: tf.reduce_sum(row, 0), t), name="each", output_shape=(3,))(x)
    e = explain(keras.Model(x, layers.Dense(2, name="last")(y)))
    assert any("each: its own code cannot be followed" in note for note in e.model.notes)
    assert (e.params, e["each"].status, e["last"].status) == (8, "opaque", "verified")
