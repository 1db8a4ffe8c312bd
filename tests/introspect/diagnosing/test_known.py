"""Numbers that people were puzzled by, with the reason for each: on paper, so that no framework is needed."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from arithmetic_of_reasons import holds
from papers import alexnet, chain, conv, convnet, llama, pool, recurrent, residual, resnet152, tied, transformer, vgg16

from introspect import IntrospectError, diagnose, explain
from introspect.building import Builder
from introspect.demo import on_paper
from introspect.diagnosing.claims import read_claim
from introspect.diagnosing.diagnosis import diagnose_one
from introspect.diagnosing.tally import Tally
from introspect.errors import InputNeededError
from introspect.ir import Holding, Model
from introspect.layers import BatchNorm, Container, Dense, Flatten, PReLU, Recurrent, SeparableConv

PAPER = (253_440, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000)


def lenet_first() -> Model:
    return chain((1, 1, 32, 32), [("c1", conv(6, 5))])


def shared(maps: int = 10) -> Model:
    """Weight sharing as a lecture explains it: 75·1024·10 connections, 760 parameters."""
    return chain((1, 3, 32, 32), [("conv", conv(maps, 5, pad=2))])


def twice() -> Model:
    builder = Builder("", "", "twice")
    value = builder.input((1, 16))
    layer = builder.layer("f", Dense(16))
    for _ in range(2):
        (value,) = builder.call(layer, [value])
    return builder.finish([value])


def never_called() -> Model:
    builder = Builder("", "", "never called")
    value = builder.input((1, 16))
    (value,) = builder.call(builder.layer("f", Dense(16)), [value])
    builder.layer("aux", Dense(100, in_features=16))
    return builder.finish([value])


def separable() -> Model:
    """3×3, 4 → 8: 76, and 80 where it is written as two layers."""
    law = SeparableConv((3, 3), (1, 1), "same", channels="last", filters=8)
    return chain((1, 9, 9, 4), [("sep", law)])


def keras_52() -> Model:
    """36 of a dense layer, 16 of batch normalisation, 8 of which are not trained."""
    return chain((1, 8), [("dense", Dense(4)), ("bn", BatchNorm(statistics="parameters"))])


CASES: list[tuple[Any, Any, Optional[str], str, int, str, str]] = [
    (vgg16, "131.95M", None, "binary_unit", 138_357_544, "params", "138,357,544/2²⁰ = 131.948"),
    (on_paper, 1_664, "conv2", "input_channels_forgotten", 1_664, "params", "(5·5 + 1)·64 = 1,664"),
    (on_paper, 53_248, "conv2", "bias_for_each_input", 53_248, "params", "(5·5 + 1)·32·64 = 53,248"),
    (alexnet, 253_440, "conv1", "one_side", 253_440, "neurons", "96·55·48 = 253,440"),
    (lambda: alexnet(224), 253_440, "conv1", "resolution + one_side", 253_440, "neurons", "96·55·48 = 253,440"),
    (keras_52, 142, None, "optimizer_slots", 142, "params", "52 + 2·44 + 2 = 142"),
    (keras_52, 44, None, "running_statistics", 44, "params", "52 − 2·4 = 44"),
    (recurrent, 6_400, "rnn", "second_recurrent_bias", 6_400, "params", "4·32·(16 + 32 + 2) = 6,400"),
    (recurrent, 6_368, "rnn", "peepholes", 6_368, "params", ""),
    (lambda: recurrent("gru"), 4_800, "rnn", "reset_after", 4_800, "params", ""),
    (alexnet, 62_378_344, None, "groups_ignored", 62_378_344, "params", ""),
    (tied, 132_160, None, "tied_counted_twice", 132_160, "params", "68,160 + 64·1000 = 132,160"),
    (twice, 544, None, "shared_counted_per_call", 544, "params", "272 + (16 + 1)·16 = 544"),
    (never_called, 272, None, "never_called", 272, "params", "1,972 − (16 + 1)·100 = 272"),
    (never_called, 0, None, "not_seen_by_hooks", 0, "params", "1,972 − 1,972 = 0"),
    (shared, 768_000, None, "weight_sharing_ignored", 768_000, "params", "32·32·5·5·3·10 = 768,000"),
    (lenet_first, 122_304, None, "weight_sharing_ignored", 122_304, "params", "28·28·5·5·1·6 + 6·28·28 = 122,304"),
    (lenet_first, 122_304, None, "bias_edges", 122_304, "connections", ""),
    (vgg16, 14_714_688, None, "top_left_out", 14_714_688, "params", ""),
    (vgg16, 134_301_514, None, "classes", 134_301_514, "params", "138,357,544 − (4096 + 1)·1000 + (4096 + 1)·10 = 134,301,514"),
    (convnet, 620_810 + 448, None, "running_statistics", 621_258, "params", ""),
    (convnet, 620_810 + 451, None, "buffers_counted", 621_261, "params", ""),
    (convnet, 620_810 - 224, None, "bias_before_batchnorm", 620_586, "params", ""),
    (residual, 19_290 + 2 * 4_672, None, "depth", 28_634, "params", "19,290 + 2·4,672 = 28,634"),
    (transformer, 62_272 - 32_000, None, "embedding_left_out", 30_272, "params", "62,272 − 1000·32 = 30,272"),
    (lambda: transformer(d=64), 62_272, None, "hidden_size", 62_272, "params", "(27·32 + 1082)·32 = 62,272"),
    (transformer, 62_272 - 450 * 32, None, "vocabulary", 47_872, "params", ""),
    (separable, 80, None, "separable_middle_bias", 80, "params", "76 + 4 = 80"),
    (transformer, 62_272 - 3 * (32 * 32 + 2 * 32 * 128) // 2, None, "packed", 48_448, "params", ""),
    (vgg16, 138_357_544 // 8, None, "sharded", 17_294_693, "params", "138357544/8 = 17,294,693"),
    (convnet, "2.5MB", None, "bytes", 620_810, "params", "4·620,810/10⁶ = 2.483"),
    (convnet, 4 * 620_810, None, "bytes", 620_810, "params", "4·620,810 = 2,483,240"),
    (alexnet, "60M", None, "cut_off", 60_965_224, "params", "60,965,224/10⁶ = 60.965"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "claim", "at", "code", "value", "quantity", "working"), CASES, ids=[f"{c[3]}-{i}" for i, c in enumerate(CASES)]
)
def test_the_first_reason(make: Any, claim: Any, at: Optional[str], code: str, value: int, quantity: str, working: str) -> None:
    found = diagnose(make(), claim, at, quantity)
    first = found.reasons[0]
    assert (first.code, first.value) == (code, value)
    assert first.exact is not isinstance(claim, str)
    assert holds(first.working, first.value)
    assert working in ("", first.working)
    assert not found.right


RIGHT = [
    (vgg16, "138M", None, "params"), (vgg16, "138.36 million", None, "params"), (vgg16, 138_357_544, None, "params"),
    (alexnet, "61M", None, "params"), (resnet152, "60.2M", None, "params"), (llama, "405.9B", None, "params"),
    (on_paper, 51_264, "conv2", "params"), (on_paper, 832, "conv1", "params"), (alexnet, 290_400, "conv1", "neurons"),
    (keras_52, 44, None, "trainable"), (keras_52, 8, None, "non_trainable"), (convnet, 451, None, "buffers"),
    (lenet_first, 117_600, None, "connections"), (on_paper, 51_200, "conv2", "weights"), (on_paper, 64, "conv2.bias", "params"),
    (residual, 4_672, "blocks.1", "params"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "claim", "at", "quantity"), RIGHT)
def test_a_right_claim_is_called_right(make: Any, claim: Any, at: Optional[str], quantity: str) -> None:
    found = diagnose(make(), claim, at, quantity)
    assert found.right
    assert [reason.code for reason in found.reasons] == ["right"]
    assert found.reasons[0].exact is isinstance(claim, int)
    assert "right" in str(found)


def test_alexnets_first_layer_in_full() -> None:
    found = diagnose(alexnet(), 253_440, "conv1", "neurons")
    said = found.render(width=200)
    assert "96 maps of 55×48, not of 55×55" in said
    assert "48 = 96/2 is the number of maps in one of 2 groups: those on one of 2 GPUs" in said
    assert "253,440/96 = 2,640, which is no square number" in said
    assert "no kernel of 7 to 15, stride of 2 to 6, padding of 0 to 5 and input of 211 to 243 gives it" in said


@pytest.mark.parametrize("stated", ["650,000", "650k", 650_000])
def test_alexnets_printed_list(stated: Any) -> None:
    found = diagnose(alexnet(), [*PAPER, stated], quantity="neurons")
    assert not found.right
    assert [path for path, part in found.parts.items() if not part.right] == ["conv1", ""]
    assert found.reasons[0].code == "one_side"
    assert len(found.reasons) == 1  # a rounded total explains nothing
    said = found.render(width=200)
    assert "the 8 numbers add up to 622,312, with the model's own to 659,272" in said
    assert "nearer to the stated" in said
    assert "conv1 speaks for a slip, not for another model" in said


def test_a_list_that_is_right() -> None:
    found = diagnose(alexnet(), [290_400, *PAPER[1:]], quantity="neurons")
    assert found.right
    assert "all 8 are right" in found.notes
    assert "the 8 numbers add up to 659,272" in found.notes


def test_claims_by_layer() -> None:
    found = diagnose(on_paper(), {"conv1": 832, "conv2": "1,664", "": 154_798})
    assert [path for path, part in found.parts.items() if not part.right] == ["conv2"]
    assert found.reasons[0].code == "input_channels_forgotten"
    assert "2 of 3 claimed numbers" in str(found)


@pytest.mark.parametrize(
    ("claim", "at", "quantity", "said"),
    [
        ("many", None, "params", "no claimed number"),
        (5, "nowhere", "params", "there is no such layer"),
        (5, None, "apples", "nothing of that name is counted"),
        ([1, 2], None, "params", "one claim for each weighted layer"),
        ({"conv1": 1}, "conv1", "params", "say themselves where they belong"),
        ({}, None, "params", "nothing to diagnose"),
        ({3: 1}, None, "params", "belongs to a layer's path"),
        ({"nowhere": 1}, None, "params", "there is no such layer"),
    ],
)
def test_refusals(claim: Any, at: Optional[str], quantity: str, said: str) -> None:
    with pytest.raises(IntrospectError, match=said):
        diagnose(on_paper(), claim, at, quantity)


def test_what_needs_an_input_says_so() -> None:
    builder = Builder("", "", "no input")
    builder.layer("fc", Dense(4, in_features=8))
    model = builder.finish(complete=False)
    assert diagnose(model, 36).right
    assert diagnose(model, 32).reasons[0].code in ("bias", "biases_left_out")
    with pytest.raises(InputNeededError, match="neurons of this model are not known"):
        diagnose(model, 4, quantity="neurons")
    with pytest.raises(IntrospectError, match="has its inputs already"):
        diagnose(explain(model), 36, inputs=(1, 8))


def test_what_no_law_gives_is_carried_and_can_be_left_out() -> None:
    from introspect import Explanation
    from introspect.reported import Reported, ReportedLayer, ReportedTensor

    builder = Builder("", "", "bare")
    value = builder.input((1, 16))
    (value,) = builder.call(builder.layer("f", Dense(16)), [value])
    builder.layer("", Container(), [Holding("scale", "s")])
    held = Reported((ReportedLayer("", (ReportedTensor("scale", (16,), True),)),))
    found = diagnose(Explanation(builder.finish([value]), held), 272)
    assert found.value == 288
    assert found.reasons[0].code == "bare_parameter"
    assert found.reasons[0].working == "288 − 16 = 272"


@pytest.mark.parametrize(
    ("claim", "code", "working"),
    [
        (54, "right", "⌊(224 + 2·0 − 11)/4⌋ + 1 = 54"),
        (96, "right", "96"),
        (55, "resolution", "(227 + 2·0 − 11)/4 + 1 = 55"),
        (56, "padding", "224/4 = 56"),
        (64, "filters", "64"),
    ],
)
def test_one_dimension_of_an_output(claim: int, code: str, working: str) -> None:
    found = diagnose(alexnet(224), claim, "conv1", "output")
    assert (found.reasons[0].code, found.reasons[0].working) == (code, working)
    assert "along output axis" in str(found)
    with pytest.raises(IntrospectError, match="belongs to one layer"):
        diagnose(alexnet(), claim, quantity="output")


def test_slopes_stored_in_another_layout_are_laid_out_anew() -> None:
    builder = Builder("", "", "prelu")
    value = builder.input((1, 4, 8, 8))
    held = [Holding("weight", "t0", ("alpha",), "d0")]
    model = builder.finish(builder.call(builder.layer("prelu", PReLU(num_parameters=1), held), [value]))
    for claim in (4, 256):
        assert diagnose(model, claim).reasons[0].code == "prelu_sharing"


def test_two_changes_at_once() -> None:
    found = diagnose(convnet(classes=100, bias=False), 620_810)
    assert found.reasons[0].code in ("classes + bias_before_batchnorm", "bias_before_batchnorm + classes")
    assert holds(found.reasons[0].working, 620_810)


def test_the_same_ledger_is_shown_once() -> None:
    codes = [reason.code for reason in diagnose(convnet(), 620_810 + 448).reasons]
    assert codes.count("running_statistics") == 1


def test_an_unsquare_or_unknown_layer_has_no_mistaken_side() -> None:
    model = chain((1, 3, 20, 30), [("conv", conv(4)), ("pool", pool(2)), ("flat", Flatten()), ("fc", Dense(2))])
    assert all("one_side" not in reason.code for reason in diagnose(model, 4 * 18 * 17, "conv", "neurons").reasons)
    steps: Any = [("rnn", Recurrent(cell="gru", units=4)), ("fc", Dense(2))]
    assert diagnose(chain((1, 5, 3), steps), 77, "fc", "neurons").parts == {}


_MUCH = 40_000  # rows that may be counted again: about a second


@pytest.mark.parametrize(
    ("make", "claim"),
    [
        (resnet152, 60_192_808 - 2049 * 990), (llama, 405_853_388_800 - 128_256 * 16_384), (llama, "405B"),
        (resnet152, 61_000_000), (resnet152, 61_234_567), (llama, 405_853_388_801),
    ],
)  # fmt: skip
def test_a_large_model_is_not_counted_over_and_over_again(make: Any, claim: Any) -> None:
    tally = Tally(explain(make()))
    diagnose_one(tally, read_claim(claim), None)
    assert tally.spent < _MUCH


def test_a_search_that_is_cut_short_says_so() -> None:
    assert "there are more pairs of changes than were looked at" in diagnose(explain(resnet152()), 61_234_567).notes
