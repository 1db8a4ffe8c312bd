"""Where baselines stand: each check has a file of its own, named after its test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_projects import ONE, Project, report, said

from introspect.testing.places import Place, place_of

pytest_plugins = ["pytester"]
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
