"""Every model of torchvision's registry: counted on paper, held against PyTorch and against the published numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torchvision_torch import build, family, inputs, names, published

from introspect import explain
from introspect.verifying import VERIFIED

SEEN_THROUGHOUT = [name for name in names() if family(name) not in ("detection", "optical_flow")]
PUBLISHED = [pytest.param(*one, id=f"{one[0]}-{one[1].name}") for one in published()]


def truth(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_the_registry_is_the_one_we_know() -> None:
    assert len(names()) == 121
    assert len(PUBLISHED) == 166
    counted = Counter(family(name) for name in names())
    assert counted == {
        "classification": 80, "quantization": 12, "video": 9, "detection": 12, "segmentation": 6, "optical_flow": 2,
    }  # fmt: skip


@pytest.mark.parametrize("name", SEEN_THROUGHOUT)
def test_all_parameters_and_all_shapes_are_verified(name: str) -> None:
    model = build(name)
    e = explain(model, inputs(name))
    assert e.params == truth(model)
    assert e.status == "verified", [row.verdicts for row in e.layers if row.status != VERIFIED][:5]
    silent = [row.path for row in e.layers if not row.function and row.status != VERIFIED]
    assert not silent
    assert not e.opaque


@pytest.mark.parametrize("name", [name for name in names() if family(name) == "optical_flow"])
def test_optical_flow(name: str) -> None:
    model = build(name)
    e = explain(model, inputs(name))
    assert e.params == truth(model)
    assert not [row.path for row in e.layers if not row.function and row.status != VERIFIED]


@pytest.mark.parametrize("name", [name for name in names() if family(name) == "detection"])
def test_detection_is_verified_for_parameters_and_says_where_it_becomes_dynamic(name: str) -> None:
    model = build(name)
    e = explain(model, inputs(name))
    assert e.params == truth(model)
    assert e.opaque_params == 0
    held = [tensor for tensor in e.tensors if not tensor.buffer]
    assert {tensor.status for tensor in held} == {VERIFIED}
    assert e.status == "incomplete"
    assert any("what comes after is not known" in note for note in e.model.notes)
    seen = {row.path for row in e.layers if row.status == VERIFIED and row.output_shape is not None}
    assert any("backbone" in path for path in seen), "the part before the proposals has its shapes"


@pytest.mark.parametrize(("name", "weights", "number"), PUBLISHED)
def test_published_numbers(name: str, weights: Any, number: int) -> None:
    e = explain(build(name, weights), verify=False)
    assert e.params == number
    assert e.opaque_params == 0
