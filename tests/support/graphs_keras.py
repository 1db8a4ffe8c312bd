"""Random functional graphs of Keras 3: layers, operations, shared layers, nested models, several inputs and outputs."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Callable

import keras
from hypothesis import assume
from hypothesis import strategies as st
from keras import layers, ops

SMALL = st.integers(1, 4)
Draw = Any


def _images(draw: Draw) -> list[Callable[[], Any]]:
    size, filters = draw(SMALL), draw(SMALL)
    padding, dilation = draw(st.sampled_from(["valid", "same"])), draw(st.integers(1, 2))
    return [
        lambda: layers.Conv2D(filters, size, padding=padding, dilation_rate=dilation),
        lambda: layers.Conv2DTranspose(filters, size, strides=dilation, padding=padding),
        lambda: layers.SeparableConv2D(filters, size, padding="same"),
        lambda: layers.DepthwiseConv2D(size, padding="same", depth_multiplier=dilation),
        lambda: layers.MaxPooling2D(dilation, padding=padding),
        lambda: layers.AveragePooling2D(2, 1, padding="same"),
        lambda: layers.ZeroPadding2D(dilation),
        lambda: layers.UpSampling2D(dilation),
        layers.BatchNormalization,
        lambda: layers.PReLU(shared_axes=[1, 2]),
        layers.GlobalAveragePooling2D,
        layers.Flatten,
        lambda: layers.Reshape((-1, filters * 0 + 1)),
        lambda: layers.SpatialDropout2D(0.5),
        lambda: ops.relu,
        lambda: lambda x: ops.mean(x, axis=-1, keepdims=True) + x,
        lambda: lambda x: ops.transpose(x, (0, 2, 1, 3)),
        lambda: lambda x: ops.pad(x, ((0, 0), (1, 0), (0, dilation), (0, 0))),
        lambda: lambda x: x[:, :1, ..., None][..., 0],
    ]


def _sequences(draw: Draw) -> list[Callable[[], Any]]:
    units, heads = draw(SMALL), draw(st.integers(1, 2))
    kept = draw(st.booleans())
    return [
        lambda: layers.LSTM(units, return_sequences=kept),
        lambda: layers.GRU(units, return_sequences=kept),
        lambda: layers.Bidirectional(layers.SimpleRNN(units, return_sequences=kept), merge_mode="sum"),
        lambda: layers.TimeDistributed(layers.Dense(units)),
        lambda: layers.Conv1D(units, 2, padding="causal"),
        layers.LayerNormalization,
        lambda: _on_itself(layers.MultiHeadAttention(heads, units)),
        lambda: _on_itself(layers.GroupQueryAttention(units, 2, heads)),
        lambda: layers.EinsumDense("abc,cd->abd", (None, units), bias_axes="d"),
        layers.GlobalMaxPooling1D,
        layers.Flatten,
        lambda: lambda x: ops.expand_dims(x, -1),
        lambda: lambda x: ops.stack([x, x], axis=1),
        lambda: lambda x: ops.einsum("btd,bsd->bts", x, x),
        lambda: lambda x: ops.softmax(x, axis=-1) * 2.0,
        lambda: lambda x: ops.concatenate(ops.split(x, [1], axis=1), axis=1) if x.shape[1] > 1 else x,
        lambda: lambda x: ops.matmul(x, ops.swapaxes(x, 1, 2)),
    ]


def _vectors(draw: Draw) -> list[Callable[[], Any]]:
    units = draw(SMALL)
    return [
        lambda: layers.Dense(units, "relu"),
        lambda: layers.Dense(units, use_bias=False),
        layers.BatchNormalization,
        lambda: layers.Dropout(0.5),
        lambda: layers.RepeatVector(units),
        lambda: layers.SpectralNormalization(layers.Dense(units)),
        lambda: layers.Normalization(mean=0.0, variance=1.0),
        lambda: ops.tanh,
        lambda: lambda x: ops.reshape(x, (-1, x.shape[1], 1)),
        lambda: lambda x: ops.tile(x, (1, units)),
        lambda: lambda x: ops.where(x > 0, x, 0.0),
    ]


_BY_RANK = {4: _images, 3: _sequences, 2: _vectors}


def _on_itself(layer: Any) -> Callable[[Any], Any]:
    return lambda x: layer(x, x)


def _merged(draw: Draw, tensors: list[Any]) -> Any:
    """Two tensors made one, where they fit; the first alone otherwise."""
    x = draw(st.sampled_from(tensors))
    alike = [y for y in tensors if y.shape == x.shape]
    y = draw(st.sampled_from(alike))
    how = draw(st.sampled_from(["add", "multiply", "concatenate", "dot", "minus"]))
    if how == "dot" and len(x.shape) == 3:
        return layers.Dot((2, 2))([x, y])
    if how == "minus":
        return x - y
    made = {"add": layers.Add, "multiply": layers.Multiply}.get(how, layers.Concatenate)
    return made()([x, y])


def _nested(draw: Draw, x: Any) -> Any:
    """A model of its own in the graph, called twice."""
    inside = keras.Input(x.shape[1:])
    model = keras.Model(inside, _step(draw, inside))
    return model(x) if draw(st.booleans()) else layers.Add()([model(x), model(x)])


def _step(draw: Draw, x: Any) -> Any:
    table = _BY_RANK.get(len(x.shape))
    if table is None:
        return layers.Flatten()(x)
    return draw(st.sampled_from(table(draw)))()(x)


def _shared(draw: Draw, tensors: list[Any]) -> Any:
    """A layer that was applied before, applied to another tensor."""
    found = [x._keras_history.operation for x in tensors]
    whole = (layers.InputLayer, keras.Model)  # of a model Keras does not ask whether what comes in fits
    applied = [layer for layer in found if isinstance(layer, layers.Layer) and not isinstance(layer, whole)]
    return draw(st.sampled_from(applied or [layers.Flatten()]))(draw(st.sampled_from(tensors)))


def _made(draw: Draw, tensors: list[Any]) -> Any:
    """One more tensor; None where Keras refuses what was drawn, or nothing would be left."""
    kind = draw(st.sampled_from(["step"] * 6 + ["merge"] * 2 + ["nested", "shared"]))
    x = draw(st.sampled_from(tensors[-3:]))
    try:
        if kind in ("merge", "shared"):
            made = (_merged if kind == "merge" else _shared)(draw, tensors)
        else:
            made = (_nested if kind == "nested" else _step)(draw, x)
    except (ValueError, TypeError, NotImplementedError):  # these where a layer takes several tensors
        return None
    return made if all(dim for dim in getattr(made, "shape", (0, 0))[1:]) else None


@st.composite
def graphs(draw: Draw) -> keras.Model:
    """A Functional model, each of whose tensors has a known shape; inputs and outputs may have names."""
    inputs = [keras.Input(draw(st.sampled_from([(6, 5, 2), (4, 3), (5,)]))) for _ in range(draw(st.integers(1, 2)))]
    tensors: list[Any] = list(inputs)
    for _ in range(draw(st.integers(1, 7))):
        made = _made(draw, tensors)
        tensors += [] if made is None else [made]
    outputs = [tensors[-1], *draw(st.lists(st.sampled_from(tensors), max_size=2, unique_by=id))]
    outputs = list({id(y): y for y in outputs}.values())
    if draw(st.integers(0, 3)) == 0:
        return keras.Model({x.name: x for x in inputs}, {f"out_{i}": y for i, y in enumerate(outputs)})
    return keras.Model(inputs, outputs)


@st.composite
def chains(draw: Draw) -> tuple[tuple[int, ...], Callable[[], list[Any]]]:
    """The shape of one example, and a function that makes layers which fit one after another, anew each time."""
    shape = draw(st.sampled_from([(6, 5, 2), (4, 3), (5,)]))
    x, kept = keras.Input(shape), []
    for _ in range(draw(st.integers(1, 5))):
        table = _BY_RANK.get(len(x.shape), lambda draw: [layers.Flatten])(draw)
        layer = draw(st.sampled_from(table))()
        try:
            y = layer(x) if isinstance(layer, layers.Layer) else None
        except ValueError:
            continue  # Keras refuses this layer on this shape
        if y is not None and all(dim for dim in y.shape[1:]):
            kept, x = [*kept, layer], y
    assume(kept)
    made = [(type(layer), {**layer.get_config(), "name": layer.name}) for layer in kept]
    return shape, lambda: [cls.from_config(deepcopy(config)) for cls, config in made]
