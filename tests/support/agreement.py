"""Asserts that an explanation agrees with its framework to the last tensor, and says how it does not."""

from __future__ import annotations

from introspect import Explanation

FEW_KERNELS = "torch 1.12."  # without data it runs no convolution, no normalisation, no relu: what comes after is unreported


def disagreements(e: Explanation) -> list[str]:
    """Everything that keeps `e` from being verified, in words; empty when nothing does."""
    found = [f"{row.path}: {row.status}: {'; '.join(row.verdicts)}" for row in e.layers if row.status != "verified"]
    return found + e.notes_on_totals + ([] if e.status == "verified" or found else [f"status {e.status}"])


def stopped_without_a_kernel(e: Explanation) -> bool:
    """Whether an old PyTorch's run on no data ended before the model did."""
    said = e.reported.notes if e.reported and e.reported.source.startswith(FEW_KERNELS) else ()
    return any("stopped: NotImplementedError" in note for note in said)


def assert_tensors_verified(e: Explanation) -> None:
    """Every tensor was worked out, reported, and agrees; no output disagrees and none is without a law."""
    found = [f"{row.path}: {row.status}: {'; '.join(row.verdicts)}" for row in [*e.mismatches, *e.opaque]]
    found += [f"{tensor.name}: {tensor.status}" for tensor in e.tensors if tensor.status != "verified"]
    assert not found, "\n".join(found)
    assert all(row.status in ("verified", "unreported") for row in e.layers)


def assert_verified(e: Explanation) -> None:
    """Every tensor and every output was worked out, reported, and agrees; and something was compared.

    Where an old PyTorch has no kernel without data, its outputs cannot be asked for: every tensor.
    """
    if stopped_without_a_kernel(e):
        assert_tensors_verified(e)
        return
    assert not disagreements(e), "\n".join(disagreements(e))
    assert e.reported is not None
    assert e.reported.outputs or e.reported.layers, "the framework reported nothing: nothing was compared"
