"""Numbers that do not agree with a Keras model's, and why."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from arithmetic_of_reasons import holds
from keras import layers

from introspect import diagnose


def small() -> Any:
    """36 + 16 parameters, 8 of them running statistics."""
    return keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.BatchNormalization()])


def digits() -> Any:
    """Document 003 in today's Keras."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)), layers.Conv2D(32, 5, activation="relu", name="conv1"), layers.MaxPooling2D(2),
            layers.Conv2D(64, 5, activation="relu", name="conv2"), layers.MaxPooling2D(2), layers.Dropout(0.25),
            layers.Flatten(), layers.Dense(100, activation="relu"), layers.Dropout(0.5), layers.Dense(2),
        ]
    )  # fmt: skip


def images(*parts: Any) -> Any:
    return keras.Sequential([keras.Input((9, 9, 4)), *parts])


def attending() -> Any:
    """Heads that are each as wide as the model."""
    x = keras.Input((10, 64))
    return keras.Model(x, layers.MultiHeadAttention(4, 64, name="attention")(x, x))


def words(*, frozen: bool = False, twice: bool = False) -> Any:
    """400 parameters of an embedding, which may be applied to two sequences, and 27 of a head."""
    tokens = layers.Embedding(50, 8, trainable=not frozen, name="tokens")
    inputs = [keras.Input((6,)) for _ in range(2 if twice else 1)]
    found = [tokens(x) for x in inputs]
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.Add()(found) if twice else found[0]))


def test_the_total_after_fit() -> None:
    import numpy as np

    model = small()
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 8)), np.zeros((2, 4)), verbose=0)
    claim = model.count_params() + sum(int(np.prod(v.shape)) for v in model.optimizer.variables)
    assert claim == 142
    first = diagnose(model, claim).reasons[0]
    assert first.code == "optimizer_slots"
    assert first.working == "52 + 2·44 + 2 = 142"


CASES = [
    (lambda: keras.Sequential([keras.Input((9, 16)), layers.LSTM(32, name="lstm")]), "lstm", 6_400, "second_recurrent_bias"),
    (lambda: keras.Sequential([keras.Input((9, 16)), layers.GRU(32, name="gru")]), "gru", 4_704, "reset_after"),
    (digits, "conv2", 1_664, "input_channels_forgotten"),
    (small, None, 44, "running_statistics"),
    (lambda: images(layers.Conv2D(8, 3, groups=2, name="conv")), "conv", 296, "groups_ignored"),
    (lambda: images(layers.Conv2D(8, 3), layers.BatchNormalization()), None, 320, "bias_before_batchnorm"),
    (lambda: images(layers.Conv2D(8, 3, name="conv")), "conv", 104, "kernel_side_forgotten"),
    (lambda: images(layers.Conv2D(32, 5, name="conv")), "conv", 5 * 5 * 4 * 32 + 32 * 5 * 5, "untied_bias"),
    (lambda: images(layers.SeparableConv2D(8, 3, name="separable")), "separable", 80, "separable_middle_bias"),
    (lambda: images(layers.PReLU(name="prelu")), "prelu", 4, "prelu_sharing"),
    (lambda: images(layers.LayerNormalization(name="norm")), "norm", 2 * 9 * 9 * 4, "layernorm_extent"),
    (lambda: images(layers.Dense(5, name="dense")), "dense", 9 * 9 * 4 * 5 + 5, "dense_flattens"),
    (lambda: images(layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(3, name="d")), "d", 303, "pool_rounding"),
    (attending, "attention", 16_640, "heads"),
    (words, None, 27, "embedding_left_out"),
    (words, None, 400, "head_left_out"),
    (words, None, 60 * 8 + 27, "vocabulary"),
    (words, "head", 9 * 7, "classes"),
    (lambda: words(frozen=True), None, 27, "trainable_only"),
    (lambda: words(twice=True), None, 2 * 400 + 27, "shared_counted_per_call"),
]


@pytest.mark.parametrize(("make", "at", "claim", "code"), CASES, ids=[c[3] for c in CASES])
def test_what_others_say(make: Any, at: Any, claim: int, code: str) -> None:
    first = diagnose(make(), claim, at).reasons[0]
    assert first.code == code
    assert first.exact
    assert holds(first.working, claim)


def test_torchvisions_numbers_for_two_applications() -> None:
    mobile = diagnose(keras.applications.MobileNetV2(weights=None), 3_504_872)
    assert mobile.value == 3_538_984
    assert mobile.reasons[0].code == "running_statistics"
    assert "34,112" in mobile.reasons[0].working
    residual = diagnose(keras.applications.ResNet50(weights=None), 25_557_032)
    assert residual.value == 25_636_712
    assert set(residual.reasons[0].code.split(" + ")) == {"running_statistics", "bias_before_batchnorm"}
    assert holds(residual.reasons[0].working, 25_557_032)
