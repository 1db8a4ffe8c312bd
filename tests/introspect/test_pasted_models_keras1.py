"""Summaries of Keras 1, pasted beside the live models."""

from __future__ import annotations

import pytest
from pasted_summaries import assert_aligned, assert_right, diagnosed, model_of, recorded

from fixtures.summaries.keras1_models import MODELS
from introspect import explain


@pytest.mark.parametrize("name", recorded("keras1"))
def test_every_number_of_a_pasted_summary_is_judged(name: str) -> None:
    explanation = explain(MODELS[model_of(name)]())
    statistics = {"norm": "running_statistics"} if model_of(name) == "branches" else {}
    assert_right(diagnosed(name, explanation), explanation, statistics, total=not statistics)  # what is trained, counted alone
    assert_aligned(name, explanation, frozenset(statistics))
