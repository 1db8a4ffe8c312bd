"""Throw-away projects that use the pytest plugin on models on paper, and what whole runs of pytest on them say."""

from __future__ import annotations

from pathlib import Path

import pytest

import introspect
from introspect.testing import checking

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
