"""What a run did with which file: two checks of one file hold where they check the same, and are refused elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_projects import Project, said

from introspect.testing.records import Records

pytest_plugins = ["pytester"]
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
