"""Masks reach a model's own code as Keras hands them on; what they reach Keras' own layers with changes no number."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from agreement import assert_verified
from keras import layers, ops

from introspect import explain

WORDS = (None, 7)


class Weighted(layers.Layer):
    """Averages over what is not masked; what is not masked at all is not weighted."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self.gate = layers.Dense(1, name="gate")

    def call(self, x: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.mean(x, axis=1)
        kept = ops.cast(mask, x.dtype)
        weights = self.gate(x) * ops.reshape(kept, (-1, x.shape[1], 1))
        return ops.sum(x * weights, axis=1) / ops.sum(weights, axis=1)


class Reader(keras.Model):
    """Whatever makes the mask, two layers of Keras' own hand it on."""

    def __init__(self, first: list[Any]) -> None:
        super().__init__(name="reader")
        self.first = first
        self.rnn = layers.LSTM(4, return_sequences=True, name="rnn")
        self.drop = layers.Dropout(0.5, name="drop")
        self.pool = Weighted(name="pool")

    def call(self, x: Any) -> Any:
        for part in self.first:
            x = part(x)
        return self.pool(self.drop(self.rnn(x)))


def masking() -> dict[str, list[Any]]:
    return {
        "an embedding": [layers.Embedding(10, 4, mask_zero=True)],
        "Masking": [layers.Embedding(10, 4), layers.Masking()],
        "two of them": [layers.Embedding(10, 4, mask_zero=True), layers.Masking()],
        "none": [layers.Embedding(10, 4)],
        "a layer that does not support them": [layers.Embedding(10, 4, mask_zero=True), Doubled()],
    }


class Doubled(layers.Layer):
    def call(self, x: Any) -> Any:
        return x * 2.0


RNN = 4 * 4 * (4 + 4 + 1)


@pytest.mark.parametrize("by", ["an embedding", "Masking", "two of them", "none", "a layer that does not support them"])
def test_code_that_asks_for_a_mask_is_followed_where_keras_would_give_one(by: str) -> None:
    gate = 5 if by in ("an embedding", "Masking", "two of them") else 0
    model = Reader(masking()[by])
    unbuilt = explain(model, WORDS)
    assert unbuilt.params == 10 * 4 + RNN + gate
    assert any(row.path == "pool.gate" for row in unbuilt.layers) == bool(gate)
    model(np.ones((2, 7), "int32"))
    e = explain(model, (2, 7))
    assert e.params == model.count_params() == unbuilt.params
    assert_verified(e)


def test_a_mask_in_a_graph_reaches_code_in_it() -> None:
    words = keras.Input((7,), dtype="int32")
    seen = layers.Embedding(10, 4, mask_zero=True)(words)
    e = explain(keras.Model(words, Weighted(name="pool")(seen)))
    assert_verified(e)
    assert e["pool.gate"].params == 5


class Pair(layers.Layer):
    """A mask for each of two arguments, and one of its own for what comes out."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self.both, self.one = layers.Dense(3, name="both"), layers.Dense(4, name="one")

    def call(self, a: Any, b: Any, a_mask: Any = None, b_mask: Any = None) -> Any:
        return self.both(a + b) if a_mask is not None and b_mask is not None else self.one(a + b)

    def compute_mask(self, a: Any, previous: Any = None) -> Any:
        return ops.any(ops.not_equal(a, 0.0), axis=-1)


class Two(keras.Model):
    def __init__(self, masked: bool) -> None:
        super().__init__(name="two")
        self.left, self.right = layers.Embedding(9, 2, mask_zero=True), layers.Embedding(8, 2, mask_zero=masked)
        self.pair, self.pool = Pair(name="pair"), Weighted(name="pool")

    def call(self, x: Any) -> Any:
        return self.pool(self.pair(self.left(x), self.right(x)))


@pytest.mark.parametrize(("masked", "inside"), [(True, 9 + 4), (False, 12 + 5)])
def test_each_argument_has_its_mask_and_a_layer_may_make_one_of_its_own(masked: bool, inside: int) -> None:
    model = Two(masked)
    assert explain(model, WORDS).params == 9 * 2 + 8 * 2 + inside
    model(np.ones((2, 7), "int32"))
    e = explain(model, WORDS)
    assert e.params == model.count_params()
    assert [row.path for row in e.opaque] == [
        "pair.one"
    ] * masked  # Keras builds it all the same: it tries the code without masks


def test_a_mask_that_is_given_to_a_layer_of_keras_changes_nothing() -> None:
    x, mask = keras.Input((7, 4)), keras.Input((7,), dtype="bool")
    square = keras.Input((7, 7), dtype="bool")
    outputs = [
        layers.LSTM(3)(x, mask=mask),
        layers.Bidirectional(layers.GRU(3))(x, mask=mask),
        layers.GlobalAveragePooling1D()(x, mask=mask),
        layers.BatchNormalization()(x, mask=mask),
        layers.Softmax()(x, mask=ops.expand_dims(mask, -1)),
        layers.TimeDistributed(layers.Dense(2))(x, mask=mask),
        layers.MultiHeadAttention(2, 2)(x, x, attention_mask=square),
        layers.Attention()([x, x], mask=[mask, mask]),
    ]
    e = explain(keras.Model([x, mask, square], outputs), [(2, 7, 4), (2, 7), (2, 7, 7)])
    assert_verified(e)
    assert [shape for row in e.layers if not row.function for shape in row.output_shapes][3:] == [
        (2, 3), (2, 6), (2, 4), (2, 7, 4), (2, 7, 4), (2, 7, 2), (2, 7, 4), (2, 7, 4)
    ]  # fmt: skip
