"""What a reader gets: the number, the formula, the reason, and never a line too long."""

from __future__ import annotations

import json

import pytest
from papers import alexnet, convnet, recurrent, vgg16

from introspect import Diagnosis, diagnose
from introspect.demo import on_paper

FOUND: list[Diagnosis] = [
    diagnose(on_paper(), 1_664, "conv2"),
    diagnose(on_paper(), 51_264, "conv2"),
    diagnose(on_paper(), 7, "conv1"),
    diagnose(vgg16(), "131.95M"),
    diagnose(recurrent(), 6_400, "rnn"),
    diagnose(alexnet(), [253_440, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000, "650,000"], quantity="neurons"),
    diagnose(convnet(), {"conv1": 1, "fc2": 2_570}),
]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("number", range(len(FOUND)))
def test_no_line_is_wider_than_the_terminal(number: int, width: int) -> None:
    lines = FOUND[number].render(width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


def test_the_answer_as_it_is_read() -> None:
    assert FOUND[0].render(width=90) == (
        "conv2 of the demonstration network has 51,264 = (5·5·32 + 1)·64 parameters, not 1,664.\n"
        "\n"
        "What gives 1,664:\n"
        "  1. the input channels are forgotten: a filter spans all 32 of them, in conv2\n"
        "     (5·5 + 1)·64 = 1,664"
    )
    assert FOUND[1].render(width=90) == (
        "conv2 of the demonstration network: 51,264 parameters is right.\n  (5·5·32 + 1)·64 = 51,264"
    )


def test_the_terminals_width_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert max(map(len, str(FOUND[5]).splitlines())) <= 50


@pytest.mark.parametrize("number", range(len(FOUND)))
def test_json_says_the_same(number: int) -> None:
    found = FOUND[number]
    data = json.loads(found.to_json())
    assert data["schema"] == "introspect/diagnosis/1"
    assert data["right"] is found.right
    assert data["value"] == found.value
    assert [reason["working"] for reason in data["reasons"]] == [reason.working for reason in found.reasons]
    assert set(data["parts"]) == set(found.parts)


def test_markdown() -> None:
    said = FOUND[0].render("markdown")
    assert "1. the input channels are forgotten" in said
    assert "(5·5 + 1)·64 = 1,664" in said
    assert FOUND[0]._repr_markdown_() == said
    assert FOUND[5].render("markdown").count("\n- ") >= 2


def test_other_forms_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot render as 'pdf'"):
        FOUND[0].render("pdf")


def test_repr_and_reasons_speak() -> None:
    assert repr(FOUND[0]) == "<Diagnosis of 1,664 parameters: input_channels_forgotten>"
    assert "unexplained" in repr(FOUND[2])
    assert str(FOUND[0].reasons[0]).endswith("(5·5 + 1)·64 = 1,664")
    assert FOUND[0].reasons[0].places == ("conv2",)


def test_equal_layers_are_named_together() -> None:
    from introspect.rendering.diagnosis import _alike

    part = FOUND[0]
    assert list(_alike({"a": part, "b": part, "c": FOUND[1]})) == [("a and b", part), ("c", FOUND[1])]
