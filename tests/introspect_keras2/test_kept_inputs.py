"""tf.keras 2: a subclassed model that was called, trained or built knows what it was called with, and is asked for no `inputs`."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
from agreement import assert_verified
from under_test_keras import keras, layers

from introspect import explain

ROWS = np.zeros((2, 4), "float32")
VERSION = tuple(int(part) for part in tf.__version__.split(".")[:2])
KEEPS_ALL = VERSION >= (2, 8)  # arguments besides the first
KEEPS_BUILT = VERSION > (2, 9)  # the shape that `build` was given


class Net(keras.Model):
    """One input."""

    def __init__(self) -> None:
        super().__init__(name="net")
        self.first, self.second = layers.Dense(3, name="first"), layers.Dense(2, name="second")

    def call(self, x: Any) -> Any:
        return self.second(self.first(x))


class Listed(Net):
    def call(self, pair: Any) -> Any:
        return self.second(self.first(pair[0]) + self.first(pair[1]))


class Named(Net):
    def call(self, features: Any) -> Any:
        return self.second(self.first(features["left"]) * self.first(features["right"]))


class Apart(Net):
    def call(self, left: Any, right: Any) -> Any:
        return self.second(self.first(left) - self.first(right))


def trained() -> Any:
    model = Net()
    model.compile("sgd", "mse")
    model.fit(ROWS, np.zeros((2, 2)), verbose=0)
    return model


def called(model: Any, *args: Any, **kwargs: Any) -> Any:
    model(*args, **kwargs)
    return model


CALLED: dict[str, Callable[[], Any]] = {
    "called": lambda: called(Net(), ROWS),
    "symbolic": lambda: called(Net(), keras.Input((4,))),
    "trained": trained,
    "listed": lambda: called(Listed(), [ROWS, ROWS]),
    "named": lambda: called(Named(), {"right": ROWS, "left": ROWS}),
}


@pytest.mark.parametrize("name", CALLED)
def test_a_model_that_was_called(name: str) -> None:
    e = explain(CALLED[name]())
    assert_verified(e)
    assert e.params == 5 * 3 + 4 * 2
    assert [row.path for row in e.layers if row.kind == "dense"][-1] == "second"
    assert e.neurons.known


def test_a_dict_by_its_keys() -> None:
    e = explain(CALLED["named"]())
    assert [row.path for row in e.layers if row.kind == "input"] == ["left", "right"]


def test_arguments_besides_the_first() -> None:
    e = explain(called(Apart(), ROWS, right=ROWS))
    assert e.params == 23
    assert e.neurons.known == KEEPS_ALL
    assert KEEPS_ALL or any("cannot be followed" in note for note in e.model.notes)
    assert_verified(explain(called(Apart(), ROWS, ROWS), {"left": (None, 4), "right": (None, 4)}))


def test_a_model_that_was_only_built() -> None:
    model = Net()
    model.build((None, 4))
    e = explain(model)
    assert e.params == 23
    assert e.neurons.known == KEEPS_BUILT
    assert_verified(explain(model, (None, 4)))


def test_what_is_given_goes_before_what_was_kept() -> None:
    e = explain(CALLED["called"](), (7, 5, 4))
    assert_verified(e)
    assert e["second"].output_shape == (7, 5, 2)


def test_a_layer_of_the_users_own() -> None:
    class Block(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="block")
            self.inner = layers.Dense(3, name="inner")

        def call(self, x: Any) -> Any:
            return tf.nn.relu(self.inner(x))

    e = explain(called(Block(), ROWS))
    assert_verified(e)
    assert e["inner"].params.working == "(4 + 1)·3"
