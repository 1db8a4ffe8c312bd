"""Two recurrent layers of any kind on one sequence, the second from its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..errors import ConfigurationError, ShapeError
from .base import Connections, Shape, Spec, Tensor, show
from .basic import Identity
from .merge import require_equal

MERGES = ("concat", "sum", "mul", "ave", None)


@dataclass(frozen=True)
class BothWays(Spec):
    """The laws `forward` and `backward` on the same inputs. Source: Keras' ``Bidirectional`` page.

    `merge`: what becomes of the two: joined along the last axis, combined element by element, or None, two outputs. The states,
    where they come out, are those of the one and then those of the other.

    >>> from .recurrent import Recurrent
    >>> both = BothWays(Recurrent("gru", 4), Recurrent("lstm", 6))
    >>> both.output((2, 5, 3)), [t.key for t in both.tensors((2, 5, 3))][::3]
    ((2, 5, 10), ['forward.kernel', 'backward.kernel'])
    """

    forward: Spec = Identity()  # noqa: RUF009  frozen, so it can be shared
    backward: Spec = Identity()  # noqa: RUF009
    merge: Optional[str] = "concat"
    kind: ClassVar[str] = "both_ways"

    @property
    def weighted(self) -> bool:  # type: ignore[override]
        return self.forward.weighted or self.backward.weighted

    @property
    def nonlinear(self) -> bool:
        return self.forward.nonlinear and self.backward.nonlinear

    @property
    def edges_known(self) -> bool:  # type: ignore[override]
        return self.forward.edges_known and self.backward.edges_known

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        both = (("forward", self.forward), ("backward", self.backward))
        owned = [(way, t) for way, law in both for t in law.tensors(*inputs)]
        return tuple(t._replace(part=f"{way}.{t.part}" if t.part else way) for way, t in owned)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        there, *states = self.forward.outputs(*inputs)
        back, *others = self.backward.outputs(*inputs)
        return (*self._merged(there, back), *states, *others)

    def _merged(self, there: Shape, back: Shape) -> tuple[Shape, ...]:
        if self.merge not in MERGES:
            raise ConfigurationError("unknown merge mode", got=self.merge, expected=", ".join(map(str, MERGES)))
        if self.merge is None:
            return there, back
        if self.merge != "concat":
            return (require_equal((there, back), "what comes out of the two directions"),)
        if len(there) != len(back):
            raise ShapeError("the two directions cannot be joined", got=f"{show(there)} and {show(back)}")
        joined = require_equal((there[:-1], back[:-1]), "what comes out of the two directions")
        return ((*joined, there[-1] + back[-1]),)

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]

    def connections(self, *inputs: Shape) -> Connections:
        each = [law.connections(*inputs) for law in (self.forward, self.backward)]
        return Connections(sum((c.edges for c in each), 0), sum((c.bias_edges for c in each), 0))

    def batch_axis(self, x: Shape) -> Optional[int]:
        return self.forward.batch_axis(x)

    def per_example(self, y: Shape) -> Shape:
        return self.forward.per_example(y)

    def channels_of(self, y: Shape) -> Dim:
        return self.forward.channels_of(y)

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return self.forward.axes(*inputs)

    def named(self, prefix: str = "") -> BothWays:
        return BothWays(self.forward.named(f"{prefix}forward."), self.backward.named(f"{prefix}backward."), self.merge)
