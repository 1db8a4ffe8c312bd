"""Dropout and noise: random in training, nothing owned, nothing taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from .base import Spec


@dataclass(frozen=True)
class Noise(Spec):
    """Dropout of any kind, Gaussian noise, identity at inference. `rate` is for reading only, None where it is no number."""

    variant: str = "dropout"
    rate: Optional[float] = 0.0
    kind: ClassVar[str] = "noise"
    passes: ClassVar[bool] = True
