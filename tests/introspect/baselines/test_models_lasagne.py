"""Baselines of Lasagne networks: kept, and one line for each tensor that changes."""

from __future__ import annotations

import lasagne
import pytest
from blessed import keeps, scenario

from fixtures.small_lasagne import NETS
from introspect import explain


@pytest.mark.parametrize("name", NETS)
def test_a_baseline_keeps_a_network(name: str) -> None:
    make, inputs = NETS[name]
    keeps(explain(make(), inputs))


def conv(untie: bool, bias: bool = True) -> object:
    given = lasagne.layers.InputLayer((None, 1, 6, 6), name="given")
    more = {} if bias else {"b": None}
    return lasagne.layers.Conv2DLayer(given, 4, 3, untie_biases=untie, name="conv", **more)


def test_biases_that_are_untied() -> None:
    a, b = explain(conv(False)), explain(conv(True))
    assert scenario(a, b) == ((1, 1), ["conv.b"], ["untied_bias"])
    assert scenario(a, explain(conv(False, False))) == ((0, 1), ["conv.b"], ["bias"])
