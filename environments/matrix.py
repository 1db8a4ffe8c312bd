"""Records the ledgers of every environment in `matrix.toml`: each is made, used and removed again, two at a time.

``python environments/matrix.py [NAME ...] [--keep] [--jobs N] [--into FOLDER]``; `nox -s matrix` runs it. An environment that
cannot be made is reported, and the rest go on. What was recorded is then checked: fixtures/ledgers/checking.py.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

try:
    import tomllib
except ImportError:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "environments" / "matrix.toml"
LEDGERS = ROOT / "fixtures" / "ledgers"
RECORDER, CHECKER = LEDGERS / "record.py", LEDGERS / "checking.py"
WORKSHOP = ROOT / ".nox" / "recording"  # environments while they are used, and what was said while they were made
BASE = ("rich>=12", "click>=8")
PATIENCE = 45 * 60  # seconds for one step; two cores that others use, too


@dataclass(frozen=True)
class Environment:
    """A row of `matrix.toml`."""

    name: str
    fixtures: str
    python: str
    pins: tuple[str, ...]
    follows: Optional[str] = None
    env: tuple[tuple[str, str], ...] = ()

    @property
    def made_of(self) -> tuple[str, tuple[str, ...]]:
        """Rows that are equal in this share one environment."""
        return self.python, self.pins


def read_matrix(path: Path = TABLE) -> dict[str, Environment]:
    """The rows by name, in order. Raises `ValueError` naming a row that follows one which does not stand above it."""
    found: dict[str, Environment] = {}
    for name, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
        env = tuple(sorted(row.pop("env", {}).items()))
        made = Environment(name, pins=tuple(row.pop("pins")), env=env, **row)
        if made.follows is not None and made.follows not in found:
            raise ValueError(f"{name} follows {made.follows}, which does not stand above it")
        found[name] = made
    return found


def interpreter(version: str) -> Optional[str]:
    """The path of Python `version`, on the path or among pyenv's."""
    found = shutil.which(f"python{version}")
    if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return found
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = sorted(root.glob(f"versions/{version}.*/bin/python"))
    return str(candidates[-1]) if candidates else None


def in_steps(pins: Iterable[str]) -> list[list[str]]:
    """What is installed first, and then: old packages want NumPy there when they are built.

    >>> in_steps(["numpy<2", "Theano==0.8.2"])
    [['wheel', 'numpy<2'], ['numpy<2', 'Theano==0.8.2']]
    """
    pins = list(pins)
    return [["wheel", *(pin for pin in pins if pin.startswith(("numpy", "scipy", "setuptools")))], pins]


@dataclass
class Outcome:
    """What came of one row: how many models were recorded, in what time; or the step that failed, and its last words."""

    name: str
    recorded: int = 0
    made_in: float = 0.0
    recorded_in: float = 0.0
    failure: str = ""


class Failed(Exception):
    """A step that did not come to its end."""


def run(command: Sequence[str], log: Path, env: Optional[dict[str, str]] = None) -> list[str]:
    """Runs one step, its words going to `log`; what it printed. Raises `Failed` with its last words."""
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(map(str, command))}\n")
    try:
        done = subprocess.run(
            list(command), cwd=ROOT, env={**os.environ, **(env or {})}, timeout=PATIENCE, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    with log.open("a", encoding="utf-8") as file:
        file.write(done.stdout)
    lines = done.stdout.strip().splitlines() or [""]
    if done.returncode != 0:
        raise Failed(lines[-1])
    return lines


def make(environment: Environment, log: Path) -> Path:
    """Makes the environment of a row and answers with its Python. Raises `Failed`."""
    found = interpreter(environment.python)
    if found is None:
        raise Failed(f"there is no Python {environment.python}, on the path or among pyenv's")
    folder = WORKSHOP / environment.name
    shutil.rmtree(folder, ignore_errors=True)
    run([found, "-m", "venv", str(folder)], log)
    python = folder / "bin" / "python"
    for packages in in_steps([*environment.pins, *BASE]):
        run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], log)
    return python


