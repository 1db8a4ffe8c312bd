"""Whether Keras 1 and a law agree on a layer, by acceptance or by refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agreement import assert_verified
from hypothesis import event
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
