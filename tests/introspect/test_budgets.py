"""The three idioms of the fixture: a number that is right passes, one that is not fails with what there is to know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import mismatched, small_model, verified

import introspect
from introspect import Explanation, IntrospectError, explain
from introspect.algebra import symbol
from introspect.building import Builder
from introspect.demo import on_paper
from introspect.ir import Holding, Model
from introspect.layers import Conv, Dense, Embedding, Opaque
from introspect.reported import Reported, ReportedLayer, ReportedTensor
from introspect.testing.checking import Baseline
from introspect.testing.places import Place
from introspect.testing.records import Records

HERE = Path("/nowhere")
NET = explain(on_paper())  # conv1 832, conv2 51,264, fc1 102,500, fc2 202: 154,798


def fixture(**options: Any) -> Baseline:
    return Baseline("test_a.py::test_b", Place(HERE, "test_b"), Records(), HERE, **options)


def complaint(method: str, *arguments: Any, **options: Any) -> Optional[str]:
    """What a check says; None where it passes."""
    try:
        getattr(fixture(), method)(*arguments, **options)
    except AssertionError as error:
        return str(error)
    return None


PASSING: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("exactly", (154_798,), {}), ("exactly", ("154,798",), {}), ("exactly", ("154.8k",), {}), ("exactly", ("0.15M",), {}),
    ("exactly", (51_264,), {"at": "conv2"}), ("exactly", (64,), {"at": "conv2.bias"}), ("exactly", (51_200,), {"at": "conv2.kernel"}),
    ("exactly", (22_630,), {"quantity": "neurons"}), ("exactly", (3_840_200,), {"quantity": "connections"}),
    ("exactly", (22_630,), {"quantity": "bias_connections"}), ("exactly", (198,), {"quantity": "biases"}),
    ("exactly", (154_600,), {"quantity": "weights"}), ("exactly", (154_798,), {"quantity": "trainable"}),
    ("exactly", (0,), {"quantity": "non_trainable"}), ("exactly", (0,), {"quantity": "buffers"}),
    ("exactly", (198,), {"quantity": "neurons:channels"}),
    ("at_most", (154_798,), {}), ("at_most", ("154,798",), {}), ("at_most", ("155k",), {}), ("at_most", ("0.2M",), {}),
    ("at_most", ("619192 bytes",), {}), ("at_most", ("620 kB",), {}), ("at_most", (18_432,), {"quantity": "neurons", "at": "conv1"}),
    ("within", (154_798, 154_798), {}), ("within", ("150k", "160k"), {}), ("within", (0, 832), {"at": "conv1"}),
]  # fmt: skip
FAILING: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("exactly", (154_797,), {}, "parameters, not 154,797: 1 more"),
    ("exactly", (154_799,), {}, "parameters, not 154,799: 1 fewer"),
    ("exactly", ("155M",), {}, "parameters, not 155M"),
    ("exactly", ("154.7k",), {}, "parameters, not 154.7k"),
    ("exactly", (832,), {"at": "conv2"}, "conv2 of the demonstration network has 51,264 = (5·5·32 + 1)·64 parameters, not 832"),
    ("exactly", (65,), {"at": "conv2.bias"}, "conv2.bias of the demonstration network has 64 parameters, not 65: 1 fewer"),
    ("at_most", (154_797,), {}, "1 more than the budget of 154,797"),
    ("at_most", ("154k",), {}, "798 more than the budget of 154k (154,000)"),
    ("at_most", ("0.15M",), {}, "4,798 more than the budget of 0.15M (150,000)"),
    ("at_most", ("619 kB",), {}, "48 more than the budget of 619 kB (154,750 of 4 bytes each)"),
    ("at_most", (18_431,), {"quantity": "neurons", "at": "conv1"}, "conv1 of the demonstration network has 18,432 = 32·24·24 neurons, 1 more"),
    ("within", (154_799, 160_000), {}, "1 fewer than the range from 154,799 to 160,000 allows"),
    ("within", (0, "154k"), {}, "798 more than the range from 0 to 154k (154,000) allows"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "bounds", "options"), PASSING)
def test_what_holds_passes(method: str, bounds: tuple[Any, ...], options: dict[str, Any]) -> None:
    assert complaint(method, NET, *bounds, **options) is None


@pytest.mark.parametrize(("method", "bounds", "options", "said"), FAILING)
def test_what_does_not_hold_fails(method: str, bounds: tuple[Any, ...], options: dict[str, Any], said: str) -> None:
    found = complaint(method, NET, *bounds, **options)
    assert found is not None
    assert said in " ".join(found.split())
    assert max(map(len, found.splitlines())) <= 92


@given(st.integers(0, 400_000), st.integers(0, 400_000))
def test_a_budget_and_a_range_are_order(a: int, b: int) -> None:
    number = 154_798
    assert (complaint("at_most", NET, a) is None) == (number <= a)
    assert (complaint("within", NET, min(a, b), max(a, b)) is None) == (min(a, b) <= number <= max(a, b))


def parts(found: str) -> list[str]:
    """The lines that say what a number is made of."""
    lines = found.splitlines()
    return lines[lines.index("  its parts, the largest first:") + 1 :]


def test_the_largest_parts_are_shown_and_add_up() -> None:
    found = complaint("at_most", NET, 1)
    assert found is not None
    assert parts(found) == [
        "    fc1    102,500 = (64·4·4 + 1)·100", "    conv2   51,264 = (5·5·32 + 1)·64",
        "    conv1      832 = (5·5·1 + 1)·32", "    fc2        202 = (100 + 1)·2",
    ]  # fmt: skip


def test_many_parts_are_cut_off_and_still_add_up() -> None:
    builder = Builder("paper", "1", "deep")
    value = builder.input((1, 8))
    for i in range(20):
        (value,) = builder.call(builder.layer(f"fc{i}", Dense(8 + i)), [value])
    deep = explain(builder.finish([value]))
    found = complaint("at_most", deep, 1)
    assert found is not None
    lines = parts(found)
    assert lines[-1].startswith("    15 more")
    assert sum(int(re.findall(r" ([\d,]+)(?: =|$)", line)[0].replace(",", "")) for line in lines) == deep.params
    assert deep.params != 0


def test_exactly_gives_the_first_reason() -> None:
    found = complaint("exactly", NET, 1664, at="conv2")
    assert found is not None
    assert "what gives 1,664: the input channels are forgotten" in found
    assert "(5·5 + 1)·64 = 1,664" in found
    page = (Path(introspect.__file__).parents[1] / "docs" / "pytest.md").read_text(encoding="utf-8")
    assert "\n".join(f"E       {line}" for line in f"AssertionError: {found}".splitlines()) in page


def test_a_layer_s_parts_are_its_tensors() -> None:
    found = complaint("at_most", NET, 1, at="conv2")
    assert found is not None
    assert parts(found) == ["    kernel  51,200 = 5·5·32·64", "    bias        64"]


def blocks() -> Model:
    builder = Builder("paper", "1", "blocks")
    value = builder.input((1, 5))
    for path in ("enc.a", "enc.b.c", "encoder", "dec"):
        (value,) = builder.call(builder.layer(path, Dense(5)), [value])
    return builder.finish([value])


def test_a_part_is_a_block_a_layer_or_a_tensor() -> None:
    model = blocks()
    for at, number in (("enc", 60), ("enc.b", 30), ("enc.b.c", 30), ("encoder", 30), ("dec.bias", 5), (None, 120)):
        assert complaint("exactly", model, number, at=at) is None
        assert complaint("exactly", model, number + 1, at=at) is not None


def tied() -> Model:
    builder = Builder("paper", "1", "tied")
    value = builder.input((1, 3))
    table = Holding("weight", "t0", ("embedding",), "in out")
    (value,) = builder.call(builder.layer("embed", Embedding(11, 4), [table]), [value])
    head = builder.layer("head", Dense(11, bias=False), [Holding("weight", "t0", ("kernel",), "out in")])
    return builder.finish(builder.call(head, [value]))


def test_a_tied_tensor_counts_where_it_is_held_first() -> None:
    assert complaint("exactly", tied(), 44) is None
    assert complaint("exactly", tied(), 44, at="embed") is None
    assert complaint("exactly", tied(), 44, at="head.weight") is None
    found = complaint("exactly", tied(), 44, at="head")
    assert found is not None
    assert "head of tied has 0 parameters, not 44" in found
    assert "tied, and counted where it is held first: embed.weight" in found


def open_model() -> Model:
    builder = Builder("paper", "1", "open")
    value = builder.input((1, 3, symbol("H"), symbol("W")))
    conv = Conv((3, 3), (1, 1), ((0, 0), (0, 0)), filters=4)
    (value,) = builder.call(builder.layer("conv", conv), [value])
    return builder.finish([value])


@pytest.mark.parametrize(
    ("model", "needed"),
    [
        (lambda: Explanation(small_model().__class__(**{**vars(small_model()), "complete": False})), "a full input shape"),
        (open_model, "an input shape without H, W"),
    ],
    ids=["no input", "an open input"],
)
@pytest.mark.parametrize(("method", "bounds"), [("exactly", (1,)), ("at_most", (10**12,)), ("within", (0, 10**12))])
def test_an_unknown_number_is_within_no_bound(model: Any, needed: str, method: str, bounds: tuple[int, ...]) -> None:
    found = complaint(method, model(), *bounds, quantity="neurons")
    assert found is not None
    assert "are not known, and an unknown number is within no bound" in found
    assert f"what is needed: {needed}" in found
    assert complaint("exactly", model(), 112, at="conv") is None  # its parameters need no input


def lawless() -> Explanation:
    builder = Builder("paper", "1", "odd")
    value = builder.input((1, 3))
    (value,) = builder.carry(builder.layer("odd", Opaque("Odd"), [Holding("scale", "t0")], "Odd"), [value], [(1, 3)])
    (value,) = builder.call(builder.layer("fc", Dense(2)), [value])
    reported = Reported((ReportedLayer("odd", (ReportedTensor("scale", (7,), True),)),), source="paper")
    return Explanation(builder.finish([value]), reported, verified=False)


def test_a_number_of_the_framework_s_is_counted_and_said_to_be() -> None:
    assert complaint("exactly", lawless(), 15) is None
    found = complaint("at_most", lawless(), 14)
    assert found is not None
    assert "7 of them as the framework reports them: no law speaks of them" in found
    found = complaint("at_most", lawless(), 10**9, quantity="neurons")
    assert found is not None
    assert "what is needed: a law for Odd (odd)" in found


def test_a_number_on_which_the_two_roads_disagree_is_within_no_bound() -> None:
    assert complaint("exactly", verified(), 240) is None
    for method, bounds in (("exactly", (240,)), ("at_most", (10**9,)), ("within", (0, 10**9))):
        found = complaint(method, mismatched(), *bounds)
        assert found is not None
        assert "cannot be relied on: the two roads disagree" in found
        assert "conv.weight: worked out as 4×3×3×3, the framework holds 4×3×3×2" in found
    assert complaint("exactly", mismatched(), 128, at="fc") is None
    assert complaint("exactly", mismatched(), 112, at="conv") is not None


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda f: f.exactly(NET, 1, quantity="parameters"), "expected: params"),
        (lambda f: f.exactly(NET, 1, quantity="neuron"), "expected: neurons"),
        (lambda f: f.exactly(NET, 1, quantity="output"), "nothing of that name is counted"),
        (lambda f: f.at_most(NET, 1, at="conv3"), "such as conv"),
        (lambda f: f.at_most(NET, 1, at="conv2.kernle"), "conv2.kernel"),
        (lambda f: f.at_most(NET, "a lot"), "this is no claimed number"),
        (lambda f: f.within(NET, 2, 1), "there is no such range"),
        (lambda f: f.exactly(NET, 1, inputs=(1, 1)), "has its inputs already"),
        (lambda f: f.exactly(object(), 1), "no adapter"),
    ],
)
def test_what_cannot_be_asked_is_an_error_and_no_failure(call: Any, expected: str) -> None:
    with pytest.raises(IntrospectError) as caught:
        call(fixture())
    assert expected in str(caught.value)
    depth, frame = 0, caught.tb
    while frame.tb_next is not None:
        depth, frame = depth + 1, frame.tb_next
    assert depth <= 4, "the traceback shows the library's inside"
