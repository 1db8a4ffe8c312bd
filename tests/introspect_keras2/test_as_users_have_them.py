"""tf.keras 2 as its tutorials use it: trained, saved, of mixed precision, ragged and sparse inputs, code that makes its own way."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
from agreement import assert_verified
from under_test_keras import keras, layers

from introspect import explain

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "new": lambda: keras.optimizers.Adam(),
    "momentum": lambda: keras.optimizers.SGD(0.1, 0.9),
}
if hasattr(keras.optimizers, "legacy"):
    OPTIMIZERS["legacy"] = lambda: keras.optimizers.legacy.Adam()


def small() -> Any:
    parts = [keras.Input((6,)), layers.Dense(4, name="a"), layers.BatchNormalization(), layers.Dense(2, name="b")]
    return keras.Sequential(parts)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_an_optimizer_and_metrics_keep_is_left_out(name: str) -> None:
    model = small()
    model.compile(OPTIMIZERS[name](), "mse", metrics=["mae", keras.metrics.AUC()])
    model.fit(np.zeros((4, 6)), np.zeros((4, 2)), verbose=0)
    e = explain(model)
    assert_verified(e)
    assert (e.params, e.trainable) == (28 + 16 + 10, 28 + 8 + 10)
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert any("Total params: 54" in line for line in lines)


@pytest.mark.parametrize("form", ["", ".h5"])
def test_a_model_that_was_loaded(tmp_path: Path, form: str) -> None:
    small().save(str(tmp_path / f"model{form}"))
    e = explain(keras.models.load_model(str(tmp_path / f"model{form}")))
    assert_verified(e)
    assert e.params == 54


class Sequence(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="sequence")
        self.a, self.b = layers.Dense(3, name="a"), layers.LSTM(4, name="b")

    def call(self, x: Any) -> Any:
        return self.b(self.a(x))


def test_a_subclassed_model_out_of_a_savedmodel_has_its_parameters_and_no_code(tmp_path: Path) -> None:
    model = Sequence()
    model(np.zeros((2, 5, 6), "float32"))
    model.save(str(tmp_path / "model"))
    e = explain(keras.models.load_model(str(tmp_path / "model")))
    assert e.params == 21 + 4 * 4 * (3 + 4 + 1)
    assert not e.mismatches
    assert not e.neurons.known


def test_mixed_precision_and_channels_first() -> None:
    x = keras.Input((3, 8, 8))
    y = layers.Conv2D(4, 3, data_format="channels_first", dtype=keras.mixed_precision.Policy("mixed_float16"))(x)
    y = layers.BatchNormalization(axis=1, dtype=keras.mixed_precision.Policy("mixed_float16"))(y)
    y = layers.Conv2DTranspose(3, 2, data_format="channels_first")(tf.nn.relu(tf.cast(y, "float32")))
    e = explain(keras.Model(x, layers.Dense(2)(layers.Flatten(data_format="channels_first")(y))))
    assert_verified(e)
    assert e.params == 112 + 16 + (2 * 2 * 4 + 1) * 3 + (3 * 7 * 7 + 1) * 2


def ragged() -> Any:
    x = keras.Input((None,), ragged=True, dtype=tf.int64)
    return keras.Model(x, layers.Dense(2)(layers.LSTM(5)(layers.Embedding(10, 4)(x))))


def sparse() -> Any:
    x = keras.Input((10,), sparse=True)
    return keras.Model(x, layers.Dense(2)(x))


@pytest.mark.parametrize(("make", "params"), [(ragged, 40 + 4 * 5 * 10 + 12), (sparse, 22)])
def test_ragged_and_sparse_inputs_go_through_layers(make: Callable[[], Any], params: int) -> None:
    e = explain(make())
    assert_verified(e)
    assert e.params == params


@pytest.mark.parametrize("made", [lambda x: x.to_tensor(), lambda x: x.values])
def test_what_only_ragged_tensors_have_is_opaque(made: Callable[[Any], Any]) -> None:
    x = keras.Input((None, 4), ragged=True)
    e = explain(keras.Model(x, layers.Dense(3, name="dense")(made(x))))
    assert e["dense"].params == 15
    assert [row.params for row in e.opaque] == [0]


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: layers.Lambda(f)])
def test_a_tensor_of_which_nothing_is_known(wrap: Callable[[Any], Any]) -> None:
    x = keras.Input((10,))
    y = wrap(lambda x: tf.py_function(lambda y: y, [x], tf.float32))(x)
    e = explain(keras.Model(x, layers.Activation("relu", name="after")(y)))
    assert e["after"].output_shape is None
    assert e.status == "incomplete"
    assert "py_function" in str(e)


class Heads(layers.Layer):
    """Attention as TensorFlow's tutorial writes it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(name="heads")
        self.width, self.heads = width, heads
        self.query, self.key, self.value, self.out = (layers.Dense(width, name=n) for n in ("query", "key", "value", "out"))

    def split(self, x: Any, batch: Any) -> Any:
        return tf.transpose(tf.reshape(x, (batch, -1, self.heads, self.width // self.heads)), perm=[0, 2, 1, 3])

    def call(self, x: Any) -> Any:
        batch = tf.shape(x)[0]
        q, k, v = (self.split(part(x), batch) for part in (self.query, self.key, self.value))
        scores = tf.matmul(q, k, transpose_b=True) / tf.math.sqrt(tf.cast(tf.shape(k)[-1], tf.float32))
        mixed = tf.transpose(tf.matmul(tf.nn.softmax(scores, axis=-1), v), perm=[0, 2, 1, 3])
        return self.out(tf.reshape(mixed, (batch, -1, self.width)))


class Tutorial(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="tutorial")
        self.tokens, self.heads, self.out = layers.Embedding(50, 16, name="tokens"), Heads(16, 4), layers.Dense(50, name="out")
        self.places = tf.zeros((1, 100, 16))

    def call(self, x: Any) -> Any:
        length = tf.shape(x)[1]
        x = self.tokens(x) * tf.math.sqrt(tf.cast(16, tf.float32)) + self.places[:, :length, :]
        return self.out(self.heads(x))


@pytest.mark.parametrize("length", [20, None])
def test_attention_as_the_tutorial_writes_it(length: Any) -> None:
    model = Tutorial()
    model(np.zeros((2, 20), "int32"))
    e = explain(model, (None, length))
    assert_verified(e)
    assert not e.opaque
    assert e.params == 800 + 4 * 17 * 16 + 17 * 50
    assert e["out"].output_shape[2:] == (50,)
    assert length is None or e["out"].output_shape[1:] == (20, 50)


class Autoencoder(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="autoencoder")
        down = [keras.Input((28, 28, 1)), layers.Conv2D(8, 3, 2, padding="same"), layers.Flatten(), layers.Dense(4)]
        up = [keras.Input((2,)), layers.Dense(49), layers.Reshape((7, 7, 1)), layers.Conv2DTranspose(1, 3, 4, padding="same")]
        self.encoder, self.decoder = keras.Sequential(down, name="encoder"), keras.Sequential(up, name="decoder")

    def call(self, x: Any) -> Any:
        mean, spread = tf.split(self.encoder(x), 2, axis=1)
        return self.decoder(mean + tf.exp(0.5 * spread) * tf.random.normal(tf.shape(mean)))


def test_an_autoencoder_that_draws_numbers() -> None:
    e = explain(Autoencoder(), (None, 28, 28, 1))
    assert_verified(e)
    assert e.params == 80 + (14 * 14 * 8 + 1) * 4 + 3 * 49 + 10
    assert e.model.shapes(e.model.outputs)[0][1:] == (28, 28, 1)  # type: ignore[index]
