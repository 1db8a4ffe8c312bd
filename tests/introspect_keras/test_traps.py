"""What Keras prints, what we say, and why the two are not the same number."""

from __future__ import annotations

import io
from typing import Any

import keras
import numpy as np
import pytest
from agreement import assert_verified
from keras import layers, ops

from introspect import explain


def printed(model: Any) -> str:
    """The text of `model.summary()`."""
    out = io.StringIO()
    model.summary(print_fn=lambda line, **options: out.write(line + "\n"), line_length=160)
    return out.getvalue()


def test_after_training_the_total_holds_the_optimizer() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(4, use_bias=False)])
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 4)), np.zeros((2, 4)), verbose=0)
    assert "Total params: 142" in printed(model)
    e = explain(model)
    assert_verified(e)
    assert (e.params, e.trainable, e.non_trainable) == (52, 44, 8)
    (note,) = e.reported.notes
    assert "142 as its total: 44 trainable + 8 non-trainable + 90 of the optimizer" in note
    assert 90 == 2 * 44 + 2


class Branches(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="branches")
        self.conv, self.head = layers.Conv2D(4, 3, name="conv"), layers.Dense(2, name="head")

    def call(self, x: Any) -> Any:
        return self.head(ops.mean(self.conv(x), axis=(1, 2)))


def test_a_subclassed_model_shows_question_marks_until_it_is_called() -> None:
    model = Branches()
    assert "?" in printed(model)
    assert "Total params: 0" in printed(model)
    e = explain(model, (None, 8, 8, 3))
    assert e.params == 112 + 10
    assert e["conv"].output_shape[1:] == (6, 6, 4)
    assert "Total params: 0" in printed(model)  # nothing was built by asking


def test_a_subclassed_model_shows_question_marks_after_build_too() -> None:
    model = Branches()
    with pytest.warns(UserWarning, match="does not have a `build"):
        model.build((None, 8, 8, 3))
    assert "?" in printed(model)
    assert "Total params: 0" in printed(model)
    assert model.built
    e = explain(model)
    assert (e.params, e.status) == (112 + 10, "incomplete")
    assert [row.path for row in e.unreported] == ["conv", "head"]
    assert any("count_params() says 0: it counts what is built" in note for note in e.reported.notes)


def test_the_seed_of_a_dropout_is_a_variable_and_no_parameter() -> None:
    layer = layers.Dropout(0.5, name="dropout")
    assert [tuple(v.shape) for v in layer.variables] == [(2,)]
    e = alone(layer, 6)
    assert (e.params, e.tensors) == (0, [])


def test_the_kernel_of_a_transposed_convolution_lies_the_other_way_round() -> None:
    e = alone(layers.Conv2DTranspose(5, 3, name="up"), 4, 4, 2)
    assert [(t.name, t.shape) for t in e["up"].tensors] == [("kernel", (3, 3, 5, 2)), ("bias", (5,))]
    assert e["up"].params.working == "(3·3·2 + 1)·5"


@pytest.mark.parametrize(("merge_mode", "width"), [("concat", 64), ("sum", 32), ("mul", 32), ("ave", 32)])
def test_both_directions_are_twice_one_however_they_are_merged(merge_mode: str, width: int) -> None:
    e = alone(layers.Bidirectional(layers.LSTM(32), merge_mode=merge_mode, name="both"), 7, 16)
    assert (e.params, e["both"].output_shape[1:]) == (2 * 6272, (width,))


def test_an_embedding_read_backwards_is_one_matrix() -> None:
    ids = keras.Input((6,), dtype="int32")
    tied = layers.ReversibleEmbedding(50, 8, name="tokens")
    y = tied(layers.Dense(8, name="dense")(tied(ids)), reverse=True)
    model = keras.Model(ids, y)
    assert "Total params: 472" in printed(model)
    e = explain(model)
    assert_verified(e)
    assert e.params == 50 * 8 + 72
    assert e["tokens"].output_shape[1:] == (6, 8)
    assert (e["tokens:2"].output_shape[1:], e["tokens:2"].params, e.reported.notes) == ((6, 50), 0, ())


