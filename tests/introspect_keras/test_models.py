"""Whole models of Keras 3: shared and nested layers, several inputs and outputs, frozen, corrupted, unbuilt, subclassed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
from agreement import assert_verified
from keras import layers

from introspect import IntrospectError, ShapeError, explain


def classifier(**names: Any) -> keras.Sequential:
    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="conv"), layers.Flatten(), layers.Dense(5, name="dense")], **names
    )


def test_a_shared_layer_is_counted_once_and_each_of_its_shapes_is_its_own() -> None:
    conv = layers.Conv2D(4, 3, name="conv")
    small, large = keras.Input((8, 8, 3)), keras.Input((16, 16, 3))
    e = explain(keras.Model([small, large], [conv(small), conv(large)]))
    assert_verified(e)
    rows = [row for row in e.layers if row.path == "conv"]
    assert [row.output_shape[1:] for row in rows if row.output_shape] == [(6, 6, 4), (14, 14, 4)]
    assert [row.repeated for row in rows] == [False, True]
    assert e.params == (3 * 3 * 3 + 1) * 4
    assert e.neurons == 6 * 6 * 4 + 14 * 14 * 4


def test_a_nested_model_called_twice_is_its_layers_called_twice() -> None:
    encoder = classifier(name="encoder")
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    merged = layers.Concatenate(name="both")([encoder(left), encoder(right)])
    e = explain(keras.Model([left, right], layers.Dense(2, name="head")(merged)))
    assert_verified(e)
    assert [row.path for row in e.layers if row.kind == "conv"] == ["encoder.conv", "encoder.conv"]
    assert e.params == encoder.count_params() + 22
    assert e["head"].params.working == "(10 + 1)·2"


def test_residual_branches_several_outputs_and_operations() -> None:
    x = keras.Input((8, 8, 4), name="x")
    y = layers.Conv2D(4, 3, padding="same", name="conv")(x)
    joined = keras.ops.relu(layers.Add(name="sum")([x, y]) + 1.0)
    scaled = joined * layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(y)
    e = explain(keras.Model(x, [scaled, layers.GlobalMaxPooling2D(name="top")(joined)]))
    assert_verified(e)
    assert not e.opaque
    assert len(e.model.outputs) == 2


class Halved(keras.Operation):
    """An operation of the user's own, of which no law speaks."""

    def call(self, x: Any) -> Any:
        return x[:, ::2]

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor((x.shape[0], x.shape[1] // 2, x.shape[2]), x.dtype)


def test_an_operation_without_a_law_is_opaque_and_what_follows_is_worked_out() -> None:
    x = keras.Input((6, 4), name="x")
    e = explain(keras.Model(x, layers.Dense(3, name="dense")(Halved()(x))))
    assert [row.kind_name for row in e.opaque] == ["Halved"]
    assert e["dense"].params == 15
    assert e["dense"].status == "verified"
    assert e.status == "incomplete"


def test_operations_of_masks_and_indices_have_their_laws() -> None:
    x = keras.Input((None, 6), name="x")
    last = layers.LSTM(3, name="lstm")(layers.Masking()(x))
    first = keras.ops.transpose(keras.ops.concatenate([x, x], axis=-1)[:, 0], (1, 0))
    mean = keras.ops.mean(x, axis=[1, 2], keepdims=True)
    e = explain(keras.Model(x, [last, first, mean]))
    assert_verified(e)
    assert not e.opaque


def test_a_constant_in_an_operation_is_one_of_its_inputs_and_a_weight_is_not() -> None:
    x = keras.Input((3,), name="x")
    e = explain(keras.Model(x, x + np.ones((5, 1, 3), "float32")))
    assert_verified(e)
    assert e.layers[-1].output_shape == (5, *e.layers[0].output_shape)
    e = explain(keras.Model(x, x + keras.Variable(np.ones((5, 1, 3), "float32"))))
    assert [row.kind_name for row in e.opaque] == ["Add"]


def test_initial_states_are_inputs_of_a_recurrent_layer() -> None:
    x, states = keras.Input((5, 3), name="x"), [keras.Input((4,)), keras.Input((4,))]
    e = explain(keras.Model([x, *states], layers.LSTM(4, name="lstm")(x, initial_state=states)))
    assert_verified(e)
    assert e["lstm"].params.formula == "4·h·(i + h + 1)"


def test_a_model_cut_out_of_another() -> None:
    x = keras.Input((8, 8, 3))
    y = layers.Conv2D(4, 3, name="first")(x)
    e = explain(keras.Model(y, layers.Conv2D(5, 3, name="second")(y)))
    assert_verified(e)
    assert e["second"].params.working == "(3·3·4 + 1)·5"


def test_tied_weights_are_counted_once() -> None:
    first, second = layers.Dense(4, name="first"), layers.Dense(4, name="second")
    x = keras.Input((4,))
    model = keras.Model(x, second(first(x)))
    object.__setattr__(second, "_kernel", first._kernel)
    second._trainable_variables[0] = first._kernel
    e = explain(model)
    assert_verified(e)
    assert e.params == 24
    assert e["second"].shared == ["first.kernel"]


def test_a_model_that_is_not_built_has_nothing_to_be_verified_against() -> None:
    e = explain(Subclassed(), (1, 8, 8, 3))
    assert e.status == "incomplete"
    own = explain(Doubling(3, name="own"), (1, 8))
    assert own.status == "incomplete"
    assert own["own"].params.working == "(8 + 1)·3"
    assert own.model.values[own.model.outputs[0]].shape == (1, 6)


def test_another_version_of_keras_is_owned_and_refused_by_name() -> None:
    layer = type("Layer", (), {"__module__": "tf_keras.engine.base_layer", "name": "old"})
    model = type("Dense", (layer,), {"__module__": "tf_keras.layers.core"})()
    with pytest.raises(IntrospectError, match="this version of Keras cannot be read"):
        explain(model)


def test_frozen_layers_and_models_are_not_trainable() -> None:
    model = classifier()
    model.get_layer("conv").trainable = False
    e = explain(model)
    assert_verified(e)
    assert e.non_trainable == e["conv"].params == 112
    model.trainable = False
    e = explain(model)
    assert_verified(e)
    assert e.trainable == 0


def test_a_frozen_batch_normalization() -> None:
    norm = layers.BatchNormalization(name="norm")
    model = keras.Sequential([keras.Input((5,)), norm])
    assert (explain(model).trainable, explain(model).non_trainable) == (10, 10)
    norm.trainable = False
    e = explain(model)
    assert_verified(e)
    assert (e.trainable, e.non_trainable) == (0, 20)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_sequential_that_is_not_built(frozen: bool) -> None:
    model = keras.Sequential([layers.Conv2D(32, 5, name="conv"), layers.Flatten(), layers.Dense(2, name="dense")])
    model.layers[0].trainable = not frozen
    e = explain(model, ("N", 28, 28, 1))
    assert e["conv"].params == 832
    assert e["dense"].params.working == "(24·24·32 + 1)·2"
    assert e.non_trainable == (832 if frozen else 0)
    assert not model.built
    assert e["conv"].status == "unreported"
    assert e.status == "incomplete"


def test_an_unbuilt_model_without_inputs_asks_for_them() -> None:
    with pytest.raises(IntrospectError, match="does not declare its input"):
        explain(keras.Sequential([layers.Dense(2)]))


def test_inputs_fill_in_and_must_not_contradict() -> None:
    x = keras.Input((None, None, 3), name="image")
    model = keras.Model(x, layers.Conv2D(8, 3, name="conv")(x))
    assert explain(model).neurons.at(H=10, W=12) == 8 * 10 * 8
    assert explain(model, (1, 10, 12, 3)).neurons == 640
    assert explain(model, np.zeros((1, 10, 12, 3), "float32")).neurons == 640
    assert explain(model, {"image": (1, 10, 12, 3)}).neurons == 640
    assert_verified(explain(model, (1, 10, 12, 3)))
    for wrong in ((1, 10, 12, 4), (1, 10, 12), [(1, 10, 12, 3)] * 2, {"picture": (1, 10, 12, 3)}):
        with pytest.raises(ShapeError):
            explain(model, wrong)


def test_dense_with_a_wrong_width_is_refused_at_its_path() -> None:
    model = keras.Sequential([layers.Dense(3, name="first"), layers.Conv2D(2, 3, name="conv")])
    with pytest.raises(ShapeError, match="conv"):
        explain(model, (None, 5))


class Doubling(layers.Dense):
    """A Dense layer that does something else."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.concatenate([super().call(inputs)] * 2, axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 2 * self.units)


class Renamed(layers.Dense):
    """A Dense layer under another name."""


def test_a_subclass_with_a_call_of_its_own_owns_what_the_build_of_keras_asks_for() -> None:
    model = keras.Sequential([keras.Input((4,)), Doubling(3, name="own"), layers.Dense(2, name="dense")])
    e = explain(model)
    assert_verified(e)
    assert e["own"].params.working == "(4 + 1)·3"
    assert e["dense"].params.working == "(6 + 1)·2"
    assert e.params == model.count_params() == 15 + 14


def test_a_subclass_without_one_keeps_its_law() -> None:
    e = explain(keras.Sequential([keras.Input((4,)), Renamed(3, name="own")]))
    assert_verified(e)
    assert e["own"].kind_name == "Renamed"


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="subclassed")
        self.encoder = classifier(name="encoder")
        self.head = layers.Dense(2, name="head")
        self.scale = self.add_weight(shape=(7,), name="scale")

    def call(self, x: Any) -> Any:
        return self.head(self.encoder(x))


def test_a_subclassed_model_is_followed_through_its_code() -> None:
    model = Subclassed()
    model(np.zeros((1, 8, 8, 3), "float32"))
    e = explain(model)
    assert e.params == model.count_params()
    assert e["encoder.conv"].params == 112
    assert e["encoder.conv"].status == e["head"].status == "verified"
    assert e["head"].params.working == "(5 + 1)·2"
    assert e.opaque_params == 7
    assert e.neurons == 6 * 6 * 4 + 5 + 2
    assert e.status == "incomplete"  # for the weight of the model's own, which no law speaks of


def test_a_composite_layer_in_a_graph_is_taken_apart() -> None:
    class Block(layers.Layer):
        def __init__(self, **names: Any) -> None:
            super().__init__(**names)
            self.dense = layers.Dense(3, name="dense")

        def build(self, shape: Any) -> None:
            self.dense.build(shape)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def compute_output_shape(self, shape: Any) -> Any:
            return (*shape[:-1], 3)

    model = keras.Sequential([keras.Input((4,)), Block(name="block"), layers.Dense(2, name="last")])
    e = explain(model)
    assert e["block.dense"].params.working == "(4 + 1)·3"
    assert e["last"].params.working == "(3 + 1)·2"
    assert e.params == model.count_params()
    assert e.neurons == 3 + 2


def corrupted(layer: Any, attribute: str, shape: tuple[int, ...]) -> None:
    """Put a weight of another shape in the place of a layer's own."""
    held = vars(layer)
    variable = held[f"_{attribute}"] if f"_{attribute}" in held else held[attribute]
    other = keras.Variable(np.zeros(shape, "float32"))
    variable._value, variable._shape = other._value, other._shape


def test_a_corrupted_weight_is_a_mismatch_that_names_it_and_both_shapes() -> None:
    model = classifier()
    corrupted(model.get_layer("conv"), "kernel", (5, 5, 3, 4))
    e = explain(model)
    assert e.status == "mismatch"
    assert [row.path for row in e.mismatches] == ["conv"]
    text = " ".join(e["conv"].verdicts)
    assert "conv.kernel" in text
    assert "3×3×3×4" in text
    assert "5×5×3×4" in text


def test_the_optimizer_is_not_counted() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(5), layers.Dense(4), layers.Dense(1, use_bias=False)])
    before = model.count_params()
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 4)), np.zeros((4, 1)), verbose=0)
    e = explain(model)
    assert_verified(e)
    assert e.params == before


