"""Functions of TensorFlow and of Keras' backend in a graph: each has its law, in a functional model and in followed code.

What the law says is held against the shapes that Keras recorded, and against a run on two examples.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest
import tensorflow as tf
from agreement import assert_verified
from under_test_keras import keras, layers

from introspect import explain

K: Any = keras.backend
SHAPE = (8, 8, 4)
Function = Callable[[Any], Any]

ARITHMETIC: dict[str, Function] = {
    "a number": lambda x: 1.0 - 2.0 / (x * 3.0 + 4.0), "both": lambda x: x * x + x**2, "with a part": lambda x: x - x[:, :, :1],
    "compared": lambda x: tf.logical_and(x > 0, tf.equal(x, x)), "whole": lambda x: x % 2 + x // 2,
    "an array": lambda x: x + np.ones((8, 1), "float32"), "a list": lambda x: x - [1.0, 2.0, 3.0, 4.0],
    "a constant": lambda x: tf.ones((3, 1, 1, 1))[0] * x, "several": lambda x: tf.add_n([x, x, x]),
    "squared": lambda x: tf.math.squared_difference(x, x[:, :1]), "safe": lambda x: tf.math.divide_no_nan(x, x),
    "scaled": lambda x: tf.math.scalar_mul(2.0, x), "chosen": lambda x: tf.where(x > 0, x, tf.zeros_like(x)),
    "cut": lambda x: tf.clip_by_value(tf.maximum(x, 0.0), 0, 1), "mean": lambda x: tf.keras.losses.mse(x, x),
    "one after another": lambda x: tf.math.log1p(tf.math.exp(tf.abs(tf.sqrt(tf.math.softplus(-x))))),
    "angle": lambda x: tf.math.atan2(x, x), "asked": lambda x: tf.cast(tf.math.is_nan(x), tf.float32),
    "complex": lambda x: tf.abs(tf.complex(x, x)), "names": lambda x: tf.add(x=x, y=x, name="sum"),
    "activations": lambda x: tf.nn.selu(tf.nn.relu6(tf.nn.leaky_relu(tf.nn.softmax(tf.nn.log_softmax(x), axis=1), 0.2))),
    "Keras' own": lambda x: keras.activations.relu(keras.activations.softmax(keras.activations.swish(x)), max_value=6),
    "dropout": lambda x: tf.nn.dropout(x, 0.3), "bias": lambda x: tf.nn.bias_add(x, tf.ones(4)),
    "normalised": lambda x: tf.nn.l2_normalize(x, -1) + tf.nn.batch_normalization(x, 0.0, 1.0, None, None, 1e-3),
    "moments": lambda x: tf.nn.moments(x, [1, 2])[0], "neighbours": tf.nn.local_response_normalization,
    "for MobileNet": keras.applications.mobilenet_v2.preprocess_input,
    "for ResNet": lambda x: keras.applications.resnet50.preprocess_input(x[..., :3]),
    "entropy": lambda x: tf.nn.softmax_cross_entropy_with_logits(x, x),
}  # fmt: skip
REDUCTIONS: dict[str, Function] = {
    "over two": lambda x: tf.reduce_mean(x, axis=[1, 2]), "kept": lambda x: tf.reduce_sum(x, -1, True),
    "of all": lambda x: x - tf.reduce_max(x), "standard": lambda x: tf.math.reduce_std(x, 1),
    "variance": lambda x: tf.math.reduce_variance(x, axis=2), "logarithm": lambda x: tf.reduce_logsumexp(x, -1),
    "norm": lambda x: tf.norm(x, axis=-1, keepdims=True), "where": lambda x: tf.argmax(x, axis=1),
    "where of the first": lambda x: tf.argmin(x), "counted": lambda x: tf.math.count_nonzero(x, axis=1),
    "any": lambda x: tf.reduce_any(x > 0, 1), "largest": lambda x: tf.math.top_k(x, 2)[0],
    "where largest": lambda x: tf.math.top_k(x, k=2).indices, "running": lambda x: tf.cumsum(tf.math.cumprod(x, 2), axis=1),
    "sorted": lambda x: tf.sort(tf.cast(tf.argsort(x), tf.float32)), "rolled": lambda x: tf.roll(tf.reverse(x, [1]), 1, 1),
    "trace": lambda x: tf.linalg.trace(x), "diagonal": lambda x: tf.linalg.diag_part(x), "rank": lambda x: tf.rank(x) + 1,
    "size": lambda x: x / tf.cast(tf.size(x), tf.float32), "zeros": lambda x: x * tf.nn.zero_fraction(x),
}  # fmt: skip
SHAPES: dict[str, Function] = {
    "joined": lambda x: tf.concat(axis=1, values=[x, x]), "stacked": lambda x: tf.stack([x, x], axis=-1),
    "with a constant": lambda x: tf.concat([x, tf.zeros((3, *SHAPE))], 0), "split": lambda x: tf.split(x, 2, axis=-1)[1],
    "unevenly": lambda x: tf.split(x, [1, -1], -1)[1], "apart": lambda x: tf.unstack(x, axis=-1)[0],
    "tiled": lambda x: tf.tile(x, [1, 2, 1, 3]), "repeated": lambda x: tf.repeat(x, 2, axis=1),
    "turned": lambda x: tf.transpose(x, [0, 2, 1, 3]), "reversed": lambda x: tf.transpose(x), "wider": lambda x: x[..., None],
    "expanded": lambda x: tf.expand_dims(x, 2), "squeezed": lambda x: tf.squeeze(x[:, :1], axis=[1]),
    "padded": lambda x: tf.pad(x, [[0, 0], [1, 1], [2, 0], [0, 0]], "REFLECT"),
    "by a constant": lambda x: tf.pad(x, tf.constant([[0, 0], [1, 1], [2, 0], [0, 0]])), "cast": lambda x: tf.cast(x, "float16"),
    "last": lambda x: x[:, -1], "steps": lambda x: x[:, ::2, 1:-1], "backwards": lambda x: x[:, ::-1],
    "new axis": lambda x: x[:, tf.newaxis, ..., -3:], "slice": lambda x: tf.slice(x, [0, 1, 0, 0], [-1, 2, 8, 4]),
    "strided": lambda x: tf.strided_slice(x, [0, 1], [2, 5]), "gathered": lambda x: tf.gather(x, [0, 2], axis=-1),
    "gathered in the batch": lambda x: tf.gather(x, tf.argmax(x[:, :, 0], -1), axis=1, batch_dims=1),
    "looked up": lambda x: tf.nn.embedding_lookup(tf.ones((10, 6)), tf.cast(x, tf.int32)),
    "one hot": lambda x: tf.one_hot(tf.cast(x, tf.int32), 5), "one hot before": lambda x: tf.one_hot(tf.cast(x, "int32"), 5, axis=1),
    "a mask": lambda x: tf.sequence_mask(tf.cast(x[:, 0, 0, 0], tf.int32), 8), "band": lambda x: tf.linalg.band_part(x, -1, 0),
    "matrix turned": lambda x: tf.linalg.matrix_transpose(x), "both signs": tf.nn.crelu,
    "framed": lambda x: tf.signal.frame(x[:, :, 0, 0], 4, 2), "transformed": lambda x: tf.signal.fft(tf.cast(x, tf.complex64)),
}  # fmt: skip
PRODUCTS: dict[str, Function] = {
    "matmul": lambda x: tf.matmul(x, x, transpose_b=True), "turned first": lambda x: tf.linalg.matmul(x, x, transpose_a=True),
    "by a constant": lambda x: x @ tf.ones((4, 7)), "vector": lambda x: tf.linalg.matvec(x, x[..., 0, :]),
    "einsum": lambda x: tf.einsum("bhwc,bhvc->bhwv", x, x), "implied": lambda x: tf.einsum("bhwc,cd", x, tf.ones((4, 5))),
    "tensordot": lambda x: tf.tensordot(x, tf.ones((4, 5)), axes=1), "axes": lambda x: tf.tensordot(x, tf.ones((5, 8)), [[2], [1]]),
    "cross": lambda x: tf.linalg.cross(x[..., :3], x[..., :3]),
}  # fmt: skip
IMAGES: dict[str, Function] = {
    "resized": lambda x: tf.image.resize(x, (16, 12)), "nearest": lambda x: tf.image.resize(x, size=[5, 6], method="nearest"),
    "depth to space": lambda x: tf.nn.depth_to_space(x, 2), "space to depth": lambda x: tf.nn.space_to_depth(x, 2),
    "max pool": lambda x: tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME"),
    "average": lambda x: tf.nn.avg_pool2d(x, 3, 2, "VALID"), "pool": lambda x: K.pool2d(x, (2, 2), (2, 2), pool_mode="avg"),
    "conv": lambda x: tf.nn.conv2d(x, tf.ones((3, 3, 4, 6)), [1, 2, 2, 1], "VALID"),
    "dilated": lambda x: tf.nn.conv2d(x, tf.ones((3, 3, 4, 6)), 1, "SAME", dilations=2),
    "depthwise": lambda x: tf.nn.depthwise_conv2d(x, tf.ones((3, 3, 4, 2)), [1, 1, 1, 1], "VALID"),
    "separable": lambda x: tf.nn.separable_conv2d(x, tf.ones((3, 3, 4, 2)), tf.ones((1, 1, 8, 5)), [1, 1, 1, 1], "SAME"),
    "one axis": lambda x: tf.nn.conv1d(x[:, 0], tf.ones((3, 4, 5)), 1, "SAME"),
    "any": lambda x: tf.nn.convolution(x, tf.ones((3, 3, 4, 5))), "Keras'": lambda x: K.conv2d(x, tf.ones((3, 3, 4, 5))),
    "transposed": lambda x: tf.nn.conv2d_transpose(x, tf.ones((2, 2, 5, 4)), [tf.shape(x)[0], 16, 16, 5], 2),
    "patches": lambda x: tf.image.extract_patches(x, [1, 3, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME"),
    "flipped": lambda x: tf.image.per_image_standardization(tf.image.flip_left_right(x)),
    "grey": lambda x: tf.image.grayscale_to_rgb(tf.image.rgb_to_grayscale(x[..., :3])),
    "cropped": lambda x: tf.image.crop_to_bounding_box(tf.image.resize_with_crop_or_pad(x, 12, 12), 1, 1, 4, 5),
}  # fmt: skip
SIZES: dict[str, Function] = {
    "batch": lambda x: tf.reshape(x, (tf.shape(x)[0], 64, 4)), "rest": lambda x: tf.reshape(x, [tf.shape(x)[0], -1, tf.shape(x)[3]]),
    "product": lambda x: tf.reshape(x, [tf.shape(x)[0], tf.shape(x)[1] * tf.shape(x)[2], 4]),
    "of another": lambda x: tf.reshape(tf.reshape(x, (-1, 4)), (tf.shape(x)[0], 8, 8, 4)),
    "put together": lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:-1], [2, 2]], 0)),
    "unpacked": lambda x: tf.reshape(x, tf.stack([tf.unstack(tf.shape(x))[0], 8 // 2, 64])),
    "zeros": lambda x: tf.zeros((tf.shape(x)[0], 7)), "ones": lambda x: tf.ones([tf.shape(x)[0], 1, 4]),
    "filled": lambda x: tf.fill([tf.shape(x)[0], 7], 1.0), "the shape": lambda x: tf.cast(tf.shape(x), tf.float32),
    "random": lambda x: tf.random.normal(tf.shape(x)) + tf.random.uniform((tf.shape(x)[0], 1, 1, 1)),
    "Keras' random": lambda x: K.random_normal(shape=(K.shape(x)[0], K.int_shape(x)[1])),
    "broadcast": lambda x: tf.broadcast_to(x[:, :1], tf.shape(x)), "tiled": lambda x: tf.tile(tf.ones((1, 3)), [tf.shape(x)[0], 2]),
    "broadcast by parts": lambda x: tf.broadcast_to(tf.ones((1, 3)), (tf.shape(x)[0], 3)),
    "range": lambda x: tf.range(start=0, limit=tf.shape(x)[1], delta=1), "positions": lambda x: tf.range(tf.shape(x)[-1]),
    "part of a constant": lambda x: tf.ones((1, 50, 1, 4))[:, : tf.shape(x)[1]] + x, "up to": lambda x: x[:, : tf.shape(x)[1] - 1],
    "static": lambda x: tf.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3])),
}  # fmt: skip
BACKEND: dict[str, Function] = {
    "mean": lambda x: K.mean(x, axis=[1, 2]), "sum": lambda x: K.sum(x, axis=-1, keepdims=True), "std": lambda x: K.std(x, 1),
    "var": lambda x: K.var(x, 1), "max": lambda x: K.max(x, axis=1), "all": lambda x: K.all(x > 0, 1), "argmax": lambda x: K.argmax(x),
    "concatenate": lambda x: K.concatenate([x, x], axis=1), "stack": lambda x: K.stack([x, x], axis=1),
    "expand": lambda x: K.expand_dims(x, 1), "squeeze": lambda x: K.squeeze(x[:, :1], 1),
    "permute": lambda x: K.permute_dimensions(x, (0, 3, 1, 2)), "flatten": lambda x: K.batch_flatten(x),
    "all in one": lambda x: K.flatten(x), "reshape": lambda x: K.reshape(x, (-1, 64, 4)), "repeat": lambda x: K.repeat(x[:, 0, 0], 3),
    "elements": lambda x: K.repeat_elements(x, 3, 1), "batch_dot": lambda x: K.batch_dot(x[:, 0], x[:, 1], axes=[2, 2]),
    "dot": lambda x: K.dot(x, tf.ones((4, 5))), "l2": lambda x: K.l2_normalize(x, -1), "tanh": lambda x: K.tanh(K.softsign(K.elu(x))),
    "capsules": lambda x: x / (K.sqrt(K.sum(K.square(x), -1, True)) + K.epsilon()), "clip": lambda x: K.clip(K.abs(x), 0, 1),
    "resize": lambda x: K.resize_images(x, 2, 2, "channels_last"), "pad": lambda x: K.spatial_2d_padding(x),
    "tile": lambda x: K.tile(x, [1, 1, 2, 1]), "one_hot": lambda x: K.one_hot(K.cast(x[:, 0, 0, 0], "int32"), 3),
    "gather": lambda x: K.gather(tf.ones((5, 3)), K.cast(x, "int32")), "dropout": lambda x: K.dropout(x, 0.2),
    "bias": lambda x: K.bias_add(x, tf.ones(4)), "arange": lambda x: x + K.cast(K.arange(4), "float32"),
    "like": lambda x: K.zeros_like(x) + K.ones_like(x), "reverse": lambda x: K.reverse(x, 1), "pow": lambda x: K.pow(K.maximum(x, 0.0), 2),
    "hard": lambda x: K.hard_sigmoid(x), "softmax": lambda x: K.softmax(x), "transpose": lambda x: K.transpose(x),
}  # fmt: skip
FAMILIES = {
    "arithmetic": ARITHMETIC, "reductions": REDUCTIONS, "shapes": SHAPES, "products": PRODUCTS, "images": IMAGES, "sizes": SIZES,
    "backend": BACKEND,
}  # fmt: skip
EVERY = [pytest.param(function, id=f"{family}: {name}") for family, all_ in FAMILIES.items() for name, function in all_.items()]
COMPUTED = np.linspace(0.1, 2.9, 2 * 8 * 8 * 4, dtype="float32").reshape((2, *SHAPE))


@pytest.mark.parametrize("function", EVERY)
def test_in_a_functional_model(function: Function) -> None:
    x = keras.Input(SHAPE)
    model = keras.Model(x, function(x))
    assert_verified(explain(model))
    e = explain(model, (2, *SHAPE))
    assert not e.opaque
    assert e.model.shapes(e.model.outputs) == (tuple(model(COMPUTED).shape),)


@pytest.mark.parametrize("function", EVERY)
def test_in_code_that_is_followed(function: Function) -> None:
    x = keras.Input(SHAPE)
    model = keras.Model(x, layers.Lambda(function, name="code")(x))
    e = explain(model, (2, *SHAPE))
    assert e.status == "verified", str(e)
    assert not e.opaque
    assert e.model.shapes(e.model.outputs) == (tuple(model(COMPUTED).shape),)


@pytest.mark.parametrize(
    "function", [lambda x: tf.boolean_mask(x, [True] * 8, axis=1), lambda x: tf.image.central_crop(x, 0.5)]
)
def test_a_function_without_a_law_is_opaque_and_its_shape_carried(function: Function) -> None:
    x = keras.Input(SHAPE)
    e = explain(keras.Model(x, layers.Dense(3, name="last")(function(x))))
    assert [row.kind for row in e.opaque] == ["opaque"]
    assert e.status == "incomplete"
    assert e["last"].params == 15
