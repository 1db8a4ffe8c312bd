"""Dropout and noise: random in training, nothing owned, nothing taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Spec


@dataclass(frozen=True)
class Noise(Spec):
    """Dropout of any kind, Gaussian noise, identity at inference. `rate` is kept for reading only."""

    variant: str = "dropout"
    rate: float = 0.0
    kind: ClassVar[str] = "noise"
    passes: ClassVar[bool] = True
