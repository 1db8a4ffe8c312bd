"""Totals are counted once for layers that hold alike; they are what the rows add up to, whatever no law speaks of."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from introspect import explain


class LlamaRMSNorm(nn.Module):
    """Known by its full name: without an input, nothing but its weight says how wide it is."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> Any:
        return x * self.weight


LlamaRMSNorm.__module__ = "transformers.models.llama.modeling_llama"


def _lawless() -> nn.Module:
    widths = (4, 8, 8, 16, 4)
    return nn.ModuleList([nn.Sequential(nn.Linear(width, width), LlamaRMSNorm(width)) for width in widths])


def _frozen() -> nn.Module:
    made = _lawless()
    made[1][1].weight.requires_grad_(False)
    made[2][0].bias.requires_grad_(False)
    return made


def _tied() -> nn.Module:
    made = _lawless()
    made[2][1].weight = made[1][1].weight
    made[4][0].weight = made[0][0].weight
    return made


@pytest.mark.parametrize("make", [_lawless, _frozen, _tied])
def test_layers_of_one_class_and_different_sizes_without_a_law(make: Any) -> None:
    model = make()
    e = explain(model)
    assert e.params == sum(p.numel() for p in model.parameters())
    assert e.trainable == sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert e.params == sum(int(row.params) for row in e.layers)
    assert not e.notes_on_totals
