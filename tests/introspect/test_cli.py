"""The command line as a user meets it: exit codes, forms, targets, and errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from samples import mismatched, verified

from introspect.cli import main
from introspect.targets import parse_shapes, resolve


def invoke(*args: str) -> Any:
    return CliRunner().invoke(main, list(args))


def test_a_saved_explanation_is_shown(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(verified().to_json(), encoding="utf-8")
    result = invoke("explain", str(tmp_path / "e.json"), "--width", "150")
    assert result.exit_code == 0
    assert "(3·3·3 + 1)·4" in result.output
    assert "verified" in result.output


def test_a_mismatch_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(mismatched().to_json(), encoding="utf-8")
    result = invoke("explain", str(tmp_path / "e.json"))
    assert result.exit_code == 1
    assert "4×3×3×2" in result.output


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_form(form: str) -> None:
    result = invoke("explain", "introspect.demo:on_paper", "--format", form)
    assert result.exit_code == 0
    assert ("51264" if form == "json" else "51,264") in result.output
    if form == "json":
        assert json.loads(result.output)["totals"]["params"] == 154_798


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["explain"], "Missing argument"),
        (["explain", "nonsense"], "this is not a target"),
        (["explain", "no.such.module:x"], "cannot be imported"),
        (["explain", "introspect.demo:nothing"], "has no nothing"),
        (["explain", "introspect.demo:run"], "cannot be called without arguments"),
        (["explain", "introspect.demo:LAYERS"], "no adapter knows this object"),
        (["explain", "introspect.demo:on_paper", "--input", "1,-3"], "this is not a shape"),
        (["explain", "introspect.demo:on_paper", "--format", "pdf"], "pdf"),
        (["nothing"], "No such command"),
    ],
)
def test_bad_usage_exits_with_2_and_says_why(args: list[str], said: str) -> None:
    result = invoke(*args)
    assert result.exit_code == 2
    assert said in result.output


PAPER = "introspect.demo:on_paper"


@pytest.mark.parametrize("args", [["explain"], ["compare", PAPER], ["diff", PAPER], ["diagnose", "--claim", "1"]])
def test_a_model_whose_own_code_fails_is_no_difference(args: list[str], tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def net():\n    raise ZeroDivisionError('no heads')\n", encoding="utf-8")
    result = invoke(*args, f"{tmp_path / 'broken.py'}:net")
    assert result.exit_code == 2
    assert "makes no model" in result.output
    assert "ZeroDivisionError: no heads" in result.output


def test_what_nobody_foresaw_is_shown_whole_and_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any) -> Any:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("introspect.comparing.compare", fails)
    result = invoke("compare", PAPER, PAPER)
    assert result.exit_code == 2
    assert "Traceback" in result.output
    assert "nobody foresaw this" in result.output


def test_a_damaged_file_is_bad_usage(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text("{", encoding="utf-8")
    assert invoke("explain", str(tmp_path / "e.json")).exit_code == 2


def test_shapes_as_text() -> None:
    assert parse_shapes(()) is None
    assert parse_shapes(("1,3,224,224",)) == (1, 3, 224, 224)
    assert parse_shapes(("(N, 3, H, W)",)) == ("N", 3, "H", "W")
    assert parse_shapes(("1x3", "?,4")) == ((1, 3), (None, 4))
    assert parse_shapes(("ids=1,128",)) == {"ids": (1, 128)}


def test_a_target_is_found_beside_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside.py").write_text(
        "from introspect.demo import on_paper\nclass Nest:\n    make = staticmethod(on_paper)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    assert resolve("beside:Nest.make").name == "the demonstration network"


def test_version_and_help() -> None:
    assert "introspect" in invoke("--version").output
    assert "explain" in invoke("-h").output


def test_the_demonstrations_answer() -> None:
    from introspect import explain
    from introspect.demo import answer, on_paper

    said = answer(explain(on_paper()), width=70)
    assert "(kh·kw·c_in + 1)·filters" in said
    assert "conv2 of the demonstration network has 51,264 = (5·5·32 + 1)·64" in said
    assert "1. the input channels are forgotten: a filter spans all 32 of them" in said
    assert "(5·5 + 1)·64 = 1,664" in said
    assert max(map(len, said.splitlines())) <= 70


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--claim", "1664", "--at", "conv2"], 1, "(5·5 + 1)·64 = 1,664"),
        (["--claim", "51264", "--at", "conv2"], 0, "is right"),
        (["--claim", "154.8k"], 0, "is right, rounded"),
        (["--claim", "conv1=832", "--claim", "conv2=1,664"], 1, "1 of 2 claimed numbers"),
        (["--claim", "22630", "--quantity", "neurons"], 0, "neurons is right"),
        (["--claim", "17"], 1, "nearest"),
        (["--claim", "many"], 2, "no claimed number"),
        (["--claim", "5", "--at", "nowhere"], 2, "there is no such layer"),
        (["--claim", "5", "--claim", "6"], 2, "one claim is about one number"),
        (["--claim", "5", "--quantity", "apples"], 2, "nothing of that name is counted"),
        ([], 2, "there is no claim"),
    ],
)
def test_diagnose(args: list[str], code: int, said: str) -> None:
    result = invoke("diagnose", "introspect.demo:on_paper", *args, "--width", "100")
    assert result.exit_code == code, result.output
    assert said in result.output


def test_a_diagnosis_in_every_form() -> None:
    for form in ("text", "markdown", "json"):
        result = invoke("diagnose", "introspect.demo:on_paper", "--claim", "1664", "--at", "conv2", "--format", form)
        assert "1,664" in result.output
        if form == "json":
            assert json.loads(result.output)["reasons"][0]["code"] == "input_channels_forgotten"
