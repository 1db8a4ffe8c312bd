"""What is stale: a complete run tells which baselines no test checks, and a run of some tests tells nothing."""

from __future__ import annotations

import pytest
from pytest_projects import MANY, STALE, Project, report

pytest_plugins = ["pytester"]


def test_a_complete_run_tells_what_no_test_checks(pinned: Project) -> None:
    result = pinned.run()
    result.assert_outcomes(passed=4)
    assert report(result).splitlines() == [
        f"{STALE}; to be deleted, or their test is to be put back:", "  baselines/test_models/test_gone.json",
    ]  # fmt: skip
    assert "baselines/test_models/test_gone.json" in pinned.baselines()


def test_the_folder_of_a_module_that_is_gone_is_stale(pinned: Project) -> None:
    (pinned.path / "test_models.py").unlink()
    assert len(report(pinned.run()).splitlines()) == 5


@pytest.mark.parametrize(
    "options",
    [("-k", "one or two"), ("test_models.py",), ("test_models.py::test_one",), ("--deselect", "test_models.py::test_one"),
     ("--collect-only",), ("--setup-plan",)],
    ids=" ".join,
)  # fmt: skip
def test_a_run_of_some_tests_tells_nothing(pinned: Project, options: tuple[str, ...]) -> None:
    assert report(pinned.run(*options)) == ""


def test_the_last_failed_are_some_tests(pinned: Project) -> None:
    pinned.tests(MANY.format(False) + "\ndef test_bad(): assert False")
    pinned.run("-p", "cacheprovider")
    assert report(pinned.run("--lf")) == ""
    assert STALE in report(pinned.run())


def test_a_plugin_that_leaves_out_tests_makes_it_some(pinned: Project) -> None:
    pinned.pytester.makeconftest("def pytest_collection_modifyitems(items): del items[0]")
    assert report(pinned.run()) == ""


def test_a_run_that_stopped_early_tells_nothing(pinned: Project) -> None:
    pinned.tests("def test_bad(): assert False", "test_bad")
    assert report(pinned.run("-x")) == ""
    assert STALE in report(pinned.run())


def test_tests_that_were_skipped_or_failed_before_the_check_keep_their_files(pinned: Project) -> None:
    pinned.tests(MANY.format(True).replace("introspect_baseline.check(net(5)", "(1 / 0)(net(5)"))
    result = pinned.run()
    result.assert_outcomes(passed=2, skipped=1, failed=1)
    assert report(result).splitlines()[1:] == ["  baselines/test_models/test_gone.json"]


def test_a_module_that_was_not_collected_keeps_its_files(pinned: Project) -> None:
    assert report(pinned.run("--ignore", "test_models.py")) == ""


def test_files_of_others_are_left_alone(pinned: Project) -> None:
    (pinned.path / "baselines" / "test_models" / "benchmark.json").write_text('{"machine": "theirs"}')
    assert "benchmark" not in report(pinned.run())
