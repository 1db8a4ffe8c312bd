"""What is not a computation: inputs, layers that change nothing, and layers without a law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..errors import ShapeError
from .base import Connections, Shape, Spec


@dataclass(frozen=True)
class Input(Spec):
    """Where data enters; `shape` is declared, with the batch. `dtype` is the framework's name for it, if that is known."""

    shape: Optional[Shape] = None
    dtype: Optional[str] = None
    kind: ClassVar[str] = "input"

    def output(self, *inputs: Shape) -> Shape:
        if self.shape is not None:
            return self.shape
        return inputs[0]


@dataclass(frozen=True)
class Identity(Spec):
    """Hands on what it gets."""

    kind: ClassVar[str] = "identity"
    passes: ClassVar[bool] = True


@dataclass(frozen=True)
class Container(Spec):
    """A module that only holds others, and perhaps tensors of its own."""

    kind: ClassVar[str] = "container"


@dataclass(frozen=True)
class Opaque(Spec):
    """A layer without a law. Its numbers are the framework's, carried through and marked; never guessed.

    `shaped_by`: a law for the output alone, where only the storage of the tensors is not understood.
    """

    name: str = ""
    shaped_by: Optional[Spec] = None
    kind: ClassVar[str] = "opaque"

    @property
    def lawless(self) -> bool:
        return self.shaped_by is None

    @property
    def weighted(self) -> bool:  # type: ignore[override]
        return self.shaped_by is not None and self.shaped_by.weighted

    @property
    def nonlinear(self) -> bool:
        return self.shaped_by is not None and self.shaped_by.nonlinear

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return super().outputs(*inputs) if self.shaped_by is None else self.shaped_by.outputs(*inputs)

    def output(self, *inputs: Shape) -> Shape:
        if self.shaped_by is not None:
            return self.shaped_by.output(*inputs)
        raise ShapeError(f"there is no law for {self.name or 'this layer'}", hint="give its output shape by an adapter")

    def connections(self, *inputs: Shape) -> Connections:
        return Connections() if self.shaped_by is None else self.shaped_by.connections(*inputs)

    def per_example(self, y: Shape) -> Shape:
        return super().per_example(y) if self.shaped_by is None else self.shaped_by.per_example(y)

    def channels_of(self, y: Shape) -> Dim:
        return super().channels_of(y) if self.shaped_by is None else self.shaped_by.channels_of(y)
