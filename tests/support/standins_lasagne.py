"""Layers that only Lasagne 0.2.dev1 has, for the tests that run on 0.1: the same names, attributes, parameters and shapes.

With 0.2.dev1 installed the real classes are used instead.
"""

# ruff: noqa: B008, N803 -- these are Lasagne's own signatures

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import lasagne
import standins_spatial_lasagne as spatial
import theano
from lasagne import init, layers, nonlinearities
from lasagne.utils import as_tuple
from standins_spatial_lasagne import Plain

NEW = not lasagne.__version__.startswith("0.1")


class BatchNormLayer(Plain):
    __module__ = "lasagne.layers.normalization"

    def __init__(self, incoming, axes="auto", beta=init.Constant(0), gamma=init.Constant(1), name=None):
        super().__init__(incoming, name)
        self.axes = self._shared(axes)
        shape = self._kept(self.axes)
        self.beta = None if beta is None else self.add_param(beta, shape, "beta", regularizable=False)
        self.gamma = None if gamma is None else self.add_param(gamma, shape, "gamma")
        self.mean = self.add_param(init.Constant(0), shape, "mean", trainable=False, regularizable=False)
        self.inv_std = self.add_param(init.Constant(1), shape, "inv_std", trainable=False, regularizable=False)


class BiasLayer(Plain):
    __module__ = "lasagne.layers.special"

    def __init__(self, incoming, b=init.Constant(0), shared_axes="auto", name=None):
        super().__init__(incoming, name)
        self.shared_axes = self._shared(shared_axes)
        self.b = None if b is None else self.add_param(b, self._kept(self.shared_axes), "b", regularizable=False)


class ScaleLayer(Plain):
    __module__ = "lasagne.layers.special"

    def __init__(self, incoming, scales=init.Constant(1), shared_axes="auto", name=None):
        super().__init__(incoming, name)
        self.shared_axes = self._shared(shared_axes)
        self.scales = self.add_param(scales, self._kept(self.shared_axes), "scales", regularizable=False)


class ParametricRectifierLayer(Plain):
    __module__ = "lasagne.layers.special"

    def __init__(self, incoming, alpha=init.Constant(0.25), shared_axes="auto", name=None):
        super().__init__(incoming, name)
        self.shared_axes = self._shared(shared_axes)
        self.alpha = self.add_param(alpha, self._kept(self.shared_axes), "alpha", regularizable=False)


class RandomizedRectifierLayer(Plain):
    __module__ = "lasagne.layers.special"


class StandardizationLayer(Plain):
    __module__ = "lasagne.layers.normalization"


class ExpressionLayer(Plain):
    __module__ = "lasagne.layers.special"

    def __init__(self, incoming, function, output_shape=None, name=None):
        super().__init__(incoming, name, function=function, _output_shape=output_shape)

    def get_output_shape_for(self, input_shape):
        if self._output_shape != "auto":
            return input_shape if self._output_shape is None else self._output_shape
        shape = self.function(theano.tensor.alloc(0.0, *(n or 0 for n in input_shape))).shape.eval()
        return tuple(int(n) or None for n in shape)


class InverseLayer(layers.MergeLayer):
    __module__ = "lasagne.layers.special"

    def __init__(self, incoming, layer, name=None):
        super().__init__([incoming, layer, layer.input_layer], name=name)

    def get_output_shape_for(self, input_shapes):
        return input_shapes[2]


