"""Projects for the tests of the pytest plugin and of what it is made of."""

from __future__ import annotations

import os

import pytest
from pytest_projects import MANY, ROOT, Project


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (pytester.path, ROOT))))
    pytester.syspathinsert()
    return Project(pytester)


@pytest.fixture
def pinned(project: Project) -> Project:
    """A project of which one test was taken away after its baseline was made."""
    project.tests(MANY.format(False) + "\ndef test_gone(introspect_baseline):\n    introspect_baseline.check(net())")
    project.tests("def test_other(): pass", "test_other")
    project.bless().assert_outcomes(passed=5)
    project.tests(MANY.format(False))
    return project
