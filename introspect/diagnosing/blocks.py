"""How many equal blocks a model has, as an unknown: the count is linear in it, whatever is in a block."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Optional

from ..counting import Row
from . import costs
from .edits import Edit, Piece
from .tally import Tally


class Blocks:
    """Blocks ``prefix.0``, ``prefix.1``, … that add the same number each."""

    def __init__(self, prefix: str, now: int, each: int, touched: frozenset[int]) -> None:
        self.prefix, self.now, self.each, self.touched = prefix, now, each, touched

    def solutions(self, low: int, high: int, total: int) -> list[int]:
        """Numbers of blocks for which the quantity lies between `low` and `high`."""
        least = -((total - low) // self.each)
        most = (high - total) // self.each
        found = [self.now + more for more in (least, most) if least <= most and more]
        return [n for n in dict.fromkeys(found) if 0 < n <= 10 * self.now + 100][:1]

    def edit(self, n: int) -> Edit:
        """The model with `n` blocks."""
        more = n - self.now
        text = f"{n} blocks {self.prefix}.0, {self.prefix}.1, …, not {self.now}: each adds {self.each:,}"
        cost = costs.UNKNOWN["depth"] + costs.of_value(n, self.now) / 2
        return Edit(
            "depth", text, cost, more * self.each, (self.prefix,), self.touched, pieces=partial(list, [Piece(self.each, more)])
        )


def blocks(tally: Tally) -> Iterator[Blocks]:
    """Every run of two or more equal blocks, the most of them where they are of several kinds."""
    amounts: dict[str, dict[str, int]] = {}
    layers: dict[str, set[int]] = {}
    for row in tally.rows:
        amount = tally.amount(row)
        for prefix, number in _numbered(row):
            held = amounts.setdefault(prefix, {})
            held[number] = held.get(number, 0) + (amount if isinstance(amount, int) else 0)
            layers.setdefault(prefix, set()).add(row.layer_index)
    for prefix, held in amounts.items():
        each = _commonest(list(held.values()))
        if each:
            yield Blocks(prefix, len(held), each, frozenset(layers[prefix]))


def _numbered(row: Row) -> Iterator[tuple[str, str]]:
    """``blocks``, ``3`` for the path ``blocks.3.conv1``."""
    parts = row.layer.path.split(".")
    for i in range(1, len(parts) - 1):
        if parts[i].isdigit():
            yield ".".join(parts[:i]), parts[i]


def _commonest(values: list[int]) -> Optional[int]:
    """The value that stands there at least twice, and most often; None if none does."""
    counts = {value: values.count(value) for value in set(values) if value}
    best = max(counts, key=lambda value: (counts[value], value), default=0)
    return best if best and counts[best] > 1 else None
