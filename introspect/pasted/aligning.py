"""Which rows of a model the rows of a pasted summary speak of.

By path where the summary shows paths, else by class, shape and order; names are hints. Rows may be missing on either side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from .base import Pasted, PastedRow
from .ordering import best_order

if TYPE_CHECKING:
    from ..rows import LayerRow


_OWNS = "container"  # the kind of a row for what a block owns beside its layers


@dataclass(frozen=True)
class Pair:
    """A pasted row and the rows of the model its number is about.

    One row; all calls of one layer; all that a block holds; or none, where a block's rows stand below it and its own
    number is only what it owns beside them.
    """

    pasted: PastedRow
    rows: tuple[LayerRow, ...]

    @property
    def params(self) -> Optional[int]:
        """What the model's rows come to; None where one of them is unknown."""
        counts = [row.params for row in self.rows]
        return sum(int(count) for count in counts) if all(count.known for count in counts) else None


@dataclass(frozen=True)
class Aligned:
    """`pairs` in the pasted order; what only the paste has, and which layers (not bare functions) only the model has."""

    pairs: tuple[Pair, ...]
    only_pasted: tuple[PastedRow, ...] = ()
    only_model: tuple[LayerRow, ...] = ()


def align(pasted: Pasted, rows: Sequence[LayerRow]) -> Aligned:
    """Pair a summary's rows with a model's."""
    found = {**_by_path(pasted, rows), **_wrapper(pasted, rows)}
    left = [i for i in range(len(pasted.rows)) if i not in found and not _has_children(pasted.rows, i)]
    if pasted.tool != "torchinfo":  # no other prints a block in place of its layers, and nothing but its class
        known = {row.kind_name for row in rows}
        left = [i for i in left if pasted.rows[i].name or pasted.rows[i].kind_name in known]
    taken = {j for i, group in found.items() for j in group if not _has_children(pasted.rows, i)}
    kinds = {row.kind_name for row in pasted.rows}
    hidden = {_OWNS} if "InputLayer" in kinds or not any(kinds) else {_OWNS, "input"}
    free = [j for j, row in enumerate(rows) if j not in taken and not row.function and row.kind not in hidden]
    blocks = pasted.tool == "torchinfo"
    chosen = [pasted.rows[i] for i in left], [rows[j] for j in free]
    for i, group in best_order(*chosen, whole=pasted.whole, blocks=blocks).items():
        found[left[i]] = [free[j] for j in group]
    _blocks(pasted, rows, found)
    taken = {i for group in found.values() for i in group}
    pairs = tuple(Pair(pasted.rows[i], tuple(rows[j] for j in found[i])) for i in sorted(found))
    missing = tuple(row for i, row in enumerate(pasted.rows) if i not in found)
    return Aligned(pairs, missing, tuple(row for j, row in enumerate(rows) if j not in taken and not row.function))


def _has_children(rows: Sequence[PastedRow], i: int) -> bool:
    return i + 1 < len(rows) and rows[i + 1].depth > rows[i].depth


def _by_path(pasted: Pasted, rows: Sequence[LayerRow]) -> dict[int, list[int]]:
    """For each pasted row with a path of the model: the rows at it and below it."""
    below: dict[str, list[int]] = {}
    for j, row in enumerate(rows):
        parts = row.path.split(".")
        for k in range(len(parts)):
            below.setdefault(".".join(parts[: k + 1]), []).append(j)
    paths = _rooted([row.path for row in pasted.rows], below)
    found = {i: below[path] for i, path in enumerate(paths) if path in below and not _has_children(pasted.rows, i)}
    found = {i: group for i, group in found.items() if _same_kind(pasted.rows[i], [rows[j] for j in group])}
    for path in {paths[i] for i in found}:
        _share(path, [i for i in found if paths[i] == path], below[path], rows, found)
    return found


def _wrapper(pasted: Pasted, rows: Sequence[LayerRow]) -> dict[int, list[int]]:
    """A row for the whole model, where the summary is of something that holds it and nothing else (Lightning)."""
    top = [i for i, row in enumerate(pasted.rows) if row.depth == 1]
    if pasted.tool != "lightning" or len(top) != 1 or any(row.path.startswith(pasted.rows[top[0]].name) for row in rows):
        return {}
    return {top[0]: list(range(len(rows)))}


def _rooted(paths: list[str], below: dict[str, list[int]]) -> list[str]:
    """The paths as the model has them: a summary may have wrapped the model in one of its own."""
    dropped = [path.partition(".")[2] for path in paths]
    hits, without = (sum(path in below for path in tried if path) for tried in (paths, dropped))
    return dropped if without > hits else paths


def _same_kind(pasted: PastedRow, rows: Sequence[LayerRow]) -> bool:
    """A name may be another layer's by chance; a block's class is not among the model's rows."""
    kinds = {row.kind_name for row in rows if not row.function}
    return not pasted.kind_name or pasted.kind_name in kinds or len(rows) > 1


def _share(path: str, claimants: list[int], group: list[int], rows: Sequence[LayerRow], found: dict[int, list[int]]) -> None:
    """A layer printed once for each call: the first has its tensors, the others the later calls."""
    if len(claimants) < 2:
        return
    later = [j for j in group if rows[j].repeated]
    first, others = claimants[0], claimants[1:]
    found[first] = [j for j in group if not rows[j].repeated]
    size = -(-len(later) // len(others))
    for k, i in enumerate(others):
        found[i] = later[k * size : (k + 1) * size]


def _blocks(pasted: Pasted, rows: Sequence[LayerRow], found: dict[int, list[int]]) -> None:
    """Rows of blocks whose rows stand below them: all of these together, or only what the block owns itself (torchinfo)."""
    for i in range(len(pasted.rows) - 1, -1, -1):
        if i in found or (not _has_children(pasted.rows, i) and pasted.rows[i].depth):
            continue
        inside = sorted({j for k in _descendants(pasted.rows, i) for j in found.get(k, ())})
        own = _owned(pasted.rows[i], rows, found)
        if pasted.tool == "torchinfo":
            if own or pasted.rows[i].params is None:
                found[i] = own
        elif inside:
            found[i] = sorted({*inside, *_below(pasted.rows[i], inside, rows)})


def _descendants(rows: Sequence[PastedRow], i: int) -> list[int]:
    found = []
    for k in range(i + 1, len(rows)):
        if rows[k].depth <= rows[i].depth:
            break
        found.append(k)
    return found


def _below(pasted: PastedRow, inside: list[int], rows: Sequence[LayerRow]) -> list[int]:
    """Everything under the path that a block's printed rows have in common: some of it may not be printed."""
    parts = rows[inside[0]].path.split(".")
    shared = next((k for k in range(len(parts) - 1, 0, -1) if all(rows[j].path.split(".")[:k] == parts[:k] for j in inside)), 0)
    if not shared or parts[shared - 1] != pasted.name:
        return []
    return [j for j, row in enumerate(rows) if row.path.split(".")[:shared] == parts[:shared]]


def _owned(pasted: PastedRow, rows: Sequence[LayerRow], found: dict[int, list[int]]) -> list[int]:
    """The model's row for what a block owns itself, beside its layers."""
    taken = {j for group in found.values() for j in group}
    owned = [j for j, row in enumerate(rows) if row.kind == _OWNS and row.kind_name == pasted.kind_name]
    return [j for j in owned if j not in taken][:1] if pasted.params is not None else []
