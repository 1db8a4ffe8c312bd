"""Convolutions, pools and upscaling as Lasagne 0.2.dev1 has them; see `standins_lasagne`, which gives them out."""

# ruff: noqa: B008, N802, N803 -- these are Lasagne's own signatures

from __future__ import annotations

import math

from lasagne import init, layers, nonlinearities
from lasagne.utils import as_tuple


class Plain(layers.Layer):
    """Writes every keyword it is given to an attribute of that name."""

    __module__ = "lasagne.layers.base"

    def __init__(self, incoming, name=None, **attributes):
        super().__init__(incoming, name=name)
        vars(self).update(attributes)

    def get_output_for(self, input, **kwargs):
        raise NotImplementedError

    def _shared(self, shared_axes):
        every = range(len(self.input_shape))
        if shared_axes == "auto":
            return (0, *every[2:])
        return (
            tuple(every) if shared_axes == "all" else as_tuple(shared_axes, 1) if isinstance(shared_axes, int) else shared_axes
        )

    def _kept(self, axes):
        return [size for axis, size in enumerate(self.input_shape) if axis not in axes]


class _Conv(Plain):
    """What all convolutions of 0.2.dev1 share."""

    __module__ = "lasagne.layers.conv"
    axes = 2

    def __init__(self, incoming, num_filters, filter_size, stride=1, pad=0, untie_biases=False, W=init.Constant(0),
                 b=init.Constant(0), nonlinearity=nonlinearities.rectify, name=None, num_groups=1, **attributes):  # fmt: skip
        super().__init__(incoming, name, **attributes)
        if num_filters % num_groups or self.input_shape[1] % num_groups:
            raise ValueError("num_groups must divide the channels")
        self.num_filters, self.num_groups, self.untie_biases = num_filters, num_groups, untie_biases
        self.nonlinearity = nonlinearities.identity if nonlinearity is None else nonlinearity
        self.filter_size, self.stride = as_tuple(filter_size, self.axes), as_tuple(stride, self.axes)
        self.pad = as_tuple(0, self.axes) if pad == "valid" else pad if isinstance(pad, str) else as_tuple(pad, self.axes)
        self.W = self.add_param(W, self.get_W_shape(), name="W")
        shape = (num_filters, *(self.output_shape[2:] if untie_biases else ()))
        self.b = None if b is None else self.add_param(b, shape, name="b", regularizable=False)

    def get_W_shape(self):
        return (self.num_filters, self.input_shape[1] // self.num_groups, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        pad = self.pad if isinstance(self.pad, tuple) else (self.pad,) * self.axes
        sizes = zip(input_shape[2:], self.filter_size, self.stride, pad)
        return (input_shape[0], self.num_filters, *(self._length(*size) for size in sizes))

    @staticmethod
    def _length(n, k, s, p):
        if n is None:
            return None
        room = {"full": n + k - 1, "same": n}.get(p) or n + 2 * p - k + 1
        return (room + s - 1) // s


class Conv2DLayer(_Conv):
    __module__ = "lasagne.layers.conv"


class Conv3DLayer(_Conv):
    __module__ = "lasagne.layers.conv"
    axes = 3


class DilatedConv2DLayer(_Conv):
    __module__ = "lasagne.layers.conv"

    def __init__(self, incoming, num_filters, filter_size, dilation=(1, 1), **more):
        self.dilation = as_tuple(dilation, 2)
        super().__init__(incoming, num_filters, filter_size, **more)
        del self.stride

    def get_W_shape(self):
        return (self.input_shape[1], self.num_filters, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        sizes = zip(input_shape[2:], self.filter_size, self.dilation)
        return (input_shape[0], self.num_filters, *(None if n is None else n - (k - 1) * d for n, k, d in sizes))


class TransposedConv2DLayer(_Conv):
    __module__ = "lasagne.layers.conv"

    def __init__(self, incoming, num_filters, filter_size, stride=1, crop=0, output_size=None, **more):
        self.output_size = output_size if output_size is None else as_tuple(output_size, self.axes)
        super().__init__(incoming, num_filters, filter_size, stride, crop, **more)
        self.crop = self.pad
        del self.pad

    def get_W_shape(self):
        return (self.input_shape[1], self.num_filters, *self.filter_size)

    def get_output_shape_for(self, input_shape):
        if self.output_size is not None:
            return (input_shape[0], self.num_filters, *self.output_size)
        crop = getattr(self, "crop", getattr(self, "pad", None))
        crop = crop if isinstance(crop, tuple) else (crop,) * self.axes
        sizes = zip(input_shape[2:], self.filter_size, self.stride, crop)
        return (input_shape[0], self.num_filters, *(self._grown(*size) for size in sizes))

    @staticmethod
    def _grown(n, k, s, p):
        return None if n is None else (n - 1) * s + k - 2 * {"full": k - 1, "same": k // 2}.get(p, p)


class TransposedConv3DLayer(TransposedConv2DLayer):
    __module__ = "lasagne.layers.conv"
    axes = 3


class LocallyConnected2DLayer(Conv2DLayer):
    __module__ = "lasagne.layers.local"

    def __init__(self, incoming, num_filters, filter_size, channelwise=False, **more):
        self.channelwise = channelwise
        super().__init__(incoming, num_filters, filter_size, pad="same", **more)

    def get_W_shape(self):
        inner = () if self.channelwise else (self.input_shape[1],)
        return (self.num_filters, *inner, *self.filter_size, *self.input_shape[2:])


class _Pool(Plain):
    __module__ = "lasagne.layers.pool"
    axes = 1

    def __init__(self, incoming, pool_size, stride=None, pad=0, ignore_border=True, mode="max", name=None):
        super().__init__(incoming, name, ignore_border=ignore_border, mode=mode)
        self.pool_size, self.pad = as_tuple(pool_size, self.axes), as_tuple(pad, self.axes)
        self.stride = self.pool_size if stride is None else as_tuple(stride, self.axes)
        if len(self.input_shape) != self.axes + 2:
            raise ValueError("wrong number of axes")

    def get_output_shape_for(self, input_shape):
        sizes = zip(input_shape[2:], self.pool_size, self.stride, self.pad)
        return (*input_shape[:2], *(self._length(*size) for size in sizes))

    def _length(self, n, k, s, p):
        if n is None:
            return None
        if self.ignore_border:
            return (n + 2 * p - k) // s + 1
        assert p == 0
        return math.ceil(n / s) if s >= k else max(0, math.ceil((n - k) / s)) + 1


class Pool1DLayer(_Pool):
    __module__ = "lasagne.layers.pool"


class Pool3DLayer(_Pool):
    __module__ = "lasagne.layers.pool"
    axes = 3


class _Upscale(Plain):
    __module__ = "lasagne.layers.pool"

    def __init__(self, incoming, scale_factor, mode="repeat", name=None):
        super().__init__(incoming, name, mode=mode)
        self.scale_factor = as_tuple(scale_factor, len(self.input_shape) - 2)

    def get_output_shape_for(self, input_shape):
        sizes = zip(input_shape[2:], self.scale_factor)
        return (*input_shape[:2], *(None if n is None else n * f for n, f in sizes))


class Upscale1DLayer(_Upscale):
    __module__ = "lasagne.layers.pool"


class Upscale2DLayer(_Upscale):
    __module__ = "lasagne.layers.pool"


class Upscale3DLayer(_Upscale):
    __module__ = "lasagne.layers.pool"


class SpatialPyramidPoolingLayer(Plain):
    __module__ = "lasagne.layers.pool"

    def __init__(self, incoming, pool_dims=(4, 2, 1), mode="max", name=None, implementation="kaiming"):
        super().__init__(incoming, name, pool_dims=list(pool_dims), mode=mode)

    def get_output_shape_for(self, input_shape):
        return (*input_shape[:2], sum(p * p for p in self.pool_dims))


class MaxPool3DLayer(Pool3DLayer):
    __module__ = "lasagne.layers.pool"
