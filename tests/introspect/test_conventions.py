"""The table of conventions: every entry speaks of fields that exist, and every alternative does what its entry says."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from introspect.conventions import (
    CONVENTIONS,
    Convention,
    alternatives,
    conventions,
    field_differences,
    hyper_parameters,
    rewrapped,
    unwrapped,
)
from introspect.defaults import DEFAULTS, defaults
from introspect.layers import (
    BatchNorm,
    Bilinear,
    Conv,
    DataNormalization,
    Dense,
    DepthwiseConv,
    GroupNorm,
    LayerNorm,
    LocallyConnected,
    MultiHeadAttention,
    Pool,
    PReLU,
    Quantized,
    Recurrent,
    SeparableConv,
    TimeDistributed,
    TransposedConv,
)
from introspect.layers.base import Shape, Spec, Tensor

IMAGE: Shape = (1, 4, 9, 8)
SEQUENCE: Shape = (1, 5, 16)
NO_PADDING = ((0, 0), (0, 0))
SLIDE: Any = ((3, 3), (2, 2), NO_PADDING)
SAMPLES: dict[str, tuple[Spec, Shape]] = {
    "lstm": (Recurrent("lstm", 32, 16), SEQUENCE),
    "projected lstm": (Recurrent("lstm", 32, 16, 2, projection_size=8), SEQUENCE),
    "gru": (Recurrent("gru", 32, 16, 2, reset_after=True), SEQUENCE),
    "rnn": (Recurrent("simple", 32, 16), SEQUENCE),
    "conv": (Conv(*SLIDE, filters=6, groups=2), IMAGE),
    "quantised": (Quantized(Dense(6)), SEQUENCE),
    "conv without bias": (Conv(*SLIDE, bias=None, filters=6), IMAGE),
    "depthwise": (DepthwiseConv(*SLIDE), IMAGE),
    "separable": (SeparableConv(*SLIDE, filters=6), IMAGE),
    "transposed": (TransposedConv(*SLIDE, filters=6, groups=2), IMAGE),
    "local": (LocallyConnected(*SLIDE, filters=4), IMAGE),
    "dense": (Dense(5), IMAGE),
    "bilinear": (Bilinear(5, 3, 4), (1, 3)),
    "batch norm": (BatchNorm(), IMAGE),
    "batch norm with buffers": (BatchNorm(statistics="buffers", counter=True), IMAGE),
    "batch norm per location": (BatchNorm(parameter_axis=(1, 2, 3)), IMAGE),
    "layer norm": (LayerNorm(), IMAGE),
    "group norm": (GroupNorm(groups=2), IMAGE),
    "prelu": (PReLU(), IMAGE),
    "attention": (MultiHeadAttention(16, 4), SEQUENCE),
    "data": (DataNormalization(), IMAGE),
    "pool": (Pool((3, 3), (2, 2), NO_PADDING), IMAGE),
    "steps": (TimeDistributed(Dense(5)), SEQUENCE),
}
TRIED = [
    (name, found, law) for name, (spec, x) in SAMPLES.items() for found, law in alternatives(spec, (x,))
]  # fmt: skip


def ledger(spec: Spec, x: Shape) -> list[tuple[str, Any, bool, bool]]:
    return [(t.key, t.size, t.trainable, t.buffer) for t in spec.tensors(x)]


@pytest.mark.parametrize("entry", CONVENTIONS, ids=lambda entry: entry.code)
def test_every_entry_speaks_of_fields_that_its_laws_have(entry: Convention) -> None:
    for kind in entry.kinds:
        fields = {field.name for field in dataclasses.fields(Spec.registry[kind])}
        assert fields & set(entry.fields), kind


def test_the_codes_are_words_and_each_is_there_once() -> None:
    codes = [entry.code for entry in CONVENTIONS]
    assert len(codes) == len(set(codes))
    assert all(code.isidentifier() and code == code.lower() for code in codes)


@pytest.mark.parametrize(("name", "entry", "law"), TRIED, ids=lambda value: getattr(value, "code", None))
def test_an_alternative_changes_what_its_entry_says_and_nothing_else(name: str, entry: Convention, law: Spec) -> None:
    spec, x = SAMPLES[name]
    changed = set(field_differences(spec, law))
    assert changed
    assert changed <= set(entry.fields)
    assert entry.states(unwrapped(spec)) != entry.states(unwrapped(law))
    if entry.shape_only and name != "local":  # where every position has a kernel of its own
        assert ledger(spec, x) == ledger(law, x)
    else:
        assert ledger(spec, x) != ledger(law, x)


def test_every_entry_has_an_alternative_among_the_samples() -> None:
    assert {entry.code for _, entry, _ in TRIED} == {entry.code for entry in CONVENTIONS}


def test_a_rounding_a_padding_and_a_rule_change_the_output() -> None:
    for name in ("pool", "conv", "transposed"):
        spec, x = SAMPLES[name]
        outputs = {law.output(x) for entry, law in alternatives(spec, (x,)) if entry.shape_only}
        assert outputs - {spec.output(x)}


def test_a_wrapper_is_seen_through() -> None:
    spec = TimeDistributed(TimeDistributed(Dense(5)))
    assert unwrapped(spec) == Dense(5)
    assert rewrapped(spec, {"units": 7}) == TimeDistributed(TimeDistributed(Dense(7)))
    assert [c.code for c in conventions(spec)] == [c.code for c in conventions(Dense(5))]


def test_what_restates_the_input_is_no_difference() -> None:
    assert field_differences(Dense(5, in_features=3), Dense(6)) == {"units": (5, 6)}
    assert hyper_parameters(Conv(*SLIDE)) == ("kernel_size", "stride", "dilation", "filters", "groups")


CASES = {
    ("simple", "PyTorch"): 1600, ("simple", "Keras"): 1568, ("simple", "Lasagne"): 1600,
    ("lstm", "PyTorch"): 6400, ("lstm", "Keras"): 6272, ("lstm", "Lasagne"): 6432,
    ("gru", "PyTorch"): 4800, ("gru", "Keras"): 4800, ("gru", "Keras 1"): 4704, ("gru", "Lasagne"): 4736,
}  # fmt: skip


@pytest.mark.parametrize(("cell", "framework"), CASES, ids=str)
def test_what_each_framework_says_of_a_recurrent_layer_of_16_to_32(cell: str, framework: str) -> None:
    found = {d.framework: law for d, law in defaults(Recurrent(cell, 32, 16))}
    assert sum(int(t.size) for t in found[framework].tensors()) == CASES[cell, framework]


def test_a_layer_that_a_framework_does_not_have_is_left_out() -> None:
    assert [d.framework for d, _ in defaults(SAMPLES["projected lstm"][0])] == ["PyTorch"]


def test_what_each_framework_says_of_a_prelu_on_8_by_8_by_4() -> None:
    x: Shape = (1, 8, 8, 4)
    found = {d.framework: size(law.tensors(x)) for d, law in defaults(PReLU(), (x,), "last")}
    assert found == {"PyTorch": 1, "Keras": 256, "Lasagne": 4}
    assert size(next(law for d, law in defaults(PReLU(), (IMAGE,)) if d.framework == "Lasagne").tensors(IMAGE)) == 4


def size(tensors: tuple[Tensor, ...]) -> int:
    return sum(int(t.size) for t in tensors)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_default_is_a_law_that_counts(name: str) -> None:
    spec, x = SAMPLES[name]
    for default, law in defaults(spec, (x,)):
        assert default in DEFAULTS
        assert ledger(law, x)
