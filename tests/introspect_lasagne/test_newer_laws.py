"""Layers and options of Lasagne 0.2.dev1, on the real classes where they are installed and on stand-ins of ours otherwise."""

from __future__ import annotations

from typing import Any

import pytest
import strategies_lasagne as s
from agreement import assert_verified
from breadth import covering
from hypothesis import given
from lasagne import layers
from standins_lasagne import newer_layers

from introspect import explain


def check(layer: Any) -> None:
    e = explain(layer)
    assert_verified(e)
    assert not e.opaque
    assert e.opaque_params == 0
    assert e.params == layers.count_params(layer)
    assert e.trainable == layers.count_params(layer, trainable=True)


@given(s.batch_norms())
def test_batch_norm(layer):
    check(layer)


@covering(2)
@given(s.shared_parameters())
def test_bias_scale_and_slopes(layer):
    check(layer)


@given(s.convolutions(newer_layers.Conv2DLayer, 2))
def test_convolution_2d(layer):
    check(layer)


@given(s.convolutions(newer_layers.Conv3DLayer, 3))
def test_convolution_3d(layer):
    check(layer)


@given(s.grouped())
def test_grouped_convolution(layer):
    check(layer)


@given(s.transposed(newer_layers.TransposedConv2DLayer, 2))
def test_transposed_convolution_2d(layer):
    check(layer)


@given(s.transposed(newer_layers.TransposedConv3DLayer, 3))
def test_transposed_convolution_3d(layer):
    check(layer)


@given(s.dilated())
def test_dilated_convolution(layer):
    check(layer)


@given(s.locally_connected())
def test_locally_connected(layer):
    check(layer)


@given(s.pools(newer_layers.Pool1DLayer, 1))
def test_pool_1d(layer):
    check(layer)


@given(s.pools(newer_layers.Pool3DLayer, 3))
def test_pool_3d(layer):
    check(layer)


@given(s.upscales())
def test_upscale(layer):
    check(layer)


@given(s.pyramids())
def test_spatial_pyramid(layer):
    check(layer)


@given(s.leading_axes())
def test_dense_with_leading_axes(layer):
    check(layer)


@given(s.final_only())
def test_recurrence_that_returns_its_final_state(layer):
    check(layer)


@given(s.croppings())
def test_merges_that_crop(layer):
    check(layer)


@given(s.transformers())
def test_transformers(layer):
    check(layer)


@given(s.inverses())
def test_inverse(layer):
    check(layer)


@pytest.mark.parametrize("name", ["StandardizationLayer", "RandomizedRectifierLayer"])
def test_layers_that_change_no_shape(name):
    check(getattr(newer_layers, name)((None, 3, 4, 5)))


def test_expression_that_declares_no_change_of_shape():
    layer = newer_layers.ExpressionLayer((None, 4), abs)
    check(layer)
    assert explain(layer)["expression"].spec.function == "abs"


def test_expression_with_a_shape_of_its_own_is_opaque_and_carried():
    e = explain(layers.DenseLayer(newer_layers.ExpressionLayer((None, 4), abs, output_shape=(None, 9)), 2))
    assert e["expression"].status == "opaque"
    assert e["expression"].output_shape[1:] == (9,)
    assert e["dense"].params == (9 + 1) * 2
    assert e.status == "incomplete"


def test_expression_whose_shape_would_have_to_be_computed(monkeypatch):
    """`output_shape="auto"` has Theano compile a function each time it is asked: what the layer above has kept is taken."""
    auto = newer_layers.ExpressionLayer((None, 4, 5), lambda x: x.sum(2), output_shape="auto")
    net = layers.DenseLayer(auto, 2)
    calls = []
    monkeypatch.setattr(type(auto), "get_output_shape_for", lambda *a: calls.append(a))
    e = explain(net)
    assert e["expression"].status == "opaque"
    assert e["expression"].output_shape[1:] == (4,)
    assert e["dense"].status == "verified"
    assert e["dense"].params == (4 + 1) * 2
    last = explain(auto)
    assert last["expression"].output_shape is None
    assert last.reported.notes == ("expression: Lasagne would have to compute to say its output's shape",)
    assert explain(net, (3, 4, 5))["expression"].output_shape is None
    assert not calls
