"""The recipe for continuous integration in the documentation, its comparison run as it stands there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import papers

from introspect import explain
from introspect.baselines import save

ROOT = Path(__file__).parents[3]
RECIPE = (ROOT / "docs" / "baselines.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]


def step(name: str) -> str:
    """The shell of one step."""
    body = RECIPE.split(f"- name: {name}\n")[1].split("run: |\n")[1]
    lines = body.split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    end = next((i for i, line in enumerate(lines) if line[:indent].strip()), len(lines))
    return dedent("\n".join(lines[:end]))


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def compared(tmp_path: Path, classes: int) -> tuple[int, str, str]:
    """Exit code, comment and output of the step, where the head has a model of so many classes and the base one of 1,000."""
    head = tmp_path / "head"
    (head / "tests" / "baselines").mkdir(parents=True)
    baseline = head / "tests" / "baselines" / "vgg.json"
    save(baseline, explain(papers.vgg16()))
    git(head, "init")
    git(head, "add", ".")
    git(head, "commit", "-m", "base")
    git(head, "update-ref", "refs/remotes/origin/main", "HEAD")
    save(baseline, explain(papers.vgg16(classes=classes)))
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "introspect"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m introspect "$@"\n')
    command.chmod(0o755)
    paths = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}", "BASE": "main"}
    written = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    shell = ["bash", "-e", "-c", step("What became of the baselines")]
    done = subprocess.run(shell, cwd=head, env={**os.environ, **paths, **written}, capture_output=True, text=True)
    comment = head / "drift.md"
    output = tmp_path / "GITHUB_OUTPUT"
    return (
        done.returncode,
        comment.read_text(encoding="utf-8") if comment.exists() else done.stderr,
        output.read_text(encoding="utf-8") if output.exists() else "",
    )


def test_a_pull_request_that_changes_a_baseline(tmp_path: Path) -> None:
    code, comment, output = compared(tmp_path, 10)
    assert (code, output) == (0, "code=1\n"), comment
    assert comment.startswith("### 1 of 1 baselines differs")
    assert "`fc8.kernel`" in comment


def test_a_pull_request_that_changes_none(tmp_path: Path) -> None:
    code, comment, output = compared(tmp_path, 1000)
    assert (code, output) == (0, "code=0\n"), comment
    assert comment.strip() == "### 1 baseline: the same"
