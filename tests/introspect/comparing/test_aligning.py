"""Which layer is which: missing, extra and reordered branches, other nesting and names, layers written as two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import papers
import pytest
from accounted import assert_accounted
from edits import MODELS
from hypothesis import given
from hypothesis import strategies as st

from introspect import compare, explain
from introspect.building import Builder
from introspect.comparing.aligning import align
from introspect.comparing.flow import Flow
from introspect.ir import Model
from introspect.layers import (
    Activation,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    MultiHeadAttention,
    Noise,
    Pad,
    Recurrent,
    SeparableConv,
    TimeDistributed,
)
from introspect.layers.base import Spec


def pairs(a: Model, b: Model) -> list[tuple[Any, Any]]:
    flows = Flow(explain(a)), Flow(explain(b))
    return [(u and u.path, v and v.path) for u, v in align(flows[0].units, flows[1].units)]


def renamed(model: Model, prefix: str = "body.") -> Model:
    """The same model, nested in another, so that no path is the same."""
    return replace(model, layers=tuple(replace(layer, path=f"{prefix}{i}") for i, layer in enumerate(model.layers)))


def branching(order: tuple[str, ...]) -> Model:
    """Branches side by side, in a given order of execution."""
    builder = Builder("", "", "branches")
    stem = builder.input((1, 8, 6, 6))
    laws: dict[str, list[Spec]] = {
        "one": [papers.conv(4, 1)], "three": [papers.conv(6, 1), papers.conv(12, 3, 1, 1)], "pool": [papers.conv(5, 1)],
    }  # fmt: skip
    ends = {}
    for name in order:
        value = stem
        for i, spec in enumerate(laws[name]):
            (value,) = builder.call(builder.layer(f"{name}{i}", spec), [value])
        ends[name] = value
    joined = builder.call(builder.layer("join", Concatenate(1)), [ends[n] for n in ("one", "three", "pool") if n in ends])
    return builder.finish(builder.call(builder.layer("out", papers.conv(3, 1)), joined))


@given(MODELS)
def test_names_are_only_a_hint(model: Model) -> None:
    c = compare(model, renamed(model))
    assert not any(account.reasons or account.difference for account in c.accounts)


@given(st.permutations(["one", "three", "pool"]), st.permutations(["one", "three", "pool"]))
def test_branches_in_another_order(a: list[str], b: list[str]) -> None:
    found = pairs(branching(tuple(a)), branching(tuple(b)))
    assert all(x == y for x, y in found)
    assert compare(branching(tuple(a)), renamed(branching(tuple(b)))).difference == 0


def test_a_missing_branch_leaves_the_others_where_they_are() -> None:
    whole, part = branching(("one", "three", "pool")), branching(("one", "pool"))
    found = pairs(whole, part)
    assert ("three0", None) in found
    assert ("three1", None) in found
    assert {("one0", "one0"), ("pool0", "pool0"), ("out", "out")} <= set(found)
    c = compare(whole, part)
    assert_accounted(c)
    assert c.difference == (8 * 6 + 6) + (9 * 6 * 12 + 12) + 12 * 3
    assert {reason.code for reason in c.reasons} == {"only_in_a"}


def test_a_layer_in_between() -> None:
    steps: papers.Steps = [("a", papers.conv(4)), ("b", papers.conv(4, 3, 1, 1)), ("c", papers.conv(6))]
    more: papers.Steps = [*steps[:2], ("new", papers.conv(4, 3, 1, 1)), steps[2]]
    found = pairs(papers.chain((1, 3, 12, 12), steps), papers.chain((1, 3, 12, 12), more))
    assert found == [("a", "a"), ("b", "b"), (None, "new"), ("c", "c")]


def test_a_model_in_another_size_is_paired_name_by_name() -> None:
    narrow, wide = (
        papers.chain((1, 3, 12, 12), [(f"{i}", papers.conv(n * width)) for i, n in enumerate((1, 2, 4))]) for width in (4, 8)
    )
    assert pairs(narrow, wide) == [("0", "0"), ("1", "1"), ("2", "2")]
    assert ("body.3", "1") in pairs(renamed(narrow), wide)  # without names to go by, equal kernels are


def test_what_owns_nothing_has_no_effect() -> None:
    plain: papers.Steps = [("conv", papers.conv(4, activation="relu")), ("flatten", papers.Flatten()), ("fc", Dense(3))]
    apart: papers.Steps = [
        ("conv", papers.conv(4)), ("act", Activation("relu")), ("drop", Noise()), ("f1", papers.Flatten(2)),
        ("f2", papers.Flatten()), ("fc", Dense(3)), ("softmax", Activation("softmax")),
    ]  # fmt: skip
    assert compare(papers.chain((1, 2, 8, 8), plain), papers.chain((1, 2, 8, 8), apart)).same


def test_padding_that_is_a_layer_of_its_own_has_no_effect() -> None:
    inside: papers.Steps = [("conv", papers.conv(4, 3, 2, 1))]
    outside: papers.Steps = [("pad", Pad(((1, 1), (1, 1)), 2)), ("conv", papers.conv(4, 3, 2))]
    assert compare(papers.chain((1, 2, 8, 8), inside), papers.chain((1, 2, 8, 8), outside)).same


def test_the_order_of_axes_has_no_effect() -> None:
    first: papers.Steps = [("conv", papers.conv(4)), ("flatten", papers.Flatten()), ("fc", Dense(3))]
    last: papers.Steps = [("conv", papers.conv(4, channels="last")), ("flatten", papers.Flatten()), ("fc", Dense(3))]
    assert compare(papers.chain((1, 2, 8, 9), first), papers.chain((1, 8, 9, 2), last)).same


def one(spec: Spec, *shape: int) -> Model:
    return papers.chain(shape, [("layer", spec)])


SLIDE: Any = ((3, 3), (1, 1), ((1, 1), (1, 1)))


@pytest.mark.parametrize("multiplier", [1, 2])
def test_a_separable_convolution_as_two_layers(multiplier: int) -> None:
    spec = SeparableConv(*SLIDE, filters=8, depth_multiplier=multiplier)
    steps: papers.Steps = [("d", DepthwiseConv(*SLIDE, depth_multiplier=multiplier, bias=None)), ("p", papers.conv(8, 1))]
    c = compare(one(spec, 1, 4, 9, 9), papers.chain((1, 4, 9, 9), steps))
    assert_accounted(c)
    assert c.difference == 0
    assert not c.reasons
    assert c["neurons"].difference == -4 * multiplier * 9 * 9


def test_a_depthwise_convolution_is_one_with_groups() -> None:
    grouped = Conv(*SLIDE, filters=8, groups=4)
    assert compare(one(DepthwiseConv(*SLIDE, depth_multiplier=2), 1, 4, 9, 9), one(grouped, 1, 4, 9, 9)).same


def test_a_stack_of_recurrent_layers_as_single_ones() -> None:
    stack = Recurrent("lstm", 6, layers=2, bidirectional=True)
    apart: papers.Steps = [("first", stack.replace(layers=1)), ("second", stack.replace(layers=1))]
    c = compare(one(stack, 1, 7, 5), papers.chain((1, 7, 5), apart))
    assert c.difference == 0
    assert not c.reasons


def test_groups_as_layers_of_their_own() -> None:
    from introspect.layers import Slice

    builder = Builder("", "", "halves")
    whole = builder.input((1, 4, 9, 9))
    ends = []
    for i in (0, 2):
        (half,) = builder.call(builder.layer(f"half{i}", Slice(1, i, i + 2)), [whole])
        ends += builder.call(builder.layer(f"conv{i}", Conv(*SLIDE, filters=3)), [half])
    halves = builder.finish(builder.call(builder.layer("join", Concatenate(1)), ends))
    c = compare(one(Conv(*SLIDE, filters=6, groups=2), 1, 4, 9, 9), halves)
    assert not any(account.difference or account.reasons for account in c.accounts)


def test_attention_as_projections() -> None:
    builder = Builder("", "", "by hand")
    x = builder.input((1, 5, 16))
    q, k, v = (builder.call(builder.layer(name, Dense(16)), [x])[0] for name in ("q", "k", "v"))
    hand = builder.finish([q, k, v])
    builder = Builder("", "", "attention")
    x = builder.input((1, 5, 16))
    attention = MultiHeadAttention(16, 4, time_major=False)
    c = compare(builder.finish(builder.call(builder.layer("attention", attention), [x, x, x])), hand)
    assert_accounted(c)
    assert c.difference == 0
    assert not c.reasons


def test_a_dense_layer_at_every_step_with_and_without_a_wrapper() -> None:
    assert compare(one(TimeDistributed(Dense(4)), 1, 7, 5), one(Dense(4), 1, 7, 5)).same


def test_a_dense_layer_and_the_convolution_that_it_is() -> None:
    """A convolution over all there is owns what a dense layer behind a flatten owns."""
    steps: papers.Steps = [("flatten", papers.Flatten()), ("fc", Dense(10))]
    c = compare(papers.chain((1, 8, 7, 7), steps), one(papers.conv(10, 7), 1, 8, 7, 7))
    assert not any(account.difference or account.reasons for account in c.accounts)


def test_an_alignment_that_is_wrong_would_be_seen() -> None:
    """The test on reordered branches can fail: another branch is not paired with itself."""
    assert not all(x == y for x, y in pairs(branching(("one", "three", "pool")), branching(("three", "one"))))
