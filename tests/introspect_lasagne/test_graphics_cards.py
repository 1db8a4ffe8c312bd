"""Layers that only exist where a graphics card is: told by their names, tested on classes of ours that keep the same attributes."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from agreement import assert_verified
from hypothesis import given
from hypothesis import strategies as st
from lasagne import init, layers
from standins_lasagne import newer_layers

from introspect import explain

ZERO = init.Constant(0.0)


class CudaConvnet(layers.Layer):
    """What cuda-convnet's convolution keeps: single numbers, and whether the batch comes first."""

    def __init__(self, incoming, num_filters, filter_size, stride, pad, untie_biases=False, dimshuffle=True):
        super().__init__(incoming)
        self.num_filters, self.filter_size, self.stride, self.pad = num_filters, filter_size, stride, pad
        self.dimshuffle, self.untie_biases, self.nonlinearity = dimshuffle, untie_biases, None
        channels = self.input_shape[0 if not dimshuffle else 1]
        inner = (channels, filter_size, filter_size)
        self.W = self.add_param(ZERO, (num_filters, *inner) if dimshuffle else (*inner, num_filters), name="W")
        sizes = self.output_shape[2:] if dimshuffle else self.output_shape[1:3]
        self.b = self.add_param(ZERO, (num_filters, *(sizes if untie_biases else ())), name="b")

    def get_output_shape_for(self, input_shape):
        sizes = input_shape[2:] if self.dimshuffle else input_shape[1:3]
        out = [(n + 2 * self.pad - self.filter_size) // self.stride + 1 for n in sizes]
        return (input_shape[0], self.num_filters, *out) if self.dimshuffle else (self.num_filters, *out, input_shape[3])


class CudaPool(layers.Layer):
    """What cuda-convnet's pooling keeps: single numbers, and borders that are never ignored."""

    def __init__(self, incoming, pool_size, stride, dimshuffle=True):
        super().__init__(incoming)
        self.pool_size, self.stride, self.dimshuffle = pool_size, stride, dimshuffle

    def get_output_shape_for(self, input_shape):
        first = 2 if self.dimshuffle else 1
        return (*input_shape[:first], *map(self.length, input_shape[first : first + 2]), *input_shape[first + 2 :])

    def length(self, n):
        hanging = -(-n // self.stride) - 1 if self.stride >= self.pool_size else -((self.pool_size - n) // self.stride)
        return max(0, hanging) + 1


class CudaNin(layers.Layer):
    """A network-in-network layer on arrays with the batch at the end."""

    def __init__(self, incoming, num_units, untie_biases=False):
        super().__init__(incoming)
        self.num_units, self.untie_biases, self.nonlinearity = num_units, untie_biases, None
        self.W = self.add_param(ZERO, (num_units, self.input_shape[0]), name="W")
        self.b = self.add_param(ZERO, (num_units, *(self.input_shape[1:-1] if untie_biases else ())), name="b")

    def get_output_shape_for(self, input_shape):
        return (self.num_units, *input_shape[1:])


class Shuffle(layers.Layer):
    """Moves the batch to the end."""

    def get_output_shape_for(self, input_shape):
        return (*input_shape[1:], input_shape[0])


def named(name: str, base: Any, **members: Any) -> Any:
    """`base` as Lasagne's class of that name."""
    return type(name, (base,), {"__module__": "lasagne.layers.cuda", **members})


Conv2DCCLayer = named("Conv2DCCLayer", CudaConvnet)
MaxPool2DCCLayer = named("MaxPool2DCCLayer", CudaPool)
NINLayer_c01b = named("NINLayer_c01b", CudaNin)
ShuffleBC01ToC01BLayer = named("ShuffleBC01ToC01BLayer", Shuffle)


def check(layer: Any) -> Any:
    e = explain(layer)
    assert_verified(e)
    assert not e.opaque
    assert e.params == layers.count_params(layer)
    return e.layers[-1]


IMAGE, VIDEO = (None, 3, 8, 9), (None, 3, 5, 8, 9)
LIKE = {  # what the graphics-card classes keep is what these keep
    "Conv2DDNNLayer": lambda make: make(layers.Conv2DLayer)(IMAGE, 4, 3, W=ZERO),
    "Conv2DMMLayer": lambda make: make(layers.Conv2DLayer)(IMAGE, 4, 3, pad="same", untie_biases=True, W=ZERO),
    "Conv3DDNNLayer": lambda make: make(newer_layers.Conv3DLayer)(VIDEO, 4, 3, stride=2, W=ZERO),
    "Pool2DDNNLayer": lambda make: make(layers.Pool2DLayer)(IMAGE, 2, mode="average_exc_pad"),
    "MaxPool2DDNNLayer": lambda make: make(layers.MaxPool2DLayer)(IMAGE, 3, 2, 1),
    "Pool3DDNNLayer": lambda make: make(newer_layers.Pool3DLayer)(VIDEO, 2),
    "MaxPool3DDNNLayer": lambda make: make(newer_layers.MaxPool3DLayer)(VIDEO, (1, 2, 2)),
    "SpatialPyramidPoolingDNNLayer": lambda make: make(newer_layers.SpatialPyramidPoolingLayer)(
        IMAGE, [3, 1], implementation="kaiming"
    ),
    "BatchNormDNNLayer": lambda make: make(newer_layers.BatchNormLayer)(IMAGE),
}


@pytest.mark.parametrize("name", LIKE)
def test_layers_are_told_by_their_names(name):
    layer = LIKE[name](lambda base: named(name, base))
    row = check(layer)
    assert row.kind_name == name
    assert row.params == layers.count_params(layer)
    wanted = ("dnn", "corrmm", "cuda_convnet")
    assert not [module for module in wanted if f"lasagne.layers.{module}" in sys.modules], "imported to find out"


def test_a_pool_that_does_not_say_ignores_borders():
    layer = named("Pool2DDNNLayer", layers.Pool2DLayer)((None, 3, 9, 9), 2)
    del layer.ignore_border
    e = explain(layer, verify=False)
    assert e.layers[-1].output_shape[2:] == (4, 4)


def shape(n: int, dimshuffle: bool) -> tuple:
    return (None, 3, n, n + 1) if dimshuffle else (3, n, n + 1, 5)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(4, 9), st.booleans(), st.booleans())
def test_cuda_convnet_convolution(kernel, stride, pad, n, untie, dimshuffle):
    check(Conv2DCCLayer(shape(n, dimshuffle), 16, kernel, stride, pad, untie, dimshuffle))


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 9), st.booleans())
def test_cuda_convnet_pools_over_the_border(size, stride, n, dimshuffle):
    check(MaxPool2DCCLayer(shape(n, dimshuffle), size, stride, dimshuffle))


