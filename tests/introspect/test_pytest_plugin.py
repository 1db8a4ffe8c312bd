"""The pytest plugin, as a project uses it: whole runs of pytest on models made by hand; no framework is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Optional

import pytest
from pytest_projects import ROOT, STALE, Project, report, said

from introspect import baselines

pytest_plugins = ["pytester"]


# light, and silent until it is used


def test_importing_it_loads_nothing_of_the_library() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); import introspect.pytest_plugin; "
        "new = set(sys.modules) - before; print(sorted(n for n in new if n.startswith('introspect')), "
        "[n for n in ('rich', 'click', 'numpy', 'torch', 'keras', 'theano') if n in new])"
    )
    env = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    ours = ["introspect", "introspect.pytest_plugin", "introspect.testing", "introspect.testing.places",
            "introspect.testing.records"]  # fmt: skip
    assert done.stdout.strip() == f"{ours} []"


def test_a_project_that_does_not_use_it_sees_nothing_of_it(project: Project) -> None:
    project.tests(
        "import sys\ndef test_a():\n    assert 'introspect.explaining' not in sys.modules\ndef test_b(): assert False"
    )
    result = project.run(apart=True)
    result.assert_outcomes(passed=1, failed=1)
    assert report(result) == ""
    assert project.baselines() == []


def test_it_adds_one_option_one_setting_and_one_mark(project: Project) -> None:
    result = project.run("--help")
    options = [line.split()[0] for line in result.outlines if line.lstrip().startswith("--introspect")]
    assert options == ["--introspect-update"]
    assert "introspect_baselines" in said(result)
    assert "introspect_budget(at=None, **budgets)" in said(project.run("--markers"))


# several workers


def test_workers_hand_back_what_they_did(pinned: Project) -> None:
    for path in pinned.path.rglob("test_two*.json"):
        path.unlink()
    result = pinned.run("-p", "xdist", "-n", "2", apart=True)
    result.assert_outcomes(passed=3, failed=1)
    assert report(result).splitlines() == [
        "missing baselines; to write them: pytest --introspect-update:", "  baselines/test_models/test_two-five.json",
        f"{STALE}; to be deleted, or their test is to be put back:", "  baselines/test_models/test_gone.json",
    ]  # fmt: skip
    result = pinned.run("-p", "xdist", "-n", "2", "--introspect-update", apart=True)
    result.assert_outcomes(passed=4)
    assert "baselines: 1 written, 2 kept" in report(result)


def test_groups_of_workers_are_no_part_of_a_name(project: Project) -> None:
    text = "import pytest\nfrom paper import *\n@pytest.mark.xdist_group('g')\n@pytest.mark.skipif({}, reason='')\n"
    text += "def test_net(introspect_baseline): introspect_baseline.check(net())\ndef test_other(): pass"
    project.tests(text.format(False))
    grouped = ("-p", "xdist", "-n", "2", "--dist", "loadgroup")
    project.run("--introspect-update", *grouped, apart=True).assert_outcomes(passed=2)
    assert project.baselines() == ["baselines/test_models/test_net.json"]
    project.tests(text.format(True))
    assert report(project.run(*grouped, apart=True)) == ""


def test_where_a_worker_crashed_nothing_is_said_to_be_stale(pinned: Project) -> None:
    pinned.tests("import os\ndef test_crash(): os._exit(3)", "test_crash")
    result = pinned.run("-p", "xdist", "-n", "2", apart=True)
    result.assert_outcomes(passed=4, failed=1)
    assert report(result) == ""


def test_workers_that_write_one_file_for_two_things_are_told(project: Project) -> None:
    project.tests("from paper import *\ndef test_net(introspect_baseline, worker_id):\n"
                  "    introspect_baseline.check(net(4 if worker_id == 'gw0' else 5))")  # fmt: skip
    result = project.run("-p", "xdist", "-n", "2", "--dist", "each", "--introspect-update", apart=True)
    assert "baselines of two tests that check different things" in report(result)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_two_processes_that_bless_one_file_leave_a_whole_one(project: Project) -> None:
    project.tests("import os\nfrom paper import *\ndef test_net(introspect_baseline):\n"
                  "    introspect_baseline.check(net(int(os.environ['FILTERS'])))")  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-p", "introspect.pytest_plugin", "--introspect-update", "-q"]
    for _ in range(2):
        runs = [subprocess.Popen(command, cwd=project.path, env={**os.environ, "FILTERS": str(n)}, stdout=subprocess.PIPE)
                for n in (40, 50)]  # fmt: skip
        for run in runs:
            assert b"1 passed" in run.communicate()[0]
        (path,) = project.path.rglob("test_net.json")
        assert int(baselines.load(path)["block.conv"].params) in (28 * 40, 28 * 50)
        assert sorted(file.name for file in path.parent.iterdir()) == ["test_net.json"]


# unittest


UNITTEST = """
import unittest
import pytest
from paper import *

