"""The models of PyTorch's benchmark, each from plain `torch.nn`: nothing is downloaded, no other package is needed.

Each has the shape of the model that it is named after, down to the last parameter; `MODELS` says the totals.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

import torch
from pytorch_language_models import deepseek, llama
from torch import nn


class Bottleneck(nn.Module):
    """Three convolutions with batch normalisation, and a shortcut: arXiv:1512.03385."""

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        out = width * 4
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: Optional[nn.Module] = None
        if channels != out or stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += shortcut
        return self.relu(y)


class ResNet(nn.Module):
    """Stages of bottlenecks: arXiv:1512.03385."""

    def __init__(self, blocks: tuple[int, ...], classes: int = 1000) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        stages, channels = [], 64
        for i, count in enumerate(blocks):
            width = 64 * 2**i
            first = Bottleneck(channels, width, 2 if i else 1)
            channels = width * 4
            stages.append(nn.Sequential(first, *[Bottleneck(channels, width) for _ in range(count - 1)]))
        self.stages = nn.ModuleList(stages)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in self.stages:
            x = stage(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


class EncoderBlock(nn.Module):
    """Attention, then a perceptron, each normalised before and added to what came in: arXiv:2010.11929."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.ln_1, self.attention = nn.LayerNorm(width, eps=1e-6), nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Dropout(0.0), nn.Linear(inner, width), nn.Dropout(0.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.ln_1(x)
        y, _ = self.attention(y, y, y, need_weights=False)
        x = x + y
        return x + self.mlp(self.ln_2(x))


class VisionTransformer(nn.Module):
    """Patches as tokens, with a class token and learned positions: arXiv:2010.11929."""

    def __init__(self, size: int, patch: int, depth: int, width: int, heads: int, inner: int, classes: int = 1000) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, width, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embedding = nn.Parameter(torch.zeros(1, (size // patch) ** 2 + 1, width))
        self.layers = nn.Sequential(*[EncoderBlock(width, heads, inner) for _ in range(depth)])
        self.ln, self.head = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv_proj(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embedding
        return self.head(self.ln(self.layers(x))[:, 0])


class RecurrentClassifier(nn.Module):
    """A two-layer LSTM over a sequence; the last step is classified."""

    def __init__(self, features: int = 256, hidden: int = 512, classes: int = 10) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, num_layers=2, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, _ = self.lstm(x)
        return self.fc(y[:, -1])


def vgg16() -> nn.Sequential:
    """Configuration D of arXiv:1409.1556."""
    layers: list[nn.Module] = []
    channels = 3
    for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(True)] if width else [nn.MaxPool2d(2, 2)]
        channels = width or channels
    dense: list[nn.Module] = [nn.Linear(512 * 7 * 7, 4096), nn.ReLU(True), nn.Dropout(), nn.Linear(4096, 4096)]
    return nn.Sequential(*layers, nn.Flatten(), *dense, nn.ReLU(True), nn.Dropout(), nn.Linear(4096, 1000))


def chain(length: int, width: int = 8) -> nn.Sequential:
    """Dense layers, one after another, on the meta device."""
    return nn.Sequential(*[nn.Linear(width, width, device="meta") for _ in range(length)])


class Subject(NamedTuple):
    """A model to measure. `params`: what the architecture's own description comes to. `on_meta`: too large to be real."""

    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    params: int
    tokens: bool = False
    on_meta: bool = False

    def model(self, device: str = "cpu") -> nn.Module:
        """The model as for inference, all its values alike; on the meta device where there is no memory for it."""
        with torch.device("meta"):
            model = self.build().eval()
        if device == "meta" or self.on_meta:
            return model
        model.to_empty(device=device)
        for tensor in [*model.parameters(), *model.buffers()]:
            tensor.detach().fill_(0.01)
        return model

    def input(self, device: str = "cpu") -> Any:
        """Zeros that the model takes: numbers, or tokens."""
        dtype = torch.int64 if self.tokens else torch.float32
        return torch.zeros(self.shape, dtype=dtype, device="meta" if self.on_meta else device)


MODELS = {
    "ResNet-152": Subject(lambda: ResNet((3, 8, 36, 3)), (1, 3, 224, 224), 60_192_808),
    "ViT-B/16": Subject(lambda: VisionTransformer(224, 16, 12, 768, 12, 3072), (1, 3, 224, 224), 86_567_656),
    "VGG-16": Subject(vgg16, (1, 3, 224, 224), 138_357_544),
    "2-layer LSTM": Subject(RecurrentClassifier, (8, 64, 256), 3_683_338),
    "Llama-3.1-405B-shaped": Subject(llama, (1, 1024), 405_853_388_800, tokens=True, on_meta=True),
    "DeepSeek-V3-shaped": Subject(deepseek, (1, 1024), 671_026_419_200, tokens=True, on_meta=True),
}
