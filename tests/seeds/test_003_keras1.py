"""Document 003 as it was asked, in Keras 1.1.1, with the channels where Theano and where TensorFlow has them."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import assert_verified
from keras.layers import Activation, Convolution2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential

from introspect import Explanation, explain

IMAGE = {"th": (1, 28, 28), "tf": (28, 28, 1)}


def document(ordering: str) -> Sequential:
    """The document's network, on one grey 28×28 image."""
    model = Sequential(name="document_003")
    model.add(Convolution2D(32, 5, 5, dim_ordering=ordering, input_shape=IMAGE[ordering], name="conv1"))
    model.add(Activation("relu", name="relu1"))
    model.add(MaxPooling2D((2, 2), dim_ordering=ordering, name="pool1"))
    model.add(Convolution2D(64, 5, 5, dim_ordering=ordering, name="conv2"))
    model.add(Activation("relu", name="relu2"))
    model.add(MaxPooling2D((2, 2), dim_ordering=ordering, name="pool2"))
    model.add(Dropout(0.25, name="dropout1"))
    model.add(Flatten(name="flatten"))
    model.add(Dense(100, name="dense"))
    model.add(Activation("relu", name="relu3"))
    model.add(Dropout(0.5, name="dropout2"))
    model.add(Dense(2, name="output"))
    return model


@pytest.fixture(scope="module", params=["th", "tf"])
def built(request: Any) -> tuple[Sequential, Explanation, str]:
    model = document(request.param)
    return model, explain(model), request.param


def test_everything_is_verified(built: Any) -> None:
    _, explained, _ = built
    assert_verified(explained)
    assert explained.status == "verified"
    assert explained.opaque == []


@pytest.mark.parametrize(
    ("path", "params", "working"),
    [("conv1", 832, "(5·5·1 + 1)·32"), ("conv2", 51_264, "(5·5·32 + 1)·64"), ("output", 202, "(100 + 1)·2")],
)
def test_parameters_with_their_working(built: Any, path: str, params: int, working: str) -> None:
    model, explained, _ = built
    layer = next(layer for layer in model.layers if layer.name == path)
    row = explained[path]
    assert row.params == params == layer.count_params()
    assert row.params.working == working
    assert row.status == "verified"


def test_dense_after_flatten_names_its_maps(built: Any) -> None:
    _, explained, ordering = built
    assert explained["dense"].params == 102_500
    assert explained["dense"].params.formula == {"th": "(c·h·w + 1)·units", "tf": "(h·w·c + 1)·units"}[ordering]


def test_a_filter_has_one_bias_however_many_maps_it_spans(built: Any) -> None:
    _, explained, _ = built
    row = explained["conv2"]
    assert row.params.formula == "(kh·kw·c_in + 1)·filters"
    assert (row.weights, row.biases) == (5 * 5 * 32 * 64, 64)


@pytest.mark.parametrize("path", ["dropout1", "dropout2"])
def test_dropout_owns_nothing_and_takes_nothing_away(built: Any, path: str) -> None:
    _, explained, _ = built
    row = explained[path]
    assert row.params == 0
    assert row.output_shape == row.input_shapes[0]


def test_totals_compiled_or_not(built: Any) -> None:
    _, explained, ordering = built
    assert explained.params == 154_798
    assert explained.neurons == 24 * 24 * 32 + 8 * 8 * 64 + 100 + 2
    compiled = document(ordering)
    compiled.build()
    again = explain(compiled)
    assert_verified(again)
    assert again.reported is not None
    assert again.params == again.reported.params == compiled.count_params()
