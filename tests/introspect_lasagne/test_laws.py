"""Every layer of Lasagne 0.1, in generated configurations: tensors by role, trainability and output shape are Lasagne's own."""

from __future__ import annotations

from typing import Any

import strategies_lasagne as s
from agreement import assert_verified
from breadth import covering
from hypothesis import given
from lasagne import layers

from introspect import explain


def check(layer: Any) -> None:
    """Lasagne says all of it, and says the same; nothing is carried over."""
    e = explain(layer)
    assert_verified(e)
    assert not e.opaque
    assert e.opaque_params == 0
    assert e.params == layers.count_params(layer)
    assert e.trainable == layers.count_params(layer, trainable=True)
    assert len(e.layers[-1].output_shape) == len(layer.output_shape)


@given(s.dense())
def test_dense(layer):
    check(layer)


@given(s.network_in_network())
def test_network_in_network(layer):
    check(layer)


@given(s.convolutions(layers.Conv1DLayer, 1))
def test_convolution_1d(layer):
    check(layer)


@given(s.convolutions(layers.Conv2DLayer, 2))
def test_convolution_2d(layer):
    check(layer)


@given(s.pools(layers.MaxPool1DLayer, 1))
def test_max_pool_1d(layer):
    check(layer)


@given(s.pools(layers.MaxPool2DLayer, 2))
def test_max_pool_2d(layer):
    check(layer)


@given(s.pools(layers.Pool2DLayer, 2))
def test_pool_2d(layer):
    check(layer)


@given(s.feature_pools())
def test_feature_pools(layer):
    check(layer)


@given(s.global_pools())
def test_global_pools(layer):
    check(layer)


@covering(4)
@given(s.passing())
def test_layers_that_change_no_shape(layer):
    check(layer)


@given(s.embeddings())
def test_embedding(layer):
    check(layer)


@given(s.flattenings())
def test_flatten(layer):
    check(layer)


@given(s.reshapings())
def test_reshape(layer):
    check(layer)


@given(s.shuffles())
def test_dimshuffle(layer):
    check(layer)


@given(s.paddings())
def test_pad(layer):
    check(layer)


@given(s.slices())
def test_slice(layer):
    check(layer)


@given(s.concatenations())
def test_concatenation(layer):
    check(layer)


@given(s.sums())
def test_elementwise(layer):
    check(layer)


@given(s.recurrences(layers.RecurrentLayer))
def test_simple_recurrence(layer):
    check(layer)


@given(s.custom_recurrences())
def test_custom_recurrence(layer):
    check(layer)


@given(s.recurrences(layers.LSTMLayer))
def test_lstm(layer):
    check(layer)


@given(s.recurrences(layers.GRULayer))
def test_gru(layer):
    check(layer)
