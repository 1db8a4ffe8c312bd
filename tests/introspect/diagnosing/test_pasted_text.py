"""Summaries as other tools printed them, held against the model row by row."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from introspect import IntrospectError, diagnose
from introspect.cli import main
from introspect.demo import on_paper
from introspect.errors import UnreadableError

RECORDED = Path(__file__).parents[3] / "fixtures" / "summaries" / "recorded"
TOOLS = ("keras1", "keras2", "keras3")


def digits(tool: str) -> str:
    return (RECORDED / tool / "digits.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_true_summary_is_right(tool: str) -> None:
    found = diagnose(on_paper(), digits(tool))
    assert found.right, str(found)
    assert {"conv1", "conv2", "fc1", "fc2", ""} <= set(found.parts)
    assert found.parts["conv2"].claim.text == "51,264"


@pytest.mark.parametrize("tool", TOOLS)
def test_the_wrong_row_is_found_and_explained_and_accounts_for_the_totals(tool: str) -> None:
    commas = "51,264" in digits(tool)
    text = digits(tool).replace("51,264" if commas else "51264", "1,664" if commas else "1664")
    text = text.replace("154,798", "105,198").replace("154798", "105198")
    found = diagnose(on_paper(), text)
    wrong = [path for path, part in found.parts.items() if not part.right]
    assert wrong[0] == ""
    assert wrong[-1] == "conv2"
    assert [reason.code for reason in found.reasons] == ["input_channels_forgotten"]
    assert found.parts[""].notes == ("the rows account for it: 154,798 − 49,600 = 105,198",)
    said = str(found)
    assert "(5·5 + 1)·64 = 1,664" in said
    assert "7 of 8 rows" in said or "of 13 rows" in said or "rows as the model has them" in said


def test_another_classes_summary() -> None:
    text = digits("keras3").replace("         202", "       1,010").replace("154,798", "155,606")
    found = diagnose(on_paper(), text)
    assert [path for path, part in found.parts.items() if not part.right][-1] == "fc2"
    assert found.reasons[0].code in ("units", "classes")
    assert found.reasons[0].working == "(100 + 1)·10 = 1,010"


def test_text_that_is_no_summary() -> None:
    with pytest.raises(UnreadableError):
        diagnose(on_paper(), "this is\nno summary\nat all")
    with pytest.raises(IntrospectError, match="says itself where its numbers belong"):
        diagnose(on_paper(), digits("keras3"), "conv1")


def test_a_summary_of_another_model() -> None:
    other = (RECORDED / "keras3" / "tagger.txt").read_text(encoding="utf-8")
    found = diagnose(on_paper(), other)
    assert not found.right
    assert any("not the model's" in note for note in found.notes)


def test_on_standard_input() -> None:
    runner = CliRunner()
    right = runner.invoke(main, ["diagnose", "introspect.demo:on_paper"], input=digits("keras3"))
    assert right.exit_code == 0, right.output
    wrong = runner.invoke(
        main, ["diagnose", "introspect.demo:on_paper", "--width", "90"], input=digits("keras3").replace("832", "896")
    )
    assert wrong.exit_code == 1
    assert "conv1: 832, not 896" in wrong.output
    unreadable = runner.invoke(main, ["diagnose", "introspect.demo:on_paper"], input="nothing\nof the kind")
    assert unreadable.exit_code == 2
