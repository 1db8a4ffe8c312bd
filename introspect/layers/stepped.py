"""Recurrence around a cell of any layers: what one step does, written down as a list, and done at every step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..errors import IntrospectError, ShapeError
from .base import Connections, Shape, Spec, Tensor, need, require_dim, show

Link = tuple[str, Spec, tuple[int, ...]]  # a layer's name within the cell, its law, and the numbers of what it reads
Applied = tuple[str, Spec, tuple[Shape, ...]]  # the same with the shapes of what it reads


@dataclass(frozen=True)
class Stepped(Spec):
    """A cell of any layers at each step: its tensors once, one step's edges once for each step. Source: Keras' ``RNN`` page.

    One step is a list of `links`. What they read has numbers: the `sequences` that enter, at one step, then the `states` (the
    sizes of one example's), then as many inputs that are the same at each step as there are `constants`, then what each link
    makes. `results` are what comes out of a step, `next_states` what goes into the next one, and out with `return_state`.
    `owned`: laws of what the cell owns and uses in code that no law speaks of, so that its edges are not known.
    Its neurons are what comes out of the recurrence, as with `Recurrent`: nothing that a step makes on its way.

    >>> from .dense import Dense
    >>> from .merge import Elementwise
    >>> step = (("x", Dense(8), (0,)), ("h", Dense(8, bias=False), (1,)), ("add", Elementwise("add"), (2, 3)))
    >>> cell = Stepped(step, states=((8,),), results=(4,), next_states=(4,))
    >>> [(t.key, t.shape) for t in cell.tensors((None, 5, 3))], cell.output((2, 5, 3)), cell.connections((2, 5, 3)).edges
    ([('x.kernel', (3, 8)), ('x.bias', (8,)), ('h.kernel', (8, 8))], (2, 5, 8), 440)
    """

    links: tuple[Link, ...] = ()
    states: tuple[tuple[int, ...], ...] = ()
    results: tuple[int, ...] = (0,)
    next_states: tuple[int, ...] = ()
    owned: tuple[tuple[str, Spec], ...] = ()
    sequences: int = 1
    constants: int = 0
    return_sequences: bool = True
    return_state: bool = False
    time_major: bool = False
    kind: ClassVar[str] = "stepped"

    @property
    def weighted(self) -> bool:  # type: ignore[override]
        return bool(self.owned) or any(spec.weighted for _, spec, _ in self.links)

    @property
    def nonlinear(self) -> bool:
        return any(spec.nonlinear for _, spec, _ in self.links)

    @property
    def edges_known(self) -> bool:  # type: ignore[override]
        return not self.owned and all(spec.edges_known for _, spec, _ in self.links)

    def entering(self, inputs: Sequence[Optional[Shape]]) -> list[Shape]:
        """What a step reads before its first link, as shapes."""
        given = [need(x, "a recurrent layer's cell") for x in (inputs or (None,))]
        lead, rest = given[: self.sequences], given[self.sequences :]
        for x in lead:
            if len(x) < 3:
                raise ShapeError("a recurrent layer cannot take this input", got=show(x), expected="at least 3 axes")
        steps = [x[1:] if self.time_major else (x[0], *x[2:]) for x in lead]
        return [*steps, *((steps[0][0], *state) for state in self.states), *rest[len(rest) - self.constants :]]

    def _run(self, inputs: Sequence[Optional[Shape]]) -> tuple[list[Applied], list[Shape]]:
        """Each link with what it reads, and all that flows in one step."""
        values = self.entering(inputs)
        applied: list[Applied] = []
        for name, spec, read in self.links:
            fed = tuple(values[i] for i in read)
            applied.append((name, spec, fed))
            values += _through(spec, fed, name)
        return applied, values

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        applied, _ = self._run(inputs)
        found: dict[str, Tensor] = {}
        for name, spec, fed in (*applied, *((name, spec, ()) for name, spec in self.owned)):
            for tensor in spec.tensors(*fed):
                placed = tensor._replace(part=f"{name}.{tensor.part}" if name and tensor.part else name or tensor.part)
                found.setdefault(placed.key, placed)  # a layer that is applied twice in a step owns what it owns once
        return tuple(found.values())

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x = inputs[0]
        time = x[0 if self.time_major else 1] if len(x) > 1 else 1
        if isinstance(time, int) and time < 1:
            raise ShapeError("a recurrent layer needs at least one time step", got=show(x))
        _, values = self._run(inputs)
        states = [values[i] for i in self.next_states]
        for state, size in zip(states, self.states):
            self._check_state(state, size)
        every = [self._over_time(values[i], time) for i in self.results]
        return (*every, *(states if self.return_state else ()))

    def _over_time(self, y: Shape, time: Dim) -> Shape:
        if not self.return_sequences:
            return y
        return (time, *y) if self.time_major else (y[0], time, *y[1:])

    @staticmethod
    def _check_state(state: Shape, size: tuple[int, ...]) -> None:
        """The next step takes what this one hands on."""
        what = "the state that comes out of a step"
        if len(state) != len(size) + 1:
            raise ShapeError(f"{what} is not the one that went in", got=show(state[1:]), expected=show(size))
        for got, wanted in zip(state[1:], size):
            require_dim(got, wanted, what)

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]

    def connections(self, *inputs: Shape) -> Connections:
        """One step's edges, once for each step."""
        applied, _ = self._run(inputs)
        each = [spec.connections(*fed) for _, spec, fed in applied if spec.weighted]
        steps = inputs[0][0 if self.time_major else 1]
        return Connections(steps * sum((c.edges for c in each), 0), steps * sum((c.bias_edges for c in each), 0))

    def batch_axis(self, x: Shape) -> Optional[int]:
        return 1 if self.time_major else 0

    def per_example(self, y: Shape) -> Shape:
        return (y[0], *y[2:]) if self.time_major and self.return_sequences else y[1:]

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(self._names(x)) if n < self.sequences else ("",) * len(x) for n, x in enumerate(inputs))

    def _names(self, x: Shape) -> Iterator[str]:
        yield from ("t", "") if self.time_major else ("", "t")
        yield from ("i",) if len(x) == 3 else (f"i{n}" for n in range(1, len(x) - 1))

    def named(self, prefix: str = "") -> Stepped:
        """The cell's laws keep names of their own."""
        return self.replace(
            links=tuple((name, spec.named(f"{prefix}{name}." if name else prefix), read) for name, spec, read in self.links),
            owned=tuple((name, spec.named(f"{prefix}{name}." if name else prefix)) for name, spec in self.owned),
        )


def _through(spec: Spec, fed: tuple[Shape, ...], name: str) -> tuple[Shape, ...]:
    try:
        return spec.outputs(*fed)
    except IntrospectError as error:
        raise ShapeError(f"{name}: {error.culprit}", got=error.got, expected=error.expected, hint=error.hint) from None
