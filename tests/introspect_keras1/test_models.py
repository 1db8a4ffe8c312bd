"""Whole models of Keras 1: shared and nested layers, merges of branches, frozen, corrupted, and what Keras 1 forgets."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from agreement import assert_verified
from introspect_keras import adapter
from keras import backend, layers
from keras.engine.topology import Layer
from keras.layers import (
    LSTM,
    Activation,
    BatchNormalization,
    Convolution2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    Lambda,
    Merge,
    ParametricSoftplus,
    SReLU,
    TimeDistributedDense,
    merge,
)
from keras.models import Model, Sequential

from introspect import ShapeError, explain
from introspect.counting import count


def classifier(name: str) -> Sequential:
    model = Sequential(name=name)
    model.add(Convolution2D(4, 3, 3, input_shape=(3, 8, 8), dim_ordering="th", name=f"{name}_conv"))
    model.add(Flatten(name=f"{name}_flatten"))
    model.add(Dense(5, name=f"{name}_dense"))
    return model


def test_a_shared_layer_is_counted_once() -> None:
    dense = Dense(4, name="dense")
    left, right = Input(shape=(3,), name="left"), Input(shape=(3,), name="right")
    e = explain(Model([left, right], merge([dense(left), dense(right)], mode="concat", name="both")))
    assert_verified(e)
    assert [row.repeated for row in e.layers if row.path == "dense"] == [False, True]
    assert (e.params, e.neurons) == (16, 8)


def test_a_nested_model_called_twice_is_its_layers_called_twice() -> None:
    encoder = classifier("encoder")
    left, right = Input(shape=(3, 8, 8)), Input(shape=(3, 8, 8))
    both = merge([encoder(left), encoder(right)], mode="sum")
    e = explain(Model([left, right], [both, Dense(2, name="head")(both)]))
    assert_verified(e)
    assert [row.path for row in e.layers if row.kind == "conv"] == ["encoder.encoder_conv"] * 2
    assert e.params == 112 + (4 * 6 * 6 + 1) * 5 + 12


def test_a_sequential_that_begins_with_a_merge_of_branches() -> None:
    branches = [classifier("left"), classifier("right")]
    model = Sequential()
    model.add(Merge(branches, mode="concat", name="both"))
    model.add(Dense(2, name="head"))
    e = explain(model)
    assert_verified(e)
    assert len(e.model.inputs) == 2
    assert e["head"].params.working == "(10 + 1)·2"


def test_layers_that_hand_on_the_very_tensor_they_were_given() -> None:
    model = Sequential()
    model.add(Activation("linear", input_shape=(4,), name="first"))
    model.add(Dropout(0.0, name="second"))
    model.add(Dense(3, name="dense"))
    model.add(Activation("linear", name="last"))
    e = explain(model)
    assert_verified(e)
    assert [row.path for row in e.layers][1:] == ["first", "second", "dense", "last"]


def test_frozen_layers_and_models_are_not_trainable() -> None:
    model = classifier("frozen")
    model.layers[0].trainable = False
    e = explain(model)
    assert_verified(e)
    assert e.non_trainable == 112
    model.trainable = False
    e = explain(model)
    assert_verified(e)
    assert e.trainable == 0


def test_running_statistics_are_parameters_that_are_not_trainable() -> None:
    model = Sequential([BatchNormalization(input_shape=(5,), name="norm")])
    e = explain(model)
    assert_verified(e)
    assert (e.params, e.trainable) == (20, 10)
    assert [tensor.name for tensor in e["norm"].tensors] == ["gamma", "beta", "running_mean", "running_std"]


@pytest.mark.parametrize("consume_less", ["cpu", "gpu"])
def test_gates_are_stored_apart_or_together(consume_less: str) -> None:
    model = Sequential([LSTM(32, input_shape=(7, 16), consume_less=consume_less, name="lstm")])
    e = explain(model)
    assert_verified(e)
    assert e["lstm"].params == 6_272
    assert e["lstm"].params.formula == "4·h·(i + h + 1)"
    assert len(e["lstm"].tensors) == {"cpu": 12, "gpu": 3}[consume_less]


def test_activations_that_learn_more_than_a_slope() -> None:
    model = Sequential([SReLU(input_shape=(5, 4), name="s"), ParametricSoftplus(name="softplus")])
    e = explain(model)
    assert_verified(e)
    assert (e["s"].params, e["softplus"].params) == (4 * 20, 2 * 20)
    assert [tensor.role for tensor in e["s"].tensors] == ["left_threshold", "left_slope", "right_threshold", "right_slope"]


@pytest.mark.skipif(not hasattr(layers, "ConvLSTM2D"), reason="Keras has it since 1.2")
@pytest.mark.parametrize("dim_ordering", ["th", "tf"])
def test_a_recurrence_of_images_keeps_its_gates_apart(dim_ordering: str) -> None:
    shape = (4, 3, 9, 8) if dim_ordering == "th" else (4, 9, 8, 3)
    made = layers.ConvLSTM2D(5, 3, 2, input_shape=shape, dim_ordering=dim_ordering, border_mode="same", name="lstm")
    e = explain(Sequential([made]))
    assert_verified(e)
    assert e["lstm"].params == 4 * 5 * (6 * 3 + 6 * 5 + 1)
    assert len(e["lstm"].tensors) == 12


def test_a_function_has_the_shape_that_it_declares() -> None:
    model = Sequential([Lambda(lambda x: x[:, :2], output_shape=(2,), input_shape=(4,), name="cut"), Dense(3, name="dense")])
    e = explain(model)
    assert_verified(e)
    assert e["cut"].output_shape[1:] == (2,)
    assert e["dense"].params.working == "(2 + 1)·3"


@pytest.mark.parametrize("declared", [None, lambda shape: (shape[0], 2)])
def test_a_function_that_declares_none_is_opaque_and_what_follows_is_worked_out(declared: Any) -> None:
    cut = Lambda(lambda x: x[:, :2], output_shape=declared, input_shape=(4,), name="cut")
    e = explain(Sequential([cut, Dense(3, name="dense")]))
    assert e["cut"].status == "opaque"
    assert e["dense"].params.working == ("(2 + 1)·3" if declared else "(4 + 1)·3")  # on Theano Keras takes it to be the input's
    assert e.status == "incomplete"


def test_branches_that_are_multiplied_or_joined_by_a_function() -> None:
    left, right = Input(shape=(5, 4), name="left"), Input(shape=(6, 4), name="right")
    dot = merge([left, right], mode="dot", dot_axes=[2, 2], name="dot")
    cosine = merge([Flatten()(left), Flatten()(left)], mode="cos", dot_axes=1, name="cos")
    own = merge([left, left], mode=lambda both: both[0] - both[1], output_shape=(5, 4), name="own")
    e = explain(Model([left, right], [Dense(3, name="dense")(Flatten()(dot)), cosine, own]))
    assert_verified(e)
    assert [e[name].output_shape[1:] for name in ("dot", "cos", "own")] == [(5, 6), (1,), (5, 4)]
    assert e["dense"].params == (5 * 6 + 1) * 3


class Scaled(Layer):
    """A layer of the user's own."""

    def build(self, input_shape: Any) -> None:
        self.factor = backend.ones((input_shape[1],), name=f"{self.name}_factor")
        self.trainable_weights = [self.factor]

    def call(self, x: Any, mask: Any = None) -> Any:
        return x * self.factor


