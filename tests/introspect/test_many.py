"""Many models: what a target holds, what is asked of each, and runs that are killed, resumed, and brought down by a model."""

from __future__ import annotations

import contextlib
import enum
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Callable

import pytest
import zoo
from click.testing import CliRunner

from introspect import IntrospectError, explain
from introspect.cli import main
from introspect.errors import UnreadableError
from introspect.many import Line, explain_many
from introspect.many.asking import as_json, parse_asked
from introspect.many.command import exit_code
from introspect.many.finding import find, is_many
from introspect.many.line import read_line, versions
from introspect.many.making import make
from introspect.many.record import read_lines, recording
from introspect.many.worker import Job, line_for, signal_name

FOLDER = Path(zoo.__file__).parent
ROOT = FOLDER.parents[1]


def module(name: str, monkeypatch: pytest.MonkeyPatch, **members: Any) -> str:
    made = ModuleType(name)
    vars(made).update(members)
    monkeypatch.setitem(sys.modules, name, made)
    return name


def entries(target: str, everything: bool = False) -> dict[str, Any]:
    found = find(target, everything)
    return {name: found.entry(name) for name in found.names}


# --- what a target holds


def test_a_mapping() -> None:
    assert list(entries("zoo:BAD")) == ["small", "large", "raises", "leaves", "dies", "hangs"]
    assert entries("zoo:GOOD")["small"].factory is zoo.small


def test_a_factory_with_its_input_and_a_model_that_is_made_already(monkeypatch: pytest.MonkeyPatch) -> None:
    made = zoo.dense(2)
    name = module("pairs", monkeypatch, ALL={"a": (zoo.small, (1, 4)), "b": made, "c": (made, None)})
    found = entries(f"{name}:ALL")
    assert found["a"].inputs == (1, 4)
    assert found["b"].factory is found["c"].factory is made


def test_a_list_goes_by_the_names_of_its_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    name = module("listed", monkeypatch, ALL=[zoo.small, zoo.slow, zoo.slow])
    assert list(entries(f"{name}:ALL")) == ["small", "slow[1]", "slow[2]"]


def test_a_configuration_is_given_to_the_class_that_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Config:
        units = 6

    name = module("configured", monkeypatch, ALL={Config: lambda config: zoo.dense(config.units)})
    found = entries(f"{name}:ALL")
    assert list(found) == ["Config"]
    assert int(explain(make(found["Config"].factory)).params) == (4 + 1) * 6


