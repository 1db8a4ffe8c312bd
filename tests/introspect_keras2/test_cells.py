"""tf.keras 2's recurrence around cells of the user's own: the body that all versions share, and what only Keras 2 has."""

from __future__ import annotations

from typing import Any

import tensorflow
from agreement import assert_verified
from cell_tests_keras import *  # noqa: F403
from tensorflow import TensorShape, concat, einsum, matmul
from tensorflow.keras import Input, Model, layers

from introspect import explain


class Nested(layers.Layer):
    """Two sequences, two states of different ranks, two outputs: the cell of TensorFlow's guide to recurrence."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.state_size = [TensorShape([10]), TensorShape([20, 30])]
        self.output_size = [TensorShape([10]), TensorShape([20, 30])]

    def build(self, input_shapes: Any) -> None:
        (_, i), (_, j, k) = input_shapes
        self.one = self.add_weight(shape=(i, 10), name="one")
        self.two = self.add_weight(shape=(j, k, 20, 30), name="two")

    def call(self, inputs: Any, states: Any) -> Any:
        one, two = tensorflow.nest.flatten(inputs)
        outputs = matmul(one, self.one), einsum("bij,ijkl->bkl", two, self.two)
        return outputs, (states[0] + outputs[0], states[1] + outputs[1])


def test_nested_inputs_states_and_outputs() -> None:
    inputs = Input((None, 5)), Input((None, 3, 4))
    e = explain(Model(inputs, layers.RNN(Nested(), return_sequences=True, name="rnn")(inputs)))
    assert_verified(e)
    assert e.params == 5 * 10 + 3 * 4 * 20 * 30
    assert [shape[2:] for shape in e["rnn"].output_shapes] == [(10,), (20, 30)]


class Given(layers.Layer):
    """What is the same at every step comes in beside the states."""

    state_size = 4

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.dense = layers.Dense(4, name="dense")

    def call(self, inputs: Any, states: Any, constants: Any) -> Any:
        output = self.dense(concat([inputs, states[0], constants[0]], -1))
        return output, [output]


def test_initial_states_and_constants() -> None:
    x, constant, state = Input((5, 3)), Input((2,)), Input((4,))
    y = layers.RNN(Given(), name="rnn")(x, initial_state=[state], constants=[constant])
    e = explain(Model([x, constant, state], y))
    assert_verified(e)
    assert e["rnn"].params.working == "(3 + 7)·4"  # of the input 3; of the state 4, of the constant 2, and the bias


def test_time_first_and_an_abstract_cell() -> None:
    class Own(layers.AbstractRNNCell):
        @property
        def state_size(self) -> int:
            return 4

        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")
            self.built = True

        def call(self, inputs: Any, states: Any) -> Any:
            output = matmul(inputs, self.kernel) + states[0]
            return output, [output]

    x = Input((2, 3), batch_size=5)
    e = explain(Model(x, layers.RNN(Own(), time_major=True, return_sequences=True, name="rnn")(x)))
    assert (e["rnn"].params, e["rnn"].output_shape, e["rnn"].params_status) == (12, (5, 2, 4), "verified")
