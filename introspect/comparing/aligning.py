"""Which unit of one model is which of the other: by kind, sizes, shapes and order; a name is only a hint.

Three passes: the most alike in order, of which pairs with kernels of one size are kept; equal units elsewhere (branches in
another order); then what is left between the pairs, the most alike in order again. Two models that have the same names for the
same kinds in the same order throughout are one model in two sizes, and need none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, NamedTuple, Optional

from .forms import Form
from .units import BARE, Unit, ledger_of

Match = tuple[Optional[Unit], Optional[Unit]]
_Score = Callable[[Unit, Unit], float]
_EQUAL, _SURE = 14.0, 11.0  # kernel, output and family; kernel and family


def align(a: Sequence[Unit], b: Sequence[Unit]) -> list[Match]:
    """Every unit of both once, alone or with its partner; in the order of `a`, what only `b` has where it stands there."""
    if [_place(u) for u in a] == [_place(v) for v in b]:
        return list(zip(a, b))
    likeness = Likeness(a, b)
    partner = {i: j for i, j in _in_order(a, b, likeness.of) if likeness.of(a[i], b[j]) >= _SURE}
    gaps = _gaps(a, b, partner)
    taken = set(partner.values())
    left, spare = [u for u in a if u.index not in partner], [v for v in b if v.index not in taken]
    partner.update(_anywhere(left, spare, likeness.at_least(_EQUAL)))
    taken = set(partner.values())
    for mine, theirs in gaps:
        mine, theirs = [u for u in mine if u.index not in partner], [v for v in theirs if v.index not in taken]
        partner.update(_in_order(mine, theirs, likeness.of))
    return _merged(a, b, partner)


def _place(unit: Unit) -> tuple[str, str]:
    return unit.path, unit.family


class Likeness:
    """How alike two units are; 0 where they cannot be the same layer. Equal questions are answered once."""

    def __init__(self, a: Sequence[Unit], b: Sequence[Unit]) -> None:
        self._kinds: dict[_Traits, int] = {}
        self._kind = {id(unit): self._kinds.setdefault(_traits(unit), len(self._kinds)) for unit in (*a, *b)}
        traits = list(self._kinds)
        self._scores: list[list[Optional[float]]] = [[None] * len(traits) for _ in traits]
        self._known = traits

    def at_least(self, least: float) -> _Score:
        """The likeness of two units, 0 where it is less than `least`."""

        def score(u: Unit, v: Unit) -> float:
            found = self.of(u, v)
            return found if found >= least else 0.0

        return score

    def of(self, u: Unit, v: Unit) -> float:
        """Kernel of the same size 6, same family 5, same output 3, same input 1, same window 1, same name 1."""
        i, j = self._kind[id(u)], self._kind[id(v)]
        found = self._scores[i][j]
        if found is None:
            found = self._scores[i][j] = _alike(self._known[i], self._known[j])
        return found + 1.0 if found and u.row.path == v.row.path else found


class _Traits(NamedTuple):
    """What tells units apart."""

    family: str
    size: Optional[int]
    gives: Form
    seen: Form
    window: Optional[tuple[int, ...]]
    tensors: int
    backward: Optional[bool]  # a direction of a recurrent layer


def _traits(unit: Unit) -> _Traits:
    held = ledger_of(unit.spec, unit.inputs) or unit.held
    sizes = [h.size for role, h in held.items() if isinstance(h.size, int) and not role.endswith("bias")]
    backward = unit.part.endswith("backward") if unit.whole == "recurrent" else None
    window = getattr(unit.spec, "kernel_size", None)
    return _Traits(unit.family, max(sizes, default=None), unit.gives, unit.seen, window, len(held), backward)


def _alike(u: _Traits, v: _Traits) -> float:
    same_size = u.size is not None and u.size == v.size
    same_output = u.gives is not None and u.gives == v.gives
    if BARE in (u.family, v.family) and u.family != v.family:
        return (
            _EQUAL if same_size and u.tensors == v.tensors == 1 else 0.0
        )  # a parameter of no layer here, a layer of its own there
    if u.family != v.family:
        return 6.0 if {u.family, v.family} == {"conv", "dense"} and same_size and same_output else 0.0
    if u.backward is not None and v.backward is not None and u.backward != v.backward:
        return 0.0
    unknown = u.gives is None or v.gives is None  # a model without an input: sizes have to do
    score = 5.0 + 6.0 * same_size + 3.0 * (same_output or (same_size and unknown))
    return score + (u.seen is not None and u.seen == v.seen) + (u.window is not None and u.window == v.window)


def _in_order(a: Sequence[Unit], b: Sequence[Unit], score: _Score) -> list[tuple[int, int]]:
    """Pairs of indices, both ascending, of the greatest total likeness."""
    start = 0
    while start < min(len(a), len(b)) and _surely(a[start], b[start], score):
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and _surely(a[-1 - end], b[-1 - end], score):
        end += 1
    outside = [(a[i].index, b[i].index) for i in range(start)] + [(a[-i].index, b[-i].index) for i in range(end, 0, -1)]
    return sorted(outside + _best(a[start : len(a) - end], b[start : len(b) - end], score))


def _surely(u: Unit, v: Unit, score: _Score) -> bool:
    """Whether two units at the same end can be matched without looking further."""
    return u.row.path == v.row.path and score(u, v) >= _EQUAL


def _best(a: Sequence[Unit], b: Sequence[Unit], score: _Score) -> list[tuple[int, int]]:
    """Needleman and Wunsch's alignment, gaps free of charge."""
    if not a or not b:
        return []
    table = [[0.0] * (len(b) + 1)]
    for u in a:
        above, row, last = table[-1], [0.0], 0.0
        for j, v in enumerate(b):
            last = max(above[j + 1], last, above[j] + score(u, v))
            row.append(last)
        table.append(row)
    found = []
    i, j = len(a), len(b)
    while i and j:
        if table[i][j] == table[i - 1][j]:
            i -= 1
        elif table[i][j] == table[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            found.append((a[i].index, b[j].index))
    return found[::-1]


def _gaps(a: Sequence[Unit], b: Sequence[Unit], partner: dict[int, int]) -> list[tuple[Sequence[Unit], Sequence[Unit]]]:
    """What lies between one matched pair and the next, in both."""
    found = []
    i = j = 0
    for u, v in [*partner.items(), (len(a), len(b))]:
        found.append((a[i:u], b[j:v]))
        i, j = u + 1, v + 1
    return found


def _anywhere(a: Sequence[Unit], b: Sequence[Unit], score: _Score) -> list[tuple[int, int]]:
    """The best partner left for each, wherever it stands; the nearest of equal ones."""
    found, spare = [], list(b)
    for u in a:
        best = max(spare, key=lambda v: (score(u, v), -abs(u.index - v.index)), default=None)
        if best is not None and score(u, best):
            spare.remove(best)
            found.append((u.index, best.index))
    return found


def _merged(a: Sequence[Unit], b: Sequence[Unit], partner: dict[int, int]) -> list[Match]:
    """All of both in one order."""
    taken = set(partner.values())
    alone = [v for v in b if v.index not in taken]
    found: list[Match] = []
    for u in a:
        v = partner.get(u.index)
        while v is not None and alone and alone[0].index < v:
            found.append((None, alone.pop(0)))
        found.append((u, None if v is None else b[v]))
    return found + [(None, v) for v in alone]
