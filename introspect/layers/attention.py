"""Attention: queries look at keys and gather values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import product
from ..errors import ConfigurationError
from .base import Connections, Shape, Spec, Tensor, Term, require_dim, require_divisible, require_rank
from .merge import broadcast


@dataclass(frozen=True)
class ScaledDotProduct(Spec):
    """``softmax(q·kᵀ/√d)·v``; owns nothing. Source: arXiv:1706.03762; PyTorch's ``scaled_dot_product_attention`` page.

    `grouped`: several heads of the queries share one of the keys and values (arXiv:2305.13245).

    >>> ScaledDotProduct().output((2, 8, 10, 64), (2, 8, 20, 64), (2, 8, 20, 32))
    (2, 8, 10, 32)
    >>> ScaledDotProduct(grouped=True).output((2, 8, 10, 64), (2, 2, 20, 64), (2, 2, 20, 64))
    (2, 8, 10, 64)
    """

    grouped: bool = False
    kind: ClassVar[str] = "scaled_dot_product_attention"

    def output(self, *inputs: Shape) -> Shape:
        q, k, v = inputs[:3]
        require_dim(q[-1], k[-1], "the width of queries and keys")
        require_dim(k[-2], v[-2], "the number of keys and values")
        if self.grouped:
            return (*self._shared(q, k, v), q[-2], v[-1])
        return (*broadcast(broadcast(q[:-2], k[:-2]), v[:-2]), q[-2], v[-1])

    def _shared(self, q: Shape, k: Shape, v: Shape) -> Shape:
        """The leading axes, the queries' heads last."""
        for x in (q, k, v):
            require_rank(x, (4,), "attention with grouped heads")
        for x in (k, v):
            require_divisible(q[1], x[1], "the queries' heads")
        return (*broadcast(broadcast(q[:1], k[:1]), v[:1]), q[1])


@dataclass(frozen=True)
class MultiHeadAttention(Spec):
    """Projections of queries, keys and values to one width, d·(d + 1) each, which the heads share out among them.

    Source: arXiv:1706.03762; PyTorch's ``MultiheadAttention`` page (`kdim`, `vdim`, `add_bias_kv`). The projection of the
    output is a layer of its own there. A second output is the attention, `averaged` over the heads or for each of them.

    >>> sum(t.size for t in MultiHeadAttention(16, 4).tensors())  # 3·16·(16 + 1)
    816
    """

    width: int
    heads: int
    key_width: Optional[int] = None
    value_width: Optional[int] = None
    bias: bool = True
    bias_kv: bool = False
    zero_attention: bool = False
    time_major: bool = True
    averaged: bool = True
    kind: ClassVar[str] = "multi_head_attention"
    weighted: ClassVar[bool] = True
    terms = {"width": Term("d"), "key_width": Term("d_k"), "value_width": Term("d_v")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        fed = {"query": self.width, "key": self.key_width or self.width, "value": self.value_width or self.width}
        found = [Tensor(f"{name}_kernel", (("in", i), ("out", self.width))) for name, i in fed.items()]
        if self.bias:
            found += [Tensor(f"{name}_bias", (("out", self.width),)) for name in fed]
        if self.bias_kv:
            found += [Tensor(f"extra_{name}", (("out", self.width),)) for name in ("key", "value")]
        return tuple(found)

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        q, k, v = (x[-1] for x in now[:3])
        return self.replace(width=q, key_width=None if k == q else k, value_width=None if v == q else v)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        q, k, v = inputs[:3]
        if isinstance(self.width, int) and self.width % self.heads:
            raise ConfigurationError("the heads do not share the width evenly", got=self.width, expected=self.heads)
        require_rank(q, (2, 3), "MultiHeadAttention")
        for x, width in ((k, self.key_width), (v, self.value_width), (q, None)):
            require_rank(x, (len(q),), "MultiHeadAttention")
            require_dim(x[-1], width or self.width, "the width of what attention is given")
        batch, length, sources = self._axes(q, k, v)
        heads = () if self.averaged else (self.heads,)
        return q, (*batch, *heads, length, sources + int(self.bias_kv) + int(self.zero_attention))

    def _axes(self, q: Shape, k: Shape, v: Shape) -> tuple[Shape, int, int]:
        if len(q) == 2:
            require_dim(k[0], v[0], "the number of keys and values")
            return (), q[0], k[0]  # type: ignore[return-value]
        time, batch = (0, 1) if self.time_major else (1, 0)
        require_dim(k[time], v[time], "the number of keys and values")
        for x in (k, v):
            require_dim(x[batch], q[batch], "the batch of queries, keys and values")
        return (q[batch],), q[time], k[time]  # type: ignore[return-value]

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]

    def connections(self, *inputs: Shape) -> Connections:
        """Every projection once at every position it reads."""
        kernels = [t for t in self.tensors() if t.role.endswith("kernel")]
        places = [product(self.per_example(x)[:-1]) for x in inputs[:3]]
        edges = sum((n * t.size for n, t in zip(places, kernels)), 0)
        return Connections(edges, sum(places, 0) * self.width if self.bias else 0)

    def batch_axis(self, x: Shape) -> Optional[int]:
        if len(x) == 2:
            return None
        return 1 if self.time_major else 0

    def per_example(self, y: Shape) -> Shape:
        if len(y) == 2:
            return y
        return (y[0], *y[2:]) if self.time_major else y[1:]