def test_the_model_is_left_as_it_is() -> None:
    model = Subclassed()
    model(np.zeros((1, 8, 8, 3), "float32"))
    unbuilt = keras.Sequential([layers.GroupNormalization(-1), layers.LayerNormalization(), layers.Dense(2)])
    for subject, inputs in ((model, None), (classifier(), None), (unbuilt, (None, 8))):
        everything = [subject, *subject._flatten_layers()]
        before = [dict(vars(part)) for part in everything]
        nodes = [len(part._inbound_nodes) for part in everything]
        values = [w.numpy().tobytes() for w in subject.weights]
        explain(subject, inputs)
        assert [dict(vars(part)) for part in everything] == before
        assert [len(part._inbound_nodes) for part in everything] == nodes
        assert [w.numpy().tobytes() for w in subject.weights] == values


def test_translating_reads_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    from introspect_keras import adapter

    from introspect.counting import count

    gru = layers.Bidirectional(layers.GRU(3, return_sequences=True))
    x = keras.Input((6, 4))
    models = [classifier(), keras.Model(x, layers.BatchNormalization()(layers.TimeDistributed(layers.Dense(2))(gru(x))))]
    totals = [model.count_params() for model in models]

    def refuse(*arguments: Any) -> Any:
        raise AssertionError("a weight was read")

    for name in ("shape", "value", "ndim"):
        monkeypatch.setattr(keras.Variable, name, property(refuse))
    for name in ("numpy", "__array__"):
        monkeypatch.setattr(keras.Variable, name, refuse)
    monkeypatch.setattr(layers.Layer, "count_params", refuse)
    for model, total in zip(models, totals):
        assert sum(entry.size for entry in count(adapter.translate(model)).entries) == total


def test_importing_the_adapter_imports_no_keras() -> None:
    code = "import sys, introspect_keras; sys.exit(any(m in sys.modules for m in ('keras', 'tensorflow', 'numpy')))"
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_after_training_the_optimizer_is_named_and_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(3)])
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 4)), np.zeros((2, 3)), verbose=0)
    e = explain(model)
    assert_verified(e)
    slots = 2 * int(e.trainable) + 2
    model.summary()
    assert f"{int(e.params) + slots}" in capsys.readouterr().out
    (note,) = e.reported.notes
    assert (
        f"prints {int(e.params) + slots} as its total: {e.trainable} trainable + {e.non_trainable} non-trainable + {slots}"
        in note
    )
    assert note in e.render("text", width=250)
