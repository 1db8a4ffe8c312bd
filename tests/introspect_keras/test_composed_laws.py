"""The laws of Keras 3's attention, sums over named axes, stacked and convolutional recurrence, and wrappers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import strategies_composed_keras as strategies
from against_keras import holds
from agreement import assert_verified
from breadth import covering, sharing
from hypothesis import given
from hypothesis import strategies as st
from keras import layers
from strategies_keras import Case

from introspect import explain

KINDS = ("SimpleRNN", "LSTM", "GRU")


@given(strategies.multi_head_attentions())
def test_multi_head_attention(case: Case) -> None:
    holds(case)


@given(strategies.grouped_attentions())
def test_grouped_attention(case: Case) -> None:
    holds(case)


@covering(1)
@given(strategies.dot_attentions())
def test_dot_and_additive_attention(case: Case) -> None:
    holds(case)


@given(strategies.einsum_denses())
def test_einsum_dense(case: Case) -> None:
    holds(case)


@given(strategies.dots())
def test_dot(case: Case) -> None:
    holds(case)


@given(strategies.convolutional_recurrences())
def test_convolutional_recurrence(case: Case) -> None:
    holds(case)


@given(strategies.stacked_recurrences())
def test_stacked_recurrence(case: Case) -> None:
    holds(case)


@given(strategies.spectral_norms())
def test_spectral_normalization(case: Case) -> None:
    holds(case)


@given(strategies.reversible_embeddings())
def test_reversible_embedding(case: Case) -> None:
    holds(case)


def two_kinds(kinds: tuple[str, str], units: tuple[int, int], **options: Any) -> Any:
    first = getattr(layers, kinds[0])(units[0], return_sequences=options.get("sequences", False))
    second = getattr(layers, kinds[1])(
        units[1],
        return_sequences=options.get("sequences", False),
        use_bias=options.get("bias", True),
        go_backwards=True,
    )
    x = keras.Input((5, 3))
    return keras.Model(x, layers.Bidirectional(first, options.get("merge", "concat"), backward_layer=second, name="both")(x))


@sharing(4)
@given(
    kinds=st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
    units=st.integers(1, 4),
    options=st.fixed_dictionaries(
        {
            "sequences": st.booleans(),
            "bias": st.booleans(),
            "merge": st.sampled_from(["concat", "sum", "mul", "ave", None]),
        }
    ),
)
def test_recurrences_of_two_kinds(kinds: tuple[str, str], units: int, options: dict[str, Any]) -> None:
    model = two_kinds(kinds, (units, units), **options)
    e = explain(model)
    assert_verified(e)
    assert e.params == model.count_params()


@pytest.mark.parametrize("kinds", [("LSTM", "LSTM"), ("GRU", "SimpleRNN")])
def test_recurrences_of_two_sizes_where_keras_declares_the_first_one_twice(kinds: tuple[str, str]) -> None:
    model = two_kinds(kinds, (1, 2))
    row = explain(model)["both"]
    made = model(np.zeros((1, 5, 3), "float32"))
    assert row.output_shape[1:] == tuple(made.shape)[1:] == (3,)
    assert row.status == "mismatch"
    assert tuple(model.output_shape) == (None, 2)
    assert row.params == model.count_params()
