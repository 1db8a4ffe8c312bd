"""Recurrent layers around cells of the user's own, against what Keras makes of them. One body for tf.keras 2 and Keras 3."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from agreement import disagreements
from breadth import sharing
from cells_keras import Doubled, Maps, Over, Parts, Plan, Weights, concat, plans
from hypothesis import given
from under_test_keras import keras, layers, models, symbolic

from introspect import Explanation, ShapeError, explain
from introspect.serial import model_from_json, model_to_json


def listed(made: Any) -> list[Any]:
    """A nest of tensors, flat."""
    if isinstance(made, (list, tuple)):
        return [tensor for part in made for tensor in listed(part)]
    return [made]


def run(layer: Any, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes that come out when the layer computes; it has made all its weights then."""
    return [tuple(tensor.shape) for tensor in listed(layer(np.zeros(shape, "float32")))]


def agrees(layer: Any, plan: Plan) -> Explanation:
    """What is worked out for the layer, unbuilt and on paper, is what Keras makes once it computes."""
    before = explain(layer, plan.shape, verify=False)
    assert not layer.weights
    assert not layer.built
    shapes = run(layer, plan.shape)
    assert list(before.layers[-1].output_shapes) == shapes
    assert before.params == layer.count_params() == sum(int(np.prod(weight.shape)) for weight in layer.weights)
    after = explain(layer, plan.shape)
    assert after.params == before.params
    assert list(after.layers[-1].output_shapes) == shapes
    return after


@sharing(8)
@given(plans())
def test_a_recurrence_around_cells_of_the_users_own(plan: Plan) -> None:
    after = agrees(plan.layer(), plan)
    assert not after.mismatches, disagreements(after)
    assert not after.opaque
    assert {tensor.status for tensor in after.tensors} == {"verified"}
    assert model_from_json(json.loads(json.dumps(model_to_json(after.model)))) == after.model


def test_a_cell_that_extends_one_of_keras_counts_as_that_one_does() -> None:
    own, keras_own = explain(layers.RNN(Doubled(4)), (2, 5, 3)), explain(layers.LSTM(4), (2, 5, 3))
    assert own.params == keras_own.params == 4 * 4 * (3 + 4 + 1)
    assert own.neurons == keras_own.neurons == 4
    assert own.connections == keras_own.connections == 5 * 4 * 4 * (3 + 4)


def test_one_steps_edges_count_once_for_each_step_and_only_what_comes_out_is_neurons() -> None:
    e = explain(layers.RNN(Parts(4, depth=1), return_sequences=True, name="rnn"), (None, None, 3))
    assert str(e["rnn"].neurons) == "4·T"
    assert str(e["rnn"].connections) == f"{3 * 3 + (3 + 4) * 4}·T"
    assert [(t.name, t.role) for t in e.tensors][::3] == [("chain0.kernel", "kernel"), ("update0.bias", "bias")]


def test_nobody_says_what_is_done_with_weights_of_the_cells_own() -> None:
    e = explain(layers.RNN(Weights(4), name="rnn"), (2, 5, 3))
    assert (e.params, e.neurons, e.connections.value) == (3 * 4 + 4 * 4, 4, None)


def test_a_cell_in_two_layers_is_counted_once() -> None:
    cell = Parts(4, name="cell")
    x = symbolic((None, 5, 3))
    model = models.Model(x, [layers.RNN(cell, name="one")(x), layers.RNN(cell, name="other")(x)])
    assert explain(model).params == 3 * 3 + 3 + (3 + 4) * 4 + 4
    run(model, (2, 5, 3))
    after = explain(model)
    assert not disagreements(after)
    assert after.params == model.count_params() == 44


def test_a_state_with_spatial_axes() -> None:
    layer = layers.RNN(Maps(6, 4), return_sequences=True, name="rnn")
    assert explain(layer, (2, 5, 6, 6, 3)).params == 3 * 3 * 3 * 4 + 4 + 3 * 3 * 4 * 4
    assert run(layer, (2, 5, 6, 6, 3)) == [(2, 5, 6, 6, 4)]
    after = explain(layer, (2, 5, 6, 6, 3))
    assert after["rnn"].output_shape == (2, 5, 6, 6, 4)
    assert not after.mismatches


def test_a_recurrence_in_a_wrapper() -> None:
    e = explain(layers.TimeDistributed(layers.RNN(Over("GRUCell", 4)), name="each"), (2, 7, 5, 3))
    assert e["each"].output_shape == (2, 7, 4)
    assert e.params == 3 * 4 * (3 + 4 + 2) + (4 + 1) * 4
    assert e.connections == 7 * 5 * (3 * 4 * (3 + 4) + 4 * 4)


