"""docs/pytorch.md names every class of `torch.nn`, each with the law that it has."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import samples_beside_torch
import torch
from introspect_torch.specs import LAWS, RULES, law_class
from samples_torch import SAMPLES
from torch import nn

from introspect import explain
from introspect.layers import Spec

PAGE = (Path(__file__).parents[2] / "docs" / "pytorch.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if re.match(r"\| `\w+` \| \d", line)
]
TABLE = {row[0].strip("` "): row for row in ROWS}
CLASSES = {name: cls for name, cls in vars(nn).items() if inspect.isclass(cls)}
WITHOUT = ("walked", "container", "base", "none")  # what stands for a law where there is none
VERSION = tuple(int(number) for number in re.findall(r"\d+", torch.__version__)[:2])


def test_every_class_is_in_the_table() -> None:
    assert len(CLASSES) > 100
    assert set(CLASSES) - set(TABLE) == set()
    assert len(ROWS) == len(TABLE)


def test_every_class_of_the_table_is_there_from_its_version_on() -> None:
    expected = {name for name, row in TABLE.items() if tuple(int(n) for n in row[1].split(".")) <= VERSION}
    assert expected - set(CLASSES) == set()
    assert VERSION > (2, 12) or expected == set(CLASSES)


def test_every_class_that_has_a_law_is_in_the_table() -> None:
    assert set(RULES) - set(TABLE) == set()


@pytest.mark.parametrize("name", CLASSES)
def test_the_table_says_law_where_there_is_one(name: str) -> None:
    law, cls = TABLE[name][2], CLASSES[name]
    if law in WITHOUT:
        assert not any(base in LAWS for base in cls.__mro__)
        assert (law == "none") == (not issubclass(cls, nn.Module))
    else:
        assert law.strip("`") in Spec.registry
        base = law_class(cls.__new__(cls))
        assert base is not None
        assert cls.forward is base.forward, "its own forward is walked, the law does not run"


PLAIN = [name for name, make in SAMPLES.items() if type(make()[0]) in LAWS and name not in samples_beside_torch.SAMPLES]


@pytest.mark.parametrize("name", PLAIN)  # a layer whose weights are computed goes by a law around its own
def test_the_law_in_the_table_is_the_one_that_is_applied(name: str) -> None:
    model, inputs = SAMPLES[name]()
    row = explain(model, inputs, verify=False)[type(model).__name__]
    assert TABLE[row.kind_name][2] == f"`{row.kind}`"


def test_every_law_of_the_table_is_applied_to_a_sample() -> None:
    applied = {type(make()[0]).__name__ for make in SAMPLES.values()}
    laws = {row[2] for name, row in TABLE.items() if name in CLASSES and row[2] not in WITHOUT}
    assert laws == {TABLE[name][2] for name in applied if name in TABLE}
