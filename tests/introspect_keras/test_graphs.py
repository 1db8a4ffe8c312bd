"""Random functional graphs of Keras 3: worked out, verified to the last tensor, and the same when code applies their layers."""

from __future__ import annotations

from typing import Any

import keras
from agreement import assert_verified
from graphs_keras import graphs
from hypothesis import event, given, settings

from introspect import explain

EXAMPLES = max(settings.default.max_examples * 5 // 2, 25)  # 500 in CI


class Applied(keras.Model):
    """The graph of another model, applied by code."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__(name="applied")
        self.net = model

    def call(self, inputs: Any) -> Any:
        return self.net(inputs)


@settings(max_examples=EXAMPLES)
@given(graphs())
def test_a_random_graph_is_verified_and_is_the_same_when_it_is_applied_by_code(model: keras.Model) -> None:
    e = explain(model)
    event("with a law for everything" if not e.opaque else "something opaque")
    assert_verified(e)
    assert e.params == model.count_params()
    shapes = [(None, *x.shape[1:]) for x in model.inputs]
    again = explain(Applied(model), shapes if len(shapes) > 1 else shapes[0])
    assert again.params == e.params
    assert [r.output_shapes for r in again.layers if not r.function] == [r.output_shapes for r in e.layers if not r.function]
