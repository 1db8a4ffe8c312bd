"""Layers alike share one law: what their laws are made of is what `kinds.READS` says, and nothing else."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from introspect_keras import kinds
from introspect_keras.dialect import dialect_of
from strategies_keras import (
    Case,
    activations,
    convolutions,
    depthwise_convolutions,
    global_pools,
    merges,
    noises,
    normalizations,
    pools,
    rearrangements,
    resizings,
)
from under_test_keras import SECOND, layers

ALIKE = (convolutions, depthwise_convolutions, pools, global_pools, normalizations, activations, noises, rearrangements,
         resizings, merges)  # fmt: skip
ARGUMENTS: dict[str, dict[str, Any]] = {
    "Activation": {"activation": "relu"}, "Reshape": {"target_shape": (-1,)}, "Dropout": {"rate": 0.5}, "Rescaling": {"scale": 2},
    **{f"AveragePooling{rank}D": {"pool_size": 2} for rank in (1, 2, 3)},
    "InputLayer": {"batch_input_shape" if SECOND else "batch_shape": (None, 3)}, "Dense": {"units": 3},
    **{f"Conv{rank}D": {"filters": 3, "kernel_size": 2} for rank in (1, 2, 3)},
    **{f"SeparableConv{rank}D": {"filters": 3, "kernel_size": 2} for rank in (1, 2)},
    **{f"DepthwiseConv{rank}D": {"kernel_size": 2} for rank in (1, 2)},
}  # fmt: skip


def read_by_law(layer: Any) -> set[str]:
    """The attributes that this library looks at to make the law of `layer`."""
    cls, seen = type(layer), set()

    def watched(self: Any, name: str) -> Any:
        if sys._getframe(1).f_globals["__name__"].startswith("introspect"):
            seen.add(name)
        return cls.__getattribute__(self, name)

    twin = object.__new__(type(cls)(cls.__name__, (cls,), {"__getattribute__": watched, "__module__": __name__}))
    object.__getattribute__(twin, "__dict__").update(vars(layer))
    dialect_of(layer)._law(twin, None)  # type: ignore[attr-defined]
    return seen


def named(name: str) -> set[str]:
    """The attributes in the table; whether a layer is built says what its own dictionary holds."""
    names = {attribute.partition(".")[0] for attribute in kinds.READS[name]}
    return names | {"__dict__"} if "built" in names else names


@pytest.mark.parametrize("name", [name for name in kinds.READS if hasattr(layers, name)])
def test_a_law_is_made_of_the_attributes_in_the_table(name: str) -> None:
    read = read_by_law(getattr(layers, name)(**ARGUMENTS.get(name, {})))
    assert read <= named(name)


@given(st.one_of([strategy() for strategy in ALIKE]))
def test_a_law_is_made_of_the_attributes_in_the_table_in_every_configuration(case: Case) -> None:
    if case.name in kinds.READS and case.inner is None and hasattr(layers, case.name):  # old versions lack some
        try:
            layer = case.layer()
        except (ValueError, TypeError):  # Keras refuses it
            return
        assert read_by_law(layer) <= named(case.name)


def test_what_a_law_is_made_of_is_seen() -> None:
    assert {"units", "use_bias", "activation"} <= read_by_law(layers.Dense(3))


def test_layers_alike_share_a_law_and_others_do_not() -> None:
    made = [layers.Conv2D(4, 3), layers.Conv2D(4, 3), layers.Conv2D(4, 3, strides=2), layers.Conv2D(4, (3, 5))]
    dialect = dialect_of(made[0])
    one, same, *others = [dialect.law(layer, None) for layer in made]
    assert one is same is not None
    assert [law for law in others if law is None or law == one] == []
    assert len({id(law) for law in others}) == 2