def record(environment: Environment, python: Path, into: Path, log: Path) -> int:
    """Records a row's ledgers and answers with how many there are. Raises `Failed` naming the models that could not be."""
    command = [str(python), str(RECORDER), environment.fixtures, str(into / environment.name)]
    clean = {"PYTHONPATH": "", "PYTHONHASHSEED": "0", "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    lines = run(command, log, {**clean, **dict(environment.env)})
    return sum(line.startswith("recorded ") for line in lines)


def together(rows: Sequence[Environment], into: Path, keep: bool) -> list[Outcome]:
    """The outcomes of rows that share an environment, which is gone afterwards unless it is to be kept."""
    log = WORKSHOP / f"{rows[0].name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", encoding="utf-8")
    start = time.monotonic()
    try:
        python = make(rows[0], log)
        made_in = time.monotonic() - start
        return [_recorded(row, python, into, log, made_in if row is rows[0] else 0.0) for row in rows]
    except Failed as error:
        return [Outcome(row.name, failure=f"could not be made: {error} ({_short(log)})") for row in rows]
    finally:
        if not keep:
            shutil.rmtree(WORKSHOP / rows[0].name, ignore_errors=True)


def _recorded(row: Environment, python: Path, into: Path, log: Path, made_in: float) -> Outcome:
    start = time.monotonic()
    try:
        count = record(row, python, into, log)
        return Outcome(row.name, count, made_in, time.monotonic() - start)
    except Failed as error:
        return Outcome(row.name, 0, made_in, time.monotonic() - start, f"{error} ({_short(log)})")


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if ROOT in path.parents else str(path)


def groups(rows: Iterable[Environment]) -> list[list[Environment]]:
    """Rows that share an environment, together."""
    found: dict[Any, list[Environment]] = {}
    for row in rows:
        found.setdefault(row.made_of, []).append(row)
    return list(found.values())


def run_matrix(
    rows: Sequence[Environment], into: Path, *, keep: bool = False, jobs: int = 2, say: Callable[[str], None] = print
) -> list[Outcome]:
    """All rows, `jobs` environments at a time; says what is done, out of how many, since when, and what goes on meanwhile."""
    waiting, start = groups(rows), time.monotonic()
    say(f"environments: {len(waiting)}, rows: {len(rows)}, {jobs} at a time; logs in {_short(WORKSHOP)}")
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        running = {pool.submit(together, group, into, keep): group for group in waiting}
        say(_going_on(list(running.values()), jobs))
        for done in as_completed(running):
            for outcome in done.result():
                outcomes.append(outcome)
                say(f"[{len(outcomes)} of {len(rows)}, {_clock(time.monotonic() - start)}] {line_of(outcome)}")
            del running[done]
            if running:
                say(_going_on(list(running.values()), jobs))
    order = [row.name for row in rows]
    return sorted(outcomes, key=lambda outcome: order.index(outcome.name))


def _going_on(groups_left: Sequence[Sequence[Environment]], jobs: int) -> str:
    names = [", ".join(row.name for row in group) for group in groups_left]
    return "  ".join(["", f"now {'; '.join(names[:jobs])}", *(f"then {name}" for name in names[jobs : jobs + 1])])


def line_of(outcome: Outcome) -> str:
    """One row of what is said in the end."""
    if outcome.failure:
        return f"{outcome.name:28} FAILED  {outcome.failure}"
    times = f"made in {_clock(outcome.made_in)}, recorded in {_clock(outcome.recorded_in)}"
    return f"{outcome.name:28} {outcome.recorded} models, {times}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def main(arguments: Sequence[str]) -> int:
    """0 when every row was recorded and what was recorded holds, 1 otherwise."""
    matrix = read_matrix()
    parser = argparse.ArgumentParser(prog="matrix", description="Records ledgers: all, or those of the rows that are named.")
    parser.add_argument("names", nargs="*", help=", ".join(matrix))
    parser.add_argument("--keep", action="store_true", help="leave the environments in .nox/recording")
    parser.add_argument("--jobs", type=int, default=2, help="so many environments at a time")
    parser.add_argument("--into", type=Path, default=LEDGERS, help="where the ledgers go")
    asked = parser.parse_args(arguments)
    strangers = [name for name in asked.names if name not in matrix]
    if strangers:
        parser.error(f"no such row: {', '.join(strangers)}; there are {', '.join(matrix)}")
    start = time.monotonic()
    rows = [matrix[name] for name in asked.names or matrix]
    outcomes = run_matrix(rows, asked.into, keep=asked.keep, jobs=asked.jobs)
    print("", *map(line_of, outcomes), f"{_clock(time.monotonic() - start)} in all", "", sep="\n", flush=True)
    holds = asked.into != LEDGERS or subprocess.run([sys.executable, str(CHECKER)], check=False).returncode == 0
    return 0 if holds and not any(outcome.failure for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
