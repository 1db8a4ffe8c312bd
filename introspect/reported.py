"""What a framework says about its own model. Only the shape of the answer is here, and nothing about how to count."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Optional

ReportedShape = tuple[Optional[int], ...]  # None: the framework leaves this dimension open


@dataclass(frozen=True)
class ReportedTensor:
    """One tensor as held: its name within the layer, its actual shape, and how the framework classes it.

    `nbytes`: where it is stored packed, the bytes it takes; its shape is then that of the numbers it stands for.
    """

    name: str
    shape: ReportedShape
    trainable: bool
    buffer: bool = False
    nbytes: Optional[int] = None

    @property
    def size(self) -> Optional[int]:
        """Elements; None where the framework leaves a dimension open."""
        known = [dim for dim in self.shape if dim is not None]
        return prod(known) if len(known) == len(self.shape) else None


@dataclass(frozen=True)
class ReportedLayer:
    """What one layer holds. `params` is the framework's own count for it, where it has one.

    `whole`: False where parts of it are not built yet, and the framework says nothing of them.
    """

    path: str
    tensors: tuple[ReportedTensor, ...]
    params: Optional[int] = None
    whole: bool = True


@dataclass(frozen=True)
class ReportedOutput:
    """What came out of the call with this index; None where the framework does not say."""

    call: int
    shapes: tuple[Optional[ReportedShape], ...]


@dataclass(frozen=True)
class Reported:
    """Everything a framework says. A layer that is not listed was not reported on (it may not be built yet).

    `samples`: the numbers that stood for open dimensions where the outputs are those of a run.
    """

    layers: tuple[ReportedLayer, ...] = ()
    outputs: tuple[ReportedOutput, ...] = ()
    params: Optional[int] = None
    trainable: Optional[int] = None
    source: str = ""
    notes: tuple[str, ...] = ()
    samples: tuple[tuple[str, int], ...] = ()
