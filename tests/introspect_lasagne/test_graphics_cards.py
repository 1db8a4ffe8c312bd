"""Layers that only exist where a graphics card is: told by their names, tested on classes of ours that keep the same attributes."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import assert_verified
from hypothesis import given
from hypothesis import strategies as st
from lasagne import init, layers

from introspect import explain

ZERO = init.Constant(0.0)


class CudaConvnet(layers.Layer):
    """What cuda-convnet's convolution keeps: single numbers, and whether the batch comes first."""

    def __init__(self, incoming, num_filters, filter_size, stride, pad, dimshuffle=True):
        super().__init__(incoming)
        self.num_filters, self.filter_size, self.stride, self.pad = num_filters, filter_size, stride, pad
        self.dimshuffle, self.untie_biases, self.nonlinearity = dimshuffle, False, None
        channels = self.input_shape[1 if dimshuffle else 0]
        inner = (channels, filter_size, filter_size)
        self.W = self.add_param(ZERO, (num_filters, *inner) if dimshuffle else (*inner, num_filters), name="W")
        self.b = self.add_param(ZERO, (num_filters,), name="b")

    def get_output_shape_for(self, input_shape):
        sizes = input_shape[2:] if self.dimshuffle else input_shape[1:3]
        out = [(n + 2 * self.pad - self.filter_size) // self.stride + 1 for n in sizes]
        return (input_shape[0], self.num_filters, *out) if self.dimshuffle else (self.num_filters, *out, input_shape[3])


class CudaPool(layers.Layer):
    """What cuda-convnet's pooling keeps: single numbers, and borders that are never ignored."""

    def __init__(self, incoming, pool_size, stride):
        super().__init__(incoming)
        self.pool_size, self.stride, self.dimshuffle = pool_size, stride, True

    def get_output_shape_for(self, input_shape):
        sizes = ((n - self.pool_size + self.stride - 1) // self.stride for n in input_shape[2:])
        sizes = sizes if self.stride < self.pool_size else (-(-n // self.stride) - 1 for n in input_shape[2:])
        return (*input_shape[:2], *(max(0, n) + 1 for n in sizes))


class Shuffle(layers.Layer):
    """Moves the batch to the end."""

    def get_output_shape_for(self, input_shape):
        return (*input_shape[1:], input_shape[0])


def named(name: str, base: Any, **members: Any) -> Any:
    """`base` as Lasagne's class of that name."""
    return type(name, (base,), {"__module__": "lasagne.layers.cuda", **members})


Conv2DCCLayer = named("Conv2DCCLayer", CudaConvnet)
MaxPool2DCCLayer = named("MaxPool2DCCLayer", CudaPool)
ShuffleBC01ToC01BLayer = named("ShuffleBC01ToC01BLayer", Shuffle)


@pytest.mark.parametrize("name", ["Conv2DDNNLayer", "Conv2DMMLayer"])
def test_convolutions(name):
    e = explain(named(name, layers.Conv2DLayer)((None, 3, 8, 8), 4, 3, W=ZERO))
    assert_verified(e)
    assert (e.layers[-1].kind_name, e.layers[-1].kind) == (name, "conv")


@pytest.mark.parametrize("name", ["Pool2DDNNLayer", "MaxPool2DDNNLayer"])
def test_pools(name):
    layer = named(name, layers.Pool2DLayer)((None, 3, 9, 9), 2)
    assert_verified(explain(layer))


def test_a_pool_that_does_not_say_ignores_borders():
    layer = named("Pool2DDNNLayer", layers.Pool2DLayer)((None, 3, 9, 9), 2)
    del layer.ignore_border
    e = explain(layer, verify=False)
    assert e.layers[-1].output_shape[2:] == (4, 4)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(4, 9))
def test_cuda_convnet_convolution(kernel, stride, pad, n):
    e = explain(Conv2DCCLayer((None, 3, n, n + 1), 16, kernel, stride, pad))
    assert_verified(e)
    assert not e.opaque


def test_cuda_convnet_with_the_batch_last_is_opaque_and_carried():
    e = explain(Conv2DCCLayer((3, 8, 9, 5), 16, 3, 1, 0, dimshuffle=False))
    assert e.layers[-1].status == "opaque"
    assert e.layers[-1].output_shape == (16, 6, 7, 5)
    assert e.params == 3 * 3 * 3 * 16 + 16


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 9))
def test_cuda_convnet_pools_over_the_border(size, stride, n):
    layer = MaxPool2DCCLayer((None, 3, n, n), size, stride)
    assert_verified(explain(layer))


def test_shuffling_keeps_the_batch_apart():
    e = explain(ShuffleBC01ToC01BLayer((None, 3, 8, 9)))
    assert_verified(e)
    assert e.layers[-1].output_shape[:3] == (3, 8, 9)
    assert e.layers[-1].units == 3 * 8 * 9
