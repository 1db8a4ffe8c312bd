"""Models whose `call` is Python code: followed symbolically, nothing built, the model left as it is, other threads unharmed."""

from __future__ import annotations

import threading
from typing import Any

import keras
import numpy as np
import pytest
from agreement import assert_verified, disagreements
from keras import layers, ops

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


def as_sequential() -> keras.Model:
    return keras.Sequential([keras.Input(IMAGE[1:], name="input"), *parts().values()], name="net")


def as_functional() -> keras.Model:
    x = y = keras.Input(IMAGE[1:], name="input")
    for part in parts().values():
        y = part(y)
    return keras.Model(x, y, name="net")


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
        (row.path, row.kind, row.input_shapes, row.output_shapes, row.params, row.trainable, row.neurons, row.connections,
         [(t.name, t.role, t.shape, t.trainable) for t in row.tensors])
        for row in e.layers
    ]  # fmt: skip


def test_the_same_net_in_three_forms_has_one_ledger() -> None:
    unbuilt = Net()
    forms = [explain(as_sequential()), explain(as_functional()), explain(unbuilt, IMAGE)]
    built = Net()
    built(np.zeros((1, 12, 12, 3), "float32"))
    forms.append(explain(built, IMAGE))
    assert ledger(forms[0]) == ledger(forms[1]) == ledger(forms[2]) == ledger(forms[3])
    assert len(ledger(forms[0])) == 6
    assert forms[2].params == (3 * 3 * 3 + 1) * 8 + 4 * 8 + (6 * 6 * 8 + 1) * 5
    assert_verified(forms[3])
    assert not unbuilt.built
    assert unbuilt.weights == []
    assert forms[2].status == "incomplete"  # what is not built is not reported


class Block(layers.Layer):
    """Pre-norm attention and a feed-forward net, with a scale of its own, all made in `build`."""

    def __init__(self, width: int, heads: int, **names: Any) -> None:
        super().__init__(**names)
        self.width, self.heads = width, heads

    def build(self, shape: Any) -> None:
        self.attention = layers.MultiHeadAttention(self.heads, self.width // self.heads, name="attention")
        self.norm = layers.LayerNormalization(name="norm")
        self.norm.build(shape)
        self.wide, self.narrow = layers.Dense(4 * self.width, "gelu", name="wide"), layers.Dense(self.width, name="narrow")
        self.scale = self.add_weight(name="scale", shape=(self.width,), initializer="ones")

    def call(self, x: Any) -> Any:
        normed = self.norm(x)
        x = x + self.attention(normed, normed)
        return x + self.scale * self.narrow(self.wide(x))


class Transformer(keras.Model):
    def __init__(self, blocks: int = 2) -> None:
        super().__init__(name="transformer")
        self.tokens = layers.Embedding(100, 16, name="tokens")
        self.places = layers.Embedding(32, 16, name="places")
        self.blocks = [Block(16, 4, name=f"block{i}") for i in range(blocks)]
        self.head = layers.Dense(100, name="head")

    def call(self, ids: Any) -> Any:
        x = self.tokens(ids) + self.places(ops.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, -1])


def test_a_transformer_that_makes_its_layers_as_it_is_built() -> None:
    model = Transformer()
    e = explain(model, (None, 10))
    attention = 4 * (16 * 16 + 16)
    block = attention + 2 * 16 + (16 * 64 + 64) + (64 * 16 + 16) + 16
    assert e.params == 132 * 16 + 2 * block + (16 + 1) * 100
    assert e["block1.attention"].params == attention
    assert e["block0"].params == 16
    assert e.opaque_params == 0
    assert not e.opaque
    assert not model.built
    assert model.weights == []
    model(np.zeros((2, 10), "int32"))
    assert e.params == model.count_params()


