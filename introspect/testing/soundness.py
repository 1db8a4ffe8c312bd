"""Whether a model is fit to be a baseline: both roads agree on it, and what has no law is acknowledged by the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from ..diagnosing.naming import listed, plural
from ..explaining import Explanation
from ..rows import LayerRow
from ..verifying import MISMATCH


def disagreements(e: Explanation) -> list[str]:
    """In words: where what was worked out is not what the framework reports."""
    rows = [text for row in e.mismatches for text in row.verdicts] if e.verified else []
    found = [*rows, *e.notes_on_totals]
    return found or ["the two roads disagree"] * (e.status == MISMATCH)


def unacknowledged(e: Explanation, patterns: Sequence[str]) -> list[LayerRow]:
    """What is opaque without being acknowledged."""
    return [row for row in e.opaque if not _acknowledged(row, patterns)]


def said_of(row: LayerRow) -> str:
    """What has no law there, in words."""
    return "; ".join(row.verdicts) or f"{row.path or 'the model itself'}: {row.kind_name} has no law"


def idle(e: Explanation, patterns: Sequence[str]) -> list[str]:
    """The patterns that acknowledge nothing."""
    names = {name for row in e.opaque for name in (row.path, *_pieces(row))}
    return [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]


def _acknowledged(row: LayerRow, patterns: Sequence[str]) -> bool:
    """By the layer's path, or by all of its tensors that have no law."""
    return all(any(fnmatchcase(name, p) for p in patterns for name in (row.path, piece)) for piece in _pieces(row))


def _pieces(row: LayerRow) -> list[str]:
    return [f"{row.path}.{t.name}".lstrip(".") for t in row.tensors if t.opaque] or [row.path]


def remarks(e: Explanation) -> Iterator[str]:
    """In words: what a baseline of the model leaves open."""
    if not e.verified:
        yield "not verified: no framework was asked"
    if not e.model.complete:
        yield "no input was given: its parameters are held, its neurons, connections and shapes are not; check(model, inputs)"
    silent = [row for row in e.unreported if not row.function] if e.verified and e.model.complete else []
    if silent:
        yield f"the framework does not say all of {plural(len(silent), 'layer')}: {listed([row.path for row in silent])}"
