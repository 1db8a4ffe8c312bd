"""Runs that are killed, resumed, and brought down by a model; and the same in Python."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zoo
from runs_of_many import command, environment

from introspect import IntrospectError
from introspect.many import explain_many
from introspect.many.record import read_lines


def names(path: Path) -> list[str]:
    return [json.loads(line)["name"] for line in path.read_text().splitlines()]


def test_one_model_in_trouble_does_not_stop_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    args = ["zoo:BAD", "--output", str(out), "--timeout", "3", "--workers", "2"]
    done = subprocess.run(command(*args), capture_output=True, text=True, env=environment(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    lines = {line.name: line for line in read_lines(str(out))[0]}
    assert {name: line.status for name, line in lines.items()} == {
        "small": "incomplete", "large": "incomplete", "raises": "failed", "leaves": "failed", "dies": "failed", "hangs": "failed",
    }  # fmt: skip
    assert lines["leaves"].reason == "SystemExit: it leaves"
    assert lines["dies"].error is not None
    assert lines["dies"].error["type"] == "WorkerDied"
    assert "exit code 7" in lines["dies"].error["message"]
    assert lines["dies"].error["printed"] == "last words"
    assert lines["hangs"].reason == "TimedOut: it took too long"
    assert "failed      4" in done.stdout
    assert "ValueError: no such luck" in done.stdout
    assert "making small" not in done.stdout + done.stderr

    again = subprocess.run(
        command(*args, "--only", "small", "--only", "dies"), capture_output=True, text=True, env=environment(), cwd=tmp_path
    )
    assert "1 of 2 models are there; going on with 1" in again.stderr
    assert sorted(names(out)) == sorted(zoo.BAD)


def started(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A run over eight slow models, in a process group of its own, with two lines written."""
    pids = tmp_path / "pids"
    pids.mkdir(exist_ok=True)
    run = subprocess.Popen(
        command("zoo:SLOW", "--output", "out.jsonl", "--workers", "2"), start_new_session=True, cwd=tmp_path,
        env=environment(ZOO_PIDS=str(pids)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's job in the background ignores it
    )  # fmt: skip
    waiting = time.monotonic() + 60
    while not (tmp_path / "out.jsonl").exists() or (tmp_path / "out.jsonl").read_bytes().count(b"\n") < 2:
        assert time.monotonic() < waiting
        assert run.poll() is None
        time.sleep(0.02)
    return run


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has fetched the exit code of has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def all_gone(tmp_path: Path) -> bool:
    waiting = time.monotonic() + 20
    pids = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    while not all(map(gone, pids)) and time.monotonic() < waiting:
        time.sleep(0.05)
    return bool(pids) and all(map(gone, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
def test_a_run_that_is_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    run = started(tmp_path)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert all_gone(tmp_path)
    out = tmp_path / "out.jsonl"
    before = out.read_bytes()
    there = len(read_lines(str(out))[0])
    assert 2 <= there < 8
    out.write_bytes(before + before[:50])  # as a machine that stops would leave it
    done = subprocess.run(
        command("zoo:SLOW", "--output", "out.jsonl"), capture_output=True, text=True, cwd=tmp_path, env=environment()
    )
    assert done.returncode == 0, done.stderr
    assert "its last line was only half written, and is dropped" in done.stderr
    assert f"{there} of 8 models are there; going on with {8 - there}" in done.stderr
    assert out.read_bytes().startswith(before)
    assert sorted(names(out)) == sorted(zoo.SLOW)


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_no_worker_outlives_the_run(tmp_path: Path, ending: signal.Signals, code: int) -> None:
    run = started(tmp_path)
    os.kill(run.pid, ending)
    assert run.wait(timeout=30) == code
    assert all_gone(tmp_path)
    assert 2 <= len(read_lines(str(tmp_path / "out.jsonl"))[0]) < 8


def test_in_python() -> None:
    lines = {line.name: line for line in explain_many({"a": zoo.small, "b": zoo.raises, "c": zoo.dense(2)}, workers=1)}
    assert [lines[name].status for name in "abc"] == ["incomplete", "failed", "incomplete"]
    assert lines["c"].totals["params"] == 10
    with pytest.raises(IntrospectError, match="cannot be sent to another process"):
        next(explain_many({"a": lambda: zoo.small()}))
    with pytest.raises(IntrospectError, match="these inputs cannot be read"):
        next(explain_many({"a": zoo.small}, inputs=object()))
