"""Asserts that an explanation agrees with its framework to the last tensor, and says how it does not."""

from __future__ import annotations

from introspect import Explanation


def disagreements(e: Explanation) -> list[str]:
    """Everything that keeps `e` from being verified, in words; empty when nothing does."""
    found = [f"{row.path}: {row.status}: {'; '.join(row.verdicts)}" for row in e.layers if row.status != "verified"]
    return found + e.notes_on_totals + ([] if e.status == "verified" or found else [f"status {e.status}"])


def assert_verified(e: Explanation) -> None:
    """Every tensor and every output was worked out, reported, and agrees; and something was compared."""
    assert not disagreements(e), "\n".join(disagreements(e))
    assert e.reported is not None
    assert e.reported.outputs or e.reported.layers, "the framework reported nothing: nothing was compared"
