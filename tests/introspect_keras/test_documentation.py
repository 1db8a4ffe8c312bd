"""docs/keras.md names every layer class there is, each with the law that it has."""

from __future__ import annotations

import inspect

import pytest
from introspect_keras import specs, specs_attention, specs_keras1
from keras import layers
from samples_keras import LAYERS, SAMPLES
from table_keras import TABLE

from introspect import explain
from introspect.layers import Spec

SEVERAL = {
    "RNN": {"recurrent", "stacked_cells", "stepped"},
    "Bidirectional": {"recurrent", "both_ways"},
    "TimeDistributed": {"time_distributed", "steps_together"},
    "Dense": {"dense", "low_rank"},
    "Embedding": {"embedding", "quantized"},
}


def test_every_class_of_the_installed_keras_is_in_the_table() -> None:
    walked = {cls.__name__ for _, cls in inspect.getmembers(layers, inspect.isclass) if issubclass(cls, layers.Layer)}
    assert len(walked) > 100
    assert walked - set(TABLE) == set()
    assert {name for name in walked if "3" not in TABLE[name][1]} == set()


def test_every_class_with_a_law_is_in_the_table_and_every_other_has_none() -> None:
    with_law = {*specs.LAYERS, *specs_attention.CALLED, *specs_keras1.LAYERS}
    assert with_law - set(TABLE) == set()
    assert {name for name, row in TABLE.items() if row[2] != "none"} == with_law


@pytest.mark.parametrize("name", TABLE)
def test_the_law_in_the_table_is_a_law(name: str) -> None:
    _, since, law, what = TABLE[name]
    assert set(since.split(", ")) <= {"1", "2", "3"}
    assert law == "none" or law.strip("`") in Spec.registry
    assert what


@pytest.mark.parametrize("name", LAYERS)
def test_the_law_in_the_table_is_the_one_that_is_applied(name: str) -> None:
    model, inputs = SAMPLES[name]()
    row = explain(model, inputs, verify=False).layers[-1]
    assert row.kind in SEVERAL.get(row.kind_name, {TABLE[row.kind_name][2].strip("`")})
