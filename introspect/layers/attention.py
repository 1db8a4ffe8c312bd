"""Attention: queries look at keys and gather values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Shape, Spec, require_dim
from .merge import broadcast


@dataclass(frozen=True)
class ScaledDotProduct(Spec):
    """``softmax(q·kᵀ/√d)·v``; owns nothing. Source: arXiv:1706.03762; PyTorch's ``scaled_dot_product_attention`` page.

    >>> ScaledDotProduct().output((2, 8, 10, 64), (2, 8, 20, 64), (2, 8, 20, 32))
    (2, 8, 10, 32)
    """

    kind: ClassVar[str] = "scaled_dot_product_attention"

    def output(self, *inputs: Shape) -> Shape:
        q, k, v = inputs[:3]
        require_dim(q[-1], k[-1], "the width of queries and keys")
        require_dim(k[-2], v[-2], "the number of keys and values")
        return (*broadcast(broadcast(q[:-2], k[:-2]), v[:-2]), q[-2], v[-1])
