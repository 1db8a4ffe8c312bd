"""Recurrent layers around cells of the user's own, against what Keras makes of them. One body for tf.keras 2 and Keras 3."""

from __future__ import annotations

from typing import Any

import numpy as np
from agreement import disagreements
from breadth import sharing
from cells_keras import Plan, plans
from hypothesis import event, given

from introspect import Explanation, explain


def listed(made: Any) -> list[Any]:
    """A nest of tensors, flat."""
    if isinstance(made, (list, tuple)):
        return [tensor for part in made for tensor in listed(part)]
    return [made]


def run(layer: Any, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes that come out when the layer computes; it has made all its weights then."""
    return [tuple(tensor.shape) for tensor in listed(layer(np.zeros(shape, "float32")))]


def agrees(layer: Any, plan: Plan) -> Explanation:
    """What is worked out for the layer, unbuilt and on paper, is what Keras makes once it computes."""
    before = explain(layer, plan.shape, verify=False)
    assert not layer.weights
    assert not layer.built
    shapes = run(layer, plan.shape)
    assert list(before.layers[-1].output_shapes) == shapes
    assert before.params == layer.count_params() == sum(int(np.prod(weight.shape)) for weight in layer.weights)
    after = explain(layer, plan.shape)
    assert after.params == before.params
    assert list(after.layers[-1].output_shapes) == shapes
    return after


@sharing(2)
@given(plans())
def test_a_recurrence_around_cells_of_the_users_own(plan: Plan) -> None:
    layer = plan.layer()
    after = agrees(layer, plan)
    assert not after.mismatches, disagreements(after)
    assert [t.status for t in after.tensors if t.role != "unknown"] == [
        "verified" for t in after.tensors if t.role != "unknown"
    ]
    event("with weights of its own" if after.opaque_params else "verified")
