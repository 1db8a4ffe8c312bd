"""How far a run is: in lines, and on a terminal of any width."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from runs_of_many import command, environment

from introspect.cli import main


def test_progress_in_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("introspect.many.progress.EVERY", 0)
    result = CliRunner().invoke(main, ["explain", "zoo:GOOD", "--workers", "1"])
    assert result.exit_code == 0
    assert "zoo:GOOD: 1/2, 1 incomplete; at large" in result.output
    assert "zoo:GOOD: 2/2, 2 incomplete\n" in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
@pytest.mark.parametrize("columns", [80, 140])
def test_progress_on_a_terminal(tmp_path: Path, columns: int) -> None:
    import pty

    terminal, theirs = pty.openpty()
    run = subprocess.Popen(
        command("zoo:GOOD", "--output", "out.jsonl", "--workers", "1"), cwd=tmp_path, stderr=theirs, stdout=subprocess.PIPE,
        env=environment(COLUMNS=str(columns), TERM="xterm"),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while read := os.read(terminal, 4096):
            shown += read
    os.close(terminal)
    summary = run.communicate()[0].decode()
    assert run.returncode == 0
    frames = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()))
    assert any("2/2" in frame and "2 incomplete" in frame for frame in frames)
    assert max(map(len, frames)) <= columns
    assert "zoo:GOOD: 2 models" in summary
    assert not any(line.endswith(" ") for line in summary.splitlines())
