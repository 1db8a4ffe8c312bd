"""For every law: what it says of a layer's tensors and output is what Keras 1 makes; what Keras refuses is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import strategies_keras1 as strategies
from agreement import assert_verified
from breadth import covering
from hypothesis import event, given
from keras.layers import Input
from keras.models import Model
from strategies_keras1 import Case

from introspect import IntrospectError, explain
from introspect.serial import model_from_json, model_to_json


def holds(case: Case) -> None:
    """Keras and the law agree on `case`, by acceptance or by refusal."""
    inputs = [Input(batch_shape=shape) for shape in case.shapes]
    layer = case.layer()
    try:
        outputs = layer(inputs if len(inputs) > 1 else inputs[0])
    except Exception:  # whatever Keras refuses an input with
        event("refused")
        with pytest.raises(IntrospectError):
            explain(case.layer(), list(case.shapes))
        return
    if nothing_left(layer):
        event("nothing left")
        with pytest.raises(IntrospectError):
            explain(Model(inputs, outputs))
        return
    event("accepted")
    explained = explain(Model(inputs, outputs))
    assert_verified(explained)
    assert not explained.opaque
    assert model_from_json(json.loads(json.dumps(model_to_json(explained.model)))) == explained.model
    assert explained.reported is not None
    assert explained.trainable == explained.reported.trainable
    assert explain(case.layer(), list(case.shapes), verify=False).params == explained.params


def nothing_left(layer: Any) -> bool:
    """Whether Keras 1 has handed on a size below one, which it does not look at."""
    shapes = layer.inbound_nodes[0].output_shapes
    return any(dim is not None and dim < 1 for shape in shapes for dim in shape)


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


@covering(3)
@given(strategies.recurrences())
def test_recurrence(case: Case) -> None:
    holds(case)


@covering(3)
@given(strategies.bidirectional_recurrences())
def test_bidirectional_recurrence(case: Case) -> None:
    layer = case.layer()
    layer.build(case.shapes[0])  # alone: two loops of Theano in a graph take a quarter of a second
    layer.built = True
    explained = explain(layer, case.shapes[0])
    assert_verified(explained)
    assert not explained.opaque
    assert explained.reported is not None
    assert explained.trainable == explained.reported.trainable
    assert explain(case.layer(), case.shapes[0], verify=False).params == explained.params


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
