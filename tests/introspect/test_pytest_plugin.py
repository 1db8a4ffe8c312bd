"""The pytest plugin, as a project uses it: whole runs of pytest on models made by hand; no framework is needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

import introspect
from introspect import baselines
from introspect.testing import checking
from introspect.testing.places import Place, place_of
from introspect.testing.records import Records

pytest_plugins = ["pytester"]
ROOT = Path(introspect.__file__).parent.parent
LOADED = checking.Baseline  # runs in this process find the library imported
PAPER = """
from dataclasses import replace
from introspect import Explanation
from introspect.building import Builder
from introspect.ir import Holding
from introspect.layers import Conv, Dense, Flatten, Opaque
from introspect.reported import Reported, ReportedLayer, ReportedTensor

def net(filters=4, bias=True, units=2, strange=False, shape=(1, 3, 6, 6), head="fc"):
    builder = Builder("paper", "1", "net")
    value = builder.input(shape)
    kernel = Holding("weight", "t0", ("kernel",), "out in kh kw")
    held = [kernel, Holding("bias", "t1", ("bias",), "out")] if bias else [kernel]
    conv = Conv((3, 3), (1, 1), ((0, 0), (0, 0)), filters=filters, bias="shared" if bias else None)
    (value,) = builder.call(builder.layer("block.conv", conv, held), [value])
    (value,) = builder.call(builder.layer("flat", Flatten()), [value])
    if strange:
        odd = builder.layer("odd", Opaque("Odd"), [Holding("scale", "t9")])
        (value,) = builder.carry(odd, [value], [builder.values[value].shape])
    fc = builder.layer(head, Dense(units, bias=False), [Holding("weight", "t2", ("kernel",), "out in")])
    return builder.finish(builder.call(fc, [value]))

def odd():
    held = (ReportedTensor("scale", (7,), True),)
    return Explanation(net(strange=True), Reported((ReportedLayer("odd", held),), source="paper"), verified=False)

def corrupted():
    held = (ReportedTensor("weight", (4, 3, 3, 2), True), ReportedTensor("bias", (4,), True))
    return Explanation(net(), Reported((ReportedLayer("block.conv", held),), source="paper"))

def silent():
    return Explanation(net(), Reported(source="paper"))

def miscounted():
    return Explanation(net(), Reported(params=241, source="paper"))
"""
ONE = """
from paper import *

def test_net(introspect_baseline):
    introspect_baseline.check(net({}))
"""


class Project:
    """A throw-away project with models on paper, and pytest runs on it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester, self.path = pytester, pytester.path
        pytester.makepyfile(paper=PAPER)

    def tests(self, text: str, name: str = "test_models") -> Path:
        return self.pytester.makepyfile(**{name: text})

    def run(self, *options: str, apart: bool = False) -> pytest.RunResult:
        """A run in this process; `apart`, in one of its own."""
        how = self.pytester.runpytest_subprocess if apart else self.pytester.runpytest_inprocess
        return how("-p", "introspect.pytest_plugin", *options)

    def bless(self, *options: str) -> pytest.RunResult:
        return self.run("--introspect-update", *options)

    def baselines(self) -> list[str]:
        """All baselines of the project, by path."""
        return sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*.json"))


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (pytester.path, ROOT))))
    pytester.syspathinsert()
    return Project(pytester)


def said(result: pytest.RunResult) -> str:
    """What a run printed, the frame of the page taken off."""
    return "\n".join(line[4:] if line.startswith("E   ") else line for line in result.outlines)


def report(result: pytest.RunResult) -> str:
    """What the plugin told at the end of a run."""
    lines = result.outlines
    start = next((i for i, line in enumerate(lines) if line.strip("= ") == "introspect"), None)
    if start is None:
        return ""
    end = next(i for i in range(start + 1, len(lines)) if lines[i].startswith("==="))
    return "\n".join(lines[start + 1 : end]).rstrip()


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


# a baseline is missing, made, held, changed, made again


def test_a_missing_baseline_fails_and_says_how_to_make_it(project: Project) -> None:
    project.tests(ONE.format(""))
    result = project.run()
    result.assert_outcomes(failed=1)
    assert "net has no baseline, there is no baselines/test_models/test_net.json" in said(result)
    assert "to write it: pytest --introspect-update test_models.py::test_net" in said(result)
    assert report(result).splitlines() == [
        "missing baselines; to write them: pytest --introspect-update:", "  baselines/test_models/test_net.json",
    ]  # fmt: skip
    assert project.baselines() == []