@pytest.mark.usefixtures("introspect_baseline_of_class")
class Nets(unittest.TestCase):
    def setUp(self):
        self.net = net({})

    def test_net(self):
        self.introspect_baseline.check(self.net)

    def test_parts(self):
        for filters in (4, 5):
            with self.subTest(filters=filters):
                self.introspect_baseline.check(net(filters), name=str(filters))

    def test_refusal(self):
        with self.assertRaises(AssertionError):
            self.introspect_baseline.exactly(self.net, 1)
"""


def test_a_unittest_class_has_its_own_way(project: Project) -> None:
    project.tests(UNITTEST.format(""))
    missing = report(project.run())
    assert "baselines/test_models/Nets.test_net.json" in missing
    assert "baselines/test_models/Nets.test_parts-4.json" in missing  # newer pytest goes on to the next subtest
    project.bless().assert_outcomes(passed=3)
    assert project.baselines() == [
        f"baselines/test_models/Nets.test_{name}.json" for name in ("net", "parts-4", "parts-5")
    ]  # fmt: skip
    project.run().assert_outcomes(passed=3)
    project.tests(UNITTEST.format("units=3"))
    result = project.run()
    result.assert_outcomes(failed=1, passed=2)
    assert "fc.weight" in said(result)


def test_a_function_takes_the_fixture_itself(project: Project) -> None:
    project.tests("import pytest\n@pytest.mark.usefixtures('introspect_baseline_of_class')\ndef test_net(): pass")
    result = project.run()
    result.assert_outcomes(errors=1)
    assert "a function takes introspect_baseline as an argument" in said(result)


# marks


MARKED = """
import pytest
from paper import *

@pytest.mark.introspect_budget({})
def test_net(introspect_baseline):
    introspect_baseline.check(net())
"""


@pytest.mark.parametrize(
    ("mark", "said_of_it"),
    [
        ("params=240, neurons='1k'", None),
        ("params='0.3k', at='block'", None),
        ("params=(200, 300), trainable=(0, 240)", None),
        ("params=239", "net has 240 = 112 + 128 parameters, 1 more than the budget of 239"),
        ("params=(0, 111), at='block'", "block of net has 112 = (3·3·3 + 1)·4 parameters, 1 more than the range from 0 to 111"),
        ("biases=3, params=239", "net has 4 biases, 1 more than the budget of 3"),
        ("parms=239", "expected: params"),
        ("params=239, at='blok'", "such as block"),
        ("params=(1, 2, 3)", "this is no range"),
    ],
)
def test_a_mark_is_a_budget_for_what_is_checked(project: Project, mark: str, said_of_it: Optional[str]) -> None:
    project.tests(MARKED.format(mark))
    result = project.bless()
    if said_of_it is None:
        result.assert_outcomes(passed=1)
        project.run().assert_outcomes(passed=1)
    else:
        result.assert_outcomes(failed=1)
        assert said_of_it in " ".join(said(result).split())
        assert project.baselines() == []


@pytest.mark.parametrize(
    ("mark", "expected"),
    [("'12M'", "introspect_budget takes names"), ("", "introspect_budget takes names"), ("at='block'", "takes names")],
)
def test_a_mark_that_says_nothing_is_an_error(project: Project, mark: str, expected: str) -> None:
    project.tests(MARKED.format(mark))
    result = project.run()
    result.assert_outcomes(errors=1)
    assert expected in said(result)


def test_a_mark_on_a_test_that_checks_nothing_is_an_error(project: Project) -> None:
    project.tests("import pytest\n@pytest.mark.introspect_budget(params=1)\ndef test_net(): pass")
    result = project.run()
    result.assert_outcomes(errors=1)
    assert "this test does not take introspect_baseline" in said(result)


def test_the_marks_of_a_module_hold_for_its_checks_alone(project: Project) -> None:
    project.tests("import pytest\nfrom paper import *\npytestmark = pytest.mark.introspect_budget(params=240)\n"
                  "def test_other(): pass\n"
                  "def test_net(introspect_baseline): introspect_baseline.check(net())\n"
                  "def test_large(introspect_baseline): introspect_baseline.check(net(9))")  # fmt: skip
    project.bless().assert_outcomes(passed=2, failed=1)
    assert project.baselines() == ["baselines/test_models/test_net.json"]
