"""The best way to lay two lists of layers side by side in their order: a row may be missing on either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .base import PastedRow

if TYPE_CHECKING:
    from ..rows import LayerRow

KIND, BLOCK, NAME, SHAPE, PARAMS, REPEATED = 4.0, 1.5, 4.0, 2.0, 1.0, 0.5  # what speaks for a pair, and how much


def best_order(pasted: Sequence[PastedRow], rows: Sequence[LayerRow], *, whole: bool, blocks: bool) -> dict[int, list[int]]:
    """For each pasted row that has a counterpart: its index, and those of the rows that are it.

    `whole`: nothing is known to be missing. `blocks`: a row may stand for a block, and so for several rows.
    """
    start = _common_head(pasted, rows) if whole else 0
    order = _Order(pasted[start:], rows[start:], blocks)
    return {**{i: [i] for i in range(start)}, **{start + i: [start + j for j in group] for i, group in order.pairs()}}


def _common_head(pasted: Sequence[PastedRow], rows: Sequence[LayerRow]) -> int:
    """How many rows at the start are plainly the same: most of them, as a rule."""
    count = 0
    for row, ours in zip(pasted, rows):
        same = row.kind_name and row.kind_name == ours.kind_name and row.params in (None, ours.params)
        if not same or not _same_shape(row, ours):
            break
        count += 1
    return count


class _Order:
    """The scores of laying each end of one list beside each end of the other."""

    def __init__(self, pasted: Sequence[PastedRow], rows: Sequence[LayerRow], blocks: bool) -> None:
        self.pasted, self.rows, self.blocks = pasted, rows, blocks
        self.parts = [row.path.split(".") for row in rows]
        self.kinds = [row.kind_name for row in rows]

    def pairs(self) -> list[tuple[int, range]]:
        """The pairs of the best score, from the front."""
        best = self._scores()
        found, i, j = [], 0, 0
        while i < len(self.pasted) and j < len(self.rows):
            if best[i][j] == best[i][j + 1]:
                j += 1
            elif best[i][j] == best[i + 1][j]:
                i += 1
            else:
                size = self._reach(self.pasted[i], j)
                found.append((i, range(j, j + size)))
                i, j = i + 1, j + size
        return found

    def _scores(self) -> list[list[float]]:
        """The best score from each place to the end."""
        best = [[0.0] * (len(self.rows) + 1) for _ in range(len(self.pasted) + 1)]
        for i in range(len(self.pasted) - 1, -1, -1):
            row, here, after = self.pasted[i], best[i], best[i + 1]
            for j in range(len(self.rows) - 1, -1, -1):
                score = max(here[j + 1], after[j])
                size = self._reach(row, j)
                if size:
                    score = max(score, self._likeness(row, j, size) + after[j + size])
                here[j] = score
        return best

    def _reach(self, row: PastedRow, j: int) -> int:
        """How many rows from the j-th on a pasted row may stand for: 0 where it cannot be that layer."""
        if row.kind_name and row.kind_name == self.kinds[j]:
            return 1
        if row.name:
            name = self.parts[j][-1]
            alike = name.startswith(row.name) or _same_shape(row, self.rows[j])
            return int(name == row.name or (not row.kind_name and alike))
        return self._block(row.depth, j) if row.kind_name and self.blocks else 0

    def _block(self, depth: int, j: int) -> int:
        """How many rows from the j-th on are in one block of that depth, called once."""
        head, end = self.parts[j][:depth], j + 1
        if len(self.parts[j]) <= depth:
            return 0
        while end < len(self.rows) and self.parts[end][:depth] == head and self.parts[end] != self.parts[j]:
            end += 1
        return end - j

    def _likeness(self, row: PastedRow, j: int, size: int) -> float:
        chosen = self.rows[j : j + size]
        score = KIND if size == 1 and row.kind_name == self.kinds[j] else BLOCK
        score += NAME * (bool(row.name) and self.parts[j][-1] == row.name) + SHAPE * _same_shape(row, chosen[-1])
        score += REPEATED * (row.repeated == chosen[0].repeated)
        return score + PARAMS * (isinstance(row.params, int) and _params(chosen) == row.params)


def _params(rows: Sequence[LayerRow]) -> int:
    """What rows come to; -1 where that is unknown."""
    return sum(int(row.params) for row in rows) if all(row.params.known for row in rows) else -1


def _same_shape(pasted: PastedRow, row: LayerRow) -> bool:
    """Whether two shapes agree where both are known; the batch does not count."""
    shape: Any = row.output_shape
    if shape is None or pasted.output_shape is None or len(shape) != len(pasted.output_shape):
        return False
    return all(a is None or not isinstance(b, int) or a == b for a, b in zip(pasted.output_shape[1:], shape[1:]))
