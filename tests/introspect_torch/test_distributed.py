"""A model spread over two processes is counted as the one model that it is, in each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from two_processes_torch import HAS_MESHES

from introspect import explain

STATUS = "verified" if HAS_MESHES else "incomplete"  # PyTorch 1.12 has no relu without data: shapes stay unreported
meshed = pytest.mark.skipif(not HAS_MESHES, reason="PyTorch has meshes, sharded modules and tensors since 2.2")

SCRIPT = Path(__file__).parent.parent / "support" / "two_processes_torch.py"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    """What each of two processes said, by the way in which the model was spread."""
    meeting = tmp_path_factory.mktemp("processes") / "meeting"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "adapters")])
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(meeting)], capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, list[dict[str, object]]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            one = json.loads(line)
            found.setdefault(one["way"], []).append(one)
    return found


@pytest.mark.parametrize(
    ("way", "params"),
    [("replicated", 740), pytest.param("sharded", 740, marks=meshed), pytest.param("split_by_tensor", 676, marks=meshed)],
)
def test_every_process_counts_the_whole_model(said: dict[str, list[dict[str, object]]], way: str, params: int) -> None:
    assert {one["rank"] for one in said[way]} == {0, 1}
    assert [(one["params"], one["status"], one["runs"]) for one in said[way]] == [(params, STATUS, [2, 4])] * 2
    assert not any(one["mismatches"] for one in said[way])


@meshed
def test_what_a_process_holds_is_less(said: dict[str, list[dict[str, object]]]) -> None:
    assert all(one["local"] == 370 for one in said["sharded"])
    assert all(one["local"] == 740 for one in said["replicated"])


@meshed
def test_pieces_of_one_flat_row_are_worked_out_and_not_called_verified(said: dict[str, list[dict[str, object]]]) -> None:
    assert [(one["params"], one["status"], one["mismatches"]) for one in said["in_flat_pieces"]] == [
        (740, "incomplete", [])
    ] * 2


def test_a_wrapper_is_not_run() -> None:
    class Spread(nn.DataParallel):
        def forward(self, *inputs: object, **kwargs: object) -> object:
            raise AssertionError("this would reach for devices")

    e = explain(Spread(nn.Linear(16, 4)), (2, 16))
    assert (e.params, e.status) == (68, "verified")
    assert e["module"].output_shape == (2, 4)
    assert torch.is_grad_enabled()
