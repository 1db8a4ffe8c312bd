"""The laws of Keras 3's attention, sums over named axes, stacked and convolutional recurrence, and wrappers."""

from __future__ import annotations

import strategies_composed_keras as strategies
from against_keras import holds
from breadth import covering
from hypothesis import given
from strategies_keras import Case


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
