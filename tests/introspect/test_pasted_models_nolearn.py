"""nolearn's tables, pasted beside the live networks: sizes alone, and one number for the whole."""

from __future__ import annotations

import pytest
from pasted_summaries import model_of, recorded, text_of

from fixtures.summaries.nolearn_models import MODELS
from introspect import explain
from introspect.diagnosing import diagnose
from introspect.pasted import align, read


@pytest.mark.parametrize("name", recorded("nolearn"))
def test_the_total_is_right_and_every_row_finds_its_layer(name: str) -> None:
    explanation = explain(MODELS[model_of(name)]())
    aligned = align(read(text_of(name)), explanation.layers)
    assert (aligned.only_pasted, aligned.only_model) == ((), ())
    assert [pair.rows[0].path for pair in aligned.pairs] == [row.path for row in explanation.layers]
    diagnosis = diagnose(explanation, text_of(name))
    assert diagnosis.right
    assert diagnosis.claim.text.replace(",", "") == str(read(text_of(name)).totals["trainable"])
