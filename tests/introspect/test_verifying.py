"""The verifier must be able to fail: every kind of disagreement is caught, named, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from agreement import assert_verified, disagreements
from samples import CONV, FC, OUTPUTS, TRUTH, small_model

from introspect import Explanation, UnknownDimensionError
from introspect.algebra import symbol
from introspect.building import Builder
from introspect.ir import Holding
from introspect.layers import Container, Dense, Opaque, Recurrent, Reshape
from introspect.reported import Reported, ReportedLayer, ReportedOutput, ReportedTensor
from introspect.verifying import agree, worst


def test_the_truth_is_verified() -> None:
    e = Explanation(small_model(), TRUTH)
    assert_verified(e)
    assert (e.params, e.trainable, e.non_trainable) == (240, 112, 128)


def with_conv(*tensors: ReportedTensor, params: Any = None) -> Reported:
    return replace(TRUTH, layers=(ReportedLayer("conv", tensors, params), FC), params=None, trainable=None)


@pytest.mark.parametrize(
    ("reported", "said"),
    [
        (with_conv(ReportedTensor("weight", (4, 3, 3, 2), True), CONV.tensors[1]), "conv.weight: worked out as 4×3×3×3, the framework holds 4×3×3×2"),
        (with_conv(ReportedTensor("weight", (4, 3, 3, 3, 1), True), CONV.tensors[1]), "holds 4×3×3×3×1"),
        (with_conv(CONV.tensors[0]), "conv.bias: worked out as 4, the framework holds none"),
        (with_conv(CONV.tensors[0], ReportedTensor("bias", (4,), False)), "worked out as trainable, the framework has it not trainable"),
        (with_conv(*CONV.tensors, ReportedTensor("extra", (7,), True)), "conv.extra: the framework holds 7, which nothing accounts for"),
        (with_conv(*CONV.tensors, params=113), "conv: worked out as 112 parameters, the framework counts 113"),
        (replace(TRUTH, outputs=(*OUTPUTS[:3], ReportedOutput(3, ((1, 3),)))), "fc: output worked out as 1×2, the framework gives 1×3"),
        (replace(TRUTH, outputs=(*OUTPUTS[:3], ReportedOutput(3, ((1, 2), (1, 2))))), "fc: 1 outputs worked out, the framework gives 2"),
        (replace(TRUTH, params=241), "the whole model: worked out as 240 parameters, the framework reports 241"),
        (replace(TRUTH, trainable=240), "the whole model: worked out as 112 trainable, the framework reports 240"),
    ],
)  # fmt: skip
def test_every_disagreement_is_caught_and_named(reported: Reported, said: str) -> None:
    e = Explanation(small_model(), reported)
    assert e.status == "mismatch"
    assert said in "\n".join(disagreements(e))
    assert said in str(e).replace("\n  ", " ").replace("\n", " ") or said[:30] in str(e)
    with pytest.raises(AssertionError):
        assert_verified(e)


def test_what_is_not_reported_is_unreported_and_not_verified() -> None:
    e = Explanation(small_model(), Reported((CONV,), OUTPUTS[:2]))
    assert e.status == "incomplete"
    assert [row.path for row in e.unreported] == ["flat", "fc"]
    assert e.params == 240


def test_paper_alone_is_never_verified() -> None:
    assert Explanation(small_model()).status == "incomplete"
    assert Explanation(small_model(), TRUTH, verified=False).status == "incomplete"


def test_a_tensor_without_a_law_is_carried_marked_and_added() -> None:
    builder = Builder("paper", "1", "odd")
    builder.layer("odd", Container(), [Holding("thing", "t0"), Holding("state", "t1", buffer=True)])
    held = ReportedLayer("odd", (ReportedTensor("thing", (3, 5), True), ReportedTensor("state", (9,), False, buffer=True)))
    e = Explanation(builder.finish(), Reported((held,)))
    assert (e.params, e.trainable, e.buffers, e.opaque_params) == (15, 15, 9, 15)
    assert e.status == "incomplete"
    assert e.layers[0].status == "opaque"


def test_a_tensor_without_a_law_and_without_a_report_is_unknown_not_zero() -> None:
    builder = Builder("paper", "1", "odd")
    builder.layer("odd", Container(), [Holding("thing", "t0")])
    e = Explanation(builder.finish())
    assert e.params.value is None
    assert str(e.params) == "unknown"


def test_an_output_without_a_law_is_opaque() -> None:
    builder = Builder("paper", "1", "odd")
    value = builder.input((1, 4))
    builder.carry(builder.layer("odd", Opaque("Odd")), [value], [(1, 7)])
    e = Explanation(builder.finish(), Reported(outputs=(ReportedOutput(0, ((1, 4),)), ReportedOutput(1, ((1, 7),)))))
    assert e.status == "incomplete"
    assert [row.path for row in e.opaque] == ["odd"]


def test_an_unexpected_tensor_is_a_mismatch() -> None:
    builder = Builder("paper", "1", "x")
    value = builder.input((1, 4))
    holdings = [Holding("weight", "t0", ("kernel",), "out in"), Holding("bias", "t1", ("bias",), "out")]
    builder.call(builder.layer("fc", Dense(2, bias=False), holdings), [value])
    held = ReportedLayer("fc", (ReportedTensor("weight", (2, 4), True), ReportedTensor("bias", (2,), True)))
    e = Explanation(builder.finish(), Reported((held,)))
    assert e.status == "mismatch"
    assert "the configuration has no such tensor" in e.mismatches[0].verdicts[0]


def test_gates_stored_apart_must_all_be_there() -> None:

    builder = Builder("paper", "1", "x")
    value = builder.input((1, 5, 4))
    gates = [Holding(f"W{i}", f"k{i}", ("kernel",), "in out") for i in range(3)]
    builder.call(builder.layer("gru", Recurrent("gru", 2, bias_sets=0), gates[:2]), [value])
    e = Explanation(
        builder.finish(), Reported((ReportedLayer("gru", tuple(ReportedTensor(f"W{i}", (4, 2), True) for i in range(2))),))
    )
    assert e.status == "mismatch"
    assert any("kernel" in text and "holds none" in text for text in e.mismatches[0].verdicts)


def test_shapes_agree_axis_by_axis() -> None:

    assert agree((1, symbol("H")), (1, 7))
    assert agree((1, 2), (None, 2))
    assert not agree((1, 2), (1, 3))
    assert not agree((1, 2), (1, 2, 1))


@pytest.mark.parametrize(("wide", "status"), [(5, "verified"), (6, "mismatch")])
def test_an_open_dimension_is_held_against_the_number_it_was_tried_with(wide: int, status: str) -> None:
    builder = Builder("paper", "1", "open")
    value = builder.input((symbol("N"), symbol("H") // 2))
    builder.call(builder.layer("fold", Reshape((("input", 0), -1))), [value])
    outputs = (ReportedOutput(0, ((3, wide),)), ReportedOutput(1, ((3, wide),)))
    e = Explanation(builder.finish(), Reported(outputs=outputs, samples=(("H", 10), ("N", 3))))
    assert e.status == status


def test_the_worst_status_wins() -> None:
    assert worst(["verified", "opaque", "mismatch"]) == "mismatch"
    assert worst(["verified", "unreported", "opaque"]) == "opaque"
    assert worst([]) == "verified"


def test_a_layer_without_a_law_that_owns_something_has_unknown_neurons_not_none() -> None:
    builder = Builder("paper", "1", "odd")
    value = builder.input((1, 4))
    builder.carry(builder.layer("odd", Opaque("Odd"), [Holding("w", "t0")]), [value], [(1, 7)])
    e = Explanation(builder.finish(), Reported((ReportedLayer("odd", (ReportedTensor("w", (4, 7), True),)),)))
    assert e.params == 28
    assert e.neurons.value is None
    assert e.connections.value is None
    assert e.count_neurons("outputs") == 7
    with pytest.raises(UnknownDimensionError, match=r"a law for opaque \(odd\)"):
        int(e.neurons)


@pytest.mark.parametrize("batch", [1, 3, symbol("N")])
def test_axes_folded_into_the_batch_count_with_the_example(batch: Any) -> None:
    builder = Builder("paper", "1", "folded")
    value = builder.input((batch, 7, 4))
    (value,) = builder.call(builder.layer("fold", Reshape((-1, 4))), [value])
    builder.call(builder.layer("fc", Dense(5)), [value])
    e = Explanation(builder.finish())
    assert e["fc"].neurons == 7 * 5
    assert e["fc"].connections == 7 * 4 * 5
    assert e["fc"].bias_connections == 7 * 5
    assert e["fold"].units == 28


def test_a_batch_on_the_second_axis_is_the_batch() -> None:
    builder = Builder("paper", "1", "time first")
    value = builder.input((7, 3, 4))
    (value,) = builder.call(builder.layer("rnn", Recurrent("gru", 5, time_major=True)), [value])
    builder.call(builder.layer("fc", Dense(2)), [value])
    e = Explanation(builder.finish())
    assert (e["rnn"].neurons, e["fc"].neurons) == (7 * 5, 7 * 2)


def test_a_carried_tensor_with_an_open_dimension_is_unknown_not_zero() -> None:
    builder = Builder("paper", "1", "odd")
    builder.layer("odd", Container(), [Holding("thing", "t0")])
    e = Explanation(builder.finish(), Reported((ReportedLayer("odd", (ReportedTensor("thing", (None, 5), True),)),)))
    assert e.params.value is None
    assert "unknown as the framework reports" in e.layers[0].verdicts[0]
