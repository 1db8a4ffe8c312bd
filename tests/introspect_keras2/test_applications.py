"""The applications of tf.keras 2: every parameter and output shape verified, the published totals reached. All at night."""

from __future__ import annotations

import os

import pytest
import tensorflow as tf
from applications_keras import PUBLISHED, as_published, listed, make_no_random_numbers

DAILY = ["ResNet50", "MobileNetV2", "EfficientNetB0", "NASNetMobile", "MobileNetV3Small"]
NAMES = sorted(listed()) if os.environ.get("INTROSPECT_PROFILE") == "nightly" else DAILY
NEWEST = tf.__version__.startswith("2.15.")  # the others tested: 2.5
FAMILIES = ("MobileNetV3", "RegNet", "ResNetRS")  # keras.io's table is of later models


@pytest.fixture(autouse=True)
def no_random_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    make_no_random_numbers(monkeypatch)


def test_what_is_not_published_is_of_a_few_families() -> None:
    assert {name for name in listed() if name not in PUBLISHED and not name.startswith(FAMILIES)} == set()
    assert len(listed()) == (71 if NEWEST else 28)


@pytest.mark.parametrize("name", NAMES)
def test_an_application(name: str) -> None:
    as_published(name)
