"""A check against a baseline, in whole runs of pytest: missing, made, held, changed, made again, and refused."""

from __future__ import annotations

import pytest
from pytest_projects import ONE, Project, report, said

pytest_plugins = ["pytester"]


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