def test_a_frozen_layer_is_there_and_not_trained() -> None:
    base = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.BatchNormalization()], name="base")
    base.trainable = False
    model = keras.Sequential([keras.Input((8,)), base, layers.Dense(2, name="head")])
    assert "Trainable params: 10" in printed(model)
    assert "Non-trainable params: 52" in printed(model)
    e = explain(model)
    assert_verified(e)
    assert (e.params, e.trainable, e.non_trainable) == (62, 10, 52)
    base.trainable = True
    base.layers[-1].trainable = False
    assert (explain(model).trainable, explain(model).non_trainable) == (36 + 10, 16)


def test_a_shared_layer_is_printed_with_its_last_shape_alone() -> None:
    conv = layers.Conv2D(4, 3, name="conv")
    small, large = keras.Input((8, 8, 3)), keras.Input((16, 16, 3))
    model = keras.Model([small, large], [conv(small), conv(large)])
    assert printed(model).count("conv (Conv2D)") == 1
    e = explain(model)
    assert_verified(e)
    assert [row.output_shape[1:] for row in e.layers if row.path == "conv"] == [(6, 6, 4), (14, 14, 4)]
    assert e.params == 112


def test_a_weight_of_the_models_own_has_no_row_in_summary() -> None:
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(3, name="dense")(x), name="model")
    model.add_weight(shape=(7,), name="extra")
    assert "Total params: 22" in printed(model)
    assert "extra" not in printed(model)
    e = explain(model)
    assert e.params == 22
    assert [(row.path, int(row.params)) for row in e.opaque] == [("model", 7)]


@pytest.mark.parametrize(("key_dim", "params"), [(16, 16_640), (64, 66_368)])
def test_the_width_of_a_key_is_that_of_one_head(key_dim: int, params: int) -> None:
    x = keras.Input((10, 64))
    e = explain(keras.Model(x, layers.MultiHeadAttention(4, key_dim, name="attention")(x, x)))
    assert_verified(e)
    assert e.params == params


def test_the_declared_attention_is_as_wide_as_the_query_whatever_the_keys() -> None:
    query, value = keras.Input((5, 8)), keras.Input((7, 8))
    layer = layers.MultiHeadAttention(2, 4, name="attention")
    _, scores = layer(query, value, return_attention_scores=True)
    assert scores.shape == (None, 2, 5, 5)  # what Keras declares
    _, computed = layer(np.zeros((1, 5, 8), "float32"), np.zeros((1, 7, 8), "float32"), return_attention_scores=True)
    assert tuple(computed.shape) == (1, 2, 5, 7)  # what it computes
    e = explain(keras.Model([query, value], scores))
    assert e["attention"].output_shapes[1][1:] == (2, 5, 7)
    assert e.status == "mismatch"


def test_an_elided_sum_is_declared_with_its_axes_in_reverse() -> None:
    layer, x = layers.EinsumDense("...x,xy->...y", 5, name="einsum"), keras.Input((2, 3, 4))
    y = layer(x)
    assert y.shape == (None, 3, 2, 5)
    assert tuple(layer(np.zeros((1, 2, 3, 4), "float32")).shape) == (1, 2, 3, 5)
    e = explain(keras.Model(x, y))
    assert e["einsum"].output_shape[1:] == (2, 3, 5)
    assert e.status == "mismatch"


def alone(layer: Any, *shape: int) -> Any:
    e = explain(keras.Sequential([keras.Input(shape), layer]))
    assert_verified(e)
    return e


