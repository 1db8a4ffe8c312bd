"""Dropout and noise: random in training, nothing owned, nothing taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from .base import Shape, Spec, require_rank


@dataclass(frozen=True)
class Noise(Spec):
    """Dropout of any kind, Gaussian noise, identity at inference. `rate` is for reading only, None where it is no number.

    `ranks`: how many axes an input may have; any, if there are none.
    """

    variant: str = "dropout"
    rate: Optional[float] = 0.0
    ranks: tuple[int, ...] = ()
    kind: ClassVar[str] = "noise"
    passes: ClassVar[bool] = True

    def output(self, *inputs: Shape) -> Shape:
        if self.ranks:
            require_rank(inputs[0], self.ranks, "this noise")
        return inputs[0]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        """What is given beside (the labels of images) comes out as it went in."""
        return (self.output(*inputs), *inputs[1:])
