"""A live model's baseline, held against everything it is to keep."""

from __future__ import annotations

from difflib import unified_diff
from typing import Any

from introspect import Explanation
from introspect.baselines import canonical, dumps, loads
from introspect.drifting import drift

COUNTS = ("params", "trainable", "non_trainable", "buffers", "weights", "biases", "neurons", "connections", "bias_connections")


def keeps(e: Explanation) -> str:
    """The text of a baseline of `e`, which reads back equal, counts the same and does not drift."""
    text = dumps(e)
    again = loads(text)
    assert again.model == canonical(e.model)
    assert dumps(again) == text
    for name in COUNTS:
        assert str(getattr(again, name)) == str(getattr(e, name)), name
    assert again.packed_bytes == e.packed_bytes
    assert [row.path for row in again.layers] == [row.path for row in e.layers]
    assert filed(again) == filed(e)
    found = drift(again, e)
    assert found.same, found
    assert not found.renamed
    return text


def filed(e: Explanation) -> dict[str, Any]:
    """What each tensor is, and what else the framework files it under."""
    return {t.holders[0]: (t.role, t.shape, t.trainable, t.buffer, t.tags, t.nbytes, t.opaque) for t in e.tensors}


def numstat(a: str, b: str) -> tuple[int, int]:
    """Lines added and taken away, as ``git diff --numstat`` has them."""
    changed = [
        line for line in unified_diff(a.split("\n"), b.split("\n"), lineterm="", n=0) if line[:2] not in ("--", "++", "@@")
    ]
    return sum(1 for line in changed if line[0] == "+"), sum(1 for line in changed if line[0] == "-")


def scenario(a: Any, b: Any) -> tuple[tuple[int, int], list[str], list[str]]:
    """What blessing again would change, the names of what drifted, and the reasons."""
    found = drift(loads(dumps(a)), b)
    return numstat(dumps(a), dumps(b)), [row.name for row in found.rows], [reason.code for reason in found.reasons]
