"""Document 003 as it was asked, of Keras 1.1.1: why 51,264, and not 1,664?"""

from __future__ import annotations

from keras.layers import Convolution2D, Dense, Flatten, MaxPooling2D
from keras.models import Sequential

from introspect import diagnose


def test_document_003() -> None:
    model = Sequential()
    model.add(Convolution2D(32, 5, 5, dim_ordering="th", input_shape=(1, 28, 28), activation="relu", name="conv1"))
    model.add(MaxPooling2D((2, 2), dim_ordering="th"))
    model.add(Convolution2D(64, 5, 5, dim_ordering="th", activation="relu", name="conv2"))
    model.add(MaxPooling2D((2, 2), dim_ordering="th"))
    model.add(Flatten())
    model.add(Dense(100, name="dense"))
    model.add(Dense(2, name="output"))
    found = diagnose(model, 1_664, "conv2")
    assert found.value == 51_264
    assert (found.reasons[0].code, found.reasons[0].working) == ("input_channels_forgotten", "(5·5 + 1)·64 = 1,664")
    assert diagnose(model, model.count_params()).right
