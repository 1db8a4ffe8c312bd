"""Blocks alike run once: the model that comes out is the one that comes out when every block runs."""

from __future__ import annotations

from typing import Any, Callable, Optional

import pytest
import torch
from introspect_torch.repeating import Repeats
from introspect_torch.translating import translate
from torch import nn
from torch.nn import functional as F  # noqa: N812 -- as everyone calls it

from introspect.ir import Model

Again = Callable[..., Any]


class Residual(nn.Module):
    """Two convolutions around a shortcut, and a function of each kind."""

    def __init__(self, channels: int, shared: Optional[nn.Module] = None) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.second = shared or nn.Conv2d(channels, channels, 3, padding=1)
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.norm(self.first(x)))
        y = torch.cat(self.second(y).chunk(2, dim=1), dim=1)
        return x + y * self.scale


def _chain(*blocks: nn.Module) -> nn.Sequential:
    return nn.Sequential(*blocks)


def _alike() -> nn.Module:
    return _chain(*[Residual(4) for _ in range(4)])


def _sharing() -> nn.Module:
    shared = nn.Conv2d(4, 4, 3, padding=1)
    return _chain(*[Residual(4, shared) for _ in range(4)])


def _nested() -> nn.Module:
    return _chain(*[_chain(Residual(4), nn.ReLU(), Residual(4)) for _ in range(3)])


def _called_again() -> nn.Module:
    block, other = Residual(4), Residual(4)
    return _chain(block, other, block, other, Residual(4))


class Counting(nn.Module):
    """Does something else on every other call of any of its kind: through what all of them share."""

    def __init__(self, seen: list[int]) -> None:
        super().__init__()
        self.conv, self.seen = nn.Conv2d(4, 4, 1), (lambda: seen)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen().append(1)
        return self.conv(x) if len(self.seen()) % 2 else F.relu(x)


_TURNS = 0


class Turning(nn.Module):
    """Does something else on every other call, by a number that it writes for itself."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        global _TURNS
        _TURNS += 1
        return self.conv(x) if _TURNS % 2 else F.relu(x)


class Asking(nn.Module):
    """The same, by a function that counts."""

    turns = 0

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x) if _turn() % 2 else F.relu(x)


def _turn() -> int:
    Asking.turns += 1
    return Asking.turns


_KEPT: list[Any] = []


class Keeping(nn.Module):
    """Leaves what it computes where another finds it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        _KEPT.append(y)
        return F.relu(y)


class Summing(nn.Module):
    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: torch.Tensor) -> Any:
        _KEPT.clear()
        for block in self.blocks:
            x = block(x)
        total = sum(_KEPT, x)
        _KEPT.clear()
        return total


class Remembering(nn.Module):
    """Writes to itself, to be read from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.last = nn.Conv2d(4, 4, 1), None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.last = x.shape[1]
        return self.conv(x)


class Setting(nn.Module):
    """Tells its blocks what to do as it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Told() for _ in range(4)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for i, block in enumerate(self.blocks):
            block.active = bool(i % 2)
            x = block(x)
        return x


class Told(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.active = nn.Conv2d(4, 4, 1), True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x) if self.active else F.relu(x)


class Collecting(nn.Module):
    """Its blocks add to a list that they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Adding() for _ in range(3)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: list[Any] = []
        for block in self.blocks:
            x = block(x, found)
        return torch.stack(found).sum(0)


class Adding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor, found: list[Any]) -> torch.Tensor:
        found.append(F.relu(x))
        return self.conv(x)


class Several(nn.Module):
    """Takes a mask, an option and a tensor twice; returns a nest."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: torch.Tensor, mask: torch.Tensor, flip: bool = False) -> Any:
        y, weights = self.attention(x, x, x, attn_mask=mask)
        return {"y": x + y, "rest": (weights.flip(0) if flip else weights, [x], None)}


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Several() for _ in range(4)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(2).transpose(1, 2)
        mask = torch.zeros(x.shape[1], x.shape[1])
        for i, block in enumerate(self.blocks):
            x = block(x, mask, flip=i > 1)["y"]
        return x


_MODELS: dict[str, tuple[Callable[[], nn.Module], bool]] = {  # how to make it, and whether anything is to be repeated
    "alike": (_alike, True), "sharing a layer": (_sharing, True), "nested": (_nested, True), "called again": (_called_again, True),
    "several arguments": (Transformer, True),
    "counting": (lambda: _chain(*[Counting(seen) for seen in [[]] for _ in range(4)]), False),
    "turning": (lambda: _chain(*[Turning() for _ in range(4)]), False),
    "asking": (lambda: _chain(*[Asking() for _ in range(4)]), False),
    "keeping": (lambda: Summing(*[Keeping() for _ in range(4)]), False),
    "remembering": (lambda: _chain(*[Remembering() for _ in range(4)]), False),
    "setting": (Setting, True), "collecting": (Collecting, False),
    "tied within": (lambda: _chain(Residual(4), _tied(), _tied(), Residual(4)), True),
}  # fmt: skip


def _tied() -> nn.Module:
    block = Residual(4)
    block.second = block.first
    return block


def _translated(make: Callable[[], nn.Module], shape: Any, monkeypatch: pytest.MonkeyPatch, repeats: bool) -> tuple[Model, int]:
    """The model, and how many blocks were repeated."""
    times, again = [], Repeats._again

    def noted(*args: Any) -> Any:
        times.append(1)
        return again(*args)

    with monkeypatch.context() as patch:
        patch.setattr(Repeats, "_again", noted)
        if not repeats:
            patch.setattr(Repeats, "around", lambda self, module, run: run)
        return translate(make(), shape), len(times)


@pytest.mark.parametrize("name", _MODELS)
def test_repeating_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, repeatable = _MODELS[name]
    shape = (2, 4, 6, 6)
    every, none = _translated(make, shape, monkeypatch, repeats=False)
    found, times = _translated(make, shape, monkeypatch, repeats=True)
    assert none == 0
    assert found == every
    assert (times > 0) == repeatable


def test_a_block_that_would_do_something_else_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: with what only one block was seen to do put in place of another's, models differ."""
    monkeypatch.setattr(Repeats, "_require_untouched", lambda self, inside: None)
    every, _ = _translated(Setting, (2, 4, 6, 6), monkeypatch, repeats=False)
    found, _ = _translated(Setting, (2, 4, 6, 6), monkeypatch, repeats=True)
    assert found != every


def test_an_open_dimension_is_repeated_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    every, _ = _translated(_alike, ("N", 4, "H", "W"), monkeypatch, repeats=False)
    found, times = _translated(_alike, ("N", 4, "H", "W"), monkeypatch, repeats=True)
    assert times == 3
    assert found == every


def test_an_error_in_a_later_block_is_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from introspect.errors import ShapeError

    with pytest.raises(ShapeError, match=r"3\.first"):
        translate(_chain(*[Residual(4) for _ in range(3)], Residual(5)), (2, 4, 6, 6))
