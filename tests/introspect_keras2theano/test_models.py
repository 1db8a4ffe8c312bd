"""Whole models of Keras 2.0 to 2.3 on Theano: shared, nested, frozen, subclassed, not built, corrupted; what Keras 1 left behind."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from agreement import assert_verified
from introspect_keras import adapter
from keras import backend, layers
from keras.engine.topology import Layer
from keras.models import Model, Sequential

from fixtures.small_keras import MORE, NETS
from introspect import ShapeError, explain
from introspect.counting import count

FIRST = keras.__version__.startswith("2.0.")  # has neither models of the user's own classes, nor any that are built later
needs_subclasses = pytest.mark.skipif(FIRST, reason="Keras has models of the user's own classes since 2.2")
LIGHT = [name for name in {**NETS, **MORE} if not name.startswith("document")]  # the others take Theano seconds to fill


@pytest.mark.parametrize("name", LIGHT)
def test_every_net_is_verified(name: str) -> None:
    make, inputs = {**NETS, **MORE}[name]
    assert_verified(explain(make(), inputs))


def classifier() -> Any:
    model = Sequential(name="classifier")
    model.add(layers.Conv2D(4, 3, input_shape=(8, 8, 3), name="conv"))
    model.add(layers.Flatten(name="flatten"))
    model.add(layers.Dense(5, name="dense"))
    return model


def test_a_shared_layer_and_a_nested_model_called_twice() -> None:
    encoder = Sequential([layers.Dense(3, input_shape=(5,), name="dense")], name="encoder")
    left, right = layers.Input((5,)), layers.Input((5,))
    shared = layers.Dense(2, name="shared")
    e = explain(Model([left, right], layers.Add()([shared(encoder(left)), shared(encoder(right))])))
    assert_verified(e)
    assert e.params == 18 + 8
    assert [row.path for row in e.layers if row.kind == "dense"] == ["encoder.dense", "shared", "encoder.dense", "shared"]


def test_frozen_layers_and_models() -> None:
    model = classifier()
    model.layers[0 if model.layers[0].name == "conv" else 1].trainable = False
    e = explain(model)
    assert_verified(e)
    assert e.non_trainable == 112
    model.trainable = False
    e = explain(model)
    assert_verified(e)
    assert e.trainable == 0


def test_what_a_flag_on_a_recurrent_layer_does_came_to_change() -> None:
    lstm = layers.LSTM(6, input_shape=(7, 4), name="lstm")
    lstm.trainable = False
    e = explain(Sequential([lstm]))
    assert_verified(e)
    assert e.params == 4 * 6 * (4 + 6 + 1)
    assert e.trainable == (e.params if FIRST else 0)


def test_a_gru_resets_before_unless_it_is_told_otherwise() -> None:
    e = explain(Sequential([layers.GRU(32, input_shape=(7, 16), name="gru")]))
    assert_verified(e)
    assert e["gru"].params.working == "3·32·(16 + 32 + 1)"
    if not FIRST:
        e = explain(Sequential([layers.GRU(32, input_shape=(7, 16), reset_after=True)]))
        assert_verified(e)
        assert e.params == 3 * 32 * (16 + 32 + 2)


def test_layers_that_keras_1_left_behind() -> None:
    model = Sequential([layers.Highway(input_shape=(12,), name="highway"), layers.MaxoutDense(6, nb_feature=3, name="maxout")])
    e = explain(model)
    assert_verified(e)
    assert (e["highway"].params, e["maxout"].params) == (2 * (144 + 12), 3 * 6 * 13)


def test_a_function_has_the_shape_that_it_declares_a_layer_of_the_users_is_opaque_what_follows_is_worked_out() -> None:
    class Scaled(Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(shape=(input_shape[1],), name="factor", initializer="ones")
            self.built = True

        def call(self, x: Any) -> Any:
            return x * self.factor

    cut = layers.Lambda(lambda x: x[:, :2], output_shape=(2,), input_shape=(4,), name="cut")
    e = explain(Sequential([cut, Scaled(name="own"), layers.Dense(3, name="dense")]))
    assert (e["cut"].status, e["own"].status, e.status) == ("verified", "opaque", "incomplete")
    assert (e["own"].params, e.opaque_params) == (2, 2)
    assert e["dense"].params.working == "(2 + 1)·3"


@needs_subclasses
def test_a_sequential_that_is_not_built_is_worked_out_and_stays_so() -> None:
    model = Sequential([layers.Conv2D(3, 3, name="conv"), layers.Flatten(), layers.Dense(2, name="dense")])
    e = explain(model, (None, 9, 9, 1))
    assert (e.params, e.status) == (30 + (7 * 7 * 3 + 1) * 2, "incomplete")
    assert not model.built
    model.build((None, 9, 9, 1))
    e = explain(model)
    assert_verified(e)
    assert e.params == 326


@needs_subclasses
def test_a_subclassed_model_has_all_its_parameters_once_it_is_built_and_says_what_is_not_read() -> None:
    class Subclassed(Model):
        def __init__(self) -> None:
            super().__init__(name="subclassed")
            self.first, self.second = layers.Dense(3, name="first"), layers.Dense(4, name="second")

        def call(self, x: Any) -> Any:
            return self.second(self.first(x))

    model = Subclassed()
    assert not explain(model, (None, 4)).params.known
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros((2, 4), "float32"), np.zeros((2, 4), "float32"))
    e = explain(model)
    assert e.params == 15 + 16
    assert e["second"].params.working == "(3 + 1)·4"
    assert not e.neurons.known
    assert any("code that is not read" in note for note in e.model.notes)
    model.first.trainable = False
    assert explain(model).trainable == 16


def test_a_corrupted_weight_is_a_mismatch_that_names_it_and_both_shapes() -> None:
    model = classifier()
    next(layer for layer in model.layers if layer.name == "conv").kernel.set_value(np.zeros((5, 5, 3, 4), "float32"))
    e = explain(model)
    assert [row.path for row in e.mismatches] == ["conv"]
    assert "conv.kernel" in " ".join(e["conv"].verdicts)
    assert "5×5×3×4" in " ".join(e["conv"].verdicts)


def test_inputs_must_not_contradict() -> None:
    assert explain(classifier(), (2, 8, 8, 3)).status == "verified"
    with pytest.raises(ShapeError, match="declares another input"):
        explain(classifier(), (2, 8, 8, 4))


def test_the_model_is_left_as_it_is() -> None:
    model = classifier()
    parts = [model, *model.layers]
    before = [dict(vars(part)) for part in parts]
    nodes = [len(getattr(part, "_inbound_nodes", None) or part.inbound_nodes) for part in parts]
    values = [backend.get_value(w).tobytes() for w in model.weights]
    explain(model)
    assert [dict(vars(part)) for part in parts] == before
    assert [len(getattr(part, "_inbound_nodes", None) or part.inbound_nodes) for part in parts] == nodes
    assert [backend.get_value(w).tobytes() for w in model.weights] == values


def test_translating_reads_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    model = classifier()
    model.add(layers.BatchNormalization())
    weights = [w for layer in model.layers for w in layer.weights]

    def refuse(*arguments: Any, **names: Any) -> Any:
        raise AssertionError("a weight was read")

    for name in ("get_value", "shape"):
        for cls in {base for w in weights for base in type(w).__mro__ if name in vars(base)}:
            monkeypatch.setattr(cls, name, refuse if name == "get_value" else property(refuse))
    monkeypatch.setattr(Layer, "count_params", refuse)
    assert sum(entry.size for entry in count(adapter.translate(model)).entries) == 112 + 725 + 20