@given(st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_network_in_network_with_the_batch_at_the_end(units, n, untie):
    check(NINLayer_c01b(shape(n, False), units, untie))


def test_the_batch_at_the_end_is_no_neuron():
    row = check(Conv2DCCLayer((3, 8, 9, 5), 16, 3, 1, 0, dimshuffle=False))
    assert row.output_shape == (16, 6, 7, 5)
    assert row.neurons == 16 * 6 * 7
    assert row.params.working == "(3·3·3 + 1)·16"
    assert row.connections == 16 * 6 * 7 * 3 * 3 * 3
    assert row.shape_workings == ("16", "(8 + 2·0 − 3)/1 + 1 = 6", "(9 + 2·0 − 3)/1 + 1 = 7")


def test_shuffling_keeps_the_batch_apart():
    e = explain(ShuffleBC01ToC01BLayer((None, 3, 8, 9)))
    assert_verified(e)
    assert e.layers[-1].output_shape[:3] == (3, 8, 9)
    assert e.layers[-1].units == 3 * 8 * 9


def test_shuffling_back():
    class Back(layers.Layer):
        def get_output_shape_for(self, input_shape):
            return (input_shape[3], *input_shape[:3])

    row = check(named("ShuffleC01BToBC01Layer", Back)(ShuffleBC01ToC01BLayer((2, 3, 8, 9))))
    assert row.output_shape == (2, 3, 8, 9)