def test_nothing_is_left_behind() -> None:
    cell = Parts(4, depth=2, norm=True)
    layer = layers.Bidirectional(layers.RNN([cell, Weights(3), layers.LSTMCell(2)]))
    parts = list(layer._flatten_layers())
    before = [dict(vars(part)) for part in parts]
    explain(layer, (2, 5, 3))
    assert [vars(part) for part in parts] == before
    assert not [part for part in parts if part.built]


def test_a_state_that_does_not_come_out_as_it_went_in_is_refused() -> None:
    class Grows(layers.Layer):
        state_size = 4

        def call(self, inputs: Any, states: Any) -> Any:
            return states[0], [concat([states[0], inputs], axis=-1)]

    with pytest.raises(ShapeError, match=r"rnn: the state that comes out of a step does not fit\n  expected: 4\n  got:      7"):
        explain(layers.RNN(Grows(), name="rnn"), (2, 5, 3))


def test_code_that_asks_for_values_is_not_followed() -> None:
    class Asks(layers.Layer):
        state_size = 4

        def call(self, inputs: Any, states: Any) -> Any:
            return (states[0], states) if float(inputs[0, 0]) > 0 else (states[0] * 2.0, states)

    e = explain(layers.RNN(Asks(), name="rnn"), (2, 5, 3))
    assert (e["rnn"].status, e.params.value) == ("opaque", None)
    assert "rnn: its own code cannot be followed" in " ".join(e.model.notes)


class Twice(layers.Dense):
    """A layer of Keras' own, with something done to what comes out."""

    def call(self, inputs: Any, **options: Any) -> Any:
        return super().call(inputs) * 2.0


class TwiceOver(layers.LSTM):
    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any:
        return super().call(sequences, initial_state=initial_state, mask=mask, training=training) * 2.0


def test_a_class_that_extends_one_of_keras_has_its_law_where_it_calls_it() -> None:
    x = symbolic((None, 5, 3))
    model = models.Model(x, Twice(4, name="dense")(TwiceOver(2, name="lstm")(x)))
    e = explain(model)
    assert not disagreements(e)
    assert (e["lstm"].params.working, e["dense"].params.working) == ("4·2·(3 + 2 + 1)", "(2 + 1)·4")
    assert (e.neurons, e.connections) == (2 + 4, 5 * 4 * 2 * (3 + 2) + 2 * 4)
    assert e.params == model.count_params()
    assert explain(TwiceOver(2), (None, 5, 3), verify=False).params == 4 * 2 * (3 + 2 + 1)


class Shifted(layers.Layer):
    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.dense = layers.Dense(4, name="dense")

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs) + 1.0

    def compute_output_shape(self, input_shape: Any) -> Any:  # without it tf.keras 2.5 refuses to distribute the layer
        return (*tuple(input_shape)[:-1], 4)


def test_a_model_at_every_step_is_its_layers_once_for_each_step() -> None:
    inner = models.Sequential([layers.Conv2D(4, 3, name="conv"), layers.Flatten(), Shifted(name="own")], name="inner")
    x = symbolic((None, 5, 6, 6, 3))
    model = models.Model(x, layers.TimeDistributed(inner, name="each")(x))
    run(model, (2, 5, 6, 6, 3))
    e = explain(model)
    assert not disagreements(e)
    assert [e[f"each.inner.{name}"].params for name in ("conv", "own.dense")] == [(3 * 3 * 3 + 1) * 4, (4 * 4 * 4 + 1) * 4]
    assert e["each"].output_shape[1:] == (5, 4)
    assert (e.params, e.neurons) == (model.count_params(), 5 * (4 * 4 * 4 + 4))
    assert e.connections == 5 * (4 * 4 * 4 * 3 * 3 * 3 + 4 * 4 * 4 * 4)


class Film(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="film")
        self.each, self.head = layers.TimeDistributed(Shifted(name="own"), name="each"), layers.LSTM(2, name="head")

    def call(self, inputs: Any) -> Any:
        return self.head(self.each(inputs))


def test_what_is_at_every_step_is_followed_in_code_too() -> None:
    model = Film()
    before = explain(model, (None, 5, 3))
    assert before.params == (3 + 1) * 4 + 4 * 2 * (4 + 2 + 1)
    assert not before.opaque
    run(model, (2, 5, 3))
    after = explain(model, (2, 5, 3))
    assert after.params == before.params == model.count_params()
    assert not after.mismatches
