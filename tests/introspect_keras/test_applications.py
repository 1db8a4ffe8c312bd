"""keras.applications: every parameter and output shape verified, the published totals reached. All of them at night."""

from __future__ import annotations

import os

import keras
import pytest
from applications_keras import PUBLISHED, as_published, listed, make_no_random_numbers

NOT_IN_THE_TABLE = {"MobileNetV3Small", "MobileNetV3Large"}
DAILY = ["ResNet50", "InceptionV3", "MobileNet", "MobileNetV3Small", "EfficientNetB0", "Xception", "NASNetMobile", "MobileNetV2",
         "DenseNet121", "ConvNeXtTiny"]  # fmt: skip
NAMES = sorted({*PUBLISHED, *NOT_IN_THE_TABLE}) if os.environ.get("INTROSPECT_PROFILE") == "nightly" else DAILY
if keras.backend.backend() == "torch":
    NAMES = [name for name in NAMES if not name.startswith("NASNet")]  # which Keras refuses to build there


@pytest.fixture(autouse=True)
def no_random_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    make_no_random_numbers(monkeypatch)


def test_all_forty_are_listed() -> None:
    assert listed() == {*PUBLISHED, *NOT_IN_THE_TABLE}
    assert len(listed()) == 40


@pytest.mark.parametrize("name", NAMES)
def test_an_application(name: str) -> None:
    as_published(name)
