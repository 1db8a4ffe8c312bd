"""The models of `keras.applications`: what is published of them, and how each is held against it."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import assert_verified
from under_test_keras import keras

from introspect import explain

# millions, as keras.io's table of models prints them
PUBLISHED = {
    "Xception": "22.9", "VGG16": "138.4", "VGG19": "143.7", "ResNet50": "25.6", "ResNet50V2": "25.6", "ResNet101": "44.7",
    "ResNet101V2": "44.7", "ResNet152": "60.4", "ResNet152V2": "60.4", "InceptionV3": "23.9", "InceptionResNetV2": "55.9",
    "MobileNet": "4.3", "MobileNetV2": "3.5", "DenseNet121": "8.1", "DenseNet169": "14.3", "DenseNet201": "20.2",
    "NASNetMobile": "5.3", "NASNetLarge": "88.9", "EfficientNetB0": "5.3", "EfficientNetB1": "7.9", "EfficientNetB2": "9.2",
    "EfficientNetB3": "12.3", "EfficientNetB4": "19.5", "EfficientNetB5": "30.6", "EfficientNetB6": "43.3",
    "EfficientNetB7": "66.7", "EfficientNetV2B0": "7.2", "EfficientNetV2B1": "8.2", "EfficientNetV2B2": "10.2",
    "EfficientNetV2B3": "14.5", "EfficientNetV2S": "21.6", "EfficientNetV2M": "54.4", "EfficientNetV2L": "119.0",
    "ConvNeXtTiny": "28.6", "ConvNeXtSmall": "50.2", "ConvNeXtBase": "88.5", "ConvNeXtLarge": "197.7", "ConvNeXtXLarge": "350.1",
}  # fmt: skip
TO_THE_LAST_UNIT = {
    "ResNet50": 25_636_712, "InceptionV3": 23_851_784, "MobileNet": 4_253_864, "EfficientNetB0": 5_330_571,
    "Xception": 22_910_480, "NASNetMobile": 5_326_716, "MobileNetV2": 3_538_984, "VGG16": 138_357_544, "VGG19": 143_667_240,
}  # fmt: skip


def listed() -> set[str]:
    """The models that this Keras has."""
    return {name for name in dir(keras.applications) if name[0].isupper() and callable(getattr(keras.applications, name))}


def make_no_random_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of zero: nothing here looks at them, and drawing millions of numbers takes most of the time."""
    zeros: Any = keras.initializers.Zeros()
    for name in ("GlorotUniform", "VarianceScaling", "HeNormal", "TruncatedNormal", "RandomNormal", "RandomUniform"):
        monkeypatch.setattr(getattr(keras.initializers, name), "__call__", lambda self, *a, **k: zeros(*a, **k))


def as_published(name: str) -> None:
    """Every parameter and output shape of this model is verified, nothing is opaque, and the published total is reached."""
    model = getattr(keras.applications, name)(weights=None)
    e = explain(model)
    assert_verified(e)
    assert not e.opaque
    assert e.params == model.count_params()
    if name in TO_THE_LAST_UNIT:
        assert e.params == TO_THE_LAST_UNIT[name]
    if name in PUBLISHED:
        tenths = int(e.params) // 100_000
        assert PUBLISHED[name] in (f"{int(e.params) / 1e6:.1f}", f"{tenths / 10:.1f}")  # ConvNeXt's are cut, not rounded
    keras.backend.clear_session()
