"""The matrix: its table, and that an environment which cannot be made stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from environments import matrix
from environments.matrix import Environment, Failed, read_matrix, run_matrix

ROOT = Path(__file__).parent.parent


def test_every_row_has_fixtures_and_a_row_to_follow_of_the_same_framework() -> None:
    rows = read_matrix()
    assert {"torch-1.8.1", "torch-1.12.1", "lasagne-0.1-theano-0.8.2", "lasagne-0.1-theano-1.0.5"} <= set(rows)
    for row in rows.values():
        assert (ROOT / "fixtures" / f"{row.fixtures}.py").exists(), row.name
        if row.follows is not None:
            assert row.fixtures.rstrip("12") == rows[row.follows].fixtures.rstrip("12"), row.name


def test_a_row_that_follows_none_above_it_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "matrix.toml"
    table.write_text('["b"]\nfixtures = "small_torch"\npython = "3.11"\npins = []\nfollows = "a"\n')
    with pytest.raises(ValueError, match="b follows a, which does not stand above it"):
        read_matrix(table)


def row(name: str, python: str = "3.11", pin: str = "torch") -> Environment:
    return Environment(name, "small_torch", python, (pin,))


class Machine:
    """Runs nothing: notes the steps, and fails those that have a word of `failing` in them."""

    def __init__(self, *failing: str) -> None:
        self.failing, self.steps = failing, []  # type: ignore[var-annotated]

    def __call__(self, command: Sequence[str], log: Path, env: Any = None) -> list[str]:
        step = " ".join(command)
        self.steps.append(step)
        for word in self.failing:
            if word in step:
                raise Failed(f"no {word}")
        if "venv" in command:
            Path(command[-1]).mkdir()
        return ["recorded a: 1 parameters, verified", "recorded b: 2 parameters, verified"] if "record.py" in step else [""]


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(matrix, "WORKSHOP", tmp_path / "workshop")
    monkeypatch.setattr(matrix, "interpreter", lambda version: None if version == "3.1" else f"/python{version}")
    return tmp_path / "workshop"


def outcomes(machine: Machine, monkeypatch: pytest.MonkeyPatch, *rows: Environment, **options: Any) -> Any:
    monkeypatch.setattr(matrix, "run", machine)
    said: list[str] = []
    found = run_matrix(rows, Path("ledgers"), say=said.append, **options)
    return found, said


def test_what_cannot_be_made_is_reported_and_the_rest_go_on(workshop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = row("a"), row("b", pin="broken"), row("c", "3.1"), row("d", pin="other")
    found, said = outcomes(Machine("broken"), monkeypatch, *rows)
    assert [(one.name, one.recorded) for one in found] == [("a", 2), ("b", 0), ("c", 0), ("d", 2)]
    assert found[1].failure.startswith("could not be made: no broken")
    assert found[2].failure.startswith("could not be made: there is no Python 3.1, on the path or among pyenv's")
    assert [one.failure for one in (found[0], found[3])] == ["", ""]
    assert said[:2] == [f"environments: 4, rows: 4, 2 at a time; logs in {workshop}", "  now a; b  then c"]
    assert any(text.startswith("[4 of 4, 0:0") for text in said)


def test_models_that_cannot_be_recorded_are_a_failure_of_their_row_alone(
    workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = outcomes(Machine("ledgers/b"), monkeypatch, row("a"), row("b"))
    assert [bool(one.failure) for one in found] == [False, True]


@pytest.mark.parametrize("keep", [False, True])
def test_disk_is_given_back(workshop: Path, monkeypatch: pytest.MonkeyPatch, keep: bool) -> None:
    outcomes(Machine("broken"), monkeypatch, row("a"), row("b", pin="broken"), keep=keep)
    assert [(workshop / name).exists() for name in ("a", "b")] == [keep, keep]
    assert (workshop / "b.log").exists()


def test_rows_with_the_same_pins_share_one_environment(workshop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    found, _ = outcomes(machine, monkeypatch, row("a"), row("b"), row("c", "3.9"))
    assert [one.recorded for one in found] == [2, 2, 2]
    assert sum("-m venv" in step for step in machine.steps) == 2
    assert sum("record.py" in step for step in machine.steps) == 3


def test_a_step_that_fails_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"^last words$"):
        matrix.run(["sh", "-c", "echo first; echo last words; exit 3"], tmp_path / "log")
    with pytest.raises(Failed, match="no-such-program"):
        matrix.run(["no-such-program"], tmp_path / "log")
    assert "first" in (tmp_path / "log").read_text()


def test_nox_makes_no_environment_of_its_own_where_the_matrix_makes_its() -> None:
    sessions = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert ".nox" in matrix.WORKSHOP.parts
    assert "def matrix(session" in sessions
    assert f"def {matrix.WORKSHOP.name}(" not in sessions
