"""tf.keras 2: models whose `call` is Python code: followed symbolically, nothing built, the model left as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from agreement import assert_verified
from under_test_keras import keras, layers

from introspect import ShapeError, explain

IMAGE = (None, 12, 12, 3)


def parts() -> dict[str, Any]:
    return {
        "conv": layers.Conv2D(8, 3, padding="same", activation="relu", name="conv"),
        "norm": layers.BatchNormalization(name="norm"),
        "pool": layers.MaxPooling2D(name="pool"),
        "flat": layers.Flatten(name="flat"),
        "head": layers.Dense(5, name="head"),
    }


class Net(keras.Model):
    """The same layers, applied by code."""

    def __init__(self) -> None:
        super().__init__(name="net")
        for name, part in parts().items():
            setattr(self, name, part)

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = self.norm(self.conv(inputs), training=training)
        return self.head(self.flat(self.pool(x)))


def ledger(e: Any) -> list[Any]:
    return [
        (row.path, row.kind, row.input_shapes, row.output_shapes, row.params, row.trainable, row.neurons, row.connections)
        for row in e.layers
        if row.kind != "input"
    ]


def test_the_same_net_as_a_chain_not_built_and_built_has_one_ledger() -> None:
    unbuilt, built = Net(), Net()
    built(np.zeros((1, 12, 12, 3), "float32"))
    chain = keras.Sequential([keras.Input(IMAGE[1:]), *parts().values()])
    forms = [explain(chain), explain(unbuilt, IMAGE), explain(built, IMAGE)]
    assert len(ledger(forms[0])) == 5
    assert ledger(forms[0])[1:] == ledger(forms[1])[1:] == ledger(forms[2])[1:]
    assert forms[1].params == (3 * 3 * 3 + 1) * 8 + 4 * 8 + (6 * 6 * 8 + 1) * 5
    assert_verified(forms[2])
    assert forms[1].status == "incomplete"  # what is not built is not reported
    assert not any(part.built for part in unbuilt._flatten_layers())
    assert not any(part._inbound_nodes for part in unbuilt._flatten_layers())


class Block(layers.Layer):
    """A layer with a scale of its own and parts that are made in `build`."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer="ones")
        self.attention = layers.MultiHeadAttention(2, 4, name="attention")
        self.norm, self.wide = layers.LayerNormalization(name="norm"), layers.Dense(shape[-1], name="wide")

    def call(self, x: Any) -> Any:
        normed = self.norm(x)
        return x + self.scale * self.wide(self.attention(normed, normed))


class Reader(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="reader")
        self.tokens, self.blocks = layers.Embedding(50, 8, name="tokens"), [Block(name=f"block{i}") for i in range(2)]
        self.head = layers.Dense(3, name="head")

    def call(self, words: Any) -> Any:
        x = self.tokens(words)
        for block in self.blocks:
            x = block(x)
        self.add_metric(tf.reduce_mean(x), name="mean")
        return self.head(tf.nn.relu(tf.concat([x[:, -1], tf.reduce_mean(x, axis=1)], axis=-1)))


def test_layers_within_layers_weights_of_their_own_and_functions_of_tensorflow() -> None:
    model = Reader()
    e = explain(model, (None, 7))
    attention, block = 3 * (8 * 8 + 8) + 8 * 8 + 8, 16 + 72 + 8
    assert e.params == 50 * 8 + 2 * (attention + block) + (16 + 1) * 3
    assert e["block1.wide"].params.working == "(8 + 1)·8"
    assert e["block0"].params == 8
    assert not any(row.params for row in e.opaque)  # TensorFlow 2.5 asks for ranks and ranges on the way
    assert (e.neurons.known, model.built, model.metrics) == (True, False, [])
    model(np.zeros((1, 7), "int32"))
    again = explain(model, (None, 7))
    assert (again.params, again.mismatches) == (e.params, [])
    assert [row.path for row in again.opaque if row.params] == []  # its weight is what its code asks for
    assert [(t.name, t.status) for t in again["block1"].tensors] == [("scale", "verified")]
    assert again.params == model.count_params()


def test_the_names_that_keras_gives_out_are_given_out_again() -> None:
    keras.backend.clear_session()
    model = Reader()
    explain(model, (None, 7))
    first = tf.nn.relu(keras.Input((4,)))._keras_history.layer.name
    explain(model, (None, 7))
    second = tf.nn.relu(keras.Input((4,)))._keras_history.layer.name
    assert (first, second) == ("tf.nn.relu", "tf.nn.relu_1")


def test_a_function_as_a_layer_is_followed() -> None:
    x = keras.Input((6,))
    e = explain(keras.Model(x, layers.Dense(2, name="dense")(layers.Lambda(lambda x: x[:, :4] * 2.0, name="cut")(x))))
    assert_verified(e)
    assert not e.opaque
    assert e["dense"].params.working == "(4 + 1)·2"


class Asking(keras.Model):
    """Its way depends on values."""

    def __init__(self) -> None:
        super().__init__(name="asking")
        self.one = layers.Dense(3, name="one")

    def call(self, x: Any) -> Any:
        return self.one(x) if float(tf.reduce_sum(x)) > 0 else x


def test_code_that_asks_for_values_is_not_followed_and_the_note_says_why() -> None:
    model = Asking()
    model.one.build((None, 4))
    e = explain(model, (None, 4))
    assert e["one"].params == 15
    assert not e.neurons.known
    assert any("asking: its own code cannot be followed (TypeError" in note for note in e.model.notes)


def test_a_layer_that_cannot_take_what_flows_is_named_with_its_path() -> None:
    class Wrong(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="wrong")
            self.conv = layers.Conv2D(2, 3, name="conv")

        def call(self, x: Any) -> Any:
            return self.conv(x)

    with pytest.raises(ShapeError, match="conv"):
        explain(Wrong(), (None, 2, 2, 1))


class Tracked(keras.Model):
    """A metric among the model's attributes, as training loops of one's own have it."""

    def __init__(self) -> None:
        super().__init__(name="tracked")
        self.dense = layers.Dense(3, name="dense")
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def call(self, x: Any) -> Any:
        return self.dense(x)


def test_the_sums_of_a_metric_are_counted_by_keras_and_are_no_parameters() -> None:
    model = Tracked()
    model(np.zeros((1, 4)))
    assert model.count_params() == 15 + 2
    e = explain(model, (None, 4))
    assert_verified(e)
    assert e.params == 15
    assert any("17: 2 of these are sums that metrics keep" in note for note in e.reported.notes)


def test_a_model_in_a_layer_that_is_not_built_is_asked_for_nothing() -> None:
    class Wrapped(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="wrapped")
            self.tail = keras.Sequential([layers.Dense(4, name="a"), layers.Dense(2, name="b")], name="tail")

        def call(self, x: Any) -> Any:
            return x + tf.reduce_sum(self.tail(x), axis=-1, keepdims=True)

    assert explain(Wrapped(), (None, 4)).params == (4 + 1) * 4 + (4 + 1) * 2