def test_a_layer_of_an_unknown_class_is_opaque_and_its_number_carried() -> None:
    e = explain(Sequential([Scaled(input_shape=(6,), name="own"), Dense(2)]))
    assert e["own"].status == "opaque"
    assert e["own"].params == e.opaque_params == 6
    assert [tensor.name for tensor in e["own"].tensors] == ["factor"]
    assert e.params == 6 + 14


def test_a_corrupted_weight_is_a_mismatch_that_names_it_and_both_shapes() -> None:
    model = classifier("net")
    model.layers[0].W.set_value(np.zeros((4, 3, 5, 5), "float32"))
    e = explain(model)
    assert e.status == "mismatch"
    assert [row.path for row in e.mismatches] == ["net_conv"]
    text = " ".join(e["net_conv"].verdicts)
    assert "net_conv.W" in text
    assert "4×3×3×3" in text
    assert "4×3×5×5" in text


@pytest.mark.skipif(not keras.__version__.startswith("1.1."), reason="Keras 1.2 lists it")
def test_a_kernel_that_keras_forgets_is_a_mismatch() -> None:
    """Keras 1.1.1 makes the kernel of a `TimeDistributedDense` without bias, and never lists it among the weights."""
    model = Sequential([TimeDistributedDense(3, bias=False, input_shape=(5, 4), name="dense")])
    assert model.layers[0].count_params() == 0
    e = explain(model)
    assert e["dense"].params == 12
    assert e["dense"].status == "mismatch"


def test_inputs_must_not_contradict() -> None:
    model = classifier("net")
    assert explain(model, (2, 3, 8, 8)).status == "verified"
    with pytest.raises(ShapeError):
        explain(model, (2, 4, 8, 8))


def test_the_model_is_left_as_it_is() -> None:
    model = classifier("net")
    before = [dict(vars(part)) for part in (model, *model.layers)]
    nodes = [len(part.inbound_nodes) for part in (model, *model.layers)]
    values = [w.get_value().tobytes() for layer in model.layers for w in layer.weights]
    explain(model)
    assert [dict(vars(part)) for part in (model, *model.layers)] == before
    assert [len(part.inbound_nodes) for part in (model, *model.layers)] == nodes
    assert [w.get_value().tobytes() for layer in model.layers for w in layer.weights] == values


def test_translating_reads_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    model = classifier("net")
    model.add(BatchNormalization())
    weights = [w for layer in model.layers for w in layer.weights]

    def refuse(*arguments: Any, **names: Any) -> Any:
        raise AssertionError("a weight was read")

    for cls in {base for w in weights for base in type(w).__mro__ if "get_value" in vars(base)}:
        monkeypatch.setattr(cls, "get_value", refuse)
    for cls in {base for w in weights for base in type(w).__mro__ if "shape" in vars(base)}:
        monkeypatch.setattr(cls, "shape", property(refuse))
    monkeypatch.setattr(Layer, "count_params", refuse)
    assert sum(entry.size for entry in count(adapter.translate(model)).entries) == 112 + 725 + 20
