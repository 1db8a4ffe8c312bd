"""A line for a model: it is read back equal, or refused with its place."""

from __future__ import annotations

import pytest
from runs_of_many import a_line

from introspect.errors import UnreadableError
from introspect.many.line import read_line
from introspect.many.worker import Job, line_for


def test_a_line_is_read_back_equal() -> None:
    line = line_for(Job("small", "zoo:GOOD", (1, 4)))
    assert line.totals["params"] == (4 + 1) * 3
    assert line.input == [1, 4]
    assert read_line(line.to_json()) == line
    assert "\n" not in line.to_json()
    odd = a_line(notes=["half a pair: \ud800, and × and \n"])
    assert read_line(odd.to_json()).notes == ["half a pair: ?, and × and \n"]


@pytest.mark.parametrize(
    "text", ["{}", "[1]", '{"schema": "introspect/line/9"}', '{"schema": "introspect/line/1", "name": 3}', "nonsense", ""]
)
def test_a_damaged_line_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"file.jsonl:4"):
        read_line(text, "file.jsonl:4")
