"""A layer applied to every time step with the same parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..errors import ShapeError
from .base import Connections, Reading, Shape, Spec, Tensor, require_rank, show
from .basic import Identity


@dataclass(frozen=True)
class TimeDistributed(Spec):
    """The law `inner` at each step of axis 1. Source: Keras' ``TimeDistributed`` page.

    >>> from .dense import Dense
    >>> TimeDistributed(Dense(8)).output((2, 10, 16)), TimeDistributed(Dense(8)).tensors((2, 10, 16))[0].shape
    ((2, 10, 8), (16, 8))
    """

    inner: Spec = Identity()  # noqa: RUF009  frozen, so it can be shared
    ranks: tuple[int, ...] = ()  # how many axes a step may have; any, if empty
    kind: ClassVar[str] = "time_distributed"

    @property
    def weighted(self) -> bool:  # type: ignore[override]
        return self.inner.weighted

    @property
    def nonlinear(self) -> bool:
        return self.inner.nonlinear

    @property
    def edges_known(self) -> bool:  # type: ignore[override]
        return self.inner.edges_known

    def step(self, x: Shape) -> Shape:
        """One step of a sequence."""
        if len(x) < 3:
            raise ShapeError("TimeDistributed needs steps with features", got=show(x), expected="at least 3 axes")
        if self.ranks:
            require_rank((x[0], *x[2:]), self.ranks, "the layer in a TimeDistributed")
        return (x[0], *x[2:])

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return self.inner.tensors(*(None if x is None else self.step(x) for x in inputs))

    def reading(self, role: str, *inputs: Optional[Shape]) -> Reading:
        return self.inner.reading(role, *(None if x is None else self.step(x) for x in inputs))

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        batch, *rest = self.inner.output(self.step(x))
        return (batch, x[1], *rest)

    def connections(self, *inputs: Shape) -> Connections:
        """One step's edges, once for each step."""
        (x,) = inputs
        once = self.inner.connections(self.step(x))
        return Connections(x[1] * once.edges, x[1] * once.bias_edges)

    def channels_of(self, y: Shape) -> Dim:
        return self.inner.channels_of(self.step(y))

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        (x,) = inputs
        batch, *rest = self.inner.axes(self.step(x))[0]
        return ((batch, "t", *rest),)

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        inner = self.inner.following(*(tuple(self.step(x) for x in shapes) for shapes in (before, now)))
        return TimeDistributed(inner, self.ranks)

    def named(self, prefix: str = "") -> TimeDistributed:
        return TimeDistributed(self.inner.named(prefix), self.ranks)


@dataclass(frozen=True)
class StepsApart(Spec):
    """Each step of axis 1 as an example of its own: what is applied to them is applied once for each step.

    >>> StepsApart().output((2, 10, 8, 3))
    (20, 8, 3)
    """

    kind: ClassVar[str] = "steps_apart"

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if len(x) < 3:
            raise ShapeError("TimeDistributed needs steps with features", got=show(x), expected="at least 3 axes")
        return (x[0] * x[1], *x[2:])


@dataclass(frozen=True)
class StepsTogether(Spec):
    """The examples that `StepsApart` has made of the second input, as its steps again.

    >>> StepsTogether().output((20, 5), (2, 10, 8, 3))
    (2, 10, 5)
    """

    kind: ClassVar[str] = "steps_together"

    def output(self, *inputs: Shape) -> Shape:
        y, x = inputs
        return (x[0], x[1], *y[1:])
