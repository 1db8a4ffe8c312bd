"""Recurrence whose two connections, from the input and from the hidden state, are chains of layers of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..errors import IntrospectError, ShapeError
from .base import Connections, Shape, Spec, Tensor, need, require_dim, require_rank, show

Link = tuple[str, Spec]  # a layer's name within its chain, and its law
_CHAINS = ("input_to_hidden", "hidden_to_hidden")


@dataclass(frozen=True)
class CustomRecurrent(Spec):
    """At each step ``h = f(x) + g(h)``, where f and g are chains of layers. Source: Lasagne's ``CustomRecurrentLayer`` page.

    `hidden` is the hidden state of one example. `initial_states`: None, ``fixed`` or ``learned``, as in `Recurrent`.
    """

    input_to_hidden: tuple[Link, ...]
    hidden_to_hidden: tuple[Link, ...]
    hidden: tuple[int, ...]
    initial_states: Optional[str] = None
    return_sequences: bool = True
    activation: Optional[str] = None
    kind: ClassVar[str] = "custom_recurrent"
    weighted: ClassVar[bool] = True

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = need(inputs[0] if inputs else None, "a recurrent layer's tensors")
        owned = [t._replace(part=_part(name, t)) for name, spec, shape in self._steps(x) for t in spec.tensors(shape)]
        if self.initial_states is None:
            return tuple(owned)
        axes = (("one", 1), *((f"d{i}", n) for i, n in enumerate(self.hidden, 1)))
        return (*owned, Tensor("initial_state", axes, trainable=self.initial_states == "learned"))

    def _steps(self, x: Shape) -> Iterator[tuple[str, Spec, Shape]]:
        """Each layer of both chains with what flows into it, for one step and one example."""
        if len(x) < 3:
            require_rank(x, (3,), "a recurrent layer")
        for chain, links, fed in zip(_CHAINS, (self.input_to_hidden, self.hidden_to_hidden), (x[2:], self.hidden)):
            shape: Shape = (1, *fed)
            for name, spec in links:
                yield f"{chain}.{name}", spec, shape
                shape = _through(spec, shape, f"{chain}.{name}")
            self._check(shape)

    def _check(self, shape: Shape) -> None:
        if len(shape) != len(self.hidden) + 1:
            expected = show(self.hidden)
            raise ShapeError("a recurrent connection does not end in the hidden state", got=show(shape[1:]), expected=expected)
        for got, wanted in zip(shape[1:], self.hidden):
            require_dim(got, wanted, "what a recurrent connection ends in")

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        for _ in self._steps(x):
            pass
        return (x[0], *((x[1],) if self.return_sequences else ()), *self.hidden)

    def connections(self, *inputs: Shape) -> Connections:
        """One step's edges, once for each step."""
        x = inputs[0]
        each = [spec.connections(shape) for _, spec, shape in self._steps(x)]
        steps: Dim = x[1]
        return Connections(steps * sum((c.edges for c in each), 0), steps * sum((c.bias_edges for c in each), 0))

    def channels_of(self, y: Shape) -> Dim:
        return y[len(y) - len(self.hidden)]

    def named(self, prefix: str = "") -> CustomRecurrent:
        """The chains' laws keep names of their own."""
        chains = [
            tuple((name, spec.named(f"{prefix}{chain}.{name}.")) for name, spec in links)
            for chain, links in zip(_CHAINS, (self.input_to_hidden, self.hidden_to_hidden))
        ]
        return self.replace(input_to_hidden=chains[0], hidden_to_hidden=chains[1])


def _part(name: str, tensor: Tensor) -> str:
    return f"{name}.{tensor.part}" if tensor.part else name


def _through(spec: Spec, shape: Shape, name: str) -> Shape:
    try:
        return spec.output(shape)
    except IntrospectError as error:
        raise ShapeError(f"{name}: {error.culprit}", got=error.got, expected=error.expected) from None
