"""One Keras 1 model of one layer for each kind of law, to break the law on."""

from __future__ import annotations

from typing import Any, Callable

from keras import layers
from keras.models import Sequential

IMAGE = (4, 9, 8)  # Theano's order: channels first


def single(make: Callable[..., Any], shape: tuple[int, ...]) -> Callable[[], tuple[Any, Any]]:
    return lambda: (Sequential([make(input_shape=shape)]), None)


def with_options(layer: Any, *args: Any, **options: Any) -> Callable[..., Any]:
    return lambda **shape: layer(*args, **options, **shape)


SAMPLES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "dense": single(with_options(layers.Dense, 3), (5,)),
    "highway": single(layers.Highway, (5,)),
    "maxout": single(with_options(layers.MaxoutDense, 3, nb_feature=2), (5,)),
    "conv": single(with_options(layers.Convolution2D, 6, 3, 2, subsample=(2, 1), dim_ordering="th"), IMAGE),
    "max pool": single(with_options(layers.MaxPooling2D, (3, 3), (2, 2), dim_ordering="th"), (4, 8, 8)),
    "batch norm": single(with_options(layers.BatchNormalization, axis=1), IMAGE),
    "rnn": single(with_options(layers.SimpleRNN, 5, return_sequences=True), (4, 3)),
    "lstm": single(with_options(layers.LSTM, 5), (4, 3)),
    "gru": single(with_options(layers.GRU, 5), (4, 3)),
    "flatten": single(layers.Flatten, IMAGE),
    "reshape": single(with_options(layers.Reshape, (4, 72)), IMAGE),
    "permute": single(with_options(layers.Permute, (3, 1, 2)), IMAGE),
    "pad": single(with_options(layers.ZeroPadding2D, (1, 2), dim_ordering="th"), IMAGE),
    "upsample": single(with_options(layers.UpSampling2D, (2, 3), dim_ordering="th"), IMAGE),
    "activation": single(with_options(layers.Activation, "relu"), IMAGE),
    "dropout": single(with_options(layers.Dropout, 0.5), IMAGE),
}
