"""A zoo of PyTorch: one that is right, one whose weight is not what its class says, and two that are made with values."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

HUGE = 2**24


def right() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 4), nn.Flatten(), nn.Linear(3 * 4, 2))


def corrupted() -> nn.Module:
    made = right()
    made[2].weight = nn.Parameter(torch.empty(2, 7))
    return made


def too_large_for_memory() -> nn.Module:
    return nn.Linear(HUGE, HUGE)


def width_from_values() -> nn.Module:
    """As a RegNet: its widths are computed from tensors, which the meta device cannot do."""
    width = int(torch.arange(4).sum().item())
    return nn.Sequential(nn.Linear(HUGE, width), nn.Linear(width, HUGE))


def checks_its_weight() -> nn.Module:
    """Made in memory only: it looks at what it was initialised with."""
    made = nn.Linear(3, 5)
    assert bool(torch.isfinite(made.weight).all())
    return made


ALL: dict[str, Any] = {"right": (right, (1, 3, 8)), "corrupted": (corrupted, (1, 3, 8))}