def test_blessing_writes_it_and_from_then_on_it_holds(project: Project) -> None:
    project.tests(ONE.format(""))
    made = project.bless()
    made.assert_outcomes(passed=1)
    assert "1 written" in report(made)
    assert "baselines/test_models/test_net.json (not verified: no framework was asked)" in report(made)
    assert project.baselines() == ["baselines/test_models/test_net.json"]
    held = project.run()
    held.assert_outcomes(passed=1)
    assert report(held) == ""


def test_the_command_that_a_failure_gives_is_the_one_to_run(project: Project) -> None:
    project.tests(ONE.format(""))
    command = next(line for line in said(project.run()).splitlines() if "to write it: pytest" in line)
    options = command.partition("pytest ")[2].replace("'", "").split()
    project.run(*options).assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


def test_a_change_fails_with_the_tensors_that_changed_and_their_workings(project: Project) -> None:
    project.tests(ONE.format(""))
    project.bless()
    project.tests(ONE.format("bias=False, units=3"))
    result = project.run()
    result.assert_outcomes(failed=1)
    text = said(result)
    assert "net · paper 1: 1 tensor disappeared, 1 tensor changed" in text
    assert "the baseline: baselines/test_models/test_net.json" in text
    assert "block.conv.bias" in text
    assert "fc.weight" in text
    assert "4·4·4·3" in text
    assert "to make this the baseline: pytest --introspect-update test_models.py::test_net" in text
    assert report(result) == ""


def test_a_failure_shows_the_line_of_the_test_and_nothing_of_ours(project: Project) -> None:
    project.tests(ONE.format(""))
    project.bless()
    project.tests(ONE.format("9"))
    result = project.run()
    lines = result.outlines
    assert ">       introspect_baseline.check(net(9))" in lines
    assert not [line for line in lines if "introspect/" in line or "Baseline(" in line]
    assert max(len(line) for line in lines if line.startswith("E ")) <= 100


def test_blessing_again_changes_the_lines_of_what_changed(project: Project) -> None:
    project.tests(ONE.format(""))
    project.bless()
    (path,) = project.path.rglob("test_net.json")
    before = path.read_text(encoding="utf-8").splitlines()
    project.tests(ONE.format("units=3"))
    assert "1 updated" in report(project.bless())
    after = path.read_text(encoding="utf-8").splitlines()
    assert len(before) == len(after)
    changed = [line for line in after if line not in before]
    assert [line for line in changed if '"fc"' not in line and '"fc.weight"' not in line] == []
    project.run().assert_outcomes(passed=1)


def test_blessing_leaves_alone_what_holds(project: Project) -> None:
    project.tests(ONE.format(""))
    project.bless()
    (path,) = project.path.rglob("test_net.json")
    before = path.stat().st_mtime_ns
    assert report(project.bless()).splitlines() == ["baselines: 1 kept"]
    assert path.stat().st_mtime_ns == before


def test_another_name_holds_and_is_told(project: Project) -> None:
    project.tests(ONE.format(""))
    project.bless()
    project.tests(ONE.format("head='head'"))
    result = project.run()
    result.assert_outcomes(passed=1)
    assert report(result) == (
        "test_models.py::test_net: baselines/test_models/test_net.json holds, with other names: fc.weight → head.weight"
    )
    assert "1 updated" in report(project.bless())
    assert report(project.run()) == ""


def test_a_number_in_a_name_is_not_told_and_nothing_is_written_for_it(project: Project) -> None:
    project.tests(ONE.format("head='fc_3'"))
    project.bless()
    for head in ("fc", "fc_12"):
        project.tests(ONE.format(f"head={head!r}"))
        assert report(project.bless()) == "baselines: 1 kept"
        assert report(project.run()) == ""


def test_another_input_is_another_baseline(project: Project) -> None:
    project.tests(ONE.format(""))
    project.bless()
    project.tests(ONE.format("shape=(1, 3, 8, 8)"))
    project.run().assert_outcomes(failed=1)


def test_a_damaged_baseline_is_refused_with_its_line_and_can_be_made_anew(project: Project) -> None:
    project.tests(ONE.format(""))
    project.bless()
    (path,) = project.path.rglob("test_net.json")
    path.write_text(path.read_text(encoding="utf-8").replace('"fc"', '"fd"', 1), encoding="utf-8")
    result = project.run()
    result.assert_outcomes(failed=1)
    assert "the baseline of net cannot be read" in said(result)
    assert "test_net.json:" in said(result)
    assert "1 updated" in report(project.bless())
    project.run().assert_outcomes(passed=1)


