"""Baselines of Keras models: kept, and one line for each tensor that changes."""

from __future__ import annotations

import keras
import pytest
from blessed import keeps, scenario

from fixtures.small_keras import NETS
from introspect import explain


@pytest.mark.parametrize("name", NETS)
def test_a_baseline_keeps_a_model(name: str) -> None:
    make, inputs = NETS[name]
    keeps(explain(make(), inputs))


def classifier(reset_after: bool, bias: bool = True) -> keras.Model:
    given = keras.Input((7, 4), name="given")
    hidden = keras.layers.GRU(5, reset_after=reset_after, use_bias=bias, name="gru")(given)
    return keras.Model(given, keras.layers.Dense(2, name="decision")(hidden), name="classifier")


def test_a_recurrence_that_resets_after() -> None:
    a, b = explain(classifier(False)), explain(classifier(True))
    assert scenario(a, b) == ((1, 1), ["gru.bias"], ["reset_after"])
    assert scenario(a, explain(classifier(False, False))) == ((0, 1), ["gru.bias"], ["bias"])


def test_frozen_statistics() -> None:
    def normed(trained: bool) -> keras.Model:
        given = keras.Input((8, 8, 3), name="given")
        norm = keras.layers.BatchNormalization(name="norm", trainable=trained)
        return keras.Model(given, norm(given), name="normed")

    lines, names, reasons = scenario(explain(normed(True)), explain(normed(False)))
    assert (lines, names, reasons) == ((2, 2), ["norm.gamma", "norm.beta"], ["frozen"])


def test_a_model_that_is_made_again_is_the_same_under_other_names() -> None:
    def unnamed() -> keras.Model:
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.Dense(2)])

    from introspect.drifting import drift

    found = drift(explain(unnamed()), explain(unnamed()))
    assert found.same
    assert len(found.renamed) == 4
