"""Document 000: how Lasagne comes to 217,706 parameters for a convolutional network, layer by layer and in one formula."""

from __future__ import annotations

import document_000_lasagne as document
import pytest
from agreement import assert_verified
from hypothesis import given
from hypothesis import strategies as st
from lasagne import layers

from introspect import Explanation, explain

ZERO = document.ZERO
pair = st.tuples(st.integers(1, 3), st.integers(1, 3))


@pytest.fixture(scope="module")
def explained() -> Explanation:
    return explain(document.bare())


@document.rows
def test_a_row_of_the_table(explained, path, shape, units, params, working, axis):
    document.assert_row(explained, path, shape, units, params, working, axis)


def test_the_whole(explained):
    document.assert_whole(explained)
    assert layers.count_params(document.bare()) == document.TOTAL


def test_the_rule_for_padding():
    """28 + 2·2 − 4 = 28: two rows of zeros on either side keep the size under a 5×5 filter."""
    e = explain(layers.Conv2DLayer((None, 1, 28, 28), 32, 5, pad=2, W=ZERO))
    assert_verified(e)
    assert e["conv2d"].output_shape[2:] == (28, 28)
    assert e["conv2d"].shape_workings[1:] == ("(28 + 2·2 − 5)/1 + 1 = 28",) * 2
    assert e["conv2d"].params == 832


def test_the_rule_for_strides():
    """((input size + 2·padding − filter size)/stride) + 1, rounded down."""
    e = explain(layers.Conv2DLayer((None, 1, 28, 28), 32, 5, stride=2, pad=1, W=ZERO))
    assert_verified(e)
    assert e["conv2d"].shape_formulas[1:] == ("⌊(h + 2·ph − kh)/sh⌋ + 1", "⌊(w + 2·pw − kw)/sw⌋ + 1")
    assert e["conv2d"].shape_workings[1:] == ("⌊(28 + 2·1 − 5)/2⌋ + 1 = 13",) * 2


@given(
    st.tuples(st.integers(90, 96), st.integers(90, 96)), st.integers(1, 3), st.tuples(pair, pair), pair, pair,
    st.tuples(pair, pair), st.tuples(pair, pair), st.integers(1, 4), st.integers(1, 4),
)  # fmt: skip
def test_one_formula_for_the_whole_family(size, channels, kernels, filters, pool, pads, strides, hidden, classes):
    """The formula read off the document's network gives Lasagne's own count for every other network of its shape."""
    net = document.bare(size, channels, kernels, filters, pool, pads, strides, hidden, classes, weight=ZERO)
    values = {"c": channels, "h": size[0], "w": size[1], "dense.units": hidden, "output.units": classes}
    for i in (0, 1):
        values[f"conv2d{i + 1}.filters"] = filters[i]
        for axis, side in enumerate("hw"):
            values[f"conv2d{i + 1}.k{side}"] = kernels[i][axis]
            values[f"conv2d{i + 1}.s{side}"] = strides[i][axis]
            values[f"conv2d{i + 1}.p{side}"] = pads[i][axis]
            values[f"maxpool{i + 1}.k{side}"] = values[f"maxpool{i + 1}.s{side}"] = pool[axis]
    assert document.evaluated(document.closed_formula(), values) == layers.count_params(net)
    e = explain(net)
    assert_verified(e)
    assert document.evaluated(e.params.formula, values) == e.params


def test_a_stride_of_2_and_a_pool_of_2_own_the_same_parameters():
    shape = (None, 3, 32, 32)
    strided = explain(layers.Conv2DLayer(shape, 16, 3, stride=2, pad=1, W=ZERO))
    pooled = [explain(layers.Pool2DLayer(layers.Conv2DLayer(shape, 16, 3, stride=1, pad=1, W=ZERO), 2, mode=mode))
              for mode in ("max", "average_inc_pad")]  # fmt: skip
    for e in [strided, *pooled]:
        assert_verified(e)
        assert e.layers[-1].output_shape[1:] == (16, 16, 16)
        assert e.params == 3 * 3 * 3 * 16 + 16
        assert e["conv2d"].params.working == "(3·3·3 + 1)·16"
