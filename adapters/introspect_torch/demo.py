"""Trains the demonstration network for a few seconds, on digits that it draws itself."""

from __future__ import annotations

import time

import torch
from torch import Tensor, nn
from torch.nn import functional

_SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
_STROKES = {  # rows and columns of the seven segments on a 28×28 sheet
    "a": (4, 6, 8, 20), "g": (13, 15, 8, 20), "d": (22, 24, 8, 20), "f": (4, 15, 8, 10),
    "b": (4, 15, 18, 20), "e": (13, 24, 8, 10), "c": (13, 24, 18, 20),
}  # fmt: skip


def network() -> nn.Sequential:
    """Two convolutions with pools, two dense layers: even or odd?"""
    layers = [
        ("conv1", nn.Conv2d(1, 32, 5)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(2)),
        ("conv2", nn.Conv2d(32, 64, 5)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(2)), ("drop1", nn.Dropout(0.25)),
        ("flatten", nn.Flatten()), ("fc1", nn.Linear(64 * 4 * 4, 100)), ("relu3", nn.ReLU()), ("drop2", nn.Dropout(0.5)),
        ("fc2", nn.Linear(100, 2)), ("softmax", nn.Softmax(dim=1)),
    ]  # fmt: skip
    model = nn.Sequential()
    for name, layer in layers:
        model.add_module(name, layer)
    return model


def digits(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`count` noisy seven-segment digits, ``(count, 1, 28, 28)``, and the digits themselves."""
    sheets = torch.zeros(10, 28, 28)
    for digit, segments in enumerate(_SEGMENTS):
        for segment in segments:
            top, bottom, left, right = _STROKES[segment]
            sheets[digit, top:bottom, left:right] = 1
    drawn = torch.randint(0, 10, (count,), generator=generator)
    shift = torch.randint(-3, 4, (2,), generator=generator).tolist()
    images = torch.roll(sheets[drawn], shift, dims=(1, 2)) + 0.3 * torch.randn(count, 28, 28, generator=generator)
    return images.unsqueeze(1), drawn


def trained(seconds: float) -> tuple[nn.Module, tuple[int, ...]]:
    """The network after about `seconds` of training, and the shape of its input."""
    from rich.progress import BarColumn, Progress, TextColumn

    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = network()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        started = time.monotonic()
        with Progress(TextColumn("training"), BarColumn(), TextColumn("{task.fields[said]}"), transient=False) as progress:
            task = progress.add_task("", total=seconds, said="")
            while time.monotonic() - started < seconds:
                said = _step(model, optimizer, generator)
                progress.update(task, completed=time.monotonic() - started, said=said)
            progress.update(task, completed=seconds)
    model.eval()
    return model, (1, 1, 28, 28)


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, generator: torch.Generator) -> str:
    images, drawn = digits(64, generator)
    wanted = drawn % 2
    chances = model(images)
    loss = functional.nll_loss(torch.log(chances + 1e-9), wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    right = (chances.argmax(1) == wanted).float().mean().item()
    return f"even or odd: {right:.0%} of the last 64 right"
