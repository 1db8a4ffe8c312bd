"""`introspect diff A B`: targets, baselines, saved explanations and folders; exit codes 0, 1 and 2."""

from __future__ import annotations

import json
from pathlib import Path

import papers
import pytest
from click.testing import CliRunner
from samples import verified

from introspect import Explanation, explain
from introspect.baselines import save
from introspect.cli import main
from introspect.drifting.sides import explained, inputs_of


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["diff", *arguments])
    return done.exit_code, done.output


@pytest.fixture
def baseline(tmp_path: Path) -> str:
    save(tmp_path / "vgg.json", explain(papers.vgg16()))
    return str(tmp_path / "vgg.json")


def test_a_baseline_and_what_it_was_made_of(baseline: str) -> None:
    assert run(baseline, "papers:vgg16") == (0, "VGG16: the same\n")


def test_a_baseline_and_another_model(baseline: str) -> None:
    code, said = run(baseline, "papers:alexnet", "--width", "100")
    assert code == 1
    assert said.startswith("VGG16 → AlexNet: ")


def test_a_saved_explanation(tmp_path: Path, baseline: str) -> None:
    (tmp_path / "e.json").write_text(explain(papers.vgg16(classes=10)).to_json(), encoding="utf-8")
    code, said = run(str(tmp_path / "e.json"), baseline)
    assert code == 1
    assert "units: 1000 in the new model and 10 in the old one" in " ".join(said.split())


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_form(baseline: str, form: str) -> None:
    code, said = run(baseline, baseline, "--format", form)
    assert code == 0
    assert json.loads(said)["same"] if form == "json" else "the same" in said


def test_other_commands_take_a_baseline(baseline: str) -> None:
    for arguments, part in (
        (["explain", baseline], "138,357,544"),
        (["compare", baseline, "papers:vgg16"], "the same"),
        (["diagnose", baseline, "--claim", "138.4M"], "is right"),
    ):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0
        assert part in done.output


@pytest.mark.parametrize("target", ["papers", "papers:nothing", "no.such.module:net", "nowhere.json"])
def test_bad_targets_exit_with_2(baseline: str, target: str) -> None:
    code, said = run(baseline, target)
    assert code == 2
    assert said.startswith("Error: ")


def test_whatever_a_target_raises_is_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, baseline: str) -> None:
    (tmp_path / "raising_on_call.py").write_text("def make():\n    raise RuntimeError('out of order')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    code, said = run(baseline, "raising_on_call:make")
    assert code == 2
    assert "out of order" in said


def test_a_damaged_baseline_exits_with_2(tmp_path: Path, baseline: str) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(Path(baseline).read_text(encoding="utf-8").replace('"size": 1728', '"size": 1729'), encoding="utf-8")
    code, said = run(str(broken), "papers:vgg16")
    assert code == 2
    assert "broken.json:" in said
    assert "bless it again" in said


def made(folder: Path, **models: Explanation) -> str:
    for name, e in models.items():
        (folder / "nested").mkdir(parents=True, exist_ok=True)
        save(folder / "nested" / f"{name}.json", e)
    return str(folder)


def test_folders(tmp_path: Path) -> None:
    vgg, small = explain(papers.vgg16()), verified()
    old = made(tmp_path / "old", a=vgg, b=small, c=small)
    new = made(tmp_path / "new", a=vgg, b=vgg, d=small)
    code, said = run(old, new, "--width", "100")
    assert code == 1
    assert said.startswith("3 of 4 baselines differ")
    lines = {line.split()[0]: line.rstrip() for line in said.splitlines() if line.startswith("nested/")}
    assert lines["nested/c.json"].endswith("gone")
    assert lines["nested/d.json"].endswith("new")
    assert run(old, old)[0] == 0


def test_other_files_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    old, new = (made(tmp_path / side, a=verified()) for side in ("old", "new"))
    (tmp_path / "new" / "data.json").write_text("[1, 2")
    (tmp_path / "new" / "nested" / "tsconfig.json").write_text("{}")
    assert run(old, new)[0] == 0
    (tmp_path / "new" / "nested" / "a.json").write_text("")
    assert run(old, new)[0] == 1  # what it was is gone


def test_a_damaged_file_in_a_folder_is_named(tmp_path: Path) -> None:
    old, new = (made(tmp_path / side, a=verified()) for side in ("old", "new"))
    path = tmp_path / "new" / "nested" / "a.json"
    path.write_text(path.read_text(encoding="utf-8").replace("108", "109"), encoding="utf-8")
    code, said = run(old, new)
    assert code == 2
    assert "nested/a.json:" in said


def test_folders_that_have_none(tmp_path: Path, baseline: str) -> None:
    (tmp_path / "empty").mkdir()
    code, said = run(str(tmp_path / "empty"), str(tmp_path / "empty"))
    assert (code, "there is no baseline in either folder" in said) == (2, True)
    assert run(str(tmp_path / "empty"), str(tmp_path))[0] == 1
    code, said = run(baseline, str(tmp_path))
    assert (code, "a folder has no counterpart" in said) == (2, True)


def test_what_a_model_was_explained_with() -> None:
    shape = inputs_of(verified())
    assert shape.shape == (1, 3, 6, 6)
    assert inputs_of(explain(papers.vgg16())).shape == (1, 3, 224, 224)


def test_both_sides_explained() -> None:
    a, b = explained(papers.vgg16(), verified())
    assert (a.params, b.params) == (138_357_544, 240)
