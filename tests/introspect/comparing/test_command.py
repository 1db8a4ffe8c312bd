"""`introspect compare A B`: targets, saved explanations, forms and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import papers
import pytest
from click.testing import CliRunner

from introspect import explain
from introspect.cli import main


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["compare", *arguments])
    return done.exit_code, done.output


def test_two_models_that_differ() -> None:
    code, said = run("papers:vgg16", "papers:alexnet", "--width", "90")
    assert code == 1
    assert "VGG16 against AlexNet" in said
    assert "0 left" in said
    assert max(map(len, said.splitlines())) <= 90
    assert "\x1b" not in said


def test_two_models_that_are_the_same() -> None:
    code, said = run("papers:vgg16", "papers:vgg16")
    assert code == 0
    assert "the same" in said


def test_a_saved_explanation(tmp_path: Path) -> None:
    saved = tmp_path / "vgg.json"
    saved.write_text(explain(papers.vgg16(classes=10)).to_json(), encoding="utf-8")
    code, said = run(str(saved), "papers:vgg16")
    assert code == 1
    assert "units: 10 in the first and 1000 in the second" in " ".join(said.split())


@pytest.mark.parametrize("form", ["markdown", "json"])
def test_other_forms(form: str) -> None:
    code, said = run("papers:convnet", "papers:convnet", "--format", form)
    assert code == 0
    assert said.startswith("### ") if form == "markdown" else json.loads(said)["accounts"][0]["difference"] == 0


@pytest.mark.parametrize("target", ["papers", "papers:nothing", "no.such.module:net", "papers:_FIELDS"])
def test_bad_targets_are_refused(target: str) -> None:
    code, said = run("papers:vgg16", target)
    assert code == 2
    assert said.startswith("Error: ")
