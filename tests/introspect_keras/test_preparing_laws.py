"""The laws of Keras 3's layers that prepare data: categories, text, sound, pictures."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import strategies_preparing_keras as strategies
from against_keras import holds
from agreement import assert_verified
from breadth import sharing
from hypothesis import given
from keras import layers
from older_keras import FIRST
from strategies_keras import Case

from introspect import ShapeError, explain


@given(strategies.categories())
def test_categories(case: Case) -> None:
    holds(case)


@sharing(2)
@given(strategies.pictures())
def test_pictures(case: Case) -> None:
    holds(case)


@given(strategies.sized_pictures())
def test_sized_pictures(case: Case) -> None:
    holds(case)


@given(strategies.spectrograms())
def test_spectrograms(case: Case) -> None:
    holds(case)


if strategies.HAS_TENSORFLOW:

    @sharing(2)
    @given(strategies.lookups())
    def test_vocabularies(case: Case) -> None:
        holds(case)

    @sharing(2)
    @given(strategies.texts())
    def test_texts(case: Case) -> None:
        holds(case)


if strategies.HAS_TENSORFLOW and not FIRST:

    @pytest.mark.parametrize(
        ("name", "fields", "shape"),
        [
            ("Hashing", {"num_bins": 5, "output_mode": "one_hot"}, (2, 3)),
            ("Hashing", {"num_bins": 5, "output_mode": "multi_hot"}, (2, 3, 4)),
            ("IntegerLookup", {"vocabulary": [5, 6], "output_mode": "count"}, (2, 3, 4)),
            ("CategoryEncoding", {"num_tokens": 5, "output_mode": "multi_hot"}, (2, 3, 4)),
            ("TextVectorization", {"vocabulary": ["a"], "output_mode": "multi_hot"}, (2, 1)),
            ("TextVectorization", {"vocabulary": ["a"], "split": None}, (2, 3, 4)),
            ("TextVectorization", {"vocabulary": ["a"], "split": None, "output_sequence_length": 4}, (2, 3, 4)),
        ],
    )
    def test_where_keras_declares_other_vectors_than_it_makes_ours_are_those_it_makes(
        name: str, fields: dict[str, Any], shape: tuple[int, ...]
    ) -> None:
        data = np.full(shape, "a") if name == "TextVectorization" else np.ones(shape, "int64")
        made = getattr(layers, name)(**fields)(data)
        row = explain(getattr(layers, name)(name="it", **fields), (None, *shape[1:]))["it"]
        assert row.output_shape[1:] == tuple(made.shape)[1:]
        assert row.status == "mismatch"

    def test_a_vocabulary_that_is_still_to_be_learned_is_of_unknown_size() -> None:
        words = layers.StringLookup(output_mode="multi_hot", name="words")
        e = explain(words, (None, 3))
        assert_verified(e)
        assert not isinstance(e["words"].output_shape[-1], int)
        words.adapt(np.array(["a", "b", "a"]))
        assert explain(words, (None, 3))["words"].output_shape[1:] == (3,)


def pictures() -> dict[str, Any]:
    boxes = {"boxes": keras.Input((3, 4)), "labels": keras.Input((3,))}
    return {"images": keras.Input((8, 9, 3)), "labels": keras.Input((10,)), "bounding_boxes": boxes}


if not FIRST:

    @pytest.mark.parametrize("name", ["MixUp", "RandomFlip"])
    def test_pictures_in_a_dict_come_out_as_they_went_in(name: str) -> None:
        x = pictures()
        e = explain(keras.Model(x, getattr(layers, name)(bounding_box_format="xyxy", name="it")(x)))
        assert_verified(e)
        call = e.model.calls[-1]
        assert e.model.shapes(call.outputs) == e.model.shapes(call.inputs)


if hasattr(layers, "Equalization"):

    @pytest.mark.parametrize(("data_format", "shape"), [("channels_last", (2, 5, 6, 3)), ("channels_first", (2, 3, 5, 6))])
    def test_equalization_changes_values_alone(data_format: str, shape: tuple[int, ...]) -> None:
        layer = layers.Equalization(data_format=data_format, name="it")
        e = explain(layer, shape)
        assert_verified(e)
        assert e["it"].output_shape == tuple(layer(np.zeros(shape, "float32")).shape) == shape


if hasattr(layers, "MaxNumBoundingBoxes"):

    def test_boxes_are_cut_or_filled_up_to_a_number() -> None:
        x = pictures()
        e = explain(keras.Model(x, layers.MaxNumBoundingBoxes(7, name="it")(x)))
        assert_verified(e)
        sizes = [shape[1:] for shape in e.model.shapes(e.model.calls[-1].outputs) if shape is not None]
        assert sizes == [(7, 4), (7,), (8, 9, 3), (10,)]


def test_what_is_scaled_to_a_size_takes_pictures_alone() -> None:
    with pytest.raises(ShapeError, match="takes images alone"):
        explain(layers.Resizing(3, 3), {"images": (None, 8, 8, 3), "labels": (None, 4)})
