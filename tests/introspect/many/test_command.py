"""Many models on the command line: exit codes, lines on standard output, and what is bad usage."""

from __future__ import annotations

import subprocess

import pytest
from click.testing import CliRunner
from runs_of_many import a_line, command, environment

from introspect.cli import main
from introspect.many.command import exit_code
from introspect.many.line import read_line


def test_exit_codes() -> None:
    good, wrong, failed = (a_line(status=status) for status in ("verified", "mismatch", "failed"))
    assert [exit_code(lines) for lines in ([good], [good, wrong], [failed, wrong], [])] == [0, 1, 2, 0]


def test_lines_on_standard_output_and_nothing_else() -> None:
    done = subprocess.run(
        command("zoo:GOOD", "--format", "jsonl", "--input", "N,4"), capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    lines = {line.name: line for line in map(read_line, done.stdout.splitlines())}
    assert {name: line.totals["params"] for name, line in lines.items()} == {"small": 15, "large": 150}
    assert "2 models" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["zoo"], "--all"),
        (["zoo:small", "--all"], "not many models"),
        (["zoo:small", "--workers", "2"], "this is for many models, and the target is one"),
        (["zoo:small", "--format", "jsonl"], "this is for many models"),
        (["zoo:GOOD", "--format", "markdown"], "this is not for many models"),
        (["zoo:GOOD", "--neurons", "outputs"], "this is not for many models"),
        (["zoo:GOOD", "--only", "x*"], "no model has such a name"),
        (["zoo:GOOD", "--input", "ids=1,4"], "no model has such a name"),
        (["zoo:GOOD", "--input", "1,-4"], "this is not a shape"),
        (["zoo:GOOD", "--workers", "0"], "0"),
        (["no_such_file.py", "--all"], "there is no such file"),
    ],
)
def test_bad_usage(args: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["explain", *args])
    assert result.exit_code == 2
    assert said in result.output
