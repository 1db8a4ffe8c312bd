"""The same tests run on every backend, each in a process of its own; here is what only one of them has."""

from __future__ import annotations

import os
from typing import Any

import keras
import numpy as np
from agreement import assert_verified
from keras import layers

from introspect import explain

BACKEND = keras.config.backend()


def test_the_backend_is_the_one_that_was_asked_for() -> None:
    assert os.environ["KERAS_BACKEND"] == BACKEND


def test_a_model_that_was_trained_on_this_backend() -> None:
    model = keras.Sequential(
        [keras.Input((6, 3)), layers.LSTM(4), layers.Dropout(0.5), layers.BatchNormalization(), layers.Dense(2)]
    )
    model.compile("sgd", "mse")
    model.fit(np.zeros((4, 6, 3)), np.zeros((4, 2)), verbose=0)
    e = explain(model)
    assert_verified(e)
    assert e.params == 4 * 4 * (3 + 4 + 1) + 4 * 4 + (4 + 1) * 2 == model.count_params()


def carried(own: Any) -> None:
    """A layer of another framework's is opaque, its 15 numbers carried, and what follows is worked out."""
    model = keras.Sequential([keras.Input((4,)), own, layers.Dense(2, name="dense")])
    e = explain(model)
    assert (e["own"].params, e["own"].status, e.opaque_params) == (15, "opaque", 15)
    assert e["dense"].params.working == "(3 + 1)·2"
    assert e.params == model.count_params() == 23
    assert e.status == "incomplete"


if BACKEND == "torch":

    def test_keras_is_asked_before_pytorch_whose_modules_its_layers_are() -> None:
        import torch

        dense = layers.Dense(3, name="dense")
        assert isinstance(dense, torch.nn.Module)
        assert explain(dense, (None, 4)).model.framework == "keras"


if BACKEND == "jax":

    def test_a_function_of_jax() -> None:
        def applied(params: Any, inputs: Any) -> Any:
            return inputs @ params["kernel"] + params["bias"]

        weights = {"kernel": np.zeros((4, 3), "float32"), "bias": np.zeros(3, "float32")}
        carried(layers.JaxLayer(applied, params=weights, name="own"))
