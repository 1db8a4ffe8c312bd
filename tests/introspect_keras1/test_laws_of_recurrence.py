"""The laws of recurrence against Keras 1: Theano takes its time to build what it unrolls."""

from __future__ import annotations

import strategies_keras1 as strategies
from agreement import assert_verified
from agreement_keras1 import holds
from breadth import covering
from hypothesis import given
from strategies_keras1 import Case

from introspect import explain


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
