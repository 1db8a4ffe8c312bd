"""Saved models of tf.keras 2: rebuilt in a graph of their own, in which variables take no memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import pytest
import tensorflow as tf

from introspect import compare, explain, saved
from introspect.errors import UnreadableError

layers = tf.keras.layers
KERAS_FILES = hasattr(tf.keras, "saving")  # since 2.12


def small() -> Any:
    x = inputs = tf.keras.Input((12, 12, 2), name="image")
    x = layers.Conv2D(4, 3, name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Reshape((100, 4), name="flat")(x)
    x = layers.Bidirectional(layers.GRU(3), name="both")(x)
    inner = tf.keras.Sequential([layers.Dense(5, name="a"), layers.Dense(5, name="b")], name="inner")
    return tf.keras.Model(inputs, inner(x), name="small")


@pytest.mark.parametrize("form", ["keras", "h5"] if KERAS_FILES else ["h5"])
def test_the_file_is_verified_by_what_it_stores(tmp_path: Path, form: str) -> None:
    model = small()
    model.compile("adam", "mse")
    model.save(tmp_path / f"small.{form}")
    e = saved.load(tmp_path / f"small.{form}")
    assert e.status == "verified", str(e)
    assert "stored in small" in e.render("text", width=200)
    assert e.params == explain(model).params
    assert compare(model, e).same
    trusted = saved.load(tmp_path / f"small.{form}", trust=True)
    assert trusted.params == e.params


def test_nothing_is_made_at_the_size_that_is_claimed(tmp_path: Path) -> None:
    model = tf.keras.Sequential([layers.Dense(3, input_shape=(4,), name="dense")])
    model.save(tmp_path / "large.h5")
    with h5py.File(tmp_path / "large.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][-1]["config"]["units"] = 10**9
        file.attrs["model_config"] = json.dumps(config)
    e = saved.load(tmp_path / "large.h5")
    assert e["dense"].params == 5 * 10**9
    assert e.status == "mismatch"


def test_an_operation_of_tensorflow_is_taken_where_it_is_arithmetic(tmp_path: Path) -> None:
    inputs = tf.keras.Input((4,))
    model = tf.keras.Model(inputs, layers.Dense(2, name="dense")(tf.math.exp(inputs) + 1.0))
    model.save(tmp_path / "op.h5")
    assert saved.load(tmp_path / "op.h5").params == 10
    with h5py.File(tmp_path / "op.h5", "r+") as file:
        text = file.attrs["model_config"]
        text = text if isinstance(text, str) else text.decode()
        assert '"math.exp"' in text
        file.attrs["model_config"] = text.replace('"math.exp"', '"io.gfile.rmtree"')
    with pytest.raises(UnreadableError, match="may do anything"):
        saved.load(tmp_path / "op.h5")


def test_code_in_a_file_is_refused(tmp_path: Path) -> None:
    model = tf.keras.Sequential([layers.Lambda(lambda x: x * 2, input_shape=(4,), name="double")])
    model.save(tmp_path / "code.h5")
    with pytest.raises(UnreadableError, match=r"code\.h5: the layer 'double' of this file is more than a configuration"):
        saved.load(tmp_path / "code.h5")


def test_weights_alone_are_tensors(tmp_path: Path) -> None:
    model = small()
    model.save_weights(tmp_path / "small.weights.h5")
    e = saved.load(tmp_path / "small.weights.h5")
    assert e.params == explain(model).params
    assert compare(model, e).difference == 0
