"""Layers of tf.keras 2 that Keras 3 no longer has, by their laws."""

from __future__ import annotations

import strategies_keras2 as strategies
from against_keras import holds
from breadth import covering
from hypothesis import given
from strategies_keras import Case


@covering(3)
@given(strategies.local_convolutions())
def test_locally_connected(case: Case) -> None:
    holds(case)
