"""How many equal blocks a model has, as an unknown: the count is linear in it, whatever is in a block."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Optional

from ..algebra import Dim
from ..counting import Row
from . import costs
from .edits import Edit, Piece
from .tally import Recount, Tally

_TRIALS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 18, 20, 24, 32, 36, 40, 48)


class Blocks:
    """Blocks ``prefix.0``, ``prefix.1``, … that add the same number each. `shares`: what each of them adds, by its number."""

    def __init__(self, prefix: str, shares: dict[str, Dim], members: dict[int, str]) -> None:
        self.prefix, self.shares, self.members = prefix, shares, members
        self.now = len(shares)
        self.each = _commonest(list(shares.values()))
        self.touched = frozenset(members)

    def solutions(self, low: int, high: int, total: int, each: Optional[int] = None) -> list[int]:
        """Numbers of blocks for which the quantity lies between `low` and `high`, where they add `each`."""
        each = each if each is not None else int(self.each or 0)
        if each <= 0:
            return []
        least, most = -((total - low) // each), (high - total) // each
        found = [self.now + more for more in (least, most) if least <= most and more]
        return [n for n in dict.fromkeys(found) if 0 < n <= 10 * self.now + 100][:1]

    def trials(self) -> list[int]:
        """Numbers worth trying together with something else."""
        return sorted({*_TRIALS, self.now // 2, self.now * 2, self.now - 1, self.now + 1} - {0, self.now})

    def each_in(self, recount: Recount) -> Optional[Dim]:
        """What a block adds in a revision; None where they are no longer alike."""
        shares = dict(self.shares)
        for layer, more in recount.by_layer.items():
            number = self.members.get(layer)
            if number is not None:
                shares[number] = shares[number] + more
        return _commonest(list(shares.values()))

    def cost(self, n: int) -> float:
        """What it costs to believe in `n` blocks."""
        return costs.UNKNOWN["depth"] + (0.0 if n in _TRIALS or n <= 24 else costs.of_value(n, self.now))

    def edit(self, n: int, each: Optional[int] = None) -> Edit:
        """The model with `n` blocks, each adding `each`."""
        more, each = n - self.now, each if each is not None else int(self.each or 0)
        text = f"{n} blocks {self.prefix}.0, {self.prefix}.1, …, not {self.now}: each adds {each:,}"
        terms = [Piece(each, more)]
        return Edit("depth", text, self.cost(n), more * each, (self.prefix,), self.touched, pieces=partial(list, terms))


def blocks(tally: Tally) -> Iterator[Blocks]:
    """Every run of blocks of which at least two are equal."""
    shares: dict[str, dict[str, Dim]] = {}
    members: dict[str, dict[int, str]] = {}
    for row in tally.rows:
        amount = tally.amount(row) or 0
        for prefix, number in _numbered(row):
            held = shares.setdefault(prefix, {})
            held[number] = held.get(number, 0) + amount
            members.setdefault(prefix, {})[row.layer_index] = number
    for prefix, held in shares.items():
        run = Blocks(prefix, held, members[prefix])
        if run.each:
            yield run


def _numbered(row: Row) -> Iterator[tuple[str, str]]:
    """``blocks``, ``3`` for the path ``blocks.3.conv1``."""
    parts = row.layer.path.split(".")
    for i in range(1, len(parts) - 1):
        if parts[i].isdigit():
            yield ".".join(parts[:i]), parts[i]


def _commonest(values: list[Dim]) -> Optional[Dim]:
    """The value that stands there at least twice, and most often; None if none does."""
    counts = {value: values.count(value) for value in values if value != 0}
    best = max(counts, key=lambda value: counts[value], default=None)
    return best if best is not None and counts[best] > 1 else None
