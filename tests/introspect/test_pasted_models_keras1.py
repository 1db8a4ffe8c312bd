"""Summaries of Keras 1, pasted beside the live models."""

from __future__ import annotations

import pytest
from pasted_summaries import assert_aligned, assert_right, diagnosed, model_of, recorded

from fixtures.summaries.keras1_models import MODELS
from introspect import explain


@pytest.mark.parametrize("name", recorded("keras1"))
def test_every_number_of_a_pasted_summary_is_judged(name: str) -> None:
    explanation = explain(MODELS[model_of(name)]())
    statistics = dict.fromkeys(["", "norm"], "running_statistics") if model_of(name) == "branches" else {}
    assert_right(diagnosed(name, explanation), statistics)  # Keras 1 counts only what it trains
    assert_aligned(name, explanation, frozenset(statistics) - {""})
