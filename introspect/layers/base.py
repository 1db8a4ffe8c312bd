"""What a law is: a frozen record of a layer's configuration that states its tensors, output and connections.

A law is written once as ordinary arithmetic. It runs on ints, always, and on named terms when a working is
asked for; the number and its formula therefore cannot drift apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Optional, TypeVar

from ..algebra import Dim, known, product, symbol
from ..errors import ConfigurationError, ShapeError

Shape = tuple[Dim, ...]
S = TypeVar("S", bound="Spec")

SPATIAL: Mapping[int, tuple[str, ...]] = {0: (), 1: ("",), 2: ("h", "w"), 3: ("d", "h", "w")}


def axis_suffixes(rank: int) -> tuple[str, ...]:
    """What tells the axes of a `rank`-dimensional window apart in a name: ``kh``, ``kw``."""
    return SPATIAL.get(rank) or tuple(str(i) for i in range(rank))


def kernel_axes(rank: int) -> tuple[str, ...]:
    """The names of a kernel's window axes.

    >>> kernel_axes(1), kernel_axes(2)
    (('k',), ('kh', 'kw'))
    """
    return tuple(f"k{suffix}" for suffix in axis_suffixes(rank))


class Tensor(NamedTuple):
    """A tensor that a law says its layer owns.

    `axes` are named, in the law's order. `buffer` marks state that the framework does not call a parameter.
    `part` tells apart the tensors of one role: a direction, a stacked layer. `packed`: the axis along which two numbers are
    stored as one.
    """

    role: str
    axes: tuple[tuple[str, Dim], ...]
    trainable: bool = True
    buffer: bool = False
    part: str = ""
    packed: str = ""

    @property
    def key(self) -> str:
        return f"{self.part}.{self.role}" if self.part else self.role

    @property
    def shape(self) -> Shape:
        return tuple(dim for _, dim in self.axes)

    @property
    def size(self) -> Dim:
        return product(dim for _, dim in self.axes)

    @property
    def elements(self) -> Dim:
        """How many numbers are stored.

        >>> Tensor("kernel", (("row", 4), ("column", 7)), packed="column").elements
        16
        """
        return product((dim + 1) // 2 if name == self.packed else dim for name, dim in self.axes)

    @property
    def is_bias(self) -> bool:
        return self.role.endswith("bias")


class Connections(NamedTuple):
    """Edges without weight sharing; edges from a bias are counted apart."""

    edges: Dim = 0
    bias_edges: Dim = 0


class Reading(NamedTuple):
    """How a call reads a kernel, by the names of its axes: those that it sums over, and those along which each place has a
    scale of its own where the kernel is kept in whole numbers; an empty name there is an axis of 1.
    """

    summed: tuple[str, ...]
    scaled: tuple[str, ...]


class Term(NamedTuple):
    """How a field is called in a formula. A value equal to `neutral` changes nothing and is left out of it."""

    name: str
    neutral: Optional[int] = None


@dataclass(frozen=True)
class Spec:
    """Base of all laws. A subclass states `kind` and overrides what differs from "owns nothing, changes nothing"."""

    kind: ClassVar[str] = ""
    weighted: ClassVar[bool] = False  # owns a kernel: its outputs are neurons by the default definition
    passes: ClassVar[bool] = False  # the output is the (first) input's shape, axis by axis
    hides: ClassVar[bool] = False  # applies layers of its own to part of the input, and which part is a matter of values
    edges_known: ClassVar[bool] = True  # False: it also computes with tensors of which no law says what is done with them
    reshapes: ClassVar[bool] = False  # the output's dimensions are products of the input's
    terms: ClassVar[Mapping[str, Term]] = {}
    declared: ClassVar[tuple[str, ...]] = ()  # fields that only restate what flows in; None where nothing is declared
    registry: ClassVar[dict[str, type[Spec]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" in cls.__dict__:
            known = Spec.registry.setdefault(cls.kind, cls)
            if known.__qualname__ != cls.__qualname__:
                raise TypeError(f"two laws are called {cls.kind!r}: {known!r} and {cls!r}")

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        """The tensors owned; `inputs` may be missing or None where the configuration alone says it."""
        return ()

    def output(self, *inputs: Shape) -> Shape:
        """The shape that comes out, batch included. Raises `ShapeError` where the layer cannot be applied."""
        return inputs[0]

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        """All that comes out, for a layer with several outputs."""
        return (self.output(*inputs),)

    def connections(self, *inputs: Shape) -> Connections:
        """Edges of one call, per example."""
        return Connections()

    def reading(self, role: str, *inputs: Optional[Shape]) -> Reading:
        """How a call reads the kernel called `role`."""
        raise ConfigurationError("nobody says how this kernel is quantised", got=f"{role} of {self.kind}")

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        """What the inputs' axes are called in a formula; an empty name leaves the dimension as it is (the batch)."""
        return tuple(("", *(f"d{i}" for i in range(1, len(x)))) for x in inputs)

    def batch_axis(self, x: Shape) -> Optional[int]:
        """Which axis of an input is the batch; None where it has none."""
        return 0

    def per_example(self, y: Shape) -> Shape:
        """An output's dimensions without the batch."""
        return y[1:]

    def channels_of(self, y: Shape) -> Dim:
        """Channels, maps or units of an output."""
        return y[-1]

    @property
    def lawless(self) -> bool:
        """Whether nothing is known of what this layer does."""
        return False

    @property
    def nonlinear(self) -> bool:
        """Whether the output has passed a nonlinearity."""
        return getattr(self, "activation", None) not in (None, "linear", "identity")

    def named(self: S, prefix: str = "") -> S:
        """The same law with its numbers replaced by bound symbols, for a formula."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _prefix=prefix)
        for field, term in self.terms.items():
            twin.__dict__[field] = _named(self.__dict__[field], prefix + term.name, term.neutral)
        return twin

    def worked_out(self, name: str, dim: Dim) -> Dim:
        """A dimension this law has worked out; in a formula it goes on as a term of its own, not spelled out again."""
        prefix = self.__dict__.get("_prefix")
        return dim if prefix is None or isinstance(dim, int) else symbol(prefix + name, dim)

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        """The same law for other inputs than it was made for: what only restates them follows them."""
        stated = {name: None for name in self.declared if getattr(self, name) is not None}
        return self.replace(**stated) if stated else self

    def replace(self: S, **changes: Any) -> S:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)


def _named(value: Any, name: str, neutral: Optional[int]) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value == neutral else symbol(name, value)
    if not isinstance(value, tuple):
        return value
    if value and all(isinstance(item, tuple) for item in value):
        return tuple(_named_pair(p, name + s, neutral) for p, s in zip(value, axis_suffixes(len(value))))
    return tuple(_named(item, name + s, neutral) for item, s in zip(value, axis_suffixes(len(value))))


def _named_pair(pair: tuple[Any, ...], name: str, neutral: Optional[int]) -> tuple[Any, ...]:
    if len(set(pair)) == 1:
        return tuple(_named(item, name, neutral) for item in pair)
    return tuple(_named(item, f"{name}_{side}", neutral) for item, side in zip(pair, ("before", "after")))


def require_rank(x: Shape, ranks: tuple[int, ...], what: str) -> None:
    """Raise `ShapeError` unless `x` has one of `ranks` axes."""
    if len(x) not in ranks:
        wanted = " or ".join(str(rank) for rank in ranks)
        raise ShapeError(f"{what} cannot take this input", got=f"{len(x)} axes {show(x)}", expected=f"{wanted} axes")


def require_dim(got: Dim, expected: Dim, what: str) -> None:
    """Raise `ShapeError` when two dimensions are known to differ; an unknown one is given the benefit."""
    if isinstance(got, int) and isinstance(expected, int) and got != expected:
        raise ShapeError(f"{what} does not fit", got=got, expected=expected)


def settled(flowing: Dim, declared: Optional[int], what: str) -> Dim:
    """The dimension that flows in, checked against what the configuration declares, which also settles an unknown one."""
    if declared is None:
        return flowing
    require_dim(flowing, declared, what)
    return flowing if isinstance(flowing, int) or known(flowing) else declared


def require_divisible(number: Dim, by: Dim, what: str) -> None:
    """Raise `ConfigurationError` when `by` is known not to divide `number`."""
    if isinstance(number, int) and isinstance(by, int) and number % by:
        raise ConfigurationError(f"{what} cannot be split evenly", got=number, expected=f"a multiple of {by}")


def positive(n: Dim, what: str) -> Dim:
    """`n`, or a `ShapeError` when nothing would be left of it."""
    if isinstance(n, int) and n < 1:
        raise ShapeError(f"{what} would have no output left", got=n, expected="at least 1", hint="a larger input")
    return n


def need(x: Optional[Shape], what: str) -> Shape:
    """`x`, or an error that says what cannot be known without it."""
    if x is None:
        raise ShapeError(f"{what} depends on the input's shape", expected="an input shape", hint="explain(model, inputs)")
    return x


def show(x: Shape) -> str:
    """A shape for people: ``N×3×32×32``.

    >>> show((1, 3, 32, 32)), show(())
    ('1×3×32×32', 'scalar')
    """
    from ..notation import formula

    return "×".join(formula(dim) for dim in x) or "scalar"
