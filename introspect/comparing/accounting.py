"""Every difference between two aligned models, with its cause; amounts add up to the difference by construction.

For each pair of units the first one's tensors are turned into the second's in steps: what flows in, then one convention
after another. What a step changes is that step's share; what the steps do not reach is left unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional

from ..algebra import Dim
from ..conventions import unwrapped
from ..layers.base import Spec
from .aligning import Match
from .changes import Cause, State, smallest, state_of, steps
from .flow import Flow
from .forms import Form, core_of, following, form_of, shape_from
from .units import Held, Inputs, Ledger, Unit, as_conv, ledger_of

Causes = frozenset[Cause]
NOTHING: Causes = frozenset()
QUANTITIES = ("params", "trainable", "buffers")
_WINDOWS = ("pool", "global_pool", "adaptive_pool", "fractional_pool", "upsample", "pyramid_pool", "feature_pool", "reduce")


_WRAPPERS = {
    "weight_norm": "a kernel may be kept as a direction and a length, one number more for each output",
    "spectral_norm": "an estimate of the largest singular value may be kept beside the kernel",
    "pruned": "a mask may be kept beside the kernel",
    "low_rank": "a change of low rank may be learned beside a kernel that stays",
    "quantized": "a kernel may be kept in fewer bits, several packed into one element, with scales beside it",
}


_WRAPPED_AS = {"quantized": "quantised kernels", "low_rank": "kernels of low rank"}


class Share(NamedTuple):
    """A part of a difference: of which quantity, at which pair, in which role, how much, and why (nothing: unexplained)."""

    quantity: str
    match: Match
    role: str
    amount: int
    causes: Causes
    own: bool = True  # whether the cause lies at this very pair


def measure(held: Optional[Held], quantity: str) -> int:
    """How much of a tensor is counted; nothing of one whose size is not a number."""
    if held is None or not isinstance(held.size, int) or held.buffer != (quantity == "buffers"):
        return 0
    return held.size if quantity != "trainable" or held.trainable else 0


class Accountant:
    """Goes through the pairs of two models once, in order, and remembers why shapes have parted ways."""

    def __init__(self, a: Flow, b: Flow, matches: Sequence[Match]) -> None:
        self.a, self.b, self.matches = a, b, matches
        self._partner = {id(u): v for u, v in matches if u is not None}
        self._partner.update({id(v): u for u, v in matches if v is not None})
        self._pieces: dict[int, list[Unit]] = {}
        for unit in (*a.units, *b.units):
            self._pieces.setdefault(id(unit.row), []).append(unit)
        self._shape_causes: dict[int, Causes] = {}
        self.roots: dict[Cause, list[str]] = {}  # where a cause lies, in words
        self._strides = Strides()

    def shares(self) -> list[Share]:
        """All parts of all differences."""
        found: list[Share] = []
        for match in self.matches:
            u, v = match
            found += self._alone(match) if u is None or v is None else self._pair(match, u, v)
        return self._strides.told(found, self.roots)

    def _alone(self, match: Match) -> Iterator[Share]:
        u, v = match
        unit, sign = (u, 1) if u is not None else (v, -1)
        assert unit is not None
        cause = frozenset([self._absence(unit, "mine" if u is not None else "theirs")])
        for role, held in unit.held.items():
            for quantity in QUANTITIES:
                if measure(held, quantity):
                    yield Share(quantity, match, role, sign * measure(held, quantity), cause)
        if isinstance(unit.neurons, int) and unit.neurons:
            yield Share("neurons", match, "", sign * unit.neurons, cause)

    def _absence(self, unit: Unit, side: str) -> Cause:
        """Why a unit has no counterpart: its whole layer has none, or the counterpart is no such stack."""
        pieces = self._pieces[id(unit.row)]
        if unit.whole != "recurrent" or not any(self._partner.get(id(piece)) for piece in pieces):
            return Cause("only_in_a" if side == "mine" else "only_in_b", unit.spec.kind)
        backward = unit.part.endswith("backward")
        return Cause("directions" if backward else "layers", **{side: "a second direction" if backward else "one layer more"})

    def _pair(self, match: Match, u: Unit, v: Unit) -> Iterator[Share]:
        self._strides.see(u, v)
        v.held = v.called_like(u)
        if u.held == v.held and u.neurons == v.neurons and u.gives == v.gives:
            return
        readers = self.a.reader(u), self.b.reader(v)
        way = Way(u, v, "batch_norm" if "batch_norm" in readers else readers[0])
        upstream = NOTHING if u.fed_like(v) else self._upstream(u, v)
        self._remember(u, way, upstream)
        if u.held != v.held:
            for before, after, causes, own in way.ledgers(upstream):
                for share in _tensor_shares(match, u, v, before, after, causes, own):
                    self._root(causes if own else NOTHING, pair_name(u.path, v.path))
                    yield share
        if u.neurons != v.neurons:
            for neurons_before, neurons_after, causes, own in way.neurons(upstream):
                if neurons_before != neurons_after:
                    yield Share("neurons", match, "", neurons_before - neurons_after, causes, own)

    def _remember(self, u: Unit, way: Way, upstream: Causes) -> None:
        if u.gives == way.v.gives:
            return
        own = frozenset(step.cause for step, _ in way.shape_steps)
        self._root(own, pair_name(u.path, way.v.path))
        self._shape_causes[id(u)] = own | (upstream if way.arrives_changed or not own else NOTHING)

    def _root(self, causes: Causes, name: str) -> None:
        for cause in causes:
            names = self.roots.setdefault(cause, [])
            if name not in names:
                names.append(name)

    def _upstream(self, u: Unit, v: Unit) -> Causes:
        """Why what flows into a pair is not the same in both."""
        mine, theirs = self.a.origin(u), self.b.origin(v)
        found: set[Cause] = set()
        for unit, side in [*((x, "mine") for x in mine.units), *((x, "theirs") for x in theirs.units)]:
            if self._partner.get(id(unit)) is None:
                found.add(self._absence(unit, side))
            elif side == "mine":
                found |= self._shape_causes.get(id(unit), NOTHING)
        if not found:
            found |= self._strangers(mine.units, theirs.units)
        for x, y in zip(mine.entries, theirs.entries):
            found |= _entry_causes(form_of(x.spec, x.output_shape, u.layout), form_of(y.spec, y.output_shape, v.layout))
        return frozenset(found) or self._between(u, v)

    def _strangers(self, mine: Sequence[Unit], theirs: Sequence[Unit]) -> set[Cause]:
        """Layers that feed one of a pair, and whose counterparts do not feed the other."""
        here = [x.path for x in mine if not any(self._partner[id(x)] is y for y in theirs)]
        there = [y.path for y in theirs if not any(self._partner[id(y)] is x for x in mine)]
        if not here and not there:
            return set()
        return {Cause("fed_by_another_layer", ", ".join(here) or "fewer layers", ", ".join(there) or "fewer layers")}

    def _between(self, u: Unit, v: Unit) -> Causes:
        """What windows without tensors, between two units, do differently."""
        mine = [row for row in self.a.origin(u).passed if row.kind in _WINDOWS]
        theirs = [row for row in self.b.origin(v).passed if row.kind in _WINDOWS]
        found: set[Cause] = set()
        for x, y in zip(mine, theirs):
            causes = _window_causes(*self.a.padded(x), u.layout, *self.b.padded(y), v.layout)
            self._root(frozenset(causes), pair_name(x.path, y.path))
            found |= causes
        for code, extra in (("only_in_a", mine[len(theirs) :]), ("only_in_b", theirs[len(mine) :])):
            causes = {Cause(code, row.kind) for row in extra}
            self._root(frozenset(causes), ", ".join(row.path for row in extra))
            found |= causes
        return frozenset(found)


def pair_name(a: Optional[str], b: Optional[str]) -> str:
    """What a pair of layers is called: once, where both have the same name."""
    return " ↔ ".join(dict.fromkeys(path for path in (a, b) if path))


def _window_causes(law: Spec, inputs: Inputs, layout: str, other: Spec, theirs: Inputs, their_layout: str) -> set[Cause]:
    """Which fields of two windows make them give other shapes."""
    wanted = state_of(other, theirs, their_layout)
    have = state_of(law, inputs, layout)
    if wanted is None or have is None or wanted.gives == have.gives:
        return set()
    if type(law) is not type(other):
        return {Cause("layer_kind", law.kind.replace("_", " "), other.kind.replace("_", " "))}
    return {step.cause for step, _ in smallest(steps(law, other, inputs), law, wanted, inputs, layout, "gives")}


def _entry_causes(x: Form, y: Form) -> set[Cause]:
    if x is None or y is None or x == y:
        return set()
    shown = ["×".join(str(n) for n in form) for form in (x, y)]
    return {Cause("input_channels" if x[1:] == y[1:] and len(x) > 1 else "input_shape", *shown)}


def _tensor_shares(match: Match, u: Unit, v: Unit, before: Ledger, after: Ledger, causes: Causes, own: bool) -> Iterator[Share]:
    for role in {**before, **after}:
        for quantity in QUANTITIES:
            if measure(u.held.get(role), quantity) == measure(v.held.get(role), quantity):
                continue  # whatever happens on the way, it comes to nothing
            amount = measure(before.get(role), quantity) - measure(after.get(role), quantity)
            if amount:
                yield Share(quantity, match, role, amount, causes, own)


class Strides:
    """A stride may sit on one layer here and on another there: what is between the two is larger in one of the models."""

    def __init__(self) -> None:
        self._open: list[tuple[Unit, Unit]] = []
        self._moved: list[tuple[tuple[Unit, Unit], tuple[Unit, Unit]]] = []

    def see(self, u: Unit, v: Unit) -> None:
        """Take note of a pair whose strides differ: it parts the shapes of the two models, or brings them together again."""
        if getattr(u.spec, "stride", None) == getattr(v.spec, "stride", None):
            return
        if u.seen == v.seen and u.gives != v.gives:
            self._open.append((u, v))
        elif u.seen != v.seen and u.gives == v.gives and self._open:
            self._moved.append((self._open.pop(), (u, v)))

    def told(self, shares: list[Share], roots: dict[Cause, list[str]]) -> list[Share]:
        """The shares, with strides that only sit elsewhere called so."""
        if not self._moved or self._open:
            return shares
        (u, v), (w, x) = self._moved[0]
        early = getattr(u.spec, "stride", ()) > getattr(v.spec, "stride", ())
        said = (u.path if early else w.path, x.path if early else v.path)
        cause = Cause("stride_placement", *said)
        roots[cause] = [pair_name(first.path, second.path) for (first, second), _ in self._moved]
        return [s._replace(causes=frozenset(cause if c.code == "stride" else c for c in s.causes)) for s in shares]


class Way:
    """How one unit is turned into its partner."""

    def __init__(self, u: Unit, v: Unit, reader: str) -> None:
        self.u, self.v = u, v
        mine, theirs = (u.spec, v.spec) if type(u.spec) is type(v.spec) else (_as_conv(u), _as_conv(v))
        self.law = following(mine)
        self.inputs = self._inputs()
        self.same_kind = type(unwrapped(mine)) is type(unwrapped(theirs))
        self.steps = steps(self.law, theirs, self.inputs, reader, relaid=u.layout != v.layout) if self.same_kind else []
        self.arrival = state_of(self.law, self.inputs, u.layout)
        self.goal = State(ledger_of(v.spec, v.inputs), v.gives, state_neurons(v))
        self.arrives_changed = self.arrival is not None and self.arrival.gives != u.gives
        self.shape_steps = smallest(self.steps, self.law, self.goal, self.inputs, u.layout, "gives")

    def _inputs(self) -> Inputs:
        """What flows into `v`, as it would flow into `u`."""
        if self.u.fed_like(self.v) or not self.u.inputs or self.u.inputs[0] is None:
            return self.u.inputs
        moved = shape_from(self.law, self.u.inputs[0], self.v.seen, self.u.layout)
        if moved is not None:
            return (moved, *self.u.inputs[1:])
        return self.v.inputs if self.u.layout == self.v.layout else self.u.inputs

    def ledgers(self, upstream: Causes) -> Iterator[tuple[Ledger, Ledger, Causes, bool]]:
        """The tensors before and after each step."""
        u, v = self.u, self.v
        mine = ledger_of(u.spec, u.inputs)
        yield from _kept_back(u, mine, "mine")
        now = self.arrival.ledger if self.arrival is not None and self.inputs != u.inputs else mine
        yield mine, now, upstream, False
        for step, state in smallest(self.steps, self.law, self.goal, self.inputs, u.layout, "ledger"):
            yield now, state.ledger, frozenset([self._told(step.cause)]), True
            now = state.ledger
        yield now, self.goal.ledger, self._rest(upstream), True
        for before, after, causes, own in _kept_back(v, self.goal.ledger, "theirs"):
            yield after, before, causes, own

    def neurons(self, upstream: Causes) -> Iterator[tuple[int, int, Causes, bool]]:
        """The neurons before and after each step; nothing where one of them is not a number."""
        u, v = self.u, self.v
        numbers = (u.neurons, state_neurons(u), self.arrival.neurons if self.arrival else None, self.goal.neurons, v.neurons)
        inner = frozenset([Cause("inner_value", u.whole or u.spec.kind, v.whole or v.spec.kind)])
        if all(isinstance(n, int) for n in numbers):
            first, mine, now, theirs, last = (int(n) for n in numbers if isinstance(n, int))
            yield first, mine, inner, True
            yield mine, now, upstream, False
            for step, state in self.shape_steps:
                if isinstance(state.neurons, int):
                    yield now, state.neurons, frozenset([step.cause]), True
                    now = state.neurons
            yield now, theirs, self._rest(upstream), True
            yield theirs, last, inner, True
        elif isinstance(u.neurons, int) and isinstance(v.neurons, int):
            yield u.neurons, v.neurons, NOTHING, True

    def _rest(self, upstream: Causes) -> Causes:
        """Why the last step is needed: the layers are of two kinds, or fields that no law allows to be changed one by one."""
        if self.same_kind:
            return upstream | {self._told(step.cause) for step in self.steps}
        wrappers = [spec for spec in (self.u.spec, self.v.spec) if core_of(spec) is not spec]
        if wrappers and type(core_of(self.u.spec)) is type(core_of(self.v.spec)):
            return upstream | {_wrapped(kind, first=spec is self.u.spec) for spec in wrappers for kind in _around(spec)}
        return frozenset([Cause("layer_kind", _kind(self.u), _kind(self.v))])

    def _told(self, cause: Cause) -> Cause:
        """A bias between the two halves of a separable convolution has a name of its own."""
        halves = {self.u.part, self.v.part} & {"depthwise"}
        if halves and cause.code.startswith("bias"):
            because = "a separable convolution has one bias; written as two layers, the first may have one as well"
            return cause._replace(code="separable_middle_bias", because=because)
        return cause


def _wrapped(kind: str, *, first: bool) -> Cause:
    """One side has its layer wrapped into something that owns more, or less."""
    said = _WRAPPED_AS.get(kind, kind.replace("_", " "))
    return Cause(kind, *((said, f"no {said}") if first else (f"no {said}", said)), because=_WRAPPERS.get(kind, ""))


def _around(spec: Spec) -> Iterator[str]:
    """The kinds of what is wrapped around a law, each once."""
    kinds = []
    while core_of(spec) is not spec:
        kinds.append(spec.kind)
        spec = spec.inner  # type: ignore[attr-defined]
    yield from dict.fromkeys(kinds)


def _as_conv(unit: Unit) -> Spec:
    return as_conv(unit.spec, unit.inputs[0] if unit.inputs else None)


def _kind(unit: Unit) -> str:
    return unit.row.kind_name or unit.spec.kind


def state_neurons(unit: Unit) -> Optional[Dim]:
    """The neurons by the unit's own law; those of the row where the law does not say."""
    state = state_of(unit.spec, unit.inputs, unit.layout) if unit.row.called else None
    return unit.neurons if state is None or state.gives is None else state.neurons


def _kept_back(unit: Unit, law: Ledger, side: str) -> Iterator[tuple[Ledger, Ledger, Causes, bool]]:
    """From what a layer holds to what its law says: tied and shared tensors, frozen ones, and those without a law."""

    def cause(code: str, text: str) -> Causes:
        return frozenset([Cause(code, **{side: text})])

    held = unit.held
    if unit.row.repeated:
        yield held, law, cause("shared_layer", "the same layer again"), True
        return
    here: Ledger = dict(held)
    for role, expected in law.items():
        found: Causes = NOTHING
        if role not in held and unit.row.shared:
            found = cause("tied", f"tied to {unit.row.shared[0]}")
        elif role in held and held[role] == expected._replace(trainable=held[role].trainable):
            found = cause("frozen", "not trained")
        if found:
            yield here, {**here, role: expected}, found, True
            here = {**here, role: expected}
    yield here, law, NOTHING, True
