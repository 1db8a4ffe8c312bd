"""Files as PyTorch itself writes them: read without unpickling, equal to the live model tensor by tensor."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from introspect import compare, explain, saved
from introspect.cli import main
from introspect.errors import IntrospectError, UnreadableError


class Net(nn.Module):
    """A tied head, buffers, and a bare parameter."""

    def __init__(self, channels: int = 4) -> None:
        super().__init__()
        self.emb = nn.Embedding(10, 8)
        self.conv = nn.Conv2d(1, channels, 3)
        self.bn = nn.BatchNorm2d(channels)
        self.blocks = nn.ModuleList([nn.Linear(channels, 8), nn.LSTM(8, 8, batch_first=True)])
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.emb.weight
        self.scale = nn.Parameter(torch.ones(3, dtype=torch.float64))

    def forward(self, x: Any) -> Any:
        return self.head(self.blocks[0](self.bn(self.conv(x)).mean((2, 3))) * self.scale.sum().float())


def as_zip(model: nn.Module, path: Path) -> None:
    torch.save(model.state_dict(), path)


def as_legacy(model: nn.Module, path: Path) -> None:
    torch.save(model.state_dict(), path, _use_new_zipfile_serialization=False)


def as_checkpoint(model: nn.Module, path: Path) -> None:
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.zeros(1, 1, 8, 8)).sum().backward()
    optimiser.step()
    torch.save({"state_dict": model.state_dict(), "optimizer": optimiser.state_dict(), "epoch": 3, "best": 0.5}, path)


def as_parallel(model: nn.Module, path: Path) -> None:
    torch.save(nn.DataParallel(model).state_dict(), path)


def as_half(model: nn.Module, path: Path) -> None:
    torch.save(model.bfloat16().state_dict(), path)


def as_parameters(model: nn.Module, path: Path) -> None:
    torch.save(dict([*model.named_parameters(), *model.named_buffers()], **{"head.weight": model.head.weight}), path)


def as_script(model: nn.Module, path: Path) -> None:
    torch.jit.trace(model.eval(), torch.zeros(1, 1, 8, 8)).save(str(path))


def as_program(model: nn.Module, path: Path) -> None:
    torch.export.save(torch.export.export(model.eval(), (torch.zeros(2, 1, 8, 8),)), path)


WAYS = [as_zip, as_legacy, as_checkpoint, as_parallel, as_half, as_parameters, as_script]
WAYS += [as_program] if hasattr(torch, "export") else []  # PyTorch 2.1


@pytest.mark.parametrize("write", WAYS)
def test_a_file_has_the_tensors_of_its_model(tmp_path: Path, write: Callable[[nn.Module, Path], None]) -> None:
    model = Net()
    path = tmp_path / "model.pt2"
    write(model, path)
    e = saved.load(path)
    found = compare(model, e)
    assert found.same, f"{found}\n{e}"
    assert e.params == sum(p.numel() for p in model.parameters())
    assert e.buffers == sum(b.numel() for b in model.buffers())
    assert not compare(Net(5), e).same


def test_a_module_is_refused_and_its_class_named(tmp_path: Path) -> None:
    for options in ({}, {"_use_new_zipfile_serialization": False}):
        torch.save(nn.Sequential(nn.Linear(3, 4)), tmp_path / "whole.pt", **options)
        with pytest.raises(UnreadableError, match=r"whole\.pt: this file is more than tensors(.|\n)*Sequential(.|\n)*--trust"):
            saved.load(tmp_path / "whole.pt")
        said = CliRunner().invoke(main, ["explain", str(tmp_path / "whole.pt")])
        assert said.exit_code == 2


def test_with_trust_a_module_is_loaded_and_explained(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(3, 4)), tmp_path / "whole.pt")
    e = saved.load(tmp_path / "whole.pt", inputs=(1, 3), trust=True)
    assert e.status == "verified"
    assert e["0"].params.working == "(3 + 1)·4"
    said = CliRunner().invoke(main, ["explain", str(tmp_path / "whole.pt"), "--trust", "--input", "1,3"])
    assert said.exit_code == 0
    assert "(3 + 1)·4" in said.output
    compared = CliRunner().invoke(
        main, ["compare", str(tmp_path / "whole.pt"), str(tmp_path / "whole.pt"), "--trust", "--input", "1,3"]
    )
    assert compared.exit_code == 0, compared.output
    claimed = CliRunner().invoke(main, ["diagnose", str(tmp_path / "whole.pt"), "--trust", "--claim", "16"])
    assert claimed.exit_code == 0, claimed.output


class Strange:
    """Something beside the tensors that only unpickling makes."""


def test_with_trust_tensors_beside_other_things_are_found(tmp_path: Path) -> None:
    torch.save({"net": Net().state_dict(), "arguments": Strange()}, tmp_path / "run.pt")
    with pytest.raises(UnreadableError, match="Strange"):
        saved.load(tmp_path / "run.pt")
    e = saved.load(tmp_path / "run.pt", trust=True)
    assert e.params == explain(Net()).params
    torch.save(Strange(), tmp_path / "run.pt")
    with pytest.raises(IntrospectError, match="neither a module nor tensors"):
        saved.load(tmp_path / "run.pt", trust=True)
    (tmp_path / "run.pt").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(UnreadableError):
        saved.load(tmp_path / "run.pt", trust=True)


def test_nothing_is_made_for_a_tensor_without_numbers(tmp_path: Path) -> None:
    if not hasattr(torch.empty(0), "untyped_storage"):  # before 2.0 such tensors are saved with their class
        return
    torch.save({"a.weight": torch.empty(10**6, 10**6, device="meta")}, tmp_path / "meta.pt")
    assert saved.load(tmp_path / "meta.pt").params == 10**12


def test_pytorch_is_not_imported_for_it(tmp_path: Path) -> None:
    as_zip(Net(), tmp_path / "model.pt")
    path = tmp_path / "model.pt"
    code = f"import sys; sys.path[:0] = {[p for p in sys.path if p]!r}; from introspect import saved; "
    code += f"print(int(saved.load({str(path)!r}).params), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(int(explain(Net()).params)), "False"]
