"""Embedding: one vector an index, the padding index included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, product
from ..errors import ConfigurationError, ShapeError
from .base import Connections, Reading, Shape, Spec, Tensor, Term, require_rank
from .merge import require_equal


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

    def reading(self, role: str, *inputs: Optional[Shape]) -> Reading:
        return Reading(("out",), ("in",))  # a row of the vocabulary is looked up, or summed over


@dataclass(frozen=True)
class EmbeddingBag(Embedding):
    """Vectors looked up and put together bag by bag. Source: PyTorch's ``EmbeddingBag`` page.

    Indices are ``(bags, length)``; or all of them one after another, a second input saying where each bag starts, the end of
    the last one included if `last_offset`. A further input weighs them, which only a sum takes.

    >>> EmbeddingBag(9, 3).output((2, 5)), EmbeddingBag(9, 3, last_offset=True).output((10,), (3,))
    ((2, 3), (2, 3))
    """

    mode: str = "mean"
    last_offset: bool = False
    kind: ClassVar[str] = "embedding_bag"

    def output(self, *inputs: Shape) -> Shape:
        x, *others = inputs
        require_rank(x, (1, 2), "EmbeddingBag")
        bags = x[0] if len(x) == 2 else self._bags(others[:1])
        for weights in others if len(x) == 2 else others[1:]:
            if self.mode != "sum":
                raise ConfigurationError("only a sum can be weighed", got=self.mode, expected="sum")
            require_equal((x, weights), "indices and their weights")
        return (bags, self.dimension)

    def _bags(self, offsets: list[Shape]) -> Dim:
        if not offsets:
            raise ShapeError("a row of indices does not say where a bag starts", expected="offsets as a second input")
        require_rank(offsets[0], (1,), "the offsets")
        starts = offsets[0][0]
        if self.last_offset and isinstance(starts, int) and starts < 1:
            raise ShapeError("the last bag has no end", got=starts, expected="at least 1 offset")
        return starts - 1 if self.last_offset else starts

    def connections(self, *inputs: Shape) -> Connections:
        """Every index touches one row."""
        x = inputs[0]
        return Connections((x[1] if len(x) == 2 else x[0]) * self.dimension)
