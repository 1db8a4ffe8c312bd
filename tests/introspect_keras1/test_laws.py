"""For every law: what it says of a layer's tensors and output is what Keras 1 makes; what Keras refuses is refused."""

from __future__ import annotations

import strategies_keras1 as strategies
from agreement_keras1 import holds
from breadth import covering
from hypothesis import given
from strategies_keras1 import Case


@given(strategies.convolutions())
def test_convolution(case: Case) -> None:
    holds(case)


@given(strategies.local_convolutions())
def test_locally_connected(case: Case) -> None:
    holds(case)


@covering(3)
@given(strategies.dense_layers())
def test_dense_maxout_and_highway(case: Case) -> None:
    holds(case)


@given(strategies.embeddings())
def test_embedding(case: Case) -> None:
    holds(case)


@given(strategies.pools())
def test_pooling(case: Case) -> None:
    holds(case)


@given(strategies.normalizations())
def test_normalization(case: Case) -> None:
    holds(case)


@given(strategies.distributed())
def test_time_distributed(case: Case) -> None:
    holds(case)


@covering(2)
@given(strategies.activations())
def test_activation(case: Case) -> None:
    holds(case)


@given(strategies.noises())
def test_noise(case: Case) -> None:
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
