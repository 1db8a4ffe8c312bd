"""What the tests of PyTorch's classes draw: sizes for one axis or each, modules that can be built, images of any rank."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import nn

RECENT = int(torch.__version__.partition(".")[0]) > 1  # PyTorch 1 takes shapes that 2 refuses, and reports less
RANKS = st.integers(1, 3)
SMALL = st.integers(1, 4)
BATCH = st.integers(1, 3)
WRONG = st.sampled_from([0, 0, 0, 1])  # now and then a size that does not fit


def each(rank: int, values: Any) -> Any:
    """One number for all axes, or a number for each."""
    return st.one_of(values, st.tuples(*[values] * rank))


def built(make: Any) -> nn.Module:
    """A module, unless PyTorch's constructor refuses it: then there is nothing to explain."""
    try:
        return make()
    except (ValueError, RuntimeError, AssertionError):
        assume(False)
        raise


def images(data: Any, rank: int, channels: int, largest: int = 9) -> torch.Tensor:
    """An input with or without a batch axis, now and then with a channel too many."""
    spatial = [data.draw(st.integers(1, largest)) for _ in range(rank)]
    channels += data.draw(st.sampled_from([0] * 9 + [1]))
    lead = [data.draw(BATCH)] if data.draw(st.integers(0, 4)) else []
    return torch.zeros(*lead, channels, *spatial)
