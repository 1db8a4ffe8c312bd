"""Models that are quantised as a whole: a transformer in every mode, calibrated, filtered, saved, compared and diagnosed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from agreement import assert_verified
from keras import layers, quantizers

from introspect import IntrospectError, compare, diagnose, explain
from introspect.saved import load

WIDTH, HEADS, HIDDEN, WORDS, LENGTH = 8, 2, 16, 20, 6
KERNELS = WORDS * WIDTH + 4 * WIDTH * WIDTH + 2 * WIDTH * HIDDEN  # an embedding, four projections, two dense layers
FLOATS = KERNELS + 4 * WIDTH + HIDDEN + WIDTH + 2 * WIDTH  # with their biases, and a normalisation
PLACES = {"embedding": (WIDTH, WORDS), "projections": (WIDTH, 4 * WIDTH), "up": (WIDTH, HIDDEN), "down": (HIDDEN, WIDTH)}
SCALES = WORDS + 4 * WIDTH + HIDDEN + WIDTH  # one for each place of a kernel that is not summed over


@keras.saving.register_keras_serializable(package="introspect tests")
class Block(layers.Layer):
    """Attention and two dense layers."""

    def __init__(self, dtypes: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name="attention")
        self.norm = layers.LayerNormalization(name="norm")
        self.up, self.down = layers.Dense(HIDDEN, dtype=dtypes, name="up"), layers.Dense(WIDTH, dtype=dtypes, name="down")

    def call(self, x: Any) -> Any:
        x = self.norm(x + self.attention(x, x))
        return x + self.down(self.up(x))


class Subclassed(keras.Model):  # type: ignore[misc]
    """An embedding and a block."""

    def __init__(self, dtypes: Any = None) -> None:
        super().__init__(name="words")
        self.embed, self.block = layers.Embedding(WORDS, WIDTH, name="embed"), Block(dtypes, name="block")

    def call(self, x: Any) -> Any:
        return self.block(self.embed(x))


def subclassed() -> Any:
    model = Subclassed()
    model(np.zeros((1, LENGTH), "int32"))
    return model


def functional() -> Any:
    words = keras.Input((LENGTH,), dtype="int32")
    x = layers.Embedding(WORDS, WIDTH, name="embed")(words)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name="attention")(x, x)]))
    return keras.Model(words, layers.Add()([x, layers.Dense(WIDTH, name="down")(layers.Dense(HIDDEN, name="up")(x))]))


def explained(model: Any) -> Any:
    return explain(model, (None, LENGTH))


def blocks(size: int) -> int:
    """Scales and zero points for each block of so many places, and the block of each place."""
    found = sum(2 * -(-rows // size) * columns for rows, columns in PLACES.values())
    return found + 2 * WIDTH + HIDDEN + 4 * WIDTH


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.filterwarnings("ignore:Invalid quantization mode. Expected one of")
@pytest.mark.parametrize(
    ("make", "config", "beside", "trained"),
    [
        (subclassed, quantizers.Int8QuantizationConfig(), SCALES, FLOATS - KERNELS),
        (functional, quantizers.Int4QuantizationConfig(block_size=None), SCALES, FLOATS - KERNELS),
        (subclassed, quantizers.Int4QuantizationConfig(block_size=4), blocks(4), FLOATS - KERNELS),
        (functional, quantizers.Float8QuantizationConfig(), 6 * 3 * 1025, FLOATS + 6 * 3 * 1025),
    ],
)
def test_a_transformer_in_every_mode(make: Any, config: Any, beside: int, trained: int) -> None:
    before = explained(make())
    model = make()
    model.quantize(config=config)
    e = explained(model)
    assert_verified(e)
    assert not e.opaque
    assert (before.params, e.params, e.trainable) == (FLOATS, FLOATS + beside, trained)
    assert (e.neurons, e.connections) == (before.neurons, before.connections)
    assert e.packed_bytes == (KERNELS // 2 if config.mode == "int4" else 0)


class Numbers:
    """A tokenizer of what is numbers already."""

    def tokenize(self, text: Any) -> Any:
        return np.asarray(text).reshape(-1)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.filterwarnings("ignore:Invalid quantization mode. Expected one of")
@pytest.mark.parametrize(("config", "more"), [(quantizers.GPTQConfig, {}), (quantizers.AWQConfig, {"num_grid_points": 1})])
def test_a_transformer_that_is_calibrated(config: Any, more: dict[str, Any]) -> None:
    model = subclassed()
    model.quantize(config.__name__[:4].lower().rstrip("c"), config(
        [np.arange(LENGTH) % WORDS for _ in range(2)], Numbers(), num_samples=1, sequence_length=LENGTH, group_size=4, **more,
        quantization_layer_structure={"pre_block_layers": [model.embed], "sequential_blocks": [model.block]},
    ))  # fmt: skip
    e = explained(model)
    assert_verified(e)
    assert not e.opaque
    rows = 4 * WIDTH + WIDTH + HIDDEN
    columns = -(-WIDTH // 4) * (4 * WIDTH + HIDDEN) + HIDDEN // 4 * WIDTH
    assert e.params == FLOATS + 2 * columns + rows * (2 if config is quantizers.AWQConfig else 1)
    assert e.trainable == FLOATS - KERNELS + WORDS * WIDTH  # the embedding stays as it is
    assert e.packed_bytes == (KERNELS - WORDS * WIDTH) // 2


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
def test_only_what_a_filter_lets_through() -> None:
    model = functional()
    model.quantize("int8", filters="query|down")
    e = explained(model)
    assert_verified(e)
    assert e.params == FLOATS + 2 * WIDTH
    assert e.trainable == FLOATS - WIDTH * WIDTH - HIDDEN * WIDTH


def test_a_model_that_is_not_built_by_its_dtypes() -> None:
    unbuilt, built = Subclassed("int4/4_from_float32"), Subclassed("int4/4_from_float32")
    built(np.zeros((1, LENGTH), "int32"))
    e = explained(built)
    assert_verified(e)
    on_paper = explain(unbuilt, (None, LENGTH), verify=False)
    assert (on_paper.params, on_paper.trainable) == (e.params, e.trainable)
    assert e.params == FLOATS + 2 * 2 * HIDDEN + WIDTH + 2 * 4 * WIDTH + HIDDEN
    assert not unbuilt.built


def test_kernels_of_low_rank_in_attention() -> None:
    model = functional()
    for part in model._flatten_layers():
        if hasattr(part, "enable_lora"):
            part.enable_lora(2)
    e = explained(model)
    assert_verified(e)
    per_head = 2 * (WIDTH * HEADS + WIDTH // HEADS)  # the last axis of a projection's kernel is that of one head
    narrow = 2 * (WORDS + WIDTH) + 3 * per_head + 2 * (WIDTH + WIDTH) + 2 * 2 * (WIDTH + HIDDEN)
    assert (e.params, e.trainable) == (FLOATS + narrow, FLOATS - KERNELS + narrow)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.parametrize("mode", [None, "int4"])
def test_a_saved_model_keeps_its_bits_and_has_its_low_rank_merged(tmp_path: Path, mode: Any) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(5, name="it")])
    if mode:
        model.quantize(mode)
    model.layers[0].enable_lora(2)
    model.save(tmp_path / "model.keras")
    e = load(tmp_path / "model.keras")
    assert_verified(e)
    assert e.params == explain(model).params
    assert e.packed_bytes == (4 * 3 if mode else 0)
    assert "Keras makes 18 new" in str(e)


def test_a_dtype_that_some_layers_cannot_run_in_is_told() -> None:
    e = explain(layers.LSTM(3, dtype="int8_from_float32", name="it"), (None, 4, 2), verify=False)
    assert "Keras counts what has the dtype int8_from_float32 and refuses to run it" in str(e)
    assert not explain(layers.Dense(3, dtype="int8_from_float32"), (None, 4), verify=False).model.notes


def test_a_policy_for_some_paths_leaves_what_is_not_built_open() -> None:
    policies = keras.dtype_policies.DTypePolicyMap("float32", {"model/it": keras.dtype_policies.get("int8_from_float32")})
    e = explain(layers.Dense(3, dtype=policies), (None, 4), verify=False)
    assert e.opaque
    assert not e.params.known
    assert e.layers[-1].output_shape[-1] == 3


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (lambda: layers.Embedding(4, 3, dtype="float8_from_float32"), "Embedding cannot be quantised so"),
        (lambda: layers.Dense(3, lora_rank=2, dtype="gptq/4/2_from_float32"), "a kernel of low rank cannot be quantised so"),
        (lambda: layers.Dense(3, lora_rank=2, kernel_constraint="non_neg"), "a kernel of low rank cannot be constrained"),
        (
            lambda: layers.EinsumDense("...x,xy->...y", 3, dtype="int8_from_float32"),
            "no kernel is quantised beside an ellipsis",
        ),
    ],
)
def test_what_keras_refuses_is_refused(layer: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError, NotImplementedError)):
        layer().build((None, 4))
    with pytest.raises(IntrospectError, match=words):
        explain(layer(), (None, 4), verify=False)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
def test_a_quantised_model_beside_its_float_twin_and_beside_another() -> None:
    eight, four = functional(), functional()
    plain = explain(eight)
    eight.quantize("int8")
    four.quantize("int4")
    found = [compare(plain, eight), compare(plain, four), compare(eight, four)]
    assert [[reason.code for reason in one.reasons] for one in found] == [["quantized"], ["quantized"], ["whole_numbers"]]
    assert not any(one.unexplained for one in found)
    claims = {four.count_params(): "packed", FLOATS: "quantized_left_out"}
    assert {claim: diagnose(four, claim).reasons[0].code for claim in claims} == claims
    assert diagnose(plain, four.count_params()).reasons[0].code == "quantized"
