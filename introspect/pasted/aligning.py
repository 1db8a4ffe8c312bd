"""Which rows of a model the rows of a pasted summary speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import Pasted, PastedRow

if TYPE_CHECKING:
    from ..rows import LayerRow


@dataclass(frozen=True)
class Pair:
    """A pasted row and the rows of the model it speaks of: one, all calls of one layer, or all that a block holds."""

    pasted: PastedRow
    rows: tuple[LayerRow, ...]


@dataclass(frozen=True)
class Aligned:
    """`pairs` in the pasted order; what only the paste has, and what only the model has."""

    pairs: tuple[Pair, ...]
    only_pasted: tuple[PastedRow, ...] = ()
    only_model: tuple[LayerRow, ...] = ()


def align(pasted: Pasted, rows: Sequence[LayerRow]) -> Aligned:
    """Pair a summary's rows with a model's, by name, kind and order; names are hints, and rows may be missing."""
    return Aligned((), pasted.rows, tuple(rows))
