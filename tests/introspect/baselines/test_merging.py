"""What two people change in two layers, git merges by itself, and the result is the baseline of the model with both changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import papers
import pytest

from introspect import explain
from introspect.baselines import dumps, loads
from introspect.errors import UnreadableError
from introspect.ir import Model


def model(first: bool, second: bool, filters: int = 4) -> Model:
    biases = ["shared" if there else None for there in (first, second)]
    steps = [("a", papers.conv(4, bias=biases[0])), ("b", papers.conv(filters, bias=biases[1])), ("c", papers.conv(3))]
    return papers.chain((1, 3, 9, 9), list(steps))


def merged(tmp_path: Path, base: Model, ours: Model, theirs: Model) -> tuple[int, str]:
    """How many conflicts there were, and the text that git leaves."""
    for name, one in (("ours", ours), ("base", base), ("theirs", theirs)):
        (tmp_path / name).write_text(dumps(explain(one)), encoding="utf-8")
    command = ["git", "merge-file", "-p", "ours", "base", "theirs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True)
    return done.returncode, done.stdout.decode("utf-8")


def test_two_biases(tmp_path: Path) -> None:
    conflicts, text = merged(tmp_path, model(False, False), model(True, False), model(False, True))
    assert conflicts == 0
    assert loads(text).model == model(True, True)


def test_a_conflict_is_refused(tmp_path: Path) -> None:
    conflicts, text = merged(tmp_path, model(False, False), model(False, False, 5), model(False, False, 6))
    assert conflicts > 0
    with pytest.raises(UnreadableError, match="a mark of a merge that was not finished"):
        loads(text)