def test_a_transformer_that_is_built_is_verified_to_the_scales_that_its_code_asked_for() -> None:
    model = Transformer()
    model(np.zeros((2, 10), "int32"))
    e = explain(model, (2, 10))
    assert_verified(e)
    assert (e.params, e.opaque_params) == (model.count_params(), 0)
    assert [(t.name, t.shape) for t in e["block1"].tensors] == [("scale", (16,))]


def test_nothing_is_built_or_changed() -> None:
    for model, shape in ((Net(), IMAGE), (Transformer(), (None, 10))):
        everything = list(model._flatten_layers())
        before = [dict(vars(part)) for part in everything]
        lists = [[list(v) for v in vars(part).values() if isinstance(v, list)] for part in everything]
        methods = [vars(layers.Layer)["__call__"], vars(keras.Operation)["symbolic_call"], vars(layers.Layer)["add_weight"]]
        explain(model, shape)
        assert [dict(vars(part)) for part in everything] == before
        assert [[list(v) for v in vars(part).values() if isinstance(v, list)] for part in everything] == lists
        assert methods == [
            vars(layers.Layer)["__call__"],
            vars(keras.Operation)["symbolic_call"],
            vars(layers.Layer)["add_weight"],
        ]
        assert [*model._flatten_layers()] == everything
        assert model.weights == []


class Remembering(keras.Model):
    """Code that writes things down on itself."""

    def __init__(self) -> None:
        super().__init__(name="remembering")
        self.dense = layers.Dense(3, name="dense")
        self.seen: list[Any] = []

    def call(self, x: Any) -> Any:
        self.seen.append(x)
        self.last = self.dense(x)
        self.add_loss(ops.mean(self.last))
        return self.last


def test_what_the_code_writes_down_is_taken_back() -> None:
    model = Remembering()
    assert explain(model, (None, 4)).params == 15
    assert model.seen == []
    assert not hasattr(model, "last")
    assert model.losses == []


def test_another_thread_reaches_keras_meanwhile() -> None:
    entered, done = threading.Event(), threading.Event()
    found: list[Any] = []

    class Slow(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="slow")
            self.dense = layers.Dense(3, name="dense")

        def call(self, x: Any) -> Any:
            entered.set()
            assert done.wait(60)
            return self.dense(x)

    def elsewhere() -> None:
        entered.wait(60)
        model = as_functional()
        found.append(model(np.zeros((1, 12, 12, 3), "float32")).shape)
        found.append(model.count_params())
        done.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    e = explain(Slow(), (None, 4))
    thread.join()
    assert e.params == 15
    assert [tuple(found[0]), found[1]] == [(1, 5), 1701]


class Scaling(keras.Model):
    """A weight of its own, used by whoever calls, while the code is being followed."""

    def __init__(self) -> None:
        super().__init__(name="scaling")
        self.scale = self.add_weight(shape=(4,), initializer="ones", name="scale")
        self.follower: Any = None
        self.entered, self.done = threading.Event(), threading.Event()

    def call(self, x: Any) -> Any:
        if threading.get_ident() == self.follower:
            self.entered.set()
            assert self.done.wait(60)
        return x * self.scale


def test_another_thread_may_use_the_very_model_that_is_followed() -> None:
    model, found = Scaling(), []
    model(np.ones((1, 4), "float32"))
    model.follower = threading.get_ident()

    def elsewhere() -> None:
        model.entered.wait(60)
        found.append(np.asarray(keras.ops.convert_to_numpy(model(np.ones((2, 4), "float32")))).sum())
        model.done.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    e = explain(model, (None, 4), verify=False)
    thread.join()
    assert found == [8.0]
    assert e.opaque_params == e.params == 4


class Siamese(keras.Model):
    """Two inputs by name, one encoder, a nested Functional model, an unbuilt Sequential and a loop."""

    def __init__(self) -> None:
        super().__init__(name="siamese")
        self.encoder = as_functional()
        self.tail = keras.Sequential([layers.Dense(4, name="first"), layers.Dense(2, name="second")], name="tail")
        self.shared = layers.Dense(5, name="shared")

    def call(self, left: Any, right: Any) -> Any:
        a, b = self.encoder(left), self.encoder(right)
        for _ in range(2):
            a, b = self.shared(a), self.shared(b)
        return self.tail(ops.concatenate([a, b, ops.abs(a - b)], axis=-1))


