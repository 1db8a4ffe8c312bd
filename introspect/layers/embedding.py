"""Embedding: one vector an index, the padding index included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import product
from .base import Connections, Shape, Spec, Tensor, Term


@dataclass(frozen=True)
class Embedding(Spec):
    """``vocabulary·dimension``. Sources: PyTorch's and Keras' ``Embedding``, Lasagne's ``EmbeddingLayer`` pages.

    A look-up touches one row, so a call has one edge an output element.
    """

    vocabulary: int
    dimension: int
    kind: ClassVar[str] = "embedding"
    weighted: ClassVar[bool] = True
    terms = {"vocabulary": Term("vocabulary"), "dimension": Term("d")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return (Tensor("embedding", (("in", self.vocabulary), ("out", self.dimension))),)

    def output(self, *inputs: Shape) -> Shape:
        return (*inputs[0], self.dimension)

    def connections(self, *inputs: Shape) -> Connections:
        return Connections(product(self.per_example(self.output(*inputs))))