@pytest.mark.parametrize(
    ("layer", "shape", "params", "trainable"),
    [
        (lambda: layers.SeparableConv2D(8, 3), (9, 9, 4), 76, 76),
        (lambda: layers.BatchNormalization(scale=False), (5,), 15, 5),
        (lambda: layers.SimpleRNN(32), (7, 16), 1568, 1568),
        (lambda: layers.LSTM(32), (7, 16), 6272, 6272),
        (lambda: layers.GRU(32), (7, 16), 4800, 4800),
        (lambda: layers.GRU(32, reset_after=False), (7, 16), 4704, 4704),
        (lambda: layers.PReLU(), (8, 8, 4), 256, 256),
        (lambda: layers.LayerNormalization(), (8, 8, 4), 8, 8),
        (lambda: layers.Dense(5), (4, 3, 3), 20, 20),
        (lambda: layers.Normalization(), (6,), 13, 0),
        (lambda: layers.Dropout(0.5), (6,), 0, 0),
        (lambda: layers.ConvLSTM2D(8, 3), (5, 16, 16, 3), 3200, 3200),
        (lambda: layers.SpectralNormalization(layers.Dense(5)), (4,), 30, 25),
        (lambda: layers.Conv2D(8, 3, groups=2), (9, 9, 4), 152, 152),
        (lambda: layers.Conv2D(10, 1), (9, 9, 4), 50, 50),
        (lambda: layers.Conv2D(8, 3, dilation_rate=2), (9, 9, 4), 296, 296),
        (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), (9, 9, 4), 80, 80),
        (lambda: layers.BatchNormalization(), (5,), 20, 10),
        (lambda: layers.GroupNormalization(2), (8, 8, 4), 8, 8),
        (lambda: layers.RMSNormalization(), (8, 8, 4), 4, 4),
        (lambda: layers.PReLU(shared_axes=[1, 2]), (8, 8, 4), 4, 4),
        (lambda: layers.Embedding(10, 4, mask_zero=True), (6,), 40, 40),
    ],
)
def test_the_numbers_of_the_table_of_conventions(layer: Any, shape: tuple[int, ...], params: int, trainable: int) -> None:
    e = alone(layer(), *shape)
    assert (e.params, e.trainable) == (params, trainable)


@pytest.mark.parametrize(
    ("layer", "size", "comes_out"),
    [
        (lambda: layers.Conv1DTranspose(4, 2, 3), 5, 15),
        (lambda: layers.Conv1DTranspose(4, 2, 3, padding="same"), 5, 15),
        (lambda: layers.Conv1DTranspose(4, 4, 3, output_padding=1), 5, 17),
        (lambda: layers.MaxPooling1D(3, 2), 112, 55),
        (lambda: layers.MaxPooling1D(3, 2, padding="same"), 112, 56),
        (lambda: layers.Conv1D(4, 4, 2, padding="same"), 7, 4),
    ],
)
def test_the_shapes_of_the_table_of_conventions(layer: Any, size: int, comes_out: int) -> None:
    assert alone(layer(), size, 3).layers[-1].output_shape[1] == comes_out


def test_saved_models_are_what_they_were(tmp_path: Any) -> None:
    model = keras.Sequential([keras.Input((6, 3)), layers.GRU(4, name="gru"), layers.Dense(2, name="dense")], name="net")
    before = explain(model)
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        e = explain(keras.models.load_model(tmp_path / name))
        assert_verified(e)
        assert [(row.path, row.params, row.output_shape) for row in e.layers if row.kind != "input"] == [
            (row.path, row.params, row.output_shape) for row in before.layers if row.kind != "input"
        ]


def test_a_pipeline_is_its_layers() -> None:
    pipeline = layers.Pipeline([layers.Rescaling(0.5, name="half"), layers.CenterCrop(4, 5, name="cut")], name="pipeline")
    e = explain(pipeline, (None, 8, 9, 3))
    assert [row.path for row in e.layers][1:] == ["half", "cut"]
    assert e["cut"].output_shape[1:] == (4, 5, 3)


def test_a_cell_that_is_no_layer_is_not_followed_and_its_output_carried() -> None:
    class Cell:
        """What `RNN` takes too, though nobody keeps its weights."""

        state_size = 4

        def call(self, x: Any, states: Any) -> Any:
            y = x[:, :1] + states[0]
            return y, [y]

    e = explain(keras.Sequential([keras.Input((5, 3)), layers.RNN(Cell(), name="own"), layers.Dense(2, name="dense")]))
    assert (e["own"].params, e["own"].status, e["own"].output_shape[1:]) == (0, "opaque", (4,))
    assert any("its cell, Cell, is no layer" in note for note in e.model.notes)
    assert e["dense"].params.working == "(4 + 1)·2"
    assert e.status == "incomplete"
