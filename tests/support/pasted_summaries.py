"""Recorded summaries of one tool, each held against the live model built again by the script that was recorded."""

from __future__ import annotations

import json
from pathlib import Path

from introspect import Explanation
from introspect.diagnosing import Diagnosis, diagnose
from introspect.pasted import align, read

RECORDED = Path(__file__).parent.parent.parent / "fixtures" / "summaries" / "recorded"


def recorded(*tools: str) -> list[str]:
    """The names of all recorded texts of these tools."""
    found = [path for tool in tools for path in sorted(RECORDED.glob(f"{tool}/*.txt"))]
    return [f"{path.parent.name}/{path.stem}" for path in found]


def text_of(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_text(encoding="utf-8")


def model_of(name: str) -> str:
    return str(json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))["model"])


def assert_right(diagnosis: Diagnosis, explanation: Explanation, but: dict[str, str], *, total: bool) -> None:
    """Every row is right, but for those named, which are wrong for the reason named; and so is the total, or not."""
    paths = {".".join(row.path.split(".")[:k]) for row in explanation.layers for k in range(1, row.path.count(".") + 2)}
    rows = {path: part for path, part in diagnosis.parts.items() if path in paths}
    assert {path: part.reasons[0].code for path, part in rows.items() if not part.right} == but
    assert diagnosis.parts[""].right is total
    assert diagnosis.right is (total and not but)
    assert diagnosis.explained


def assert_aligned(name: str, explanation: Explanation, but: frozenset[str] = frozenset()) -> None:
    """Every pasted row with a number is about rows of the model, which come to it; and the other way round."""
    pasted = read(text_of(name))
    aligned = align(pasted, explanation.layers)
    assert [row.label for row in aligned.only_pasted if row.params] == []
    assert {row.path for row in aligned.only_model if row.params != 0} <= but
    counted = [pair for pair in aligned.pairs if isinstance(pair.pasted.params, int)]
    off = {pair.rows[0].path for pair in counted if pair.params != pair.pasted.params}
    assert off == but & {row.path for pair in counted for row in pair.rows}
    assert [pair.pasted.line for pair in aligned.pairs] == sorted(pair.pasted.line for pair in aligned.pairs)


def diagnosed(name: str, explanation: Explanation) -> Diagnosis:
    return diagnose(explanation, text_of(name))