class TransformerLayer(layers.MergeLayer):
    __module__ = "lasagne.layers.special"

    def __init__(self, incoming, localization_network, downsample_factor=1, name=None):
        super().__init__([incoming, localization_network], name=name)
        self.downsample_factor = as_tuple(downsample_factor, 2)

    def get_output_shape_for(self, input_shapes):
        sizes = zip(input_shapes[0][2:], self.downsample_factor)
        return input_shapes[0][:2] + tuple(None if s is None else int(s // f) for s, f in sizes)


class TPSTransformerLayer(TransformerLayer):
    """The real one calls NumPy in a way that today's refuses, so this stands in for it everywhere."""

    __module__ = "lasagne.layers.special"

    def __init__(self, incoming, localization_network, downsample_factor=1, control_points=16, name=None):
        super().__init__(incoming, localization_network, downsample_factor, name)
        self.control_points = control_points


class DenseLayer(Plain):
    __module__ = "lasagne.layers.dense"

    def __init__(self, incoming, num_units, W=init.Constant(0), b=init.Constant(0), nonlinearity=None, num_leading_axes=1,
                 name=None):  # fmt: skip
        super().__init__(incoming, name, num_units=num_units, num_leading_axes=num_leading_axes)
        self.nonlinearity = nonlinearity or nonlinearities.identity
        self.W = self.add_param(W, (math.prod(self.input_shape[num_leading_axes:]), num_units), name="W")
        self.b = None if b is None else self.add_param(b, (num_units,), name="b", regularizable=False)

    def add_param(self, spec, shape, name=None, **tags):
        """An expression is taken as it is; 0.1 would refuse it."""
        if not isinstance(spec, theano.Variable) or isinstance(spec, theano.compile.SharedVariable):
            return super().add_param(spec, shape, name, **tags)
        filed = {"trainable": True, "regularizable": True, **tags}
        self.params[spec] = {tag for tag, set_ in filed.items() if set_}
        return spec

    def get_params(self, **tags):
        """The shared variables that the parameters are, or are worked out from."""
        behind = theano.gof.graph.inputs(super().get_params(**tags))
        return list(dict.fromkeys(v for v in behind if isinstance(v, theano.compile.SharedVariable)))

    def get_output_shape_for(self, input_shape):
        return (*input_shape[: self.num_leading_axes], self.num_units)


def _cropped(shapes, cropping):
    wanted = [*(cropping or ()), *[None] * len(shapes[0])]
    low = [(None if None in sizes else min(sizes)) for sizes in zip(*shapes)]
    return [tuple(m if cut else n for n, m, cut in zip(shape, low, wanted)) for shape in shapes]


class ConcatLayer(layers.MergeLayer):
    __module__ = "lasagne.layers.merge"

    def __init__(self, incomings, axis=1, cropping=None, name=None):
        super().__init__(incomings, name=name)
        self.axis = axis
        self.cropping = None if cropping is None else [None if i == axis else c for i, c in enumerate(cropping)]

    def get_output_shape_for(self, input_shapes):
        shapes = _cropped(input_shapes, self.cropping)
        return tuple(sum(sizes) if i == self.axis else sizes[0] for i, sizes in enumerate(zip(*shapes)))


class ElemwiseSumLayer(layers.MergeLayer):
    __module__ = "lasagne.layers.merge"

    def __init__(self, incomings, cropping=None, name=None):
        super().__init__(incomings, name=name)
        self.merge_function, self.cropping = (lambda a, b: a + b), cropping

    def get_output_shape_for(self, input_shapes):
        return _cropped(input_shapes, self.cropping)[0]


class _Final:
    """`only_return_final`, and initial states that come from other layers."""

    def __init__(self, incoming, *args, only_return_final=False, hid_init=None, cell_init=None, **more):
        self.only_return_final = only_return_final
        given = {"hid_init": hid_init, "cell_init": cell_init}
        from theano import tensor

        symbols = {name: tensor.matrix(name) for name, state in given.items() if state is not None}
        super().__init__(incoming, *args, **more, **symbols)
        for name in symbols:
            setattr(self, name, given[name])
            self.input_layers.append(given[name])
            self.input_shapes.append(given[name].output_shape)

    def get_output_shape_for(self, input_shapes):
        shape = super().get_output_shape_for(input_shapes)
        return (shape[0], *shape[2:]) if self.only_return_final else shape


class LSTMLayer(_Final, layers.LSTMLayer):
    __module__ = "lasagne.layers.recurrent"


class GRULayer(_Final, layers.GRULayer):
    __module__ = "lasagne.layers.recurrent"


class RecurrentLayer(_Final, layers.RecurrentLayer):
    __module__ = "lasagne.layers.recurrent"


def batch_norm(layer, name=None, **more):
    """Takes the bias away, and the nonlinearity to behind a normalisation that it puts on top."""
    nonlinearity = getattr(layer, "nonlinearity", None)
    if nonlinearity is not None:
        layer.nonlinearity = nonlinearities.identity
    if getattr(layer, "b", None) is not None:
        del layer.params[layer.b]
        layer.b = None
    name = name or (layer.name and f"{layer.name}_bn")
    layer = BatchNormLayer(layer, name=name, **more)
    return layer if nonlinearity is None else layers.NonlinearityLayer(layer, nonlinearity, name=name and f"{name}_nonlin")


def newer() -> Any:
    """A namespace of 0.2.dev1's layers: the real ones where they are installed, else those of this file."""
    own = {
        name: made for name, made in {**vars(spatial), **globals()}.items() if name.endswith("Layer") or name == "batch_norm"
    }
    real = {name: getattr(layers, name) for name in own if NEW and hasattr(layers, name)}
    return SimpleNamespace(**{**own, **real})


newer_layers = newer()
