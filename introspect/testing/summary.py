"""What is told at the end of a run: what was written, what is missing, what nothing checks. Nothing, where there is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .places import shown
from .records import KEPT, MISSING, REFUSED, UPDATED, WRITTEN, Records

_HOW = "pytest --introspect-update"


def lines(records: Records, stale: Sequence[Path], started: Path) -> Iterator[str]:
    """The report, line by line."""
    yield from _changes(records, started)
    yield from _listed("missing baselines; to write them: " + _HOW, [(path, "") for path, _ in records.of(MISSING)], started)
    yield from _listed("stale baselines, which no test checks; to be deleted, or their test is to be put back",
                       [(str(path), "") for path in stale], started)  # fmt: skip
    rivals = [(path, f"{a} and {b}") for path, a, b in records.rivals()]
    yield from _listed("baselines of two tests that check different things; to tell them apart: check(model, name=...)",
                       rivals, started)  # fmt: skip
    yield from dict.fromkeys(records.notes)


def _changes(records: Records, started: Path) -> Iterator[str]:
    """What a run that writes baselines did with each."""
    found = {what: records.of(what) for what in (WRITTEN, UPDATED, REFUSED, KEPT)}
    if any(found.values()):
        yield f"baselines: {', '.join(f'{len(paths)} {what}' for what, paths in found.items() if paths)}"
    for what in (WRITTEN, UPDATED, REFUSED):
        yield from (f"  {what:<8} {shown(Path(path), started)}{why and f' ({why})'}" for path, why in sorted(found[what]))


def _listed(heading: str, found: Sequence[tuple[str, str]], started: Path) -> Iterator[str]:
    if found:
        yield f"{heading}:"
        yield from (f"  {shown(Path(path), started)}{why and f' ({why})'}" for path, why in sorted(set(found)))
