"""Recurrence: simple, LSTM and GRU cells, in one or two directions, stacked or not.

A cell has g gates (1, 4, 3); each owns a kernel over the input, a kernel over the hidden state, and biases:
``g·h·(i + h + 1)``. How many biases, peepholes and learned initial states there are is a convention, and so a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, product
from ..errors import ConfigurationError, ShapeError
from .base import Connections, Shape, Spec, Tensor, Term, need, require_dim, require_rank, settled, show
from .merge import require_equal

GATES = {"simple": 1, "lstm": 4, "gru": 3}
PEEPHOLES = 3  # input, forget and output gate look at the cell: Gers & Schmidhuber, 2000
_DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class Recurrent(Spec):
    """One recurrent layer or a stack of them. Sources: PyTorch's ``LSTM`` and ``GRU`` pages; Keras' ``LSTM`` and ``GRU``
    pages (`reset_after`); Lasagne's ``LSTMLayer`` page (`peepholes`, `learn_init`).

    `bias_sets`: 0, 1 (Keras, Lasagne) or 2 (PyTorch; Keras' GRU with `reset_after`).
    `initial_states`: ``None``, or parameters that are ``fixed`` or ``learned`` (Lasagne's `hid_init`); `given_states` names
    the roles among them that are no parameters, because they are given from outside.
    `merge`: what becomes of two directions: ``concat``, ``sum``, ``mul``, ``ave``, or None (two outputs).
    `states`: None, ``separate`` (Keras' `return_state`) or ``stacked`` (PyTorch's ``h_n``, ``c_n``).
    `flatten`: trailing axes of the input are flattened into features (Lasagne).

    >>> def params(**fields): return sum(t.size for t in Recurrent(units=32, input_size=16, **fields).tensors())
    >>> params(cell="lstm"), params(cell="lstm", bias_sets=2), params(cell="lstm", peepholes=True)
    (6272, 6400, 6368)
    """

    cell: str = "simple"
    units: int = 1
    input_size: Optional[int] = None
    bias_sets: int = 1
    peepholes: bool = False
    projection_size: int = 0
    initial_states: Optional[str] = None
    given_states: tuple[str, ...] = ()
    layers: int = 1
    bidirectional: bool = False
    merge: Optional[str] = "concat"
    return_sequences: bool = True
    states: Optional[str] = None
    time_major: bool = False
    unbatched: bool = False  # whether an input without a batch axis is taken
    flatten: bool = False
    reset_after: Optional[bool] = None
    activation: Optional[str] = "tanh"
    kind: ClassVar[str] = "recurrent"
    weighted: ClassVar[bool] = True
    declared = ("input_size",)
    terms = {
        "units": Term("h"),
        "input_size": Term("i"),
        "projection_size": Term("r", neutral=0),
    }

    @property
    def gates(self) -> int:
        if self.cell not in GATES:
            raise ConfigurationError("unknown recurrent cell", got=self.cell, expected=", ".join(GATES))
        return GATES[self.cell]

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def width(self) -> Dim:
        """Features of the hidden state of one direction."""
        return self.projection_size or self.units

    def part(self, layer: int, direction: int) -> str:
        """The name of one cell of the stack; empty when there is only one."""
        names = [f"layer{layer}"] if self.layers > 1 else []
        return ".".join(names + ([_DIRECTIONS[direction]] if self.bidirectional else []))

    def features(self, x: Optional[Shape]) -> Dim:
        if x is None and self.input_size is not None:
            return self.input_size
        known = need(x, "the number of input features")
        lead = 1 if self.unbatched and len(known) == 2 else 2
        if len(known) < lead + 1 or (len(known) > lead + 1 and not self.flatten):
            require_rank(known, (3,), "Recurrent")
        return settled(product(known[lead:]), self.input_size, "the number of input features")

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        features = self.features(inputs[0] if inputs else None)
        found: list[Tensor] = []
        for layer in range(self.layers):
            for direction in range(self.directions):
                fed = features if layer == 0 else self.width * self.directions
                found += self._cell(fed, self.part(layer, direction))
        return tuple(found)

    def _cell(self, i: Dim, part: str) -> list[Tensor]:
        gate, out, state = ("gate", self.gates), ("out", self.units), ("state", self.width)
        found = [
            Tensor("kernel", (gate, ("in", i), out), part=part),
            Tensor("recurrent_kernel", (gate, state, out), part=part),
        ]
        found += [Tensor(role, (gate, out), part=part) for role in ("bias", "recurrent_bias")[: self.bias_sets]]
        if self.peepholes:
            found.append(Tensor("peephole", (("gate", PEEPHOLES), out), part=part))
        if self.projection_size:
            found.append(Tensor("projection_kernel", (("in", self.units), ("out", self.projection_size)), part=part))
        return found + self._initial_states(part)

    def _initial_states(self, part: str) -> list[Tensor]:
        if self.initial_states is None:
            return []
        roles = ["initial_state"] + (["initial_cell_state"] if self.cell == "lstm" else [])
        learned = self.initial_states == "learned"
        axes = (("one", 1), ("out", self.units))
        return [Tensor(role, axes, trainable=learned, part=part) for role in roles if role not in self.given_states]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x = inputs[0]
        self.features(x)
        batched = not (self.unbatched and len(x) == 2)
        batch = (x[1 if self.time_major else 0],) if batched else ()
        time = x[0 if self.time_major or not batched else 1]
        if isinstance(time, int) and time < 1:
            raise ShapeError("a recurrent layer needs at least one time step", got=show(x))
        states = self._states(batch)
        if self.states == "stacked" and len(inputs) > 1:
            self._check_states(inputs[1:], states)
        return (*self._sequences(batch, time), *states)

    @staticmethod
    def _check_states(given: tuple[Shape, ...], states: list[Shape]) -> None:
        """States that go in have the shape of those that come out."""
        if len(given) != len(states):
            raise ShapeError("not the states of this cell", got=f"{len(given)} of them", expected=f"{len(states)}")
        for state, expected in zip(given, states):
            require_equal((state, expected), "a state that was given")

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]

    def _sequences(self, batch: Shape, time: Dim) -> list[Shape]:
        joined = self.bidirectional and self.merge == "concat"
        width = self.width * 2 if joined else self.width
        steps = (time,) if self.return_sequences else ()
        one = (*steps, *batch, width) if self.time_major else (*batch, *steps, width)
        return [one, one] if self.bidirectional and self.merge is None else [one]

    def _states(self, batch: Shape) -> list[Shape]:
        if self.states is None:
            return []
        sizes = [self.width] + ([self.units] if self.cell == "lstm" else [])
        if self.states == "stacked":
            return [(self.layers * self.directions, *batch, size) for size in sizes]
        return [(*batch, size) for _ in range(self.directions) for size in sizes]

    def connections(self, *inputs: Shape) -> Connections:
        """One time step's edges, once for each step."""
        x = inputs[0]
        batched = not (self.unbatched and len(x) == 2)
        steps = x[0 if self.time_major or not batched else 1]
        used = [t for t in self.tensors(x) if not t.role.startswith("initial")]
        edges = sum(t.size for t in used if not t.is_bias)
        return Connections(steps * edges, steps * sum(t.size for t in used if t.is_bias))

    def batch_axis(self, x: Shape) -> Optional[int]:
        if self.unbatched and len(x) == 2:
            return None
        return 1 if self.time_major else 0

    def per_example(self, y: Shape) -> Shape:
        if self.unbatched and len(y) == 2 and self.return_sequences:
            return y
        return (y[0], *y[2:]) if self.time_major and self.return_sequences else y[1:]

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        x = inputs[0]
        lead = 1 if self.unbatched and len(x) == 2 else 2
        features = ("i",) if len(x) == lead + 1 else tuple(f"i{n}" for n in range(1, len(x) - lead + 1))
        time = ("t",) if lead == 1 else ("t", "") if self.time_major else ("", "t")
        return ((*time, *features), *(("",) * len(other) for other in inputs[1:]))


@dataclass(frozen=True)
class RecurrentCell(Recurrent):
    """One step of recurrence: PyTorch's ``RNNCell``, ``LSTMCell`` and ``GRUCell``. The state may be given as further inputs."""

    kind: ClassVar[str] = "recurrent_cell"

    def features(self, x: Optional[Shape]) -> Dim:
        if x is not None:
            require_rank(x, (1, 2), "RecurrentCell")
            return settled(x[-1], self.input_size, "the number of input features")
        return super().features(x)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x = inputs[0]
        self.features(x)
        for state in inputs[1:]:
            require_rank(state, (len(x),), "RecurrentCell's state")
            require_dim(state[-1], self.units, "the width of the state")
        return ((*x[:-1], self.units),) * (2 if self.cell == "lstm" else 1)

    def connections(self, *inputs: Shape) -> Connections:
        """The cell's edges, once."""
        tensors = self.tensors(inputs[0])
        edges = sum((t.size for t in tensors if not t.is_bias), 0)
        return Connections(edges, sum((t.size for t in tensors if t.is_bias), 0))

    def batch_axis(self, x: Shape) -> Optional[int]:
        return 0 if len(x) == 2 else None

    def per_example(self, y: Shape) -> Shape:
        return y[-1:]

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return tuple((*("",) * (len(x) - 1), "i" if n == 0 else "") for n, x in enumerate(inputs))
