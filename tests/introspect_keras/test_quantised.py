"""Whatever is quantised or made low-rank, in whatever order and inside whatever layer, is worked out from its configuration."""

from __future__ import annotations

import json

import pytest
from agreement import assert_verified
from breadth import sharing
from hypothesis import event, given
from strategies_quantised_keras import Quantising, quantisings

from introspect import Explanation, IntrospectError, explain
from introspect.counting import count
from introspect.serial import model_from_json, model_to_json


def bytes_on_paper(e: Explanation) -> int:
    """What the packed tensors take, by their laws."""
    tensors = [tensor for entry in count(e.model).entries for tensor in entry.tensors]
    return sum(int(tensor.elements) for tensor in tensors if tensor.packed)


def holds(case: Quantising) -> None:
    """Keras and the laws agree on `case`, by acceptance or by refusal, and whether it is built or not."""
    try:
        model = case.model()
    except Exception:  # whatever Keras refuses it with
        event("refused")
        if case.by_dtype:
            with pytest.raises(IntrospectError):
                explain(case.layer(), case.inputs(), verify=False)
        return
    event(f"accepted: {case.policy and case.policy.partition('/')[0]}")
    e = explain(model)
    assert_verified(e)
    assert not e.opaque
    assert e.packed_bytes == bytes_on_paper(e)
    assert model_from_json(json.loads(json.dumps(model_to_json(e.model)))) == e.model
    if case.by_dtype:
        unbuilt = explain(case.layer(), case.inputs(), verify=False)
        assert (unbuilt.params, unbuilt.trainable) == (e.params, e.trainable)


@sharing(4)
@given(quantisings())
def test_quantised_and_low_rank_layers(case: Quantising) -> None:
    holds(case)
