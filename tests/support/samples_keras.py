"""One Keras model of one layer for each kind of law, to break the law on."""

from __future__ import annotations

import importlib.util
from typing import Any, Callable

import keras
from cells_keras import Doubled
from keras import layers, ops

IMAGE = (9, 8, 4)


def single(make: Callable[[], Any], *shapes: tuple[int, ...]) -> Callable[[], tuple[Any, Any]]:
    def model() -> tuple[Any, Any]:
        dtype = {"indices": "int32", "text": "string"}.get(make.__name__.partition("_")[0])
        inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
        return keras.Model(inputs, make()(inputs if len(inputs) > 1 else inputs[0])), None

    return model


def indices() -> Any:
    return layers.Embedding(7, 3)


def indices_back() -> Any:
    return layers.ReversibleEmbedding(7, 3, tie_weights=False)


def text() -> Any:
    return layers.TextVectorization(output_sequence_length=7)


def short_fourier(x: Any) -> Any:
    return ops.stft(x, sequence_length=16, sequence_stride=4, fft_length=32)


def on_itself(make: Callable[[], Any]) -> Callable[[], Any]:
    """A layer of two inputs that is given the same one twice."""

    def made() -> Any:
        layer = make()
        return lambda x: layer(x, x)

    return made


SAMPLES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "dense": single(lambda: layers.Dense(3), IMAGE),
    "conv": single(lambda: layers.Conv2D(6, (3, 2), (2, 1), "same", groups=2), IMAGE),
    "depthwise": single(lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), IMAGE),
    "separable": single(lambda: layers.SeparableConv2D(6, 3, padding="same"), IMAGE),
    "transposed conv": single(lambda: layers.Conv2DTranspose(6, 2, 3), IMAGE),
    "pool": single(lambda: layers.MaxPooling2D(3, 2, "same"), IMAGE),
    "global pool": single(lambda: layers.GlobalAveragePooling2D(keepdims=True), IMAGE),
    "batch norm": single(layers.BatchNormalization, IMAGE),
    "layer norm": single(lambda: layers.LayerNormalization(axis=(1, 3)), IMAGE),
    "group norm": single(lambda: layers.GroupNormalization(2), IMAGE),
    "data normalization": single(layers.Normalization, (5,)),
    "rnn": single(lambda: layers.SimpleRNN(5, return_sequences=True), (4, 3)),
    "lstm": single(lambda: layers.LSTM(5, return_state=True), (4, 3)),
    "gru": single(lambda: layers.GRU(5), (4, 3)),
    "bidirectional": single(lambda: layers.Bidirectional(layers.GRU(5, reset_after=False), merge_mode="sum"), (4, 3)),
    "time distributed": single(lambda: layers.TimeDistributed(layers.Dense(5)), (4, 3)),
    "embedding": single(indices, (5,)),
    "activation": single(lambda: layers.Activation("relu"), IMAGE),
    "prelu": single(lambda: layers.PReLU(shared_axes=[1]), IMAGE),
    "dropout": single(lambda: layers.Dropout(0.5), IMAGE),
    "flatten": single(layers.Flatten, IMAGE),
    "reshape": single(lambda: layers.Reshape((-1, 6)), IMAGE),
    "permute": single(lambda: layers.Permute((3, 1, 2)), IMAGE),
    "repeat": single(lambda: layers.RepeatVector(3), (5,)),
    "pad": single(lambda: layers.ZeroPadding2D(((1, 0), (2, 1))), IMAGE),
    "crop": single(lambda: layers.Cropping2D(((1, 0), (2, 1))), IMAGE),
    "upsample": single(lambda: layers.UpSampling2D((2, 3)), IMAGE),
    "add": single(layers.Add, (3, 4), (3, 4)),
    "concatenate": single(lambda: layers.Concatenate(axis=1), (3, 4), (2, 4)),
    "einsum dense": single(lambda: layers.EinsumDense("abc,cde->abde", (4, 2, 3), bias_axes="de"), (4, 3)),
    "multi-head attention": single(on_itself(lambda: layers.MultiHeadAttention(2, 3, value_dim=5)), (4, 6)),
    "attention": single(lambda: layers.AdditiveAttention(), (4, 6), (5, 6)),
    "conv lstm": single(lambda: layers.ConvLSTM2D(3, 2, return_sequences=True), (4, 6, 5, 2)),
    "stacked cells": single(lambda: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)]), (4, 2)),
    "time distributed model": single(
        lambda: layers.TimeDistributed(keras.Sequential([layers.Conv2D(4, 3), layers.Flatten()])), (4, 6, 5, 2)
    ),
    "stepped": single(lambda: layers.RNN(Doubled(4), return_state=True), (4, 2)),
    "both ways": single(lambda: layers.Bidirectional(layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])), (4, 2)),
    "spectral norm": single(lambda: layers.SpectralNormalization(layers.Dense(3)), (5,)),
    "low rank": single(lambda: layers.Dense(3, lora_rank=2), (5,)),
    "quantized": single(lambda: layers.Embedding(7, 3, dtype="int8_from_float32"), (5,)),
    "dot": single(lambda: layers.Dot((2, 1)), (3, 4), (4, 5)),
    "encoding": single(lambda: layers.CategoryEncoding(5), (3,)),
    "image size": single(lambda: layers.CenterCrop(4, 5), IMAGE),
    "box count": single(lambda: layers.MaxNumBoundingBoxes(7), IMAGE),
    "mel spectrogram": single(lambda: layers.MelSpectrogram(num_mel_bins=4, fft_length=64, sequence_stride=16), (100,)),
    "spectrogram": single(lambda: layers.STFTSpectrogram("stft", 16, 4, 32), (60, 2)),
    "reversible embedding": single(indices_back, (5,)),
}
if importlib.util.find_spec("tensorflow") is not None:  # which text needs on every backend
    SAMPLES["tokens"] = single(text, (1,))
OPERATIONS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "factors": single(lambda: ops.qr, (5, 3)),
    "real fourier": single(lambda: ops.rfft, (12,)),
    "short fourier": single(lambda: short_fourier, (60,)),
}
LAYERS = tuple(SAMPLES)
SAMPLES.update(OPERATIONS)
