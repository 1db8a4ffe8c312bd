"""Tensors of a file against a model, or another file: by what they are called, as no law says what they are.

Where no tensor of one side is called as one of the other, those of equal shape are paired, in order.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional

from ..explaining import Explanation
from ..layers.base import show
from ..rendering.wording import tensors_alone
from .result import Account, Comparison, PairRow, Place, Reason, Side, Tensors
from .wording import arithmetic

_QUANTITIES = ("params", "buffers")


class One(NamedTuple):
    """A name that a tensor has. One that is tied is counted where it is held first: `size` is 0 under its other names."""

    path: str
    name: str
    shape: str
    size: int
    buffer: bool
    note: str = ""


Pair = tuple[Optional[One], Optional[One]]


def by_name(a: Explanation, b: Explanation, sides: tuple[Side, Side]) -> Comparison:
    """Two explanations of which one at least is of tensors alone."""
    first, second = _named(a), _named(b)
    notes = ["tensors alone are compared by their names and shapes: what is done with them is not known"]
    cut = _shared_prefix(first, second)
    if cut:
        notes.append(f"the names of one side begin with {cut!r}, which is left away")
        first, second = _without(first, cut), _without(second, cut)
    pairs = [_flagged(pair, tensors_alone(a), tensors_alone(b)) for pair in _paired(first, second)]
    if first.keys().isdisjoint(second):
        notes.append("no tensor of one is called as one of the other: those of equal shape are paired, in order")
        pairs = _by_shape(first.values(), second.values())
    accounts = tuple(_account(quantity, pairs, sides) for quantity in _QUANTITIES)
    return Comparison(*sides, accounts, tuple(_rows(pairs)), (), tuple(notes))


def _named(e: Explanation) -> dict[str, One]:
    found: dict[str, One] = {}
    for tensor in e.tensors:
        shape = "?" if tensor.shape is None else show(tensor.shape)
        own = f"{e.model.name}." if tensor.path == e.model.name else ""  # what a model itself holds stands at its name
        size = tensor.size if isinstance(tensor.size, int) else 0
        for holder in tensor.holders:
            path, name = (tensor.path, tensor.name) if holder == tensor.holders[0] else _parted(holder)
            tied = holder != tensor.holders[0]
            note = f"tied to {tensor.holders[0]}" if tied else ""
            found[holder[len(own) :]] = One(path, name, shape, 0 if tied else size, tensor.buffer, note)
    return found


def _parted(holder: str) -> tuple[str, str]:
    path, _, name = holder.rpartition(".")
    return path, name


def _shared_prefix(a: dict[str, One], b: dict[str, One]) -> str:
    """What all names of one side begin with, where without it they are those of the other: ``module.``."""
    for mine, theirs in ((a, b), (b, a)):
        prefixes = {name.partition(".")[0] + "." for name in mine}
        if len(prefixes) == 1 and mine.keys().isdisjoint(theirs):
            (prefix,) = prefixes
            if any(name[len(prefix) :] in theirs for name in mine):
                return prefix
    return ""


def _without(named: dict[str, One], prefix: str) -> dict[str, One]:
    if not all(name.startswith(prefix) for name in named):
        return named
    return {name[len(prefix) :]: one._replace(path=one.path[len(prefix) :]) for name, one in named.items()}


def _paired(a: dict[str, One], b: dict[str, One]) -> list[Pair]:
    return [(a.get(name), b.get(name)) for name in {**a, **b}]


def _by_shape(a: Iterable[One], b: Iterable[One]) -> list[Pair]:
    waiting: dict[str, deque[One]] = defaultdict(deque)
    for theirs in b:
        waiting[theirs.shape].append(theirs)
    pairs: list[Pair] = [(mine, waiting[mine.shape].popleft() if waiting[mine.shape] else None) for mine in a]
    return pairs + [(None, theirs) for left in waiting.values() for theirs in left]


def _flagged(pair: Pair, first_alone: bool, second_alone: bool) -> Pair:
    """A file does not say what a buffer is; where the other side is a model, that does."""
    a, b = pair
    if a is None or b is None or first_alone == second_alone:
        return pair
    buffer = b.buffer if first_alone else a.buffer
    return a._replace(buffer=buffer), b._replace(buffer=buffer)


def _account(quantity: str, pairs: Sequence[Pair], sides: tuple[Side, Side]) -> Account:
    mine, theirs = (sum(_measure(pair[i], quantity) for pair in pairs) for i in (0, 1))
    grouped: dict[str, list[Place]] = {}
    for a, b in pairs:
        amount = _measure(a, quantity) - _measure(b, quantity)
        if amount:
            code = "only_in_a" if b is None else "only_in_b" if a is None else "tied" if a.note != b.note else "other_shape"
            place = Place(a.path if a else None, b.path if b else None, amount, ((a or b).name,))  # type: ignore[union-attr]
            grouped.setdefault(code, []).append(place)
    reasons = [_reason(code, places, sides) for code, places in grouped.items()]
    return Account(quantity, mine, theirs, tuple(sorted(reasons, key=lambda r: -abs(r.amount))))


def _measure(one: Optional[One], quantity: str) -> int:
    return one.size if one is not None and one.buffer == (quantity == "buffers") else 0


def _reason(code: str, places: list[Place], sides: tuple[Side, Side]) -> Reason:
    a, b = (side.label for side in sides)
    text = {
        "only_in_a": f"{a} has tensors that {b} has not",
        "only_in_b": f"{b} has tensors that {a} has not",
        "tied": "a tensor that is one in one of the two is kept twice in the other",
        "other_shape": "tensors of one name, or one kept as a buffer, that are not of one size",
    }[code]
    together = _together(places)
    return Reason(code, text, sum(place.amount for place in places), arithmetic(together), together)


def _together(places: list[Place]) -> tuple[Place, ...]:
    """One place for each pair of layers."""
    found: dict[tuple[Optional[str], Optional[str]], Place] = {}
    for place in places:
        key = (place.a, place.b)
        had = found.get(key, Place(*key, 0))
        found[key] = Place(*key, had.amount + place.amount, (*had.roles, *place.roles))
    return tuple(found.values())


def _rows(pairs: Sequence[Pair]) -> list[PairRow]:
    """A row for each pair of layers, with the tensors that differ."""
    grouped: dict[tuple[Optional[str], Optional[str]], list[Tensors]] = {}
    for a, b in pairs:
        row = grouped.setdefault((a.path if a else None, b.path if b else None), [])
        if a is None or b is None or (a.shape, a.size) != (b.shape, b.size):
            name = (a or b).name  # type: ignore[union-attr]
            row.append(Tensors(name, a.size if a else None, b.size if b else None, _note(a), _note(b)))
    return [PairRow(*paths, "opaque", tuple(tensors)) for paths, tensors in grouped.items()]


def _note(one: Optional[One]) -> str:
    return "" if one is None else one.note or one.shape
