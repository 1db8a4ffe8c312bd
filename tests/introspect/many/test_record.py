"""The file of a run: what is there is kept, what was asked otherwise is done again, what is not ours is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from runs_of_many import a_line

from introspect import IntrospectError
from introspect.cli import main
from introspect.errors import UnreadableError
from introspect.many import Line
from introspect.many.line import versions
from introspect.many.record import read_lines, recording
from introspect.many.worker import Job


def jobs(*names: str, inputs: Any = None) -> list[Job]:
    return [Job(name, "zoo:GOOD", inputs) for name in names]


def written(path: Path, *lines: Line) -> str:
    path.write_text("".join(f"{line.to_json()}\n" for line in lines), encoding="utf-8")
    return str(path)


def test_what_is_there_is_kept_and_failures_are_tried_again(tmp_path: Path) -> None:
    path = written(tmp_path / "out.jsonl", a_line(), a_line(name="large", status="failed"), a_line(name="x", target="other"))
    with recording(path) as record:
        assert set(record.kept(jobs("small", "large"))) == {"small"}
        record.append(a_line(name="large"))
        assert len(read_lines(path)[0]) == 4
    assert [(line.name, line.status) for line in read_lines(path)[0]] == [
        ("small", "incomplete"), ("x", "incomplete"), ("large", "incomplete"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"versions": {**versions("zoo"), "introspect": "0.0.1"}},
        {"versions": {**versions("zoo"), "click": "0.1"}},
        {"versions": {}},
        {"input": [1, 4]},
        {"verify": False},
        {"target": "zoo:BAD"},
    ],
)
def test_what_was_asked_otherwise_is_done_again(tmp_path: Path, other: dict[str, Any]) -> None:
    with recording(written(tmp_path / "out.jsonl", a_line(**other))) as record:
        assert record.kept(jobs("small")) == {}


def test_every_beginning_of_a_line_is_dropped(tmp_path: Path) -> None:
    whole = f"{a_line(notes=['×']).to_json()}\n".encode()
    for length in (1, 5, 30, whole.index("×".encode()) + 1, len(whole) - 1):
        path = tmp_path / "out.jsonl"
        path.write_bytes(whole + whole[:length])
        with recording(str(path)) as record:
            assert record.dropped
            assert len(record.lines) == 1
        assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "content", ["text", "text\n", '{"a": 1}\n', "[1,\n2]\n", "\n", '{"schema": "introspect/explanation/1"}']
)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(content)
    result = CliRunner().invoke(main, ["explain", "zoo:GOOD", "--output", str(path)])
    assert result.exit_code == 2
    assert f"{path}:1" in result.output
    assert path.read_text() == content


def test_a_line_of_ours_then_another_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    content = f"{a_line().to_json()}\nnot ours\n{a_line().to_json()[:20]}"
    path.write_text(content)
    with pytest.raises(UnreadableError, match=r"out.jsonl:2"), recording(str(path)):
        pass
    assert path.read_text() == content


def test_two_runs_do_not_write_to_one_file(tmp_path: Path) -> None:
    path = str(tmp_path / "out.jsonl")
    with recording(path), pytest.raises(IntrospectError, match="another run writes"), recording(path):
        pass
    with recording(path):
        assert read_lines(path) == ([], 0)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IntrospectError, match="cannot be written"), recording(str(tmp_path)):
        pass
