"""What a worker says of a model that fails, of what is no model, and what is said of a worker that ended."""

from __future__ import annotations

import signal

from introspect.many.line import read_line
from introspect.many.worker import Job, line_for, signal_name


def test_what_a_failure_says() -> None:
    line = line_for(Job("raises", "zoo:BAD"))
    assert line.status == "failed"
    assert line.error is not None
    assert line.error["type"] == "ValueError"
    assert line.error["message"] == "no such luck\nand more of it"
    assert "in raises" in line.error["traceback"]
    assert line.reason == "ValueError: no such luck"
    assert read_line(line.to_json()) == line


def test_of_a_module_what_is_no_model_is_told_apart() -> None:
    assert line_for(Job("not_a_model", "zoo", everything=True)).status == "no model"
    assert line_for(Job("gone", "zoo:GOOD")).reason == "IntrospectError: it is not there any more"


def test_how_a_process_ended() -> None:
    assert signal_name(3) == "it left with exit code 3"
    assert "SIGSEGV" in signal_name(-signal.SIGSEGV)
