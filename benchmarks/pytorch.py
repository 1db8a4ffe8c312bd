"""How long explaining takes beside what else one does with a PyTorch model: ratios from one run, medians.

A bare walk over the parameters, symbolic tracing by `torch.fx` and a forward pass on the meta device, on a chain of residual
blocks of ResNet-152's depth and on a large stack of dense layers. Nothing is downloaded; all models are built here.
"""

from __future__ import annotations

import argparse
from typing import Any, Callable

import torch
from rich.console import Console
from rich.table import Table
from stopwatch import median
from torch import nn

from introspect import explain


class Bottleneck(nn.Module):
    """Three convolutions with batch normalisation, and a shortcut: arXiv:1512.03385."""

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        out = width * 4
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        same = channels == out and stride == 1
        projection = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.shortcut = nn.Identity() if same else projection

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + self.shortcut(x))


def residual(blocks: tuple[int, ...] = (3, 8, 36, 3)) -> nn.Sequential:
    """ResNet-152 with these numbers of blocks; 60,192,808 parameters."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(True), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for i, count in enumerate(blocks):
        for j in range(count):
            layers.append(Bottleneck(channels, 64 * 2**i, 2 if j == 0 and i else 1))
            channels = 256 * 2**i
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000)).eval()


def contestants(model: nn.Module, shape: tuple[int, ...]) -> dict[str, Callable[[], Any]]:
    x = torch.empty(shape, device="meta")
    return {
        "sum(p.numel() for p in parameters())": lambda: sum(p.numel() for p in model.parameters()),
        "explain(model, shape, verify=False)": lambda: explain(model, shape, verify=False).params,
        "explain(model, shape)": lambda: explain(model, shape).status,
        "torch.fx.symbolic_trace": lambda: torch.fx.symbolic_trace(model),
        "a forward pass on the meta device": lambda: model(x),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    models = {
        "ResNet-152": (residual().to("meta"), (1, 3, 224, 224)),
        "1,000 dense layers": (nn.Sequential(*[nn.Linear(8, 8, device="meta") for _ in range(1000)]), (1, 8)),
    }
    console = Console()
    for name, (model, shape) in models.items():
        console.print(f"measuring {name} …")  # no spinner: its thread would be measured too
        with torch.no_grad():
            taken = {what: median(run, repeats) for what, run in contestants(model, shape).items()}
        walk = next(iter(taken.values()))
        table = Table("what", "ms", "× the bare walk", title=f"{name}, torch {torch.__version__}")
        for what, ms in taken.items():
            table.add_row(what, f"{ms:.2f}", f"{ms / walk:.1f}")
        console.print(table)


if __name__ == "__main__":
    main()
