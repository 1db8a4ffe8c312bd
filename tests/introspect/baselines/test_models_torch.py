"""Baselines of PyTorch models: kept, one line for each tensor that changes, and quick."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
import torch
from blessed import keeps, scenario
from torch import nn

from fixtures.small_torch import NETS
from introspect import explain
from introspect.baselines import dumps, eliding, loads
from introspect.drifting import drift
from introspect.drifting.sides import explained

IMAGE = (1, 3, 32, 32)


@pytest.mark.parametrize("name", NETS)
def test_a_baseline_keeps_a_model(name: str) -> None:
    make, inputs = NETS[name]
    keeps(explain(make(), inputs))


class Block(nn.Module):
    """A residual block, its shortcut made last and called first."""

    def __init__(self, bias: bool = False) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(8, 8, 3, padding=1, bias=bias), nn.BatchNorm2d(8)
        self.relu = nn.ReLU()
        self.shortcut = nn.Conv2d(8, 8, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        aside = self.shortcut(x)
        return self.relu(self.bn1(self.relu(self.conv1(x))) + aside)


def net(*, bias: bool = False, blocks: int = 2, classes: int = 10, frozen: bool = False) -> nn.Module:
    """A small residual network."""
    stem = nn.Conv2d(3, 8, 3, padding=1, bias=bias)
    made = nn.Sequential(stem, *(Block() for _ in range(blocks)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes))
    for module in made.modules():
        if frozen and isinstance(module, nn.BatchNorm2d):
            module.requires_grad_(False)
    return made


def test_what_is_done_to_a_residual_network() -> None:
    e = explain(net(), IMAGE)
    keeps(e)
    lines, names, reasons = scenario(e, explain(net(bias=True), IMAGE))
    assert (lines, names, reasons) == ((1, 0), ["0.bias"], ["bias"])
    lines, names, reasons = scenario(e, explain(net(classes=3), IMAGE))
    assert (lines, names, reasons) == ((3, 3), ["5.weight", "5.bias"], ["units"])
    lines, names, reasons = scenario(e, explain(net(frozen=True), IMAGE))
    assert (lines, reasons) == ((4, 4), ["frozen"])
    _, names, _ = scenario(e, explain(net(blocks=3), IMAGE))
    assert len(names) == 7
    assert len({name.partition(".")[0] for name in names}) == 1  # of one block; the head that moved is only renamed


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[], Any], Any, tuple[int, int]]] = {
    "a bias": (lambda: nn.Conv2d(3, 8, 3, bias=False), lambda: nn.Conv2d(3, 8, 3), IMAGE, (1, 0)),
    "no scale and shift": (lambda: nn.BatchNorm2d(3), lambda: nn.BatchNorm2d(3, affine=False), IMAGE, (0, 2)),
    "no statistics": (
        lambda: nn.BatchNorm2d(3),
        lambda: nn.BatchNorm2d(3, track_running_stats=False),
        IMAGE,
        (1, 4),
    ),  # the layer too: without them, one number a channel is refused
    "a slope each": (lambda: nn.PReLU(), lambda: nn.PReLU(3), IMAGE, (2, 2)),  # how many is the layer's own configuration
    "no bias": (lambda: nn.Linear(4, 5), lambda: nn.Linear(4, 5, bias=False), (2, 4), (0, 1)),
    "no biases in a recurrence": (lambda: nn.LSTM(4, 5), lambda: nn.LSTM(4, 5, bias=False), (7, 1, 4), (0, 2)),
    "no bias in a norm": (lambda: nn.LayerNorm(4), lambda: nn.LayerNorm(4, bias=False), (2, 4), (0, 1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_line_for_each_tensor(name: str) -> None:
    before, after, inputs, lines = CHANGES[name]
    assert scenario(explain(before(), inputs), explain(after(), inputs))[0] == lines


class Tied(nn.Module):
    def __init__(self, tie: bool) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(50, 8), nn.Linear(8, 50, bias=False)
        if tie:
            self.head.weight = self.words.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.words(x))


def test_tied_and_untied() -> None:
    a, b = (explain(Tied(tie), (1, 5)) for tie in (True, False))
    keeps(a)
    assert scenario(a, b) == ((2, 1), ["words.weight", "head.weight"], ["tied"])


class Bare(nn.Module):
    """A parameter that no law speaks of."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.fc = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) * self.scale


def test_what_is_carried_is_marked() -> None:
    e = explain(Bare(), (2, 3))
    text = keeps(e)
    again = loads(text)
    assert [t.name for t in again.tensors if t.opaque] == [t.name for t in e.tensors if t.opaque] == ["scale"]
    assert again.opaque_params == 3
    assert '"tensor": "Bare.scale", "shape": [3], "size": 3, "opaque": true' in text


def test_without_an_input() -> None:
    keeps(explain(net()))


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.fc = nn.Embedding(50, 8), nn.Linear(8, 2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.fc(self.words(ids) * mask)


TAKEN: dict[str, tuple[Callable[[], nn.Module], Any]] = {
    "an image": (net, IMAGE),
    "open dimensions": (net, ("N", 3, 32, 32)),
    "words": (lambda: Tied(True), (1, 5)),
    "two inputs": (Pair, ((1, 5), (1, 5, 8))),
    "by name": (Pair, {"mask": (1, 5, 8), "ids": (1, 5)}),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_model_takes_what_its_baseline_took(name: str) -> None:
    make, inputs = TAKEN[name]
    a, b = explained(loads(dumps(explain(make(), inputs))), make())
    assert b.model.complete
    assert (b.status, drift(a, b).same) == ("verified", True)


def test_equal_layers_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written of a hundred layers alike is found for one of them: a large model is written in no time."""
    asked: list[Any] = []
    variants = eliding.variants
    monkeypatch.setattr(eliding, "variants", lambda *args: asked.append(args) or variants(*args))
    dumps(explain(nn.Sequential(*(layer for _ in range(100) for layer in (nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)))), IMAGE))
    assert len(asked) <= 12


def test_the_documentation_shows_lines_of_a_real_file() -> None:
    page = (Path(__file__).parents[3] / "docs" / "baselines.md").read_text(encoding="utf-8")
    shown = page.split('```text\n{\n"schema"')[1].split("```")[0].replace("\n ", " ")
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10)
    )
    real = dumps(explain(model, (1, 1, 28, 28))).split("\n")
    lines = [line for line in shown.split("\n")[1:] if line and '"framework"' not in line]  # its version is a line of its own
    assert len(lines) >= 12
    assert [line for line in lines if line not in real] == []
