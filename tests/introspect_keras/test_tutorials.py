"""Models as tutorials write them: unbuilt, called and in a graph they have one ledger, and nothing is left behind."""

from __future__ import annotations

import random
from typing import Any, Callable

import keras
import numpy as np
import pytest
from agreement import assert_verified
from keras import layers, ops

from introspect import explain


class Sampling(layers.Layer):
    """A draw around a mean."""

    def call(self, inputs: Any) -> Any:
        mean, log_var = inputs
        noise = keras.random.normal(shape=(ops.shape(mean)[0], ops.shape(mean)[1]))
        return mean + ops.exp(0.5 * log_var) * noise


class Autoencoder(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="autoencoder")
        self.mean, self.log_var, self.draw = layers.Dense(2), layers.Dense(2), Sampling()
        self.decoder = keras.Sequential([layers.Dense(5, "relu"), layers.Dense(8)])
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def call(self, x: Any) -> Any:
        return self.decoder(self.draw([self.mean(x), self.log_var(x)]))


class InstanceNorm(layers.Layer):
    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=shape[-1:], initializer="ones", name="scale")
        self.offset = self.add_weight(shape=shape[-1:], initializer="zeros")

    def call(self, x: Any) -> Any:
        mean, var = ops.moments(x, axes=[1, 2], keepdims=True)
        return self.scale * (x - mean) * ops.rsqrt(var + 1e-5) + self.offset


class Generator(keras.Model):
    """Reflected edges and a norm of one's own."""

    def __init__(self) -> None:
        super().__init__(name="generator")
        self.conv, self.norm = layers.Conv2D(4, 3, use_bias=False), InstanceNorm()

    def call(self, x: Any) -> Any:
        padded = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="reflect")
        return ops.relu(self.norm(self.conv(padded)))


class ClassToken(layers.Layer):
    def build(self, shape: Any) -> None:
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, x: Any) -> Any:
        return ops.concatenate([ops.broadcast_to(self.token, (ops.shape(x)[0], 1, x.shape[-1])), x], axis=1)


class Vision(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="vision")
        self.patches, self.token = layers.Conv2D(6, 4, strides=4), ClassToken()
        self.attention, self.head = layers.MultiHeadAttention(2, 3), layers.Dense(3)

    def call(self, x: Any, training: Any = None) -> Any:
        x = self.token(ops.reshape(self.patches(x), (ops.shape(x)[0], -1, 6)))
        return self.head(self.attention(query=x, value=x, key=x, training=training)[:, 0])


class Language(keras.Model):
    """Positions that are embedded, a causal mask, and the embedding read backwards."""

    def __init__(self) -> None:
        super().__init__(name="language")
        self.tokens, self.places = layers.Embedding(20, 6), layers.Embedding(9, 6)
        self.attention, self.norm = layers.MultiHeadAttention(2, 3), layers.LayerNormalization()

    def call(self, ids: Any) -> Any:
        length = ops.shape(ids)[-1]
        x = self.tokens(ids) + self.places(ops.arange(length))
        causal = ops.arange(length)[:, None] >= ops.arange(length)
        x = self.norm(x + self.attention(x, x, attention_mask=causal[None]))
        return ops.matmul(x, ops.transpose(self.tokens.embeddings))


class Translation(keras.Model):
    """The states of one recurrent layer handed to another."""

    def __init__(self) -> None:
        super().__init__(name="translation")
        self.source, self.target = layers.Embedding(12, 4), layers.Embedding(14, 4)
        self.encoder = layers.Bidirectional(layers.LSTM(3, return_state=True))
        self.decoder, self.head = layers.LSTM(6, return_sequences=True, return_state=True), layers.Dense(14)

    def call(self, inputs: Any) -> Any:
        _, h, c, back_h, back_c = self.encoder(self.source(inputs[0]))
        state = [ops.concatenate([h, back_h], axis=-1), ops.concatenate([c, back_c], axis=-1)]
        return self.head(self.decoder(self.target(inputs[1]), initial_state=state)[0])


class Capsules(layers.Layer):
    """Routing by agreement."""

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(3, shape[1], 4, shape[2]), name="w")

    def call(self, u: Any) -> Any:
        u = ops.tile(ops.expand_dims(ops.expand_dims(u, 1), -1), (1, 3, 1, 1, 1))
        votes = ops.squeeze(ops.matmul(self.w, u), axis=-1)
        logits = ops.zeros((ops.shape(votes)[0], 3, 1, votes.shape[2]))
        for _ in range(2):
            out = ops.matmul(ops.softmax(logits, axis=1), votes)
            logits = logits + ops.matmul(out, ops.transpose(votes, (0, 1, 3, 2)))
        return ops.squeeze(out, axis=2)


class Heads(keras.Model):
    """Layers in a dict, outputs in a dict, a loss on the way."""

    def __init__(self) -> None:
        super().__init__(name="heads")
        self.trunk, self.capsules = layers.Dense(8), Capsules()
        self.heads = {"price": layers.Dense(1), "kind": layers.Dense(4)}

    def call(self, x: Any) -> Any:
        x = ops.reshape(self.capsules(self.trunk(x)), (-1, 12))
        self.add_loss(ops.mean(x))
        return {name: head(x) for name, head in self.heads.items()}


MODELS: list[tuple[Callable[[], Any], Any]] = [
    (Autoencoder, (None, 8)),
    (Generator, (None, 7, 7, 2)),
    (Vision, (None, 8, 8, 3)),
    (Language, (None, 7)),
    (Translation, [(None, 5), (None, 6)]),
    (Heads, (None, 5, 6)),
]


def example(shape: Any) -> Any:
    if isinstance(shape, list):
        return [example(one) for one in shape]
    return np.ones((2, *shape[1:]), "int32" if len(shape) == 2 else "float32")


def owned(e: Any) -> list[Any]:
    return [(t.shape, t.trainable) for t in e.tensors]


@pytest.mark.parametrize(("make", "shape"), MODELS, ids=[make.__name__ for make, _ in MODELS])
def test_unbuilt_and_called_it_is_the_same_to_the_last_tensor(make: Any, shape: Any) -> None:
    model = make()
    unbuilt = explain(model, shape)
    assert (model.built, model.weights, unbuilt.opaque) == (False, [], [])
    model(example(shape))
    e = explain(model, shape)
    assert_verified(e)
    assert owned(e) == owned(unbuilt)
    assert unbuilt.params == e.params == model.count_params()
    assert unbuilt.neurons == e.neurons


@pytest.mark.parametrize(("make", "shape"), MODELS, ids=[make.__name__ for make, _ in MODELS])
def test_names_and_random_numbers_are_what_they_would_have_been(make: Any, shape: Any) -> None:
    def afterwards(asked: bool) -> list[Any]:
        keras.utils.clear_session()
        keras.utils.set_random_seed(3)
        model = make()
        if asked:
            explain(model, shape)
        names = [layers.Add().name, layers.Dense(1).name, layers.Reshape((1,)).name, layers.Dropout(0.5).name]
        return [names, random.random(), np.random.rand(), np.asarray(keras.random.normal((2,))).tolist()]

    assert afterwards(asked=True) == afterwards(asked=False)
