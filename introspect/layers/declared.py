"""Tensors that nobody's law speaks of, but the layer's own code: it asks for them, by name and shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional, TypeVar

from ..algebra import symbol
from .base import Shape, Spec, Tensor

D = TypeVar("D", bound="Declared")


@dataclass(frozen=True)
class Declared(Spec):
    """As many elements as the code of the layer asks for when it is built. What it does with them is its calls' business.

    `variables`: each with its name, its shape, and whether training changes it.

    >>> [t.shape for t in Declared((("scale", (7,), True), ("offset", (2, 3), False))).tensors()]
    [(7,), (2, 3)]
    """

    variables: tuple[tuple[str, tuple[int, ...], bool], ...] = ()
    kind: ClassVar[str] = "declared"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return tuple(
            Tensor(name, tuple((f"d{i}", dim) for i, dim in enumerate(shape)), trainable)
            for name, shape, trainable in self.variables
        )

    def named(self: D, prefix: str = "") -> D:
        twin = super().named(prefix)
        twin.__dict__["variables"] = tuple(
            (name, tuple(dim if dim == 1 else symbol(f"{prefix}n{i}_{j}", dim) for j, dim in enumerate(shape)), flag)
            for i, (name, shape, flag) in enumerate(self.variables)
        )
        return twin