@pytest.mark.parametrize("inputs", [{"left": IMAGE, "right": IMAGE}, (IMAGE, IMAGE)])
def test_several_inputs_nested_models_and_shared_layers(inputs: Any) -> None:
    e = explain(Siamese(), inputs)
    assert e.params == 1701 + 30 + (15 + 1) * 4 + (4 + 1) * 2
    assert [row.path for row in e.layers if row.path == "shared"] == ["shared"] * 4
    assert e.count_neurons("weighted") == 2 * (12 * 12 * 8 + 5) + 4 * 5 + 4 + 2
    assert e["tail.first"].params.working == "(15 + 1)·4"
    assert not e.opaque


def test_what_a_law_refuses_is_refused_at_its_path() -> None:
    model = Siamese()
    model.encoder = keras.Sequential([layers.Conv2D(8, 3, name="conv")], name="encoder")
    with pytest.raises(ShapeError, match=r"encoder\.conv"):
        explain(model, {"left": (None, 12), "right": (None, 12)})


class Stubborn(keras.Model):
    """Code that asks for a value."""

    def __init__(self) -> None:
        super().__init__(name="stubborn")
        self.dense = layers.Dense(3, name="dense")

    def call(self, x: Any) -> Any:
        return self.dense(x) if float(ops.sum(x)) > 0 else self.dense(-x)


def test_code_that_cannot_be_followed_says_why() -> None:
    model = Stubborn()
    model.dense.build((None, 4))
    e = explain(model, (None, 4))
    assert e["dense"].params == 15
    assert not e.neurons.known
    assert any("cannot be followed" in note for note in e.model.notes)
    assert e.status == "incomplete"


def test_a_lambda_is_followed_where_it_can_be() -> None:
    x = keras.Input((6, 4), name="x")
    y = layers.Lambda(lambda t: ops.mean(t * 2.0, axis=1), name="mean")(x)
    e = explain(keras.Model(x, layers.Dense(3, name="dense")(y)))
    assert_verified(e)
    assert [row.kind for row in e.layers] == ["input", "elementwise", "reduce", "dense"]
    assert e["dense"].params.working == "(4 + 1)·3"


class Sharpened(layers.Conv2D):
    """A convolution that pads by itself."""

    def call(self, x: Any) -> Any:
        return super().call(ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect"))

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], shape[1], shape[2], self.filters)


def test_a_layer_that_calls_its_parent_keeps_its_weights_and_its_shape() -> None:
    e = explain(
        keras.Sequential([keras.Input((8, 8, 3)), Sharpened(4, 3, name="own"), layers.Flatten(), layers.Dense(2, name="d")])
    )
    assert e["own"].params == (3 * 3 * 3 + 1) * 4
    assert e["d"].params.working == "(8·8·4 + 1)·2"
    assert not [text for text in disagreements(e) if "mismatch" in text]


class Autoencoder(keras.Model):
    """A dictionary goes in and a dictionary comes out."""

    def __init__(self) -> None:
        super().__init__(name="autoencoder")
        self.down, self.up = layers.Dense(2, name="down"), layers.Dense(6, name="up")

    def call(self, inputs: Any) -> Any:
        code = self.down(inputs["x"])
        return {"code": code, "image": self.up(code) * inputs["mask_of_x"]}


def test_dictionaries_in_and_out() -> None:
    e = explain(Autoencoder(), {"x": (None, 6), "mask_of_x": (None, 6)})
    assert e.params == (6 + 1) * 2 + (2 + 1) * 6
    assert len(e.model.outputs) == 2
    assert not e.opaque
