"""The pytest plugin: the fixture `introspect_baseline`, the option ``--introspect-update``, and the end of a run.

Nothing of the library is imported before a test uses the fixture, and nothing is said where none did. Under pytest-xdist each
worker hands its records to the controller, which alone reports.
"""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import pytest

from .testing.places import Place, place_of, shown
from .testing.records import Records

if TYPE_CHECKING:
    from .testing.checking import Baseline

_UPDATE, _FOLDER, _MARK, _HANDED = "introspect_update", "introspect_baselines", "introspect_budget", "introspect_records"
_FIXTURE, _FOR_CLASSES = "introspect_baseline", "introspect_baseline_of_class"
_NARROWING = ("keyword", "markexpr", "deselect", "lf", "stepwise", "collectonly", "setuponly", "setupplan")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("introspect")
    group.addoption("--introspect-update", action="store_true", default=False, dest=_UPDATE,
                    help="make what introspect_baseline.check() is given the baseline")  # fmt: skip
    parser.addini(_FOLDER, "one folder for all baselines of introspect (default: baselines/ beside each test file)", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{_MARK}(at=None, **budgets): hold what {_FIXTURE}.check() is given within budgets: params='12M'"
    )
    config.pluginmanager.register(_Run(config), "introspect-run")


@pytest.fixture
def introspect_baseline(request: pytest.FixtureRequest) -> Baseline:
    """Holds models against their baselines, and their numbers against what they should be: check, exactly, at_most, within."""
    from .testing.checking import Baseline

    run: _Run = request.config.pluginmanager.getplugin("introspect-run")
    started, nodeid = request.config.invocation_params.dir, _own_id(request.node)
    return Baseline(
        f"{shown(request.path, started)}::{nodeid.partition('::')[2]}",
        run.place(nodeid, request.path),
        run.records,
        started,
        request.config.getoption(_UPDATE),
        tuple(_budgets(mark) for mark in request.node.iter_markers(_MARK)),
    )


@pytest.fixture
def introspect_baseline_of_class(request: pytest.FixtureRequest, introspect_baseline: Baseline) -> None:
    """Gives the tests of a `unittest.TestCase` their `self.introspect_baseline`."""
    if request.instance is None:
        pytest.fail(f"{_FOR_CLASSES} is for the tests of a class; a function takes {_FIXTURE} as an argument", pytrace=False)
    request.instance.introspect_baseline = introspect_baseline


def _own_id(test: pytest.Item) -> str:
    """A test's id without what other plugins put behind it: pytest-xdist does, where tests are grouped."""
    inner = [node.name for node in takewhile(lambda node: not isinstance(node, pytest.File), reversed(test.listchain()))]
    return "::".join([test.nodeid.partition("::")[0], *reversed(inner)])


def _budgets(mark: pytest.Mark) -> tuple[Optional[str], dict[str, Any]]:
    budgets = {name: budget for name, budget in mark.kwargs.items() if name != "at"}
    if mark.args or not budgets:
        pytest.fail(f'{_MARK} takes names: @pytest.mark.{_MARK}(params="12M", at="encoder")', pytrace=False)
    return mark.kwargs.get("at"), budgets


class _Run:
    """One run: its records, and how each test came out."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.records = config, Records()
        self.worker = hasattr(config, "workerinput")
        self.collected = 0
        self.passed: dict[str, bool] = {}

    @property
    def common(self) -> Optional[Path]:
        """The one folder for all baselines, where the project has one."""
        ini: str = self.config.getini(_FOLDER)
        base = self.config.inipath.parent if self.config.inipath else self.config.rootpath
        return base / ini if ini else None

    def place(self, nodeid: str, module: Path) -> Place:
        """Where a test keeps its baselines."""
        return place_of(nodeid, module, self.common, self.config.rootpath)

    def pytest_itemcollected(self) -> None:
        self.collected += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        own = [mark for mark in item.own_markers if mark.name == _MARK]
        if own and _FIXTURE not in getattr(item, "fixturenames", ()):
            pytest.fail(f"{_MARK} holds what {_FIXTURE}.check() is given: this test does not take {_FIXTURE}", pytrace=False)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.records.narrowed = self._narrowed(session)
        self.records.modules = {item.nodeid.partition("::")[0]: str(item.path) for item in session.items}

    def _narrowed(self, session: pytest.Session) -> bool:
        """Whether only some of the tests are to run: asked for by name, file or mark, or left out by another plugin."""
        asked = any(self.config.getoption(option, default=None) for option in _NARROWING)
        folders = all(Path(self.config.invocation_params.dir, arg.partition("::")[0]).is_dir() for arg in self.config.args)
        return asked or not folders or len(session.items) < self.collected

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        passed = report.outcome == "passed" and not hasattr(report, "wasxfail")
        self.passed[report.nodeid] = self.passed.get(report.nodeid, True) and passed

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        cut_short = exitstatus not in (0, 1) or bool(session.shouldfail or session.shouldstop)
        self.records.narrowed = self.records.narrowed or cut_short
        if self.worker:
            self.config.workeroutput[_HANDED] = self.records.plain()  # type: ignore[attr-defined]
        elif exitstatus == 0 and any(self.records.rivals()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker of pytest-xdist is done; one that crashed has left nothing, and then nothing is complete."""
        handed = getattr(node, "workeroutput", {}).get(_HANDED)
        if handed is None:
            self.records.narrowed = True
        else:
            self.records.add(handed)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        from .testing.summary import lines

        told = list(lines(self.records, self._stale(), self.config.invocation_params.dir))
        if told:
            terminalreporter.section("introspect")
            for line in told:
                terminalreporter.line(line)

    def _stale(self) -> list[Path]:
        if self.records.narrowed or not self.records.modules:
            return []
        from .testing.stale import stale

        files = {front: Path(file) for front, file in self.records.modules.items()}
        unfinished = [nodeid for nodeid, passed in self.passed.items() if not passed]
        ids = {name for nodeid in unfinished for name in (nodeid, nodeid.rpartition("@")[0])}  # see _own_id
        tests = [(nodeid, files.get(nodeid.partition("::")[0])) for nodeid in ids]
        held_up = [self.place(nodeid, file) for nodeid, file in tests if file is not None]
        return stale(self.records, held_up, self.common, self.config.rootpath)
