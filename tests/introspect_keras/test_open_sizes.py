"""Code that computes with sizes which are open: what comes out is in terms of them, or it is said why it is not known."""

from __future__ import annotations

import operator
from typing import Any

import keras
import pytest
from agreement import assert_verified
from hypothesis import given
from hypothesis import strategies as st
from introspect_keras.dialect import UntraceableError
from introspect_keras.open_sizes import Size, dim_of, opened
from keras import layers, ops

from introspect import explain
from introspect.algebra import evaluate, symbol
from introspect.layers import Reshape


class Heads(layers.Layer):
    """Attention as one writes it, heads folded into the batch, under a mask of the size that comes in."""

    def __init__(self) -> None:
        super().__init__(name="heads")
        self.query = layers.Dense(12, name="query")

    def call(self, x: Any) -> Any:
        batch, length, _ = ops.shape(x)
        y = ops.transpose(ops.reshape(self.query(x), (batch, length, 3, 4)), (0, 2, 1, 3))
        y = ops.reshape(y, (batch * 3, length, 4))
        mask = ops.cast(ops.arange(length)[:, None] >= ops.arange(length), "float32")
        scores = ops.matmul(y, ops.transpose(y, (0, 2, 1))) * ops.tile(mask[None], (batch * 3, 1, 1))
        z = ops.reshape(ops.matmul(ops.softmax(scores), y), (batch, 3, length, 4))
        z = ops.reshape(ops.transpose(z, (0, 2, 1, 3)), (batch, length, 12))
        first = ops.broadcast_to(ops.ones((1, 1, 12)), (batch, 1, 12))
        return ops.concatenate([first, z], axis=1)


def test_the_batch_and_the_length_of_a_sequence_are_computed_with() -> None:
    x = keras.Input((None, 8), name="x")
    e = explain(keras.Model(x, layers.Dense(2, name="last")(Heads()(x))))
    assert_verified(e)
    assert e.params == (8 + 1) * 12 + (12 + 1) * 2
    n, t = symbol("N"), symbol("T")
    assert e["heads.query"].output_shape == (n, t, 12)
    assert e["last"].output_shape == (n, t + 1, 2)
    assert (n * 3, t, t) in [row.output_shape for row in e.layers]
    assert e.neurons.at(T=7) == 7 * 12 + (7 + 1) * 2


def test_what_is_given_for_an_open_size_takes_its_place() -> None:
    e = explain(Heads(), ("B", 5, 8))
    assert e.layers[-1].output_shape == (symbol("B"), 6, 12)


class Patches(layers.Layer):
    """Images cut into squares of four by four."""

    def call(self, x: Any) -> Any:
        batch, height, width, channels = ops.shape(x)
        x = ops.reshape(x, (batch, height // 4, 4, width // 4, 4, channels))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (batch, (height // 4) * (width // 4), 16 * channels))


def test_open_sizes_are_divided_and_multiplied() -> None:
    e = explain(Patches(), (None, None, None, 3))
    h, w = symbol("H"), symbol("W")
    assert e.layers[-1].output_shape[1:] == ((h // 4) * (w // 4), 48)
    assert e.layers[-1].units.at(H=8, W=12) == 6 * 48


class Unrolled(layers.Layer):
    """As many steps as the sequence has."""

    def __init__(self) -> None:
        super().__init__(name="unrolled")
        self.step = layers.Dense(3, name="step")

    def call(self, x: Any) -> Any:
        total = ops.zeros_like(x[:, 0])
        for i in range(x.shape[1]):
            total = total + self.step(x[:, i])
        return total


class Halved(layers.Layer):
    """A size made a fraction, and whole again."""

    def call(self, x: Any) -> Any:
        return ops.reshape(x, (-1, int(x.shape[1] / 2), 2))


@pytest.mark.parametrize("layer", [Unrolled, Halved])
def test_what_depends_on_an_open_size_in_another_way_is_said_and_not_guessed(layer: Any) -> None:
    e = explain(layer(), (None, None, 3))
    assert e.status == "incomplete"
    assert e.layers[-1].output_shape is None
    (note,) = [note for note in e.model.notes if "cannot be followed" in note]
    assert "open size" in note
    assert "explain(model, inputs) with a number in its place" in note
    assert explain(layer(), (None, 4, 3)).layers[-1].output_shape is not None


BASES = {"a": 12, "b": 7}
sizes = st.sampled_from([Size.of(number, symbol(name)) for name, number in BASES.items()])


@given(sizes, st.lists(st.tuples(st.sampled_from("+-*/"), st.one_of(sizes, st.integers(1, 9)), st.booleans()), max_size=5))
def test_a_size_is_at_every_step_the_number_that_it_stands_for(size: Any, steps: list[Any]) -> None:
    compute = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv}
    number = int(size)
    for name, other, turned in steps:
        if turned and name == "/":
            continue  # by an expression that may be zero
        a, b = (other, size) if turned else (size, other)
        expected = compute[name](int(a), int(b))
        size, number = compute[name](a, b), expected
    assert int(size) == number
    assert evaluate(dim_of(size), BASES) == number


def test_a_law_with_sizes_in_it_is_a_law_in_terms_of_the_inputs() -> None:
    batch = Size.of(22, symbol("the batch"))
    law = opened(Reshape((batch * 3, 5)), {"the batch": 4})
    assert law == Reshape((12, 5))
    with pytest.raises(UntraceableError, match="floating point"):
        float(batch)
