"""Matrices over the last two axes, taken apart. Nothing is owned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..algebra import minimum
from ..errors import ConfigurationError, ShapeError
from .base import Shape, Spec, require_dim, show

SQUARE = ("eigen",)


@dataclass(frozen=True)
class Factors(Spec):
    """A matrix of m rows and n columns as a product; k is the lesser of the two. Source: NumPy's pages on ``linalg``.

    `into`: ``qr`` (m×k and k×n), ``qr_complete`` (m×m and m×n), ``svd`` (m×k, k and k×n), ``svd_full`` (m×m, k and n×n),
    ``singular_values`` (k), ``eigen`` (n values and n vectors of a square), ``lu`` (the matrix and k exchanges).

    >>> Factors("svd").outputs((4, 6, 2)), Factors("eigen").outputs((5, 3, 3))
    (((4, 6, 2), (4, 2), (4, 2, 2)), ((5, 3), (5, 3, 3)))
    """

    into: str
    kind: ClassVar[str] = "factors"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x = inputs[0]
        if len(x) < 2:
            raise ShapeError("a matrix has two axes", got=show(x), expected="at least 2 axes")
        m, n = x[-2:]
        if self.into in SQUARE:
            require_dim(n, m, "the side of a square matrix")
        k = minimum(m, n)
        options: dict[str, tuple[Shape, ...]] = {
            "qr": ((m, k), (k, n)),
            "qr_complete": ((m, m), (m, n)),
            "svd": ((m, k), (k,), (k, n)),
            "svd_full": ((m, m), (k,), (n, n)),
            "singular_values": ((k,),),
            "eigen": ((n,), (m, n)),
            "lu": ((m, n), (k,)),
        }
        if self.into not in options:
            raise ConfigurationError(
                "nothing known that a matrix is taken apart into", got=self.into, expected=", ".join(options)
            )
        return tuple((*x[:-2], *own) for own in options[self.into])

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]
