"""`enable_lora` and `quantize`: what they add is worked out; of what is packed, the numbers count, and the bytes beside them."""

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
    "both_ways": lambda: (layers.ReversibleEmbedding(7, 5, tie_weights=False, name="it"), (5,)),
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


def blocks(size: Any) -> keras.quantizers.QuantizationConfig:
    return keras.quantizers.Int4QuantizationConfig(block_size=size)


@pytest.mark.parametrize(
    ("name", "block", "params", "stored", "counted"),
    [
        ("dense", None, 4 * 6 + 6 + 6, 4 * 3, 4 * 3 + 6 + 6),
        ("dense", 3, 4 * 6 + 6 + 2 * 2 * 6 + 4, 4 * 3, 4 * 3 + 6 + 2 * 2 * 6 + 4),
        ("dense", 128, 4 * 6 + 6 + 2 * 6 + 4, 4 * 3, 4 * 3 + 6 + 2 * 6 + 4),
        ("einsum", None, 4 * 6 + 6 + 6, 4 * 3, 4 * 3 + 6 + 6),
        ("einsum", 3, 4 * 6 + 6 + 2 * 2 * 6 + 4, 4 * 3, 4 * 3 + 6 + 2 * 2 * 6 + 4),
        ("embedding", None, 7 * 3 + 7, 7 * 2, 7 * 2 + 7),
        ("embedding", 2, 7 * 3 + 2 * 7 * 2 + 3, 7 * 2, 7 * 2 + 2 * 7 * 2 + 3),
        ("both_ways", None, 2 * 7 * 5 + 2 * 7, 2 * 7 * 3, 2 * 7 * 3 + 2 * 7),
        ("both_ways", 2, 2 * 7 * 5 + 4 * 3 * 7 + 5, 2 * 7 * 3, 2 * 7 * 3 + 4 * 3 * 7 + 5),
    ],
)
def test_four_bits_are_two_to_a_byte(name: str, block: Any, params: int, stored: int, counted: int) -> None:
    """Keras counts the bytes; what is counted here is the numbers that they stand for, and the bytes beside them."""
    layer, shape = LAYERS[name]()
    model = around(layer, shape)
    model.quantize(config=blocks(block))
    e = explain(model)
    assert_verified(e)
    assert (e.params, e.packed_bytes, model.count_params()) == (params, stored, counted)
    assert f"count_params() says {counted}:" in str(e)


def test_what_is_packed_differently_than_keras_says_is_a_mismatch() -> None:
    layer, shape = LAYERS["dense"]()
    model = around(layer, shape)
    model.quantize(config=blocks(None))
    layer._orig_output_dim = 5  # as many bytes, another number of columns
    assert explain(model).status == "mismatch"


def test_a_policy_says_how_large_a_block_is() -> None:
    unbuilt = explain(layers.Dense(6, dtype="int4/3_from_float32", name="it"), (None, 4), verify=False)
    built = explain(around(layers.Dense(6, dtype="int4/3_from_float32", name="it"), (4,)))
    assert_verified(built)
    assert unbuilt.params == built.params == 4 * 6 + 6 + 2 * 2 * 6 + 4


@pytest.mark.parametrize("name", ["dense", "einsum", "embedding"])
def test_low_rank_kernels_beside_four_bits(name: str) -> None:
    layer, shape = LAYERS[name]()
    model = around(layer, shape)
    model.quantize("int4")
    before = explain(model).params
    layer.enable_lora(2)
    e = explain(model)
    assert_verified(e)
    added = {"dense": 2 * (4 + 6), "einsum": 4 * 2 * 2 + 2 * 3, "embedding": 2 * (7 + 3)}
    assert e.params == int(before) + added[name]


def test_both_kernels_of_an_embedding_read_backwards_are_whole_numbers() -> None:
    layer, shape = LAYERS["both_ways"]()
    model = around(layer, shape)
    model.quantize("int8")
    e = explain(model)
    assert_verified(e)
    assert e.params == 2 * 7 * 5 + 2 * 7


@pytest.mark.parametrize(
    ("mode", "block", "params"),
    [
        # three projections from 8 to 2 heads of 3, and one back: kernels, biases, and a scale for each output
        ("int8", None, 3 * (8 * 6 + 6 + 6) + 6 * 8 + 8 + 8),
        # scales and zero points for each 4 places that are summed over, and the block of each of these places
        ("int4", 4, 3 * (8 * 6 + 6 + 2 * 2 * 6 + 8) + 6 * 8 + 8 + 2 * 2 * 8 + 6),
    ],
)
def test_projections_quantised_inside_a_layer(mode: str, block: Any, params: int) -> None:
    x = keras.Input((5, 8))
    model = keras.Model(x, layers.MultiHeadAttention(2, 3, name="it")(x, x))
    model.quantize(config=keras.quantizers.Int8QuantizationConfig() if mode == "int8" else blocks(block))
    e = explain(model)
    assert_verified(e)
    assert not e.opaque
    assert e.params == params


def test_a_dtype_policy_changes_no_number() -> None:
    plain, mixed = (explain(around(layers.Dense(6, dtype=dtype), (4,))) for dtype in ("float32", "mixed_float16"))
    assert_verified(mixed)
    assert (plain.params, plain.neurons) == (mixed.params, mixed.neurons) == (30, 6)
