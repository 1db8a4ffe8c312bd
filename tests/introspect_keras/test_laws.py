"""For every law: what it says of a layer's tensors and output is what Keras makes; what Keras refuses is refused."""

from __future__ import annotations

import json

import keras
import pytest
import strategies_keras as strategies
from agreement import assert_verified
from breadth import covering
from hypothesis import event, given
from strategies_keras import Case

from introspect import IntrospectError, explain
from introspect.serial import model_from_json, model_to_json


def refused_when_it_runs(case: Case) -> bool:
    """Whether Keras lets a graph be built that cannot run: adaptive pooling and wrapped layers are not asked for their rank."""
    (shape,) = case.shapes
    if case.inner is None:
        return case.name.startswith("Adaptive") and len(shape) != int(case.name[-2]) + 2
    try:
        case.inner.layer()(keras.Input(batch_shape=(shape[0], *shape[2:])))
    except Exception:  # whatever Keras refuses an input with
        return True
    return False


def holds(case: Case) -> None:
    """Keras and the law agree on `case`, by acceptance or by refusal."""
    try:
        layer = case.layer()
    except (ValueError, TypeError):
        event("no such layer")
        return
    inputs = [keras.Input(batch_shape=shape) for shape in case.shapes]
    try:
        outputs = layer(inputs if len(inputs) > 1 else inputs[0])
    except Exception:  # whatever Keras refuses an input with
        event("refused")
        with pytest.raises(IntrospectError):
            explain(case.layer(), list(case.shapes))
        return
    model = keras.Model(inputs, outputs)
    try:
        explained = explain(model)
    except IntrospectError:
        event("refused only when it runs")
        assert refused_when_it_runs(case), f"refused, though Keras takes it: {case}"
        return
    event("accepted")
    assert_verified(explained)
    assert not explained.opaque
    assert model_from_json(json.loads(json.dumps(model_to_json(explained.model)))) == explained.model
    assert explained.params == layer.count_params()
    assert explain(case.layer(), list(case.shapes), verify=False).params == explained.params


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
