"""For every law: what it says of a layer's tensors and output is what Keras makes; what Keras refuses is refused.

One body for Keras 2 and 3, collected where each is tested.
"""

from __future__ import annotations

import strategies_keras as strategies
from against_keras import holds
from breadth import covering
from hypothesis import given
from strategies_keras import Case


@given(strategies.convolutions())
def test_convolution(case: Case) -> None:
    holds(case)


@given(strategies.transposed_convolutions())
def test_transposed_convolution(case: Case) -> None:
    holds(case)


@covering(2)
@given(strategies.depthwise_convolutions())
def test_depthwise_and_separable_convolution(case: Case) -> None:
    holds(case)


@given(strategies.dense_layers())
def test_dense(case: Case) -> None:
    holds(case)


@given(strategies.embeddings())
def test_embedding(case: Case) -> None:
    holds(case)


@given(strategies.pools())
def test_pooling(case: Case) -> None:
    holds(case)


@covering(2)
@given(strategies.global_pools())
def test_global_and_adaptive_pooling(case: Case) -> None:
    holds(case)


@covering(6)
@given(strategies.normalizations())
def test_normalization(case: Case) -> None:
    holds(case)


@covering(3)
@given(strategies.recurrences())
def test_recurrence(case: Case) -> None:
    holds(case)


@covering(3)
@given(strategies.bidirectional_recurrences())
def test_bidirectional_recurrence(case: Case) -> None:
    holds(case)


@given(strategies.distributed())
def test_time_distributed(case: Case) -> None:
    holds(case)


@covering(3)
@given(strategies.activations())
def test_activation(case: Case) -> None:
    holds(case)


@covering(2)
@given(strategies.noises())
def test_noise_and_identity(case: Case) -> None:
    holds(case)


@covering(4)
@given(strategies.rearrangements())
def test_rearrangement(case: Case) -> None:
    holds(case)


@covering(3)
@given(strategies.resizings())
def test_padding_cropping_and_upsampling(case: Case) -> None:
    holds(case)


@covering(2)
@given(strategies.merges())
def test_merge(case: Case) -> None:
    holds(case)
