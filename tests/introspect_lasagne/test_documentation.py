"""docs/lasagne.md names every layer class there is, each with the law that it has."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from introspect_lasagne.specs import RULES
from lasagne import layers
from samples_lasagne import SAMPLES
from standins_lasagne import NEW, newer_layers

from introspect import explain
from introspect.layers import Spec

PAGE = (Path(__file__).parents[2] / "docs" / "lasagne.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| `\w+` \|", line)]
TABLE = {row[0].strip("`"): row for row in ROWS}
OTHER_NAMES = {"Deconv2DLayer", "Deconv3DLayer"}


def written(folder: Path) -> set[str]:
    """The layer classes in Lasagne's source, those included that cannot be imported without a graphics card."""
    found = set()
    for path in folder.glob("*.py"):
        classes = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]
        found |= {node.name for node in classes if "Layer" in node.name}
    return found


def test_every_class_of_the_installed_lasagne_is_in_the_table():
    walked = {cls.__name__ for _, cls in inspect.getmembers(layers, inspect.isclass) if issubclass(cls, layers.Layer)}
    source = written(Path(layers.__file__).parent)
    assert walked <= source
    assert len(source) > 40
    assert source - set(TABLE) == set()
    assert NEW or source == {name for name, row in TABLE.items() if row[1] == "0.1"}


def test_every_class_that_has_a_law_is_in_the_table():
    assert set(RULES) - set(TABLE) - OTHER_NAMES == set()
    assert set(TABLE) - set(RULES) == {"InputLayer", *(name for name, row in TABLE.items() if row[2] == "none")}


def test_every_stand_in_is_in_the_table_and_has_a_law():
    assert {name for name in vars(newer_layers) if name.endswith("Layer")} <= set(TABLE) & set(RULES)


@pytest.mark.parametrize("name", TABLE)
def test_the_law_in_the_table_is_a_law(name):
    row = TABLE[name]
    assert len(row) == 5
    assert row[1] in ("0.1", "0.2")
    assert row[2] == "none" or row[2].strip("`") in Spec.registry


@pytest.mark.parametrize("name", SAMPLES)
def test_the_law_in_the_table_is_the_one_that_is_applied(name):
    net, inputs = SAMPLES[name]()
    row = explain(net, inputs, verify=False).layers[-1]
    assert TABLE[row.kind_name][2] == f"`{row.kind}`"
