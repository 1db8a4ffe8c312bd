"""Every operation of Keras has a law, or stands in a short list of those without; what a law says is what Keras computes."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import ANY

import keras
import numpy as np
import pytest
from introspect_keras.ops import OPERATIONS
from keras import ops, tree
from operations_keras import Sample, operations, samples

from introspect import explain

WITHOUT = {  # what comes out is a matter of values, or of code that it is given; the shape is then Keras' own
    "Arange", "AssociativeScan", "Bincount", "CTCDecode", "Cond", "Corrcoef", "Correlate", "Diagflat", "ForiLoop", "Function",
    "Histogram", "JVP", "Kron", "Map", "Ndim", "Nonzero", "Rearrange", "Scan", "ScaleAndTranslate", "Switch", "Unique", "Vander",
    "VectorizedMap", "View", "WhileLoop",
}  # fmt: skip
SAMPLES = samples()
NO_FUNCTION = {"SegmentReduction"}  # a base of others
MISDECLARED = {"slogdet", "adaptive_max_pool", "adaptive_average_pool"}  # Keras declares another shape than it computes
MISCOMPUTED = {("torch", "count_nonzero"), ("torch", "slice")}  # on PyTorch: axes in another order; nothing for a size of -1
PARTS = 6


def test_every_operation_has_a_law_or_is_listed() -> None:
    installed = operations()
    assert len(installed) > 200
    assert installed - set(OPERATIONS) <= WITHOUT
    assert not WITHOUT & set(OPERATIONS)


def test_every_operation_with_a_law_has_a_sample() -> None:
    sampled = {name.replace("_", "") for name in SAMPLES}
    short = {"rmsnorm": "rmsnormalization", "layernorm": "layernormalization", "batchnorm": "batchnormalization"}
    missing = {name for name in operations() & set(OPERATIONS) if short.get(name.lower(), name.lower()) not in sampled}
    assert missing == NO_FUNCTION


def inputs_of(sample: Sample) -> list[keras.KerasTensor]:
    return [keras.Input(batch_shape=shape, dtype=dtype) for shape, dtype in zip(sample.shapes, types_of(sample))]


def types_of(sample: Sample) -> tuple[str, ...]:
    return (*sample.dtypes, *["float32"] * (len(sample.shapes) - len(sample.dtypes)))


def numbers(shape: tuple[int, ...], dtype: str) -> Any:
    """Next to an identity matrix, so that what can be inverted is."""
    near = np.eye(*shape[-2:]) if len(shape) > 1 else np.ones(shape)
    values = near + 0.1 * np.random.default_rng(0).random(shape)
    return ops.convert_to_tensor(values.astype(dtype))


def leaving(made: Any) -> list[Any]:
    return [y for y in tree.flatten(made) if y is not None]


def computed(name: str) -> Any:
    """The shapes that Keras computes; on a backend that lacks the operation, or refuses these numbers, whatever there is."""
    sample = SAMPLES[name]
    if (keras.backend.backend(), name) in MISCOMPUTED:
        return ANY
    try:
        return [tuple(y.shape) for y in leaving(sample.apply(*map(numbers, sample.shapes, types_of(sample))))]
    except Exception:  # whatever a backend refuses with
        assert keras.backend.backend() != "tensorflow", name
        return ANY


@pytest.mark.parametrize("part", range(PARTS))
def test_the_law_of_an_operation_is_what_keras_declares_and_computes(part: int) -> None:
    chosen = list(SAMPLES)[part::PARTS]
    inputs = {name: inputs_of(SAMPLES[name]) for name in chosen}
    outputs = {name: leaving(SAMPLES[name].apply(*inputs[name])) for name in chosen}
    e = explain(keras.Model(inputs, outputs))
    given = iter(e.model.outputs)
    for name in sorted(chosen):
        declared = [tuple(y.shape) for y in outputs[name]]
        worked_out = [e.model.values[next(given)].shape for _ in declared]
        assert worked_out == computed(name), name
        assert (worked_out == declared) == (name not in MISDECLARED), name
    assert {row.kind_name for row in e.opaque} <= WITHOUT
    assert all(re.sub("_", "", name) in {row.kind_name.lower() for row in e.mismatches} for name in MISDECLARED & set(chosen))
