"""Lasagne's own conventions, with the numbers that set them apart from the other frameworks'."""

from __future__ import annotations

import pytest
from agreement import assert_verified
from lasagne import init, layers
from standins_lasagne import newer_layers

from introspect import explain

ZERO = init.Constant(0.0)
SEQUENCE = (None, 7, 16)


@pytest.mark.parametrize(
    ("layer", "everything", "trained"),
    [
        (lambda: layers.LSTMLayer(SEQUENCE, 32), 6432, 6368),
        (lambda: layers.LSTMLayer(SEQUENCE, 32, peepholes=False), 6336, 6272),
        (lambda: layers.GRULayer(SEQUENCE, 32, learn_init=False), 4736, 4704),
        (lambda: layers.RecurrentLayer(layers.InputLayer(SEQUENCE), 32), 1600, 1568),
        (lambda: layers.RecurrentLayer(layers.InputLayer(SEQUENCE), 32, learn_init=True), 1600, 1600),
    ],
)
def test_recurrent_totals(layer, everything, trained):
    e = explain(layer())
    assert_verified(e)
    assert (e.params, e.trainable) == (everything, trained)


def test_1600_twice_is_told_apart_by_role():
    """PyTorch's plain recurrence has 1,600 too: there the last 32 are a second bias, here an initial state."""
    e = explain(layers.RecurrentLayer(layers.InputLayer(SEQUENCE), 32))
    assert {t.role: t.size for t in e.tensors} == {
        "kernel": 16 * 32, "recurrent_kernel": 32 * 32, "bias": 32, "initial_state": 32,
    }  # fmt: skip
    assert [t.trainable for t in e.tensors if t.role == "initial_state"] == [False]


def test_a_gate_is_one_tensor_of_four():
    e = explain(layers.LSTMLayer(SEQUENCE, 32))
    assert [t.name for t in e.tensors if t.role == "kernel"] == [
        f"W_in_to_{g}" for g in ("ingate", "forgetgate", "cell", "outgate")
    ]
    assert [t.name for t in e.tensors if t.role == "peephole"] == [
        f"W_cell_to_{g}" for g in ("ingate", "forgetgate", "outgate")
    ]
    assert e.layers[-1].params.working == "(4·16 + 4·32 + 9)·32"
    assert e.params.formula == "(4·i + 4·lstm.h + 9)·lstm.h"


def test_dense_flattens_what_follows_the_batch():
    e = explain(layers.DenseLayer((None, 4, 3, 3), 5, W=ZERO))
    assert_verified(e)
    assert e.params == 185
    assert e["dense"].params.working == "(4·3·3 + 1)·5"


def test_untied_biases():
    tied, untied = (layers.Conv2DLayer((None, 1, 28, 28), 32, 5, untie_biases=untie, W=ZERO) for untie in (False, True))
    assert explain(tied).params == 832
    e = explain(untied)
    assert_verified(e)
    assert e.params == 19_232
    assert e["conv2d"].params.working == "(5·5·1 + 24·24)·32"


def test_batch_norm_counts_its_statistics():
    e = explain(newer_layers.BatchNormLayer((None, 64, 8, 8)))
    assert_verified(e)
    assert (e.params, e.trainable, e.buffers) == (4 * 64, 2 * 64, 0)
    per_location = explain(newer_layers.BatchNormLayer((None, 3, 4, 5), axes=(0,)))
    assert_verified(per_location)
    assert per_location.params == 4 * 3 * 4 * 5


def test_slopes_one_a_channel():
    e = explain(newer_layers.ParametricRectifierLayer((None, 4, 8, 8)))
    assert_verified(e)
    assert e.params == 4


@pytest.mark.parametrize(("n", "ignore_border", "out"), [(5, True, 2), (5, False, 3), (112, True, 55), (112, False, 56)])
def test_pool_rounding(n, ignore_border, out):
    size, stride = (2, 2) if n == 5 else (3, 2)
    e = explain(layers.MaxPool2DLayer((None, 1, n, n), size, stride, ignore_border=ignore_border))
    assert_verified(e)
    assert e["maxpool2d"].output_shape[2:] == (out, out)


def test_a_dilated_kernel_is_stored_in_before_out():
    net = newer_layers.DilatedConv2DLayer((None, 3, 9, 9), 5, 3, dilation=(2, 2), W=ZERO)
    e = explain(net)
    assert_verified(e)
    assert e.tensors[0].shape == (3, 5, 3, 3)


def test_locally_connected_shares_its_bias():
    e = explain(newer_layers.LocallyConnected2DLayer((None, 2, 5, 6), 4, 3, W=ZERO))
    assert_verified(e)
    assert e.params == 5 * 6 * 9 * 2 * 4 + 4
