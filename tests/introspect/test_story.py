"""The story of one number: its tensors, the conventions at work, and what others would say; every number in it is right."""

from __future__ import annotations

import re

import papers
import pytest
from accounted import value_of

from introspect import Explanation, explain
from introspect.demo import on_paper
from introspect.ir import Model
from introspect.layers import BatchNorm, PReLU, Recurrent, SeparableConv
from introspect.layers.base import Shape, Spec


def one(spec: Spec, shape: Shape, framework: str = "") -> Explanation:
    from introspect.building import Builder

    builder = Builder(framework, "1", "one")
    return explain(builder.finish(builder.call(builder.layer("it", spec), [builder.input(shape)])))


def test_the_second_convolution_of_document_003() -> None:
    story = explain(on_paper()).why("conv2")
    assert story.startswith("conv2 (conv): 51,264 parameters = (kh·kw·c_in + 1)·filters = (5·5·32 + 1)·64\n")
    assert "kernel  kernel  5×5×32×64  51,200" in story
    assert "(12 + 2·0 − 5)/1 + 1 = 8" in story
    assert "Each of the 64 filters spans all input channels, and has one bias." in story
    assert "51,200 with no bias" in story


LSTM = Recurrent("lstm", 32, 16)


@pytest.mark.parametrize(
    ("framework", "said"),
    [("torch", {"Keras": 6272, "Lasagne": 6432}), ("keras", {"PyTorch": 6400, "Lasagne": 6432}), ("lasagne", {"PyTorch": 6400, "Keras": 6272})],
)  # fmt: skip
def test_what_others_say_of_an_lstm(framework: str, said: dict[str, int]) -> None:
    own = {"torch": LSTM.replace(bias_sets=2), "keras": LSTM, "lasagne": LSTM.replace(peepholes=True, initial_states="fixed")}
    story = one(own[framework], (1, 9, 16), framework).why("it")
    elsewhere = story.partition("elsewhere")[2]
    assert {name: int(n.replace(",", "")) for name, n in re.findall(r"  (\w+): ([\d,]+) = ", elsewhere)} == said


def test_the_conventions_of_an_lstm_with_what_each_would_change() -> None:
    story = one(LSTM, (1, 9, 16)).why("it")
    assert "one bias for each gate: " in story
    for said in ("6,400 with two biases for each gate", "6,368 with peepholes", "12,544 with two directions"):
        assert said in story


def test_every_working_in_a_story_comes_to_its_number() -> None:
    found = []
    for spec, shape in (
        (LSTM, (1, 9, 16)),
        (BatchNorm(), (1, 8, 4, 4)),
        (PReLU(), (1, 8, 4, 4)),
        (papers.Dense(5), (1, 3, 4, 4)),
    ):
        for line in one(spec, shape).why("it").splitlines():
            found += re.findall(r"([\d,]+)(?: parameters)? = (?:[^=]* = )?(.+?)(?:, [\d,]+ of them.*| \([a-z].*)?$", line)
    assert len(found) >= 6
    for number, worked in found:
        assert value_of(worked.strip()) == value_of(number), (number, worked)


def test_a_separable_convolution_as_two_layers() -> None:
    spec = SeparableConv((3, 3), (1, 1), "same", channels="last", filters=8)
    assert "As two layers, each with its bias: 80" in one(spec, (1, 9, 9, 4), "keras").why("it")


def test_slopes_are_shared_otherwise_elsewhere() -> None:
    story = one(PReLU(), (1, 8, 8, 4), "keras").why("it")
    assert "it (prelu): 256 parameters" in story
    assert "PyTorch: 1 (one slope for all)" in story


def test_a_tied_tensor_is_told_of_on_both_sides() -> None:
    e = explain(papers.tied())
    assert "tied to embedding.weight, counted there" in " ".join(e.why("head").split())
    assert "held by 2 layers, counted once" in e.why("embedding")


def test_a_layer_that_owns_nothing() -> None:
    assert explain(on_paper()).why("relu1").startswith("relu1 (activation) owns nothing.")


def test_a_path_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="there is conv"):
        explain(on_paper()).why("conv")


def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    for model in (papers.recurrent("lstm", peepholes=True), papers.residual(), papers.transformer()):
        _narrow(model)


def _narrow(model: Model) -> None:
    e = explain(model)
    for row in e.layers:
        assert max(map(len, e.why(row.path).splitlines())) <= 72
