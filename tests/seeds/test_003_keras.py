"""Document 003 in today's Keras: why the second convolution owns 51,264 parameters and not 1,664."""

from __future__ import annotations

import keras
import pytest
from agreement import assert_verified
from keras import layers

from introspect import Explanation, explain


def document() -> keras.Model:
    """The document's network, on one grey 28×28 image."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="image"),
            layers.Conv2D(32, (5, 5), name="conv1"),
            layers.Activation("relu", name="relu1"),
            layers.MaxPooling2D((2, 2), name="pool1"),
            layers.Conv2D(64, (5, 5), name="conv2"),
            layers.Activation("relu", name="relu2"),
            layers.MaxPooling2D((2, 2), name="pool2"),
            layers.Dropout(0.25, name="dropout1"),
            layers.Flatten(name="flatten"),
            layers.Dense(100, name="dense"),
            layers.Activation("relu", name="relu3"),
            layers.Dropout(0.5, name="dropout2"),
            layers.Dense(2, name="output"),
        ],
        name="document_003",
    )


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return document()


@pytest.fixture(scope="module")
def explained(model: keras.Model) -> Explanation:
    return explain(model)


def test_everything_is_verified(explained: Explanation) -> None:
    assert_verified(explained)
    assert explained.status == "verified"
    assert explained.opaque == []


@pytest.mark.parametrize(
    ("path", "params", "working"),
    [
        ("conv1", 832, "(5·5·1 + 1)·32"),
        ("conv2", 51_264, "(5·5·32 + 1)·64"),
        ("dense", 102_500, "(4·4·64 + 1)·100"),
        ("output", 202, "(100 + 1)·2"),
    ],
)
def test_parameters_with_their_working(
    model: keras.Model, explained: Explanation, path: str, params: int, working: str
) -> None:
    row = explained[path]
    assert row.params == params == model.get_layer(path).count_params()
    assert row.params.working == working
    assert row.status == "verified"


def test_a_filter_has_one_bias_however_many_maps_it_spans(explained: Explanation) -> None:
    row = explained["conv2"]
    assert row.params.formula == "(kh·kw·c_in + 1)·filters"
    assert (row.weights, row.biases) == (5 * 5 * 32 * 64, 64)
    assert row.params != (5 * 5 + 1) * 64  # what the asker expected


@pytest.mark.parametrize("path", ["dropout1", "dropout2"])
def test_dropout_owns_nothing_and_takes_nothing_away(explained: Explanation, path: str) -> None:
    row = explained[path]
    assert row.params == 0
    assert row.output_shape == row.input_shapes[0]


def test_total(model: keras.Model, explained: Explanation) -> None:
    assert explained.params == 154_798 == model.count_params()
    assert explained.trainable == 154_798
    assert explained.neurons == 24 * 24 * 32 + 8 * 8 * 64 + 100 + 2
