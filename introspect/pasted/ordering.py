"""The best way to lay two lists of layers side by side in their order: a row may be missing on either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .base import PastedRow

if TYPE_CHECKING:
    from ..rows import LayerRow


def best_order(pasted: Sequence[PastedRow], rows: Sequence[LayerRow], *, whole: bool) -> dict[int, list[int]]:
    """For each pasted row that has a counterpart: its index, and those of the rows that are it (a block's are several)."""
    start = _common_head(pasted, rows) if whole else 0
    best = _scores(pasted[start:], rows[start:])
    found = {i: [i] for i in range(start)}
    i = j = 0
    while i < len(pasted) - start and j < len(rows) - start:
        if best[i][j] == best[i][j + 1]:
            j += 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            size = _reach(pasted[start + i], rows, start + j)
            found[start + i] = list(range(start + j, start + j + size))
            i, j = i + 1, j + size
    return found


def _scores(pasted: Sequence[PastedRow], rows: Sequence[LayerRow]) -> list[list[float]]:
    """The best score from each place to the end."""
    best = [[0.0] * (len(rows) + 1) for _ in range(len(pasted) + 1)]
    for i in range(len(pasted) - 1, -1, -1):
        here, after = best[i], best[i + 1]
        for j in range(len(rows) - 1, -1, -1):
            score = max(here[j + 1], after[j])
            size = _reach(pasted[i], rows, j)
            if size:
                score = max(score, _likeness(pasted[i], rows[j : j + size]) + after[j + size])
            here[j] = score
    return best


def _common_head(pasted: Sequence[PastedRow], rows: Sequence[LayerRow]) -> int:
    """How many rows at the start are plainly the same: most of them, as a rule."""
    count = 0
    for row, ours in zip(pasted, rows):
        if not row.kind_name or row.kind_name != ours.kind_name or row.params != ours.params or not _same_shape(row, ours):
            break
        count += 1
    return count


def _reach(pasted: PastedRow, rows: Sequence[LayerRow], j: int) -> int:
    """How many rows from the j-th on a pasted row may stand for: 0 where it cannot be that layer."""
    row = rows[j]
    if pasted.kind_name == row.kind_name or (pasted.name and pasted.name == row.path.rpartition(".")[2]):
        return 1
    if not pasted.kind_name and not pasted.name:
        return 0
    if not pasted.kind_name:
        return int(_same_shape(pasted, row) or row.path.rpartition(".")[2].startswith(pasted.name))
    parts = row.path.split(".")
    if len(parts) <= pasted.depth or pasted.name:
        return 0  # no block of that depth begins here
    end = j + 1
    while end < len(rows) and rows[end].path.split(".")[: pasted.depth] == parts[: pasted.depth] and rows[end].path != row.path:
        end += 1
    return end - j


def _likeness(pasted: PastedRow, rows: Sequence[LayerRow]) -> float:
    last = rows[-1]
    score = 4.0 if pasted.kind_name == last.kind_name and len(rows) == 1 else 1.5
    score += 4.0 * (bool(pasted.name) and last.path.rpartition(".")[2] == pasted.name)
    score += 2.0 * _same_shape(pasted, last) + 0.5 * (pasted.repeated == rows[0].repeated)
    return score + 1.0 * (
        isinstance(pasted.params, int) and all(row.params.known for row in rows) and _sum(rows) == pasted.params
    )


def _sum(rows: Sequence[LayerRow]) -> int:
    return sum(int(row.params) for row in rows)


def _same_shape(pasted: PastedRow, row: LayerRow) -> bool:
    """Whether two shapes agree where both are known; the batch does not count."""
    shape: Any = row.output_shape
    if shape is None or pasted.output_shape is None or len(shape) != len(pasted.output_shape):
        return False
    return all(a is None or not isinstance(b, int) or a == b for a, b in zip(pasted.output_shape[1:], shape[1:]))
