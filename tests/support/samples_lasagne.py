"""One Lasagne layer for each kind of law, to break the law on."""

from __future__ import annotations

from typing import Any, Callable

from lasagne import init, layers
from standins_lasagne import newer_layers
from theano import tensor

ZERO = init.Constant(0.0)
IMAGE = (2, 4, 9, 8)
SEQUENCE = (2, 5, 3)


def layer(cls: Any, incoming: Any, *args: Any, **more: Any) -> Callable[[], tuple[Any, Any]]:
    """A layer on a bare shape; what it takes is what it declares."""
    return lambda: (cls(incoming, *args, **more), None)


def custom_recurrence() -> tuple[Any, Any]:
    chains = [layers.DenseLayer(layers.InputLayer((None, size)), 4, W=ZERO) for size in (3, 4)]
    return layers.CustomRecurrentLayer(layers.InputLayer(SEQUENCE), *chains), None


def transformer() -> tuple[Any, Any]:
    moved = layers.DenseLayer(layers.InputLayer((2, 3)), 6, W=ZERO)
    return newer_layers.TransformerLayer(layers.InputLayer(IMAGE), moved, 2), None


def inverse() -> tuple[Any, Any]:
    hidden = layers.DenseLayer(layers.InputLayer((2, 3)), 5, W=ZERO)
    return newer_layers.InverseLayer(hidden, hidden), None


SAMPLES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "dense": layer(layers.DenseLayer, IMAGE, 5, W=ZERO),
    "nin": layer(layers.NINLayer, IMAGE, 5, untie_biases=True, W=ZERO),
    "conv": layer(layers.Conv2DLayer, IMAGE, 5, (3, 2), (2, 1), 1, W=ZERO),
    "untied conv": layer(layers.Conv1DLayer, (2, 4, 9), 5, 3, pad="full", untie_biases=True, W=ZERO),
    "same conv": layer(layers.Conv2DLayer, IMAGE, 5, 3, 2, "same", W=ZERO),
    "conv in space and time": layer(newer_layers.Conv3DLayer, (2, 4, 5, 6, 7), 3, (1, 2, 3), (2, 1, 1), W=ZERO),
    "transposed conv": layer(newer_layers.TransposedConv2DLayer, IMAGE, 5, 3, 2, crop=1, W=ZERO),
    "dilated conv": layer(newer_layers.DilatedConv2DLayer, IMAGE, 5, 3, dilation=2, W=ZERO),
    "locally connected": layer(newer_layers.LocallyConnected2DLayer, IMAGE, 5, 3, W=ZERO),
    "max pool": layer(layers.MaxPool2DLayer, IMAGE, 3, 2),
    "average pool": layer(layers.Pool2DLayer, IMAGE, 3, 2, ignore_border=False, mode="average_exc_pad"),
    "feature pool": layer(layers.FeaturePoolLayer, IMAGE, 2),
    "global pool": layer(layers.GlobalPoolLayer, IMAGE),
    "pyramid": layer(newer_layers.SpatialPyramidPoolingLayer, IMAGE, [2, 1], implementation="kaiming"),
    "upscale": layer(newer_layers.Upscale2DLayer, IMAGE, 2),
    "nonlinearity": layer(layers.NonlinearityLayer, IMAGE),
    "slopes": layer(newer_layers.ParametricRectifierLayer, IMAGE),
    "bias": layer(newer_layers.BiasLayer, IMAGE),
    "scale": layer(newer_layers.ScaleLayer, IMAGE),
    "batch norm": layer(newer_layers.BatchNormLayer, IMAGE),
    "standardization": layer(layers.LocalResponseNormalization2DLayer, IMAGE),
    "noise": layer(layers.DropoutLayer, IMAGE),
    "embedding": layer(layers.EmbeddingLayer, (2, 7), 11, 3, W=ZERO),
    "flatten": layer(layers.FlattenLayer, IMAGE),
    "reshape": layer(layers.ReshapeLayer, IMAGE, ([0], -1, 4)),
    "permute": layer(layers.DimshuffleLayer, IMAGE, (0, 3, 1, 2)),
    "pad": layer(layers.PadLayer, IMAGE, [1, (2, 0)]),
    "slice": layer(layers.SliceLayer, IMAGE, slice(1, None), axis=2),
    "concatenate": layer(layers.ConcatLayer, [IMAGE, IMAGE]),
    "elementwise": layer(layers.ElemwiseMergeLayer, [IMAGE, IMAGE], tensor.mul),
    "simple recurrence": lambda: (layers.RecurrentLayer(layers.InputLayer(SEQUENCE), 4), None),
    "custom recurrence": custom_recurrence,
    "lstm": layer(layers.LSTMLayer, SEQUENCE, 4),
    "gru": layer(layers.GRULayer, SEQUENCE, 4),
    "transformer": transformer,
    "inverse": inverse,
}
