"""Attention whose heads have projections of their own, and attention that owns a scale at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, product
from ..errors import ConfigurationError, ShapeError
from .base import Connections, Reading, Shape, Spec, Tensor, Term, need, require_dim, show


def by_name(given: Sequence[str], inputs: Sequence[Optional[Shape]], missing: str) -> tuple[Optional[Shape], ...]:
    """Query, key and value among inputs called `given`; what was not given as a key is the value.

    >>> by_name(("query", "value"), ((2, 5, 8), (2, 7, 8)), "attention")
    ((2, 5, 8), (2, 7, 8), (2, 7, 8))
    """
    named = dict(zip(given, inputs))
    if inputs and ("query" not in named or "value" not in named):
        raise ShapeError(f"{missing} needs a query and a value", got=", ".join(named), expected="query, value")
    value = named.get("value")
    return named.get("query"), named.get("key", value), value


@dataclass(frozen=True)
class PerHeadAttention(Spec):
    """Projections ``i·heads·key_dim`` of the query and key, ``i·heads·value_dim`` of the value, and one back to the output.

    Sources: arXiv:1706.03762, arXiv:2305.13245 (`key_value_heads`), arXiv:2505.06708 (`gate`); Keras' ``MultiHeadAttention``
    and ``GroupQueryAttention`` pages. `key_dim` and `value_dim` are the width of one head, not of all. `given` are the names
    of the inputs; `output` the output's axes behind those of the query, None: the query's width. `scores`: the attention
    comes out too, over `attended` axes of an input (empty: all but the first and the last). `self_width`: query and value
    have to be equally wide (Keras' grouped attention).

    >>> sum(t.size for t in PerHeadAttention(4, 16, 16).tensors((None, 10, 64), (None, 10, 64)))  # 4·64·(64 + 1)
    16640
    >>> sum(t.size for t in PerHeadAttention(4, 64, 64).tensors((None, 10, 64), (None, 10, 64)))
    66368
    """

    heads: int
    key_dim: int
    value_dim: int
    key_value_heads: Optional[int] = None
    bias: bool = True
    gate: bool = False
    output_shape: Optional[tuple[int, ...]] = None
    attended: tuple[int, ...] = ()
    given: tuple[str, ...] = ("query", "value", "key")
    scores: bool = False
    self_width: bool = False
    kind: ClassVar[str] = "per_head_attention"
    weighted: ClassVar[bool] = True
    terms = {"heads": Term("heads"), "key_dim": Term("kd"), "value_dim": Term("vd"), "key_value_heads": Term("kv_heads")}

    def _fed(self, inputs: Sequence[Optional[Shape]]) -> tuple[Shape, Shape, Shape]:
        q, k, v = by_name(self.given, inputs, "attention")
        fed = tuple(need(x, "attention's projections") for x in (q, k, v))
        if any(len(x) < 3 for x in fed) or len(fed[0]) != len(fed[2]) or len(fed[1]) != len(fed[2]):
            shapes = " and ".join(show(x) for x in fed)
            raise ShapeError("attention needs sequences with as many axes each", got=shapes, expected="at least 3 axes")
        return fed[0], fed[1], fed[2]

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        q, k, v = self._fed(inputs)
        shared = self.key_value_heads or self.heads
        found = self._projection("query", q[-1], self.heads, self.key_dim)
        found += self._projection("key", k[-1], shared, self.key_dim)
        found += self._projection("gate", q[-1], self.heads, self.value_dim) if self.gate else []
        found += self._projection("value", v[-1], shared, self.value_dim)
        back = self._back(q)
        axes = (("head", self.heads), ("in", self.value_dim), *back)
        found.append(Tensor("output_kernel", axes))
        return (*found, Tensor("output_bias", back)) if self.bias else tuple(found)

    def _projection(self, name: str, width: Dim, heads: Dim, each: Dim) -> list[Tensor]:
        out = (("head", heads), ("out", each))
        kernel = Tensor(f"{name}_kernel", (("in", width), *out))
        return [kernel, Tensor(f"{name}_bias", out)] if self.bias else [kernel]

    def _back(self, q: Shape) -> tuple[tuple[str, Dim], ...]:
        sizes = self.output_shape or (q[-1],)
        return tuple((f"out{i}" if i else "out", size) for i, size in enumerate(sizes))

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        q, k, v = self._fed(inputs)
        if self.key_value_heads is not None and self.heads % self.key_value_heads:
            raise ConfigurationError("heads cannot be shared evenly", got=self.heads, expected=self.key_value_heads)
        for key, value in zip(k[1:-1], v[1:-1]):
            require_dim(key, value, "the number of keys and values")
        for x in (k, v):
            require_dim(x[0], q[0], "the batch of queries, keys and values")
        if self.self_width:
            require_dim(v[-1], q[-1], "the width of values beside queries")
        result = (*q[:-1], *(size for _, size in self._back(q)))
        return (result, self._scores(q, k)) if self.scores else (result,)

    def _scores(self, q: Shape, k: Shape) -> Shape:
        over = tuple(axis % len(q) for axis in self.attended) or tuple(range(1, len(q) - 1))
        apart = tuple(dim for axis, dim in enumerate(q[:-1]) if axis not in over)
        return (*apart, self.heads, *(q[axis] for axis in over), *(k[axis] for axis in over))

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]

    def connections(self, *inputs: Shape) -> Connections:
        """Every projection once at every position it reads; what attention multiplies are values, no weights."""
        q, k, v = self._fed(inputs)
        places = {"query": q, "gate": q, "key": k, "value": v, "output": q}
        edges: Dim = 0
        biases: Dim = 0
        for tensor in self.tensors(*inputs):
            times = product(places[tensor.role.partition("_")[0]][1:-1])
            edges, biases = (edges, biases + times * tensor.size) if tensor.is_bias else (edges + times * tensor.size, biases)
        return Connections(edges, biases)

    def reading(self, role: str, *inputs: Optional[Shape]) -> Reading:
        q, _, _ = self._fed(inputs)
        places = ("",) * (len(q) - 1)
        if role == "output_kernel":
            return Reading(("head", "in"), (*places, *(name for name, _ in self._back(q))))
        return Reading(("in",), (*places, "head", "out"))

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        widths = {"query": "d_q", "key": "d_k", "value": "d_v"}
        names = (*self.given, *("",) * len(inputs))
        return tuple((*("",) * (len(x) - 1), widths.get(name, "")) if x else () for name, x in zip(names, inputs))


@dataclass(frozen=True)
class DotAttention(Spec):
    """Queries look at keys and gather values; owns a scale at most: ``scalar`` (1) or ``vector`` (one for each feature).

    Source: Keras' ``Attention`` and ``AdditiveAttention`` pages. `concat` adds one more number, the weight of scores that are
    a sum of tanh. The attention comes out too with `scores`.

    >>> DotAttention(scale="vector").tensors((2, 5, 8), (2, 7, 8))[0].shape
    (8,)
    >>> DotAttention().output((2, 5, 8), (2, 7, 9), (2, 7, 8))
    (2, 5, 9)
    """

    scale: Optional[str] = None
    concat: bool = False
    given: tuple[str, ...] = ("query", "value", "key")
    scores: bool = False
    kind: ClassVar[str] = "dot_attention"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        found = [Tensor("scale", self._scale(inputs))] if self.scale else []
        return (*found, Tensor("concat_score_weight", ())) if self.concat else tuple(found)

    def _scale(self, inputs: Sequence[Optional[Shape]]) -> tuple[tuple[str, Dim], ...]:
        if self.scale == "scalar":
            return ()
        return (("d", need(by_name(self.given, inputs, "attention")[0], "the width of queries")[-1]),)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        q, k, v = (need(x, "attention") for x in by_name(self.given, inputs, "attention"))
        if min(len(q), len(k), len(v)) < 2:
            raise ShapeError(
                "attention needs sequences", got=" and ".join(show(x) for x in (q, k, v)), expected="2 axes or more"
            )
        require_dim(q[-1], k[-1], "the width of queries and keys")
        require_dim(k[-2], v[-2], "the number of keys and values")
        for x in (k, v):
            require_dim(x[0], q[0], "the batch of queries, keys and values")
        result = (*q[:-1], v[-1])
        return (result, (*q[:-1], k[-2])) if self.scores else (result,)

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]
