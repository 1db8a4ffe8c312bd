"""`enable_lora` and `quantize`: what they add is worked out; what is packed into bytes is carried and marked."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from agreement import assert_verified
from keras import layers

from introspect import explain


def around(layer: Any, shape: tuple[int, ...]) -> keras.Sequential:
    return keras.Sequential([keras.Input(shape), layer])


LAYERS = {
    "dense": lambda: (layers.Dense(6, name="it"), (4,)),
    "einsum": lambda: (layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", name="it"), (5, 4)),
    "embedding": lambda: (layers.Embedding(7, 3, name="it"), (5,)),
}


@pytest.mark.parametrize(
    ("name", "rank", "mode", "params", "trainable"),
    [
        ("dense", 2, None, 4 * 6 + 6 + 2 * (4 + 6), 6 + 2 * (4 + 6)),
        ("einsum", 2, None, 4 * 2 * 3 + 2 * 3 + 4 * 2 * 2 + 2 * 3, 2 * 3 + 4 * 2 * 2 + 2 * 3),
        ("embedding", 2, None, 7 * 3 + 2 * (7 + 3), 2 * (7 + 3)),
        ("dense", None, "int8", 4 * 6 + 6 + 6, 6),
        ("einsum", None, "int8", 4 * 2 * 3 + 2 * 3 + 2 * 3, 2 * 3),
        ("embedding", None, "int8", 7 * 3 + 7, 0),
        ("dense", None, "float8", 4 * 6 + 6 + 3 * (1 + 1024), 4 * 6 + 6 + 3 * (1 + 1024)),
        ("dense", 2, "int8", 4 * 6 + 6 + 6 + 2 * (4 + 6), 6 + 2 * (4 + 6)),
    ],
)
def test_what_is_added_is_worked_out(name: str, rank: Any, mode: Any, params: int, trainable: int) -> None:
    layer, shape = LAYERS[name]()
    model = around(layer, shape)
    if rank:
        layer.enable_lora(rank)
    if mode:
        layer.quantize(mode)
    e = explain(model)
    assert_verified(e)
    assert not e.opaque
    assert (e.params, e.trainable) == (params, trainable)


def test_a_low_rank_layer_that_is_not_built() -> None:
    e = explain(layers.Dense(6, lora_rank=2, name="it"), (None, 4), verify=False)
    assert (e.params, e.trainable) == (50, 26)
    assert e["it"].neurons == 6


@pytest.mark.parametrize("name", LAYERS)
def test_packed_weights_are_opaque_and_what_comes_out_is_not(name: str) -> None:
    layer, shape = LAYERS[name]()
    model = around(layer, shape)
    layer.quantize("int4")
    e = explain(model)
    assert e.opaque_params == e.params == model.count_params()
    assert e["it"].neurons.known
    assert e.status == "incomplete"
    assert e.notes_on_totals == []


def test_a_dtype_policy_changes_no_number() -> None:
    plain, mixed = (explain(around(layers.Dense(6, dtype=dtype), (4,))) for dtype in ("float32", "mixed_float16"))
    assert_verified(mixed)
    assert (plain.params, plain.neurons) == (mixed.params, mixed.neurons) == (30, 6)
