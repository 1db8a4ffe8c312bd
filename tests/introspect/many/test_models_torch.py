"""Many models of PyTorch: made without memory, with the input of their pattern or without, and the exit codes."""

from __future__ import annotations

from pathlib import Path

import torch
import zoo_torch
from click.testing import CliRunner
from introspect_torch import adapter

from introspect.cli import main
from introspect.many import explain_many
from introspect.many.making import make
from introspect.many.record import read_lines
from introspect.many.worker import Job, line_for

FIXTURES = Path(zoo_torch.__file__).parents[2] / "fixtures" / "small_torch.py"


def test_models_are_made_without_memory_for_their_parameters() -> None:
    if not hasattr(torch.device, "__enter__"):
        assert adapter.unallocated() == []  # this PyTorch cannot be told where to make everything
        return
    assert make(zoo_torch.too_large_for_memory).weight.is_meta
    made = make(zoo_torch.width_from_values)
    assert made[0].weight.is_meta
    assert made[0].out_features == 6


def test_what_cannot_be_made_so_is_made_in_memory() -> None:
    state = torch.get_default_device() if hasattr(torch, "get_default_device") else None
    assert not make(zoo_torch.checks_its_weight).weight.is_meta
    assert (torch.get_default_device() if state is not None else None) == state


def test_an_input_that_does_not_fit_is_given_up_and_told() -> None:
    line = line_for(Job("right", "zoo_torch:ALL", (1, 3, 7)))
    assert line.status == "incomplete"
    assert line.totals["params"] == (8 + 1) * 4 + (3 * 4 + 1) * 2
    assert line.totals["neurons"] is None
    assert line.input == [1, 3, 7]
    assert line.without_input is not None
    assert line.without_input.startswith("0: ")
    fits = line_for(Job("right", "zoo_torch:ALL", (1, 3, 8)))
    assert (fits.status, fits.without_input) == ("verified", None)
    assert fits.totals["neurons"] == 3 * 4 + 2


def test_a_mismatch_is_the_exit_code_and_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    result = CliRunner().invoke(main, ["explain", "zoo_torch:ALL", "--output", str(out), "--workers", "1"])
    assert result.exit_code == 1, result.output
    lines = {line.name: line for line in read_lines(str(out))[0]}
    assert lines["right"].status == "verified"
    assert lines["corrupted"].status == "mismatch"
    assert list(lines["corrupted"].mismatches) == ["2"]
    assert "mismatch    1" in result.output
    assert "2×7" in result.output


def test_the_fixtures_with_their_inputs() -> None:
    lines = list(explain_many(f"{FIXTURES}:NETS", workers=1, only=["document_000", "siamese"]))
    assert {line.name: line.totals["params"] for line in lines} == {"document_000": 217_706, "siamese": (20 + 1) * 16 + 33}
    assert all(line.totals["neurons"] is not None and line.without_input is None for line in lines)