def test_a_mapping_that_imports_its_items_is_read_item_by_item(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(dict):  # type: ignore[type-arg]
        def __getitem__(self, key: str) -> Any:
            if key == "broken":
                raise ValueError("it cannot be imported")
            return zoo.GOOD[key]

        def values(self) -> Any:
            raise AssertionError("all of it is read at once")

    name = module("lazy", monkeypatch, ALL=Lazy(small=None, broken=None))
    assert is_many(sys.modules[name].ALL)
    assert line_for(Job("small", f"{name}:ALL")).totals["params"] == 15
    assert line_for(Job("broken", f"{name}:ALL")).reason == "ValueError: it cannot be imported"


@pytest.mark.parametrize("maker", ["get_model", "get_model_builder", "create_model"])
def test_a_registry(monkeypatch: pytest.MonkeyPatch, maker: str) -> None:
    made: Callable[..., Any] = (lambda name: zoo.GOOD[name]) if "builder" in maker else (lambda name: zoo.GOOD[name]())
    name = module("registry", monkeypatch, list_models=lambda module=None: list(zoo.GOOD), **{maker: made})
    assert int(explain(make(entries(name, True)["large"].factory)).params) == (4 + 1) * 30
    assert is_many(SimpleNamespace(list_models=lambda: ["a"], get_model=made))


def test_a_function_that_gives_a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(entries(f"{module('giving', monkeypatch, models=lambda: zoo.GOOD)}:models")) == ["small", "large"]


def test_all_of_a_module_is_what_it_can_make_by_itself() -> None:
    found = find("zoo", everything=True)
    assert set(found.names) == {"small", "large", "raises", "leaves", "dies", "hangs", "not_a_model", "slow"}
    assert set(found.passed_over) == {"dense", "wants"}


def test_all_of_a_module_that_says_what_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    class Weights(enum.Enum):
        NONE = 0

    name = module("said", monkeypatch, __all__=["small", "again", "Weights"], small=zoo.small, again=zoo.small, Weights=Weights)
    assert list(entries(name, True)) == ["small"]


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text("from zoo import small\n")
    (tmp_path / "file_of_models.py").write_text("from beside_it import small\nALL = [small]\n")
    assert list(entries(f"{tmp_path / 'file_of_models.py'}:ALL")) == ["small"]


@pytest.mark.parametrize(
    ("members", "everything"),
    [({"ALL": {"a": 3}}, True), ({"ALL": {}}, True), ({"ALL": [zoo.small, "x"]}, False), ({"ALL": 5}, False)],
)
def test_what_is_not_many(monkeypatch: pytest.MonkeyPatch, members: dict[str, Any], everything: bool) -> None:
    name = module("not_many", monkeypatch, **members)
    with pytest.raises(IntrospectError, match=r"not many models|no model in it"):
        find(f"{name}:ALL", everything)


def test_a_model_that_is_written_as_a_collection_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = SimpleNamespace(owns=lambda found: isinstance(found, list))
    monkeypatch.setattr("introspect.many.finding.adapters", lambda: {"lists": owner})
    assert not is_many([zoo.small])
    with pytest.raises(IntrospectError, match="not many models"):
        find(f"{module('one', monkeypatch, ALL=[zoo.small])}:ALL")


# --- how a model is made


def test_no_weights_are_fetched_and_the_first_way_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    @contextlib.contextmanager
    def way(name: str) -> Any:
        tried.append(name)
        yield

    ways = SimpleNamespace(unallocated=lambda: [way("first"), way("second")])
    monkeypatch.setattr("introspect.many.making.adapters", lambda: {"none": SimpleNamespace(), "some": ways})

    def factory(*, weights: Any = "imagenet", weights_backbone: Any = "imagenet", width: int = 4) -> Any:
        if len(tried) < 2:
            raise RuntimeError("not in this way")
        return weights, weights_backbone, width

    assert make(factory) == (None, None, 4)
    assert tried == ["first", "second"]


@pytest.mark.parametrize(("words", "calls"), [("no such luck", 2), ("not on the meta device", 3)])
def test_the_ordinary_way_is_not_tried_where_the_factory_fails_of_its_own(
    monkeypatch: pytest.MonkeyPatch, words: str, calls: int
) -> None:
    ways = SimpleNamespace(unallocated=lambda: [contextlib.nullcontext(), contextlib.nullcontext()])
    monkeypatch.setattr("introspect.many.making.adapters", lambda: {"some": ways})
    made: list[int] = []

    def factory() -> Any:
        made.append(1)
        raise ValueError(words)

    with pytest.raises(ValueError, match=words):
        make(factory)
    assert len(made) == calls


# --- what each is asked


def test_inputs_by_name(tmp_path: Path) -> None:
    (tmp_path / "inputs.txt").write_text("# a comment\nraft_* = 1,3,8,8; 1,3,8,8  # two\n*d = 1,3,2,2,2\n* = 1,3,4,4\n")
    asked = parse_asked([f"@{tmp_path / 'inputs.txt'}"])
    assert asked.of("raft_s") == ((1, 3, 8, 8), (1, 3, 8, 8))
    assert asked.of("r3d") == (1, 3, 2, 2, 2)
    assert asked.of("other") == (1, 3, 4, 4)
    assert parse_asked(["1,5", "1,6"]).of("x") == ((1, 5), (1, 6))
    assert parse_asked(["b*=ids=1,8;mask=1,8"]).of("bert") == {"ids": (1, 8), "mask": (1, 8)}
    assert parse_asked([]).of("x", (1, 7)) == (1, 7)
    assert as_json({"ids": (None, "H", 3)}) == {"ids": [None, "H", 3]}


def test_a_pattern_that_no_name_matches_is_told() -> None:
    with pytest.raises(IntrospectError, match="no model has such a name") as caught:
        parse_asked(["ids=1,8"]).check(["a", "b"])
    assert "*=name=1,128" in str(caught.value)
    with pytest.raises(IntrospectError, match="no model has such a name"):
        next(explain_many("zoo:GOOD", only=["x*"]))


# --- a line


def a_line(**changed: Any) -> Line:
    return Line(**{"name": "small", "target": "zoo:GOOD", "status": "incomplete", "versions": versions("zoo"), **changed})


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


def test_exit_codes() -> None:
    good, wrong, failed = (a_line(status=status) for status in ("verified", "mismatch", "failed"))
    assert [exit_code(lines) for lines in ([good], [good, wrong], [failed, wrong], [])] == [0, 1, 2, 0]


# --- the file


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


# --- runs


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "introspect", "explain", *args]


def environment(**more: str) -> dict[str, str]:
    paths = os.pathsep.join(str(path) for path in (FOLDER, ROOT, ROOT / "adapters"))
    return {**os.environ, "PYTHONPATH": paths, **more}


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


def test_lines_on_standard_output_and_nothing_else() -> None:
    done = subprocess.run(
        command("zoo:GOOD", "--format", "jsonl", "--input", "N,4"), capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    lines = {line.name: line for line in map(read_line, done.stdout.splitlines())}
    assert {name: line.totals["params"] for name, line in lines.items()} == {"small": 15, "large": 150}
    assert "2 models" in done.stderr


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


def test_in_python() -> None:
    lines = {line.name: line for line in explain_many({"a": zoo.small, "b": zoo.raises, "c": zoo.dense(2)}, workers=1)}
    assert [lines[name].status for name in "abc"] == ["incomplete", "failed", "incomplete"]
    assert lines["c"].totals["params"] == 10
    with pytest.raises(IntrospectError, match="cannot be sent to another process"):
        next(explain_many({"a": lambda: zoo.small()}))
    with pytest.raises(IntrospectError, match="these inputs cannot be read"):
        next(explain_many({"a": zoo.small}, inputs=object()))


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
