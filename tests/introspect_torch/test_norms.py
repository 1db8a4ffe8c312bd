"""Normalisations against the real modules: what they own, what they take, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from against_torch import check
from hypothesis import given
from hypothesis import strategies as st
from strategies_torch import RANKS, RECENT, WRONG
from torch import nn

AXES = st.lists(st.integers(1, 5), min_size=1, max_size=3)


def options(data: Any) -> dict[str, bool]:
    return {name: data.draw(st.booleans()) for name in ("affine", "track_running_stats")}


@given(st.data(), RANKS)
def test_batch_norm(data: Any, rank: int) -> None:
    features = data.draw(st.integers(1, 5))
    module = getattr(nn, f"BatchNorm{rank}d")(features, **options(data))
    axes, size = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 2))
    check(module, torch.zeros((data.draw(st.integers(1, 2)), features + data.draw(WRONG), *[size] * 3)[:axes]))


@pytest.mark.skipif(not RECENT, reason="PyTorch 1 runs it on graphics cards only")
@given(st.data())
def test_sync_batch_norm(data: Any) -> None:
    features = data.draw(st.integers(1, 5))
    shape = [data.draw(st.integers(1, 2)), features + data.draw(WRONG), *data.draw(st.lists(st.integers(1, 3), max_size=4))]
    check(nn.SyncBatchNorm(features, **options(data)), torch.zeros(shape[: data.draw(st.integers(1, 6))]))


@pytest.mark.filterwarnings("ignore:input's size at dim")
@given(st.data(), RANKS)
def test_instance_norm(data: Any, rank: int) -> None:
    features = data.draw(st.integers(1, 4))
    module = getattr(nn, f"InstanceNorm{rank}d")(features, **options(data))
    lead = [data.draw(st.integers(1, 2))] if data.draw(st.booleans()) else []
    check(module, torch.zeros(*lead, features + data.draw(WRONG), *[data.draw(st.integers(1, 3)) for _ in range(rank)]))


@given(st.data(), AXES)
def test_layer_norm(data: Any, shape: list[int]) -> None:
    module = nn.LayerNorm(shape, elementwise_affine=data.draw(st.booleans()))
    if data.draw(st.booleans()):
        module.register_parameter("bias", None)  # what `bias=False` does, which came later than the class
    lead = data.draw(st.lists(st.integers(1, 3), max_size=2))
    check(module, torch.zeros([*lead, *shape[:-1], shape[-1] + data.draw(WRONG)][data.draw(WRONG) :]))


@pytest.mark.skipif(not hasattr(nn, "RMSNorm"), reason="this PyTorch has no RMSNorm")
@given(st.data(), AXES)
def test_rms_norm(data: Any, shape: list[int]) -> None:
    module = nn.RMSNorm(shape, elementwise_affine=data.draw(st.booleans()))
    check(module, torch.zeros([2, *shape[:-1], shape[-1] + data.draw(WRONG)][2 * data.draw(WRONG) :]))


@given(st.data())
def test_group_norm(data: Any) -> None:
    groups = data.draw(st.integers(1, 4))
    channels = groups * data.draw(st.integers(1, 4))
    module = nn.GroupNorm(groups, channels, affine=data.draw(st.booleans()))
    lead = [data.draw(st.integers(1, 2)), channels + data.draw(WRONG)]
    shape = [*lead, *data.draw(st.lists(st.integers(1, 3), max_size=3))]
    check(module, torch.zeros(shape[: data.draw(st.integers(1, 5))]))