# what is not blessed


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("corrupted()", "block.conv.weight: worked out as 4×3×3×3, the framework holds 4×3×3×2"),
        ("miscounted()", "the whole model: worked out as 240 parameters, the framework reports 241"),
    ],
)
def test_where_the_two_roads_disagree_nothing_is_blessed(project: Project, model: str, expected: str) -> None:
    text = "from paper import *\ndef test_net(introspect_baseline):\n    introspect_baseline.check({})"
    project.tests(text.format(model))
    refused = project.bless()
    refused.assert_outcomes(failed=1)
    assert "the baseline was not written" in " ".join(said(refused).split())
    assert expected in said(refused)
    assert "(the two roads disagree)" in report(refused)
    assert project.baselines() == []
    project.tests(text.format("net()"))
    project.bless()
    (path,) = project.path.rglob("test_net.json")
    before = path.read_bytes()
    project.tests(text.format(model))
    project.bless().assert_outcomes(failed=1)
    project.run().assert_outcomes(failed=1)
    assert path.read_bytes() == before


OPAQUE = "from paper import *\ndef test_net(introspect_baseline):\n    introspect_baseline.check(odd(){})"


def test_what_has_no_law_is_not_blessed_unless_it_is_acknowledged(project: Project) -> None:
    project.tests(OPAQUE.format(""))
    refused = project.bless()
    refused.assert_outcomes(failed=1)
    assert "no law speaks of some of it, and the test does not acknowledge that" in " ".join(said(refused).split())
    assert "odd.scale: no law for this tensor; 7 as the framework reports" in said(refused)
    assert project.baselines() == []


@pytest.mark.parametrize("given", ["['odd']", "'o*'", "('nothing', 'odd.scale')", "{'odd.*'}"])
def test_an_acknowledgement_is_a_path_or_a_pattern(project: Project, given: str) -> None:
    project.tests(OPAQUE.format(f", opaque={given}"))
    project.bless().assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)
    project.tests(OPAQUE.format(""))
    project.run().assert_outcomes(failed=1)


def test_an_acknowledgement_of_nothing_is_told(project: Project) -> None:
    project.tests(OPAQUE.format(", opaque=['odd', 'fc', 'o?']"))
    result = project.bless()
    result.assert_outcomes(passed=1)
    expected = "test_models.py::test_net: opaque=fc, o? acknowledges nothing: all of that has a law"
    assert expected in report(result)
    assert expected in report(project.run())


def test_what_the_framework_does_not_say_is_told(project: Project) -> None:
    project.tests("from paper import *\ndef test_net(introspect_baseline): introspect_baseline.check(silent())")
    assert "the framework does not say all of 4 layers: input, block.conv, flat and 1 more" in report(project.bless())


def test_what_a_baseline_leaves_open_is_told(project: Project) -> None:
    project.tests("from paper import *\ndef test_net(introspect_baseline):\n"
                  "    introspect_baseline.check(replace(net(), complete=False))")  # fmt: skip
    assert "no input was given" in report(project.bless())
    project.run().assert_outcomes(passed=1)


# where baselines stand


NAMED = """
import pytest
from paper import *

@pytest.mark.parametrize("how", ["plain", "a/b c", "µ", "x" * 300, "x" * 301, "a::b"])
def test_net(introspect_baseline, how):
    introspect_baseline.check(net(), name="first")
    introspect_baseline.check(net(5), name="second")

class TestBlock:
    def test_net(self, introspect_baseline):
        introspect_baseline.check(net(6))
"""


def test_each_check_has_a_file_named_after_its_test(project: Project) -> None:
    project.tests(NAMED, "sub/test_named")
    project.bless().assert_outcomes(passed=7)
    project.run().assert_outcomes(passed=7)
    names = {path.rpartition("/")[2] for path in project.baselines()}
    assert {path.rpartition("/")[0] for path in project.baselines()} == {"sub/baselines/test_named"}
    assert len(names) == 13
    assert max(len(name) for name in names) < 200
    assert {"test_net-plain-first.json", "test_net-a%2Fb%20c-second.json", "test_net-a%3A%3Ab-first.json",
            "TestBlock.test_net.json"} < names  # fmt: skip


def test_one_folder_for_all(project: Project) -> None:
    project.pytester.makeini("[pytest]\nintrospect_baselines = pinned/models")
    project.tests(ONE.format(""), "unit/test_net")
    project.tests(ONE.format("5"), "whole/test_nets")
    project.bless().assert_outcomes(passed=2)
    assert project.baselines() == [
        "pinned/models/unit/test_net/test_net.json", "pinned/models/whole/test_nets/test_net.json",
    ]  # fmt: skip
    project.run().assert_outcomes(passed=2)
    (project.path / "unit" / "test_net.py").unlink()
    assert "  pinned/models/unit/test_net/test_net.json" in report(project.run())


