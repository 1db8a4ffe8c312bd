"""An embedding that is also read backwards, from vectors to the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from .base import Connections, Shape, Tensor, require_dim
from .embedding import Embedding


@dataclass(frozen=True)
class ReversibleEmbedding(Embedding):
    """``vocabulary·dimension``, and as much again unless `tied`. Source: Keras' ``ReversibleEmbedding`` page.

    `reverse`: this call goes from vectors to the vocabulary.

    >>> ReversibleEmbedding(10, 4, reverse=True).output((2, 5, 4)), ReversibleEmbedding(10, 4).output((2, 5))
    ((2, 5, 10), (2, 5, 4))
    """

    tied: bool = True
    reverse: bool = False
    kind: ClassVar[str] = "reversible_embedding"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        backwards = Tensor("reverse_embedding", (("out", self.dimension), ("in", self.vocabulary)))
        return (*super().tensors(*inputs), *(() if self.tied else (backwards,)))

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if not self.reverse:
            return super().output(*inputs)
        require_dim(x[-1], self.dimension, "the width of an embedding that is read backwards")
        return (*x[:-1], self.vocabulary)

    def connections(self, *inputs: Shape) -> Connections:
        once = super().connections(*inputs)
        return Connections(once.edges * self.dimension) if self.reverse else once
