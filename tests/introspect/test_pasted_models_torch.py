"""Summaries of live PyTorch models, pasted: every number right, and where a tool miscounts, the reason."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from pasted_summaries import assert_aligned, assert_right, diagnosed, model_of, recorded, text_of

from fixtures.summaries.torch_models import MODELS
from introspect import Explanation, explain
from introspect.diagnosing import diagnose
from introspect.pasted import align, read

NAMES = recorded("torchinfo", "torchsummary", "lightning")


@cache
def explained(model: str) -> Explanation:
    make, shapes, whole = MODELS[model]
    inputs = tuple(torch.zeros(shape, dtype=torch.long if whole else torch.float32) for shape in shapes)
    return explain(make(), inputs if len(inputs) > 1 else inputs[0])


MISCOUNTED = {  # what the tools get wrong in these models: in which rows and why, and whether in the total
    "torchinfo/tied": ({"head": "tied_counted_twice"}, False),
    "torchsummary/branches": ({}, False),  # a shared layer, at each call
    "torchsummary/shared": ({}, False),
    "torchsummary/nested": ({}, False),  # the model's own parameter is left out
    "lightning/tied": ({"head": "tied_counted_twice"}, True),
    "lightning/digits": ({}, False),  # 154 K for 154,798
    "lightning/tagger": ({"lstm": "cut_off"}, False),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_pasted_summary_is_judged(name: str) -> None:
    tool, model = name.split("/")[0], model_of(name)
    rows, total = MISCOUNTED.get(f"{tool}/{model}", ({}, True))
    shown = {} if name.endswith(".top") else rows  # the whole model in one row
    assert_right(diagnosed(name, explained(model)), explained(model), shown, total=total)


OFF = {
    "torchinfo/tied": {"head"}, "torchsummary/branches": {"left"}, "torchsummary/shared": {"encoder.0", "encoder.3"},
    "torchsummary/nested": {"Nested"},
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_row_finds_its_layers(name: str) -> None:
    tool, model = name.split("/")[0], model_of(name)
    assert_aligned(name, explained(model), frozenset(OFF.get(f"{tool}/{model}", ())))


@pytest.mark.parametrize("name", ["torchinfo/nested.names", "torchinfo/nested", "torchsummary/nested", "lightning/nested.deep"])
def test_rows_that_are_missing_do_not_shift_the_others(name: str) -> None:
    explanation = explained("nested")
    pasted = read(text_of(name))
    paths = {pair.pasted.line: {row.path for row in pair.rows} for pair in align(pasted, explanation.layers).pairs}
    lines = text_of(name).splitlines()
    for k in (3, 5):
        found = read("\n".join(lines[: pasted.rows[0].line - 1] + lines[pasted.rows[0].line + k - 1 :]) + "\n")
        pairs = align(found, explanation.layers).pairs
        numbered = [pair for pair in pairs if isinstance(pair.pasted.params, int) and pair.pasted.params]
        assert numbered
        for pair in numbered:
            assert {row.path for row in pair.rows} == paths[pair.pasted.line + k]


def test_a_number_changed_in_the_paste_is_the_only_one_wrong() -> None:
    claim = text_of("torchinfo/digits.names").replace("51,264", "1,664")
    parts = {path: part for path, part in diagnose(explained("digits"), claim).parts.items() if not part.right}
    assert {path: part.value for path, part in parts.items()} == {"conv2": 51264}


def test_the_checks_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert_right(diagnosed("torchinfo/tied", explained("tied")), explained("tied"), {}, total=False)
    with pytest.raises(AssertionError):
        assert_aligned("torchinfo/tied", explained("tied"))
    with pytest.raises(AssertionError):
        assert_aligned("torchinfo/digits", explained("nested"))