def test_run_from_another_folder_the_paths_are_still_those_of_the_files(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.pytester.makeini("[pytest]")
    project.tests(ONE.format(""), "sub/test_models")
    monkeypatch.chdir(project.path / "sub")
    result = project.run()
    assert "there is no baselines/test_models/test_net.json" in said(result)
    assert "pytest --introspect-update test_models.py::test_net" in said(result)
    project.bless("test_models.py::test_net").assert_outcomes(passed=1)
    assert project.baselines() == ["sub/baselines/test_models/test_net.json"]


TWICE = """
from paper import *

def test_net(introspect_baseline):
    introspect_baseline.check(net())
    introspect_baseline.check(net({}))
"""


def test_two_checks_of_one_file_hold_where_they_check_the_same(project: Project) -> None:
    project.tests(TWICE.format(""))
    project.bless().assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


def test_two_checks_of_one_file_that_differ_in_a_number_of_a_name_check_the_same(project: Project) -> None:
    project.tests(TWICE.format("head='fc_1'"))
    project.bless().assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


def test_two_checks_of_one_file_are_refused_where_they_check_different_things(project: Project) -> None:
    project.tests(TWICE.format("5"))
    result = project.bless()
    result.assert_outcomes(failed=1)
    assert "was made the baseline of another check of this test in this run" in " ".join(said(result).split())
    assert "check(model, name=...)" in said(result)
    result = project.run()
    result.assert_outcomes(failed=1)
    assert "this file is right for another check of this test" in said(result)


def test_a_file_that_differs_in_case_alone_is_the_same_file_somewhere(project: Project) -> None:
    project.tests("from paper import *\ndef test_net(introspect_baseline):\n    introspect_baseline.check(net())\n"
                  "def test_Net(introspect_baseline):\n    introspect_baseline.check(net())")  # fmt: skip
    result = project.bless()
    result.assert_outcomes(passed=1, failed=1)
    assert "test_models.py::test_net" in said(result)


@given(st.text(min_size=1), st.text(min_size=1), st.none() | st.text())
def test_other_parameters_are_another_file_and_every_name_is_safe(one: str, other: str, name: Optional[str]) -> None:
    files = [
        place_of(f"test_a.py::TestB::test_c[{text}]", Path("/p/test_a.py"), None, Path("/p")).file(name)
        for text in (one, other)
    ]
    assert (files[0] == files[1]) == (one == other)
    for file in files:
        assert file.parent == Path("/p/baselines/test_a")
        assert re.fullmatch(r"TestB\.test_c-[\w.~%+=,@-]+\.json", file.name, re.ASCII)
        assert len(file.name) < 255
    assert files[0].name.startswith("TestB.test_c-")


def test_a_place_owns_its_files_and_no_others() -> None:
    place = Place(Path("/p/baselines/test_a"), "test_b")
    assert place.owns(place.file())
    assert place.owns(place.file("x"))
    assert not place.owns(Path("/p/baselines/test_a/test_bc.json"))
    assert not place.owns(Path("/p/baselines/test_c/test_b.json"))


# what is stale


MANY = """
import pytest
from paper import *

def test_one(introspect_baseline):
    introspect_baseline.check(net())

def test_two(introspect_baseline):
    introspect_baseline.check(net(5), name="five")

@pytest.mark.skipif({}, reason="not today")
def test_three(introspect_baseline):
    introspect_baseline.check(net(6))
"""
STALE = "stale baselines, which no test checks"


@pytest.fixture
def pinned(project: Project) -> Project:
    """A project of which one test was taken away after its baseline was made."""
    project.tests(MANY.format(False) + "\ndef test_gone(introspect_baseline):\n    introspect_baseline.check(net())")
    project.tests("def test_other(): pass", "test_other")
    project.bless().assert_outcomes(passed=5)
    project.tests(MANY.format(False))
    return project


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


def test_records_tell_rivals_apart() -> None:
    records = Records()
    records.claim(Path("/a/x.json"), "one", "1")
    records.claim(Path("/a/x.json"), "two", "1")
    assert list(records.rivals()) == []
    assert records.rival(Path("/a/x.json"), "1") == ""
    assert records.rival(Path("/a/x.json"), "2") == "one"
    assert records.rival(Path("/a/X.json"), "1") == "one"
    other = Records()
    other.claim(Path("/a/x.json"), "three", "2")
    records.add(json.loads(json.dumps(other.plain())))
    assert list(records.rivals()) == [("/a/x.json", "one", "three")]


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
