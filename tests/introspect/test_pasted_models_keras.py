"""Summaries of Keras 3 and of tf.keras 2, pasted beside the same model in today's Keras."""

from __future__ import annotations

from functools import cache

import keras
import pytest
from pasted_summaries import assert_aligned, assert_right, diagnosed, model_of, recorded, text_of

from fixtures.summaries.keras_models import MODELS
from introspect import Explanation, explain
from introspect.pasted import align, read

NAMES = [name for name in recorded("keras3", "keras2", "keras2_5") if model_of(name) in MODELS]


@cache
def explained(model: str) -> Explanation:
    keras.backend.clear_session()
    return explain(MODELS[model](keras))


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_pasted_summary_is_judged(name: str) -> None:
    explanation = explained(model_of(name))
    diagnosis = diagnosed(name, explanation)
    fitted = name.endswith(".fitted")
    assert_right(diagnosis, explanation, {}, total=not fitted)
    assert (diagnosis.reasons[0].code == "optimizer_slots") is fitted


@pytest.mark.parametrize("name", NAMES)
def test_every_row_finds_its_layers(name: str) -> None:
    assert_aligned(name, explained(model_of(name)))


def test_other_names_find_the_same_layers() -> None:
    explanation = explained("frozen")
    text = text_of("keras3/frozen")
    for number, name in enumerate(["conv2d_1", "batch_normalization_1", "re_lu", "conv2d", "batch_normalization", "dense"], 10):
        text = text.replace(f"│ {name} ", f"│ other_{number} ")
    aligned = align(read(text), explanation.layers)
    assert (
        [pair.params for pair in aligned.pairs]
        == [pair.pasted.params for pair in aligned.pairs]
        == [224, 32, 0, 584, 32, 0, 11530]
    )
