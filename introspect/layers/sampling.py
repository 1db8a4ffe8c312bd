"""Layers whose output takes its size from a grid, from a pyramid, or from another layer's input. Nothing is owned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Union

from ..algebra import Dim
from ..errors import ShapeError
from .base import Shape, Spec, positive, require_dim, require_rank, show


@dataclass(frozen=True)
class SpatialTransformer(Spec):
    """Samples an image on a grid that a second input moves, ``n/factor`` points an axis. Source: Lasagne's ``TransformerLayer``
    page. `parameters`: how many numbers the second input has for an example.

    >>> SpatialTransformer((2, 2), parameters=6).output((None, 3, 28, 29), (None, 6))
    (None, 3, 14, 14)
    """

    factors: tuple[Union[int, float], ...] = (1, 1)
    parameters: int = 6
    mode: str = "affine"
    kind: ClassVar[str] = "spatial_transformer"

    def output(self, *inputs: Shape) -> Shape:
        x, moved = inputs
        require_rank(x, (len(self.factors) + 2,), "SpatialTransformer")
        require_rank(moved, (2,), "a transformation's parameters")
        require_dim(moved[-1], self.parameters, "the number of a transformation's parameters")
        return (*x[:2], *(positive(_divided(n, factor), "SpatialTransformer") for n, factor in zip(x[2:], self.factors)))

    def per_example(self, y: Shape) -> Shape:
        return y[1:]

    def channels_of(self, y: Shape) -> Dim:
        return y[1]


def _divided(n: Dim, factor: Union[int, float]) -> Dim:
    if isinstance(factor, int):
        return n // factor
    if not isinstance(n, int):
        raise ShapeError("a fractional factor needs a known size", got=f"{show((n,))} / {factor}", expected="a number")
    return int(n // factor)


@dataclass(frozen=True)
class PyramidPool(Spec):
    """Pools every map into a grid of each of `pool_dims` by itself: ``Σ p²`` numbers. Source: arXiv:1406.4729.

    >>> PyramidPool((4, 2, 1)).output((1, 64, 13, 17))
    (1, 64, 21)
    """

    pool_dims: tuple[int, ...]
    mode: str = "max"
    kind: ClassVar[str] = "pyramid_pool"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        require_rank(x, (4,), "PyramidPool")
        return (*x[:2], sum(p * p for p in self.pool_dims))

    def channels_of(self, y: Shape) -> Dim:
        return y[1]


@dataclass(frozen=True)
class Inverse(Spec):
    """The gradient of another layer: what comes out has the shape of that layer's input, which is the last input here.

    Source: Lasagne's ``InverseLayer`` page.
    """

    kind: ClassVar[str] = "inverse"

    def output(self, *inputs: Shape) -> Shape:
        return inputs[-1]


@dataclass(frozen=True)
class GridSample(Spec):
    """An image looked up at the places a grid names. Source: PyTorch's ``grid_sample`` page.

    >>> GridSample().output((2, 3, 8, 8), (2, 5, 6, 2))
    (2, 3, 5, 6)
    """

    kind: ClassVar[str] = "grid_sample"

    def output(self, *inputs: Shape) -> Shape:
        x, grid = inputs
        require_rank(x, (4, 5), "GridSample")
        require_rank(grid, (len(x),), "a grid")
        require_dim(grid[0], x[0], "the batch of images and grids")
        require_dim(grid[-1], len(x) - 2, "the number of coordinates")
        for n in x[2:]:
            positive(n, "GridSample")
        return (*x[:2], *grid[1:-1])

    def channels_of(self, y: Shape) -> Dim:
        return y[1]
