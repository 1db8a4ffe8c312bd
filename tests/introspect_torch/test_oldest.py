"""What PyTorch 1.8 lacks, taken away: no meta device, no function modes, no subclass without storage."""

from __future__ import annotations

import pytest
import torch
from introspect_torch import creation, reported, standins, walking
from torch import nn

from introspect import explain


@pytest.fixture
def oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "TorchFunctionMode", None)
    monkeypatch.setattr(reported, "THERE_IS_META", False)
    monkeypatch.setattr(walking, "THERE_IS_META", False)


class Net(nn.Module):
    """Draws numbers while it runs, and makes a tensor of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 8, 3, 2), nn.Linear(8 * 49, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.dropout(torch.relu(self.conv(x)), 0.5, True).flatten(1)
        return self.out(x + x.new_zeros(x.shape))


def test_an_example_is_run_for_the_shapes_and_the_generator_is_put_back(oldest: None) -> None:
    before = torch.get_rng_state()
    e = explain(Net(), torch.zeros(1, 3, 16, 16))
    after_building = torch.get_rng_state()
    assert not torch.equal(before, after_building)  # weights were drawn
    assert e["conv"].status == e["out"].status == "verified"
    assert e.status == "verified"
    assert e.params == 3 * 3 * 3 * 8 + 8 + 8 * 49 * 10 + 10
    model = Net()
    drawn = torch.get_rng_state()
    explain(model, torch.zeros(1, 3, 16, 16))
    assert torch.equal(drawn, torch.get_rng_state())


def test_shapes_alone_are_worked_out_and_not_verified(oldest: None) -> None:
    e = explain(Net(), (1, 3, 16, 16))
    assert e["out"].output_shape == (1, 10)
    assert e.status == "incomplete"
    assert e.reported is not None
    assert e.reported.notes == ("a forward pass on the meta device stopped: this PyTorch has no meta device",)


class Sorted(nn.Module):
    """Something that no law speaks of."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tril(torch.atleast_3d(x)[0])


def test_a_function_without_a_law_needs_an_example(oldest: None) -> None:
    e = explain(Sorted(), (2, 3))
    assert not e.model.complete
    assert any("has no law, and this PyTorch no meta device" in note for note in e.model.notes)


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")  # newer ones say so, and have no need of it
def test_no_kernel_finds_numbers_in_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standins, "_wrapping", None)
    made = standins._without_storage((2, 3), torch.float32)
    assert isinstance(made, standins.StandIn)
    with torch._C.DisableTorchFunction():
        assert made.is_sparse
        with pytest.raises((RuntimeError, standins.ValueNeededError), match=r"aten[:.]+sort"):
            torch.sort(made)
