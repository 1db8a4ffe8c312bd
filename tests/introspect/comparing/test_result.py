"""What a comparison prints, and that it reads back; no line is wider than asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import papers
import pytest
from accounted import value_of
from edits import MODELS
from hypothesis import given
from hypothesis import strategies as st
from samples import mismatched, verified

from introspect import Comparison, IntrospectError, compare, explain
from introspect.comparing.accounting import _WRAPPERS
from introspect.comparing.wording import _TOLD
from introspect.conventions import CONVENTIONS, WORDS
from introspect.ir import Model
from introspect.layers import Recurrent

PAIRS = {
    "biases": (papers.convnet(), papers.convnet(bias=False)),
    "coincidence": (papers.recurrent("simple", bias_sets=2), papers.recurrent("simple", initial_states="fixed")),
    "same": (papers.vgg16(), papers.vgg16()),
    "unlike": (papers.alexnet(), papers.vgg16()),
    "deeper": (papers.transformer(), papers.transformer(depth=5, vocabulary=900)),
}


DOCS = Path(__file__).parent.parent.parent.parent / "docs" / "comparing.md"


def found(name: str) -> Comparison:
    return compare(*PAIRS[name])


def test_the_answer_reads_like_one() -> None:
    assert found("biases").render("text", width=100) == "\n".join([
        "convnet against convnet",
        "",
        "parameters  620,810 in the first, 620,586 in the second: 224 more in the first = 224 biases before",
        "            BatchNorm, 0 left",
        "buffers     451 in both",
        "neurons     57,610 in both",
        "",
        "+224 parameters: bias_before_batchnorm",
        "    the first has a bias, the second has no bias: batch normalisation takes the mean away, and a",
        "    bias before it with it; some leave that bias out.",
        "    3 layers: conv1, conv2, conv3",
        "    filters each: 32 + 64 + 128 = 224",
    ])  # fmt: skip


def test_the_same_is_said_in_a_word() -> None:
    said = found("same").render("text", width=100)
    assert said.splitlines() == [
        "VGG16 against VGG16: the same",
        "",
        "parameters  138,357,544 in both",
        "neurons     13,556,712 in both",
    ]


def test_a_coincidence_is_called_out() -> None:
    c = found("coincidence")
    assert c.difference == 0
    assert not c.same
    (said,) = c.coincidences
    assert said.startswith("both have 1,765 parameters, but by coincidence")
    assert "32 of recurrent_bias more" in said
    assert "32 of initial_state more" in said
    text = c.render("text", width=120)
    assert "0 apart = 32 second recurrent biases − 32 initial states, 0 left" in text
    assert "recurrent_bias 32 against none, initial_state none against 32 (not trained)" in text


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("width", [60, 80, 132])
def test_no_line_is_wider_than_asked_for(name: str, width: int) -> None:
    lines = found(name).render("text", width=width, rows=True).splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line != line.rstrip() for line in lines)


@pytest.mark.parametrize("name", PAIRS)
def test_the_sums_that_are_printed_are_right(name: str) -> None:
    text = " ".join(found(name).render("text", width=10_000).split())
    sums = re.findall(r"(?:: |^)([\d,]+) (?:more in [^=]+|apart) = (.*?), (−?[\d,]+) left", text)
    assert sums or name == "same"
    for total, terms, left in sums:
        numbers = re.findall(r"(?:^|[+−] ?)[\d,]+", terms)
        assert numbers
        assert value_of(" ".join(numbers)) + value_of(left) == value_of(total)


def test_the_check_on_sums_can_fail() -> None:
    assert value_of(" ".join(re.findall(r"(?:^|[+−] ?)[\d,]+", "224 biases − 20 units"))) == 204


@given(MODELS, st.data())
def test_it_reads_back_from_json(a: Model, data: st.DataObject) -> None:
    c = compare(a, data.draw(st.one_of(st.just(a), MODELS)))
    again = Comparison.from_json(c.to_json())
    assert again == c
    assert again.render("text", width=100) == c.render("text", width=100)


def test_json_is_for_programs() -> None:
    data = json.loads(found("biases").to_json())
    assert data["schema"] == "introspect/comparison/1"
    params = data["accounts"][0]
    assert (params["quantity"], params["difference"], params["left"]) == ("params", 224, 0)
    assert params["reasons"][0]["code"] == "bias_before_batchnorm"
    assert params["reasons"][0]["places"][0] == {"a": "conv1", "b": "conv1", "amount": 32, "roles": ["bias"]}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "introspect/comparison/1"}', '{"schema": "introspect/explanation/1"}']
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(IntrospectError):
        Comparison.from_json(text)


def test_markdown_has_the_sums_the_reasons_and_a_table() -> None:
    said = found("biases").render("markdown")
    assert said.startswith("### convnet against convnet\n")
    assert "- **parameters** 620,810 in the first, 620,586 in the second: 224 more in the first" in said
    assert "`bias_before_batchnorm`" in said
    assert "| conv1 | conv1 | bias 32 against none |" in said
    assert found("same")._repr_markdown_() == found("same").render("markdown")


def test_there_are_three_forms() -> None:
    with pytest.raises(ValueError, match="there are text, markdown, json"):
        found("same").render("html")


def test_an_account_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="params, trainable, buffers, neurons"):
        found("same")["flops"]


def test_it_shows_itself() -> None:
    c = found("biases")
    assert repr(c) == "<Comparison of convnet and convnet: 224 parameters apart: 224 bias_before_batchnorm>"
    assert str(c) == c.render("text")


def test_explanations_read_back_from_json_are_compared_too() -> None:
    first, second = (explain(model) for model in PAIRS["deeper"])
    again = type(first).from_json(first.to_json())
    assert compare(again, second) == compare(first, second)


def test_what_an_open_dimension_leaves_unknown_is_said() -> None:
    from introspect.algebra import symbol

    known = papers.chain((1, 3, 16, 16), [("conv", papers.conv(4))])
    unknown = papers.chain((1, 3, symbol("H"), symbol("W")), [("conv", papers.conv(4))])
    c = compare(known, unknown)
    assert c.difference == 0
    assert c["neurons"].difference is None
    assert "neurons     not known in the second: give an input" in c.render("text", width=100)


def test_a_model_that_its_framework_contradicts_is_marked() -> None:
    assert compare(verified(), mismatched()).notes == ("small is not what its framework reports: see explain()",)


def test_labels_tell_the_two_apart() -> None:
    c = compare(papers.recurrent("lstm"), papers.recurrent("gru"))
    assert (c.a.label, c.b.label) == ("lstm", "gru")
    assert "cell: lstm in lstm and gru in gru" in str(c)


def test_many_reasons_are_cut_short_unless_asked_for() -> None:
    c = found("unlike")
    assert "more reasons: render(most=" in c.render("text", most=1)
    assert "more reasons: render" not in c.render("text", most=99)


def test_a_recurrent_layer_by_several_conventions_at_once() -> None:
    a = papers.chain((1, 9, 16), [("rnn", Recurrent("lstm", 32, bias_sets=2))])
    b = papers.chain((1, 9, 16), [("rnn", Recurrent("lstm", 32, peepholes=True, initial_states="fixed"))])
    c = compare(a, b)
    assert (c["params"].a, c["params"].b) == (6400, 6432)
    assert {r.code: r.amount for r in c.reasons} == {"second_recurrent_bias": 128, "peepholes": -96, "initial_states": -64}


def test_the_documentation_lists_every_code_of_the_table() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("| code |")[2].partition("## For programs")[0]
    listed = set(re.findall(r"`(\w+)`", table))
    assert {entry.code for entry in CONVENTIONS} - listed <= {"channelwise", "renormalization", "adapted_statistics"}
    ours = {
        "stride_placement",
        "separable_middle_bias",
        "input_shape",
        "input_channels",
        "layers",
        "stride",
        *_TOLD,
        *WORDS,
        *_WRAPPERS,
    }
    assert listed - {entry.code for entry in CONVENTIONS} <= ours
