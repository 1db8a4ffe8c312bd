"""Each law, broken on purpose: a role left out, an axis off by one, an output off by one, another rounding. Each is caught."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import assert_verified
from lasagne import init, layers
from standins_lasagne import newer_layers
from theano import tensor

from introspect import Explanation, explain

ZERO = init.Constant(0.0)
IMAGE = (2, 4, 9, 8)
SEQUENCE = (2, 5, 3)


def _moved() -> Any:
    source = layers.InputLayer(IMAGE)
    return newer_layers.TransformerLayer(source, layers.DenseLayer(source, 6, W=ZERO), 2)


def _inverted() -> Any:
    hidden = layers.DenseLayer(layers.InputLayer((2, 3)), 5, W=ZERO)
    return newer_layers.InverseLayer(hidden, hidden)


SAMPLES = {
    "dense": lambda: layers.DenseLayer(IMAGE, 5, W=ZERO),
    "nin": lambda: layers.NINLayer(IMAGE, 5, untie_biases=True, W=ZERO),
    "conv": lambda: layers.Conv2DLayer(IMAGE, 5, (3, 2), (2, 1), 1, W=ZERO),
    "untied conv": lambda: layers.Conv1DLayer((2, 4, 9), 5, 3, pad="full", untie_biases=True, W=ZERO),
    "same conv": lambda: layers.Conv2DLayer(IMAGE, 5, 3, 2, "same", W=ZERO),
    "transposed conv": lambda: newer_layers.TransposedConv2DLayer(IMAGE, 5, 3, 2, crop=1, W=ZERO),
    "dilated conv": lambda: newer_layers.DilatedConv2DLayer(IMAGE, 5, 3, dilation=2, W=ZERO),
    "locally connected": lambda: newer_layers.LocallyConnected2DLayer(IMAGE, 5, 3, W=ZERO),
    "pool": lambda: layers.MaxPool2DLayer(IMAGE, 3, 2),
    "feature pool": lambda: layers.FeaturePoolLayer(IMAGE, 2),
    "global pool": lambda: layers.GlobalPoolLayer(IMAGE),
    "pyramid": lambda: newer_layers.SpatialPyramidPoolingLayer(IMAGE, [2, 1], implementation="kaiming"),
    "upscale": lambda: newer_layers.Upscale2DLayer(IMAGE, 2),
    "nonlinearity": lambda: layers.NonlinearityLayer(IMAGE),
    "slopes": lambda: newer_layers.ParametricRectifierLayer(IMAGE),
    "bias": lambda: newer_layers.BiasLayer(IMAGE),
    "scale": lambda: newer_layers.ScaleLayer(IMAGE),
    "batch norm": lambda: newer_layers.BatchNormLayer(IMAGE),
    "standardization": lambda: layers.LocalResponseNormalization2DLayer(IMAGE),
    "noise": lambda: layers.DropoutLayer(IMAGE),
    "embedding": lambda: layers.EmbeddingLayer((2, 7), 11, 3, W=ZERO),
    "flatten": lambda: layers.FlattenLayer(IMAGE),
    "reshape": lambda: layers.ReshapeLayer(IMAGE, ([0], -1, 4)),
    "permute": lambda: layers.DimshuffleLayer(IMAGE, (0, 3, 1, 2)),
    "pad": lambda: layers.PadLayer(IMAGE, [1, (2, 0)]),
    "slice": lambda: layers.SliceLayer(IMAGE, slice(1, None), axis=2),
    "concatenate": lambda: layers.ConcatLayer([IMAGE, IMAGE]),
    "elementwise": lambda: layers.ElemwiseMergeLayer([IMAGE, IMAGE], tensor.mul),
    "simple recurrence": lambda: layers.RecurrentLayer(layers.InputLayer(SEQUENCE), 4),
    "custom recurrence": lambda: layers.CustomRecurrentLayer(
        layers.InputLayer(SEQUENCE),
        layers.DenseLayer(layers.InputLayer((None, 3)), 4, W=ZERO),
        layers.DenseLayer(layers.InputLayer((None, 4)), 4, W=ZERO),
    ),
    "lstm": lambda: layers.LSTMLayer(SEQUENCE, 4),
    "gru": lambda: layers.GRULayer(SEQUENCE, 4),
    "transformer": _moved,
    "inverse": _inverted,
}
OWNING = [name for name, make in SAMPLES.items() if make().get_params()]


def explained(layer: Any) -> Explanation:
    e = explain(layer)
    assert_verified(e)
    return e


@pytest.mark.parametrize("name", SAMPLES)
def test_an_output_that_is_off_by_one(name, monkeypatch):
    layer = SAMPLES[name]()
    row = explained(layer).layers[-1]
    law, outputs = type(row.spec), type(row.spec).outputs
    for axis in range(1, len(row.output_shape)):

        def off(self, *inputs, axis=axis):
            (y,) = outputs(self, *inputs)
            return ((*y[:axis], y[axis] + 1, *y[axis + 1 :]),)

        monkeypatch.setattr(law, "outputs", off)
        e = explain(layer)
        assert e.status == "mismatch"
        assert "output worked out as" in " ".join(e[row.path].verdicts)


@pytest.mark.parametrize("name", OWNING)
def test_a_role_that_is_missing(name, monkeypatch):
    layer = SAMPLES[name]()
    row = explained(layer).layers[-1]
    law, tensors = type(row.spec), type(row.spec).tensors
    for missing in {key for t in row.tensors for key in t.keys}:
        monkeypatch.setattr(law, "tensors", lambda self, *x, gone=missing: tuple(t for t in tensors(self, *x) if t.key != gone))
        e = explain(layer)
        assert e.status == "mismatch"
        assert "the configuration has no such tensor" in " ".join(e[row.path].verdicts)


@pytest.mark.parametrize("name", OWNING)
def test_an_axis_that_is_off_by_one(name, monkeypatch):
    layer = SAMPLES[name]()
    row = explained(layer).layers[-1]
    law, tensors = type(row.spec), type(row.spec).tensors
    for key, axes in {t.key: len(t.axes) for t in tensors(row.spec, *row.input_shapes)}.items():
        for axis in range(axes):

            def off(self, *inputs, key=key, axis=axis):
                return tuple(t._replace(axes=_grown(t.axes, axis)) if t.key == key else t for t in tensors(self, *inputs))

            monkeypatch.setattr(law, "tensors", off)
            assert explain(layer).status == "mismatch", (key, axis)


def _grown(axes: tuple, axis: int) -> tuple:
    return tuple((name, dim + 1 if i == axis else dim) for i, (name, dim) in enumerate(axes))


@pytest.mark.parametrize("name", OWNING)
def test_trainability_that_is_turned_round(name, monkeypatch):
    layer = SAMPLES[name]()
    law, tensors = type(explained(layer).layers[-1].spec), type(explained(layer).layers[-1].spec).tensors
    monkeypatch.setattr(law, "tensors", lambda self, *x: tuple(t._replace(trainable=False) for t in tensors(self, *x)))
    e = explain(layer)
    assert e.status == "mismatch"
    assert "worked out as not trainable" in " ".join(e.layers[-1].verdicts)


@pytest.mark.parametrize(("sizes", "wrong"), [((9, 8), "ceil"), ((5, 9), "ceil_inside"), ((6, 6), "ceil_skipping")])
def test_another_rounding(sizes, wrong, monkeypatch):
    layer = layers.MaxPool2DLayer((2, 4, *sizes), 2 if sizes[0] == 5 else 3, 2)
    law = type(explained(layer).layers[-1].spec)
    output = law.output
    monkeypatch.setattr(law, "output", lambda self, *x: output(_rounded(self, wrong), *x))
    assert explain(layer).status == "mismatch"


def _rounded(spec: Any, rounding: str) -> Any:
    return spec if spec.rounding == rounding else spec.replace(rounding=rounding)
