"""Distances and likenesses of two inputs, vector by vector. Nothing is owned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..errors import ShapeError
from .base import Shape, Spec, require_dim, show
from .merge import broadcast


@dataclass(frozen=True)
class CosineSimilarity(Spec):
    """One number for each pair of vectors along `axis`. Source: PyTorch's ``CosineSimilarity`` page.

    >>> CosineSimilarity(1).output((4, 3, 5), (3, 1))
    (4, 5)
    """

    axis: int = 1
    kind: ClassVar[str] = "cosine_similarity"

    def output(self, *inputs: Shape) -> Shape:
        both = broadcast(*inputs)
        rank = max(len(both), 1)
        if not -rank <= self.axis < rank:
            raise ShapeError("no such axis to compare along", got=show(both), expected=f"an axis {self.axis}")
        axis = self.axis % rank
        return (*both[:axis], *both[axis + 1 :])


@dataclass(frozen=True)
class PairwiseDistance(Spec):
    """One number for each pair of vectors along the last axis, which stays with size 1 if `keepdims`.

    Source: PyTorch's ``PairwiseDistance`` page.
    """

    keepdims: bool = False
    kind: ClassVar[str] = "pairwise_distance"

    def output(self, *inputs: Shape) -> Shape:
        both = broadcast(*inputs)
        return (*both[:-1], 1) if self.keepdims and both else both[:-1]


@dataclass(frozen=True)
class CrossDistance(Spec):
    """Every vector of one input against every vector of the other: ``(…, P, R)``. Source: PyTorch's ``cdist`` page."""

    kind: ClassVar[str] = "cross_distance"

    def output(self, *inputs: Shape) -> Shape:
        a, b = inputs
        for x in inputs:
            if len(x) < 2:
                raise ShapeError("these are no lists of vectors", got=show(x), expected="at least 2 axes")
        require_dim(a[-1], b[-1], "the length of the vectors")
        return (*broadcast(a[:-2], b[:-2]), a[-2], b[-2])
