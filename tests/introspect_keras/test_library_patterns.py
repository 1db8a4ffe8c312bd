"""Layers as libraries of models are written: two inputs of one open length, masks made of sizes, arrays beside symbolic tensors."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
from agreement import assert_verified
from keras import layers, ops

from introspect import explain


class Decoder(layers.Layer):
    """Attends to what came before, where the padding mask allows it; built by hand, part by part."""

    def __init__(self, heads: int, **names: Any) -> None:
        super().__init__(**names)
        self.heads = heads

    def build(self, x_shape: Any, padding_shape: Any = None) -> None:
        width = x_shape[-1]
        self.query = layers.EinsumDense("abc,cde->abde", (None, self.heads, width // self.heads), name="query")
        self.query.build(x_shape)
        self.out = layers.EinsumDense("abcd,cde->abe", (None, width), name="out")
        self.out.build((*x_shape[:2], self.heads, width // self.heads))
        self.softmax = layers.Softmax(name="softmax")
        self.norm = layers.LayerNormalization(name="norm")
        self.norm.build(x_shape)
        self.slope = self.add_weight(name="slope", shape=(self.heads,))
        self.built = True

    def call(self, x: Any, padding: Any = None) -> Any:
        batch, length = ops.shape(x)[0], ops.shape(x)[1]
        q = self.query(self.norm(x))
        i = ops.arange(length)
        causal = ops.broadcast_to(ops.expand_dims(i, 0) <= ops.expand_dims(i, 1), (batch, length, length))
        mask = causal if padding is None else ops.minimum(ops.cast(causal, "int8"), ops.cast(padding, "int8")[:, None, :])
        scores = ops.einsum("bthd,bshd->bhts", q, q) * ops.reshape(self.slope, (1, self.heads, 1, 1))
        scores = self.softmax(scores, mask=ops.expand_dims(mask, 1))
        return x + self.out(ops.einsum("bhts,bshd->bthd", scores, q))


class Rotary(layers.Layer):
    """Frequencies that are an array, and positions that depend on the input."""

    def call(self, x: Any) -> Any:
        frequencies = ops.convert_to_tensor(np.linspace(1.0, 2.0, x.shape[-1], dtype="float32"))
        positions = ops.cumsum(ops.ones_like(x[..., :1]), axis=1)
        angles = frequencies[None, None, :] * positions
        return x * ops.cos(angles) + ops.flip(x, axis=-1) * ops.sin(angles)


def language_model(blocks: int, width: int = 16) -> keras.Model:
    ids = keras.Input((None,), dtype="int32", name="ids")
    padding = keras.Input((None,), dtype="int32", name="padding")
    tokens = layers.Embedding(50, width, name="tokens")
    x = Rotary(name="rotary")(tokens(ids))
    for i in range(blocks):
        x = Decoder(2, name=f"block{i}")(x, padding=padding)
    logits = ops.matmul(x, ops.transpose(tokens.embeddings))  # the table is used once more
    return keras.Model({"ids": ids, "padding": padding}, logits, name="lm")


BLOCK = 16 * 16 + 16 * 16 + 2 * 16 + 2  # two projections without a bias, a norm, a slope for each head


def test_two_inputs_of_one_open_length_are_followed_as_such() -> None:
    model = language_model(2)
    e = explain(model)
    assert e.params == model.count_params() == 50 * 16 + 2 * BLOCK
    assert_verified(e)
    assert not e.model.notes
    short = explain(model, {"ids": (2, 7), "padding": (2, 7)})
    assert_verified(short)
    assert short.model.values[short.model.outputs[0]].shape == (2, 7, 50)
    numbers = {name: np.ones((2, 7), "int32") for name in ("ids", "padding")}
    assert tuple(model(numbers).shape) == (2, 7, 50)


def test_nothing_is_left_behind() -> None:
    from keras.src.backend.common import global_state

    model = language_model(1)
    weights = [np.array(v) for v in model.variables]
    attributes = {part.name: dict(vars(part)) for part in model._flatten_layers()}
    state = {name: repr(value) for name, value in vars(global_state.GLOBAL_STATE_TRACKER).items()}
    drawn = random.getstate(), repr(np.random.get_state())
    assert explain(model).params == model.count_params()
    assert {name: repr(value) for name, value in vars(global_state.GLOBAL_STATE_TRACKER).items()} == state
    assert (random.getstate(), repr(np.random.get_state())) == drawn
    assert {part.name: dict(vars(part)) for part in model._flatten_layers()} == attributes
    assert all(np.array_equal(a, np.array(b)) for a, b in zip(weights, model.variables))


class Weighted(layers.Layer):
    """Code that looks at values; Keras' own word on its shape is that for the first argument."""

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self.dense = layers.Dense(6, name="dense")

    def build(self, shape: Any) -> None:
        self.dense.build(shape)

    def call(self, x: Any, weights: Any = None) -> Any:
        return self.dense(x) if isinstance(x, keras.KerasTensor) and type(x) is keras.KerasTensor else x.numbers

    def compute_output_spec(self, x: Any, weights: Any = None) -> Any:
        return keras.KerasTensor((*x.shape[:-1], 6))

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape[:-1], 6)


def test_the_shape_of_what_cannot_be_followed_is_that_of_its_first_argument() -> None:
    x, weights = keras.Input((None, 4)), keras.Input((3,))
    made = Weighted(name="weighted")(x, weights)
    e = explain(keras.Model([x, weights], layers.LayerNormalization(name="norm")(made)), [(2, 5, 4), (2, 3)])
    assert any("cannot be followed" in note for note in e.model.notes)
    assert e["norm"].params == 2 * 6
    assert e["norm"].output_shape == (2, 5, 6)
    assert not e.mismatches
