"""Draws whole PyTorch models: chains, residuals, branches, shared modules, recurrence, attention, functions in `forward`.

A model is built block by block and run as it grows, so that nothing here works out a shape. About one in five gets one size
wrong on purpose, somewhere; what PyTorch says of it is then the truth.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

import torch
import torch.nn.functional as F  # noqa: N812
from against_torch import REFUSALS
from hypothesis import strategies as st
from strategies_torch import RECENT
from torch import Tensor, nn

Functions = dict[str, Callable[[Tensor], Any]]


class Apply(nn.Module):
    """A bare function as a block."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


class Residual(nn.Module):
    def __init__(self, body: nn.Module, shortcut: Optional[nn.Module]) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + (x if self.shortcut is None else self.shortcut(x))


class Branches(nn.Module):
    def __init__(self, branches: list[nn.Module], dim: int) -> None:
        super().__init__()
        self.branches, self.dim = nn.ModuleList(branches), dim

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], self.dim)


class Gated(nn.Module):
    def __init__(self, value: nn.Module, gate: nn.Module) -> None:
        super().__init__()
        self.value, self.gate = value, gate

    def forward(self, x: Tensor) -> Tensor:
        return self.value(x) * torch.sigmoid(self.gate(x))


class Twice(nn.Module):
    """One module with two calls, the second through its `forward`."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner.forward(F.relu(self.inner(x)))


class First(nn.Module):
    """The first of what a module gives: a recurrent layer's sequence, attention without its weights."""

    def __init__(self, inner: nn.Module, inputs: int = 1) -> None:
        super().__init__()
        self.inner, self.inputs = inner, inputs

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(*[x] * self.inputs)[0]


class SelfAttention(nn.Module):
    """Attention as it is written by hand."""

    def __init__(self, width: int, inner: int, heads: int) -> None:
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(width, 3 * inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q @ k.transpose(-2, -1)) / q.size(-1) ** 0.5
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, -1))


class Siamese(nn.Module):
    """One encoder for two inputs, by keyword the second time."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:
        left, right = self.encoder(a), self.encoder(b)
        return {"score": self.head(left, right), "joined": torch.cat([left, right], 1).sum(-1)}


class TiedHead(nn.Module):
    """Scores by the very matrix that the tokens are looked up in."""

    def __init__(self, vocabulary: int, width: int, body: nn.Module) -> None:
        super().__init__()
        self.table, self.body, self.head = nn.Embedding(vocabulary, width), body, nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.table.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.table(x)))


IMAGES: Functions = {
    "relu": F.relu, "scale": lambda x: 2 * x - 1, "max pool": lambda x: F.max_pool2d(x, 2, 1, 1),
    "channels last and back": lambda x: x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
    "pad": lambda x: F.pad(x, (1, 0, 2, 1)), "interpolate": lambda x: F.interpolate(x, scale_factor=2),
    "halves": lambda x: torch.cat(x.chunk(2, 1)[::-1], 1), "channel mean": lambda x: x * x.mean((2, 3), keepdim=True),
    "crop": lambda x: x[:, :, :-1, 1:] if min(x.shape[2:]) > 1 else x, "softmax": lambda x: x.flatten(2).softmax(-1).view_as(x),
    "clamp": lambda x: x.clamp(0, 6), "stack": lambda x: torch.stack([x, -x], 2).sum(2),
}  # fmt: skip
SEQUENCES: Functions = {
    "gelu": F.gelu, "swap": lambda x: x.transpose(1, 2).contiguous().transpose(1, 2), "normalise": lambda x: F.normalize(x, dim=-1),
    "positions": lambda x: x + torch.arange(x.shape[1], dtype=x.dtype).unsqueeze(-1), "similarity": lambda x: x @ x.mT @ x,
    "einsum": lambda x: torch.einsum("bij,bkj->bik", x, x), "shift": lambda x: torch.cat([x[:, 1:], x[:, :1]], dim=1),
    "split": lambda x: sum(x.split(1, dim=1)), "expand": lambda x: x[:, :1].expand(-1, 3, -1) * 2,
    "softmax": lambda x: F.softmax(x, dim=-1), "repeat": lambda x: x.repeat(1, 2, 1), "squeeze": lambda x: x.unsqueeze(2).squeeze(2),
    "attention": lambda x: F.scaled_dot_product_attention(x, x, x),
}  # fmt: skip
VECTORS: Functions = {
    "tanh": torch.tanh, "outer": lambda x: (x.unsqueeze(2) * x.unsqueeze(1)).flatten(1), "twice": lambda x: torch.cat((x, x), 1),
    "centre": lambda x: x - x.mean(1, keepdim=True), "where": lambda x: torch.where(x > 0, x, 0.1 * x),
    "power": lambda x: x**2 + 1.0, "view": lambda x: x.view(x.size(0), -1), "rows": lambda x: x[:, ::2],
}  # fmt: skip
if not hasattr(F, "scaled_dot_product_attention"):
    del SEQUENCES["attention"]


class Architect:
    """Draws one model. `at`: which of the sizes that have to fit does not; none of them where it is negative."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.at = self.whole(0, 8) if self.whole(0, 3) == 0 else -1

    def whole(self, least: int, most: int) -> int:
        return self.data.draw(st.integers(least, most))

    def one(self, options: Any) -> Any:
        return self.data.draw(st.sampled_from(sorted(options)))

    def fitting(self, size: int) -> int:
        """`size`, which something else depends on; once in a defective model it is one too many."""
        self.at -= 1
        return size + 1 if self.at == -1 else size

    def chain(self, x: Tensor, blocks: int, make: Callable[[Tensor], nn.Module]) -> nn.Module:
        """Blocks one after another, each made for what the one before gives; ends where PyTorch refuses."""
        made: list[nn.Module] = []
        for _ in range(blocks):
            made.append(make(x))
            try:
                with torch.no_grad():
                    x = made[-1].eval()(x)
            except REFUSALS:
                break
            if x.numel() > 4000:
                break
        return nn.Sequential(*made)

    def nested(self, x: Tensor, kinds: dict[str, Callable[[Tensor], nn.Module]], dim: int, depth: int) -> nn.Module:
        """A block of one of `kinds`, or a residual, branches, a gate or a shared module around such blocks."""
        shape = self.whole(0, 9) if depth else 9
        simple = {name: make for name, make in kinds.items() if not name.startswith(("function", "change"))}
        if shape > 3:
            return kinds[self.one(kinds)](x)
        if shape == 0:
            return Residual(self.chain(x, 2, lambda y: self.nested(y, simple, dim, depth - 1)), None)
        if shape == 1:
            return Branches([self.nested(x, simple, dim, depth - 1) for _ in range(self.whole(1, 3))], dim)
        make = simple[self.one(simple)]
        return Twice(make(x)) if shape == 2 else Gated(make(x), make(x))

    # Images: (batch, channels, height, width)

    def image_block(self, x: Tensor, depth: int = 1) -> nn.Module:
        c, k = x.shape[1], self.whole(1, 3)
        kinds: dict[str, Callable[[Tensor], nn.Module]] = {
            "conv": lambda x: nn.Conv2d(self.fitting(c), c, k, padding="same", bias=bool(self.whole(0, 1))),
            "depthwise": lambda x: nn.Conv2d(c, c, k, padding="same", groups=c),
            "norm": lambda x: self.image_norm(c),
            "block": lambda x: nn.Sequential(
                nn.Conv2d(c, 4, 1), nn.BatchNorm2d(self.fitting(4)), nn.ReLU(), nn.Conv2d(4, c, 1)
            ),
            "change width": lambda x: nn.Conv2d(self.fitting(c), self.whole(1, 6), k, self.whole(1, 2), self.whole(0, 1)),
            "change up": lambda x: nn.ConvTranspose2d(self.fitting(c), self.whole(1, 4), k, self.whole(1, 2)),
            "change pool": lambda x: self.pool(k),
            "function": lambda x: Apply(IMAGES[self.one(IMAGES)]),
            "function module": lambda x: [nn.Dropout2d(), nn.PReLU(self.fitting(c)), nn.SiLU(), nn.ZeroPad2d(1)][
                self.whole(0, 3)
            ],
        }
        return self.nested(x, kinds, 1, depth)

    def image_norm(self, c: int) -> nn.Module:
        n = self.fitting(c)
        return [
            nn.BatchNorm2d(n), nn.GroupNorm(1, n), nn.InstanceNorm2d(n, affine=True, track_running_stats=True), nn.LocalResponseNorm(2)
        ][self.whole(0, 3)]  # fmt: skip

    def pool(self, k: int) -> nn.Module:
        return [
            nn.MaxPool2d(k, ceil_mode=True), nn.AvgPool2d(k, 1), nn.AdaptiveAvgPool2d((k, None)), nn.Upsample(scale_factor=k)
        ][self.whole(0, 3)]  # fmt: skip

    # Sequences: (batch, steps, features)

    def sequence_block(self, x: Tensor, depth: int = 1) -> nn.Module:
        n = x.shape[-1]
        kinds: dict[str, Callable[[Tensor], nn.Module]] = {
            "linear": lambda x: nn.Linear(self.fitting(n), n),
            "norm": lambda x: nn.LayerNorm(self.fitting(n), elementwise_affine=bool(self.whole(0, 1))),
            "mlp": lambda x: nn.Sequential(nn.Linear(n, 2 * n), nn.GELU(), nn.Linear(self.fitting(2 * n), n)),
            "by hand": lambda x: SelfAttention(self.fitting(n), 2 * self.whole(1, 3), self.whole(1, 2)),
            "attention": lambda x: First(nn.MultiheadAttention(2 * ((self.fitting(n) + 1) // 2), 2, batch_first=True), 3),
            "encoder": lambda x: nn.TransformerEncoderLayer(
                self.fitting(n), 1, 5, batch_first=True, norm_first=bool(self.whole(0, 1))
            ),
            "change recurrent": lambda x: First(self.recurrent(n)),
            "change width": lambda x: nn.Linear(self.fitting(n), self.whole(1, 6)),
            "function": lambda x: Apply(SEQUENCES[self.one(SEQUENCES)]),
            "function module": lambda x: [nn.Dropout(), nn.Tanh(), nn.Softmax(dim=-1)][self.whole(0, 2)],
        }
        if not RECENT:  # which goes past the encoder's own modules
            del kinds["encoder"]
        return self.nested(x, kinds, 2, depth)

    def recurrent(self, n: int) -> nn.Module:
        kind = self.one(["RNN", "LSTM", "GRU"])
        options = {"num_layers": self.whole(1, 2), "bidirectional": bool(self.whole(0, 1)), "bias": bool(self.whole(0, 1))}
        return getattr(nn, kind)(self.fitting(n), self.whole(1, 4), batch_first=True, **options)

    # Vectors: (batch, features)

    def vector_block(self, x: Tensor, depth: int = 1) -> nn.Module:
        n = x.shape[-1]
        kinds: dict[str, Callable[[Tensor], nn.Module]] = {
            "linear": lambda x: nn.Linear(self.fitting(n), n, bias=bool(self.whole(0, 1))),
            "norm": lambda x: [nn.BatchNorm1d, nn.LayerNorm][self.whole(0, 1)](self.fitting(n)),
            "mlp": lambda x: nn.Sequential(nn.Linear(n, 6), nn.ReLU(inplace=True), nn.Linear(self.fitting(6), n)),
            "change width": lambda x: nn.Linear(self.fitting(n), self.whole(1, 8)),
            "function": lambda x: Apply(VECTORS[self.one(VECTORS)]),
            "function module": lambda x: [nn.Dropout(), nn.ELU(), nn.Softmax(dim=1), nn.Identity()][self.whole(0, 3)],
        }
        return self.nested(x, kinds, 1, depth)

    # From one kind of thing to another

    def image_to_sequence(self, x: Tensor) -> nn.Module:
        return Apply(
            [lambda x: x.flatten(2).transpose(1, 2), lambda x: x.permute(0, 2, 3, 1).flatten(1, 2), lambda x: x.mean(3)][
                self.whole(0, 2)
            ]
        )

    def image_to_vector(self, x: Tensor) -> nn.Module:
        if self.whole(0, 1):
            return nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
        return Apply(
            [lambda x: torch.flatten(x, 1), lambda x: x.mean((-2, -1)), lambda x: x.amax(dim=(2, 3))][self.whole(0, 2)]
        )

    def sequence_to_vector(self, x: Tensor) -> nn.Module:
        return Apply(
            [lambda x: x[:, -1], lambda x: x.mean(1), lambda x: x.reshape(x.shape[0], -1), lambda x: x.max(1)[0]][
                self.whole(0, 3)
            ]
        )

    def vector_to_sequence(self, x: Tensor) -> nn.Module:
        parts = self.fitting(1)
        return Apply(
            [lambda x: x.unsqueeze(1), lambda x: x.view(len(x), -1, parts), lambda x: x[:, None].expand(-1, 3, -1)][
                self.whole(0, 2)
            ]
        )

    def image(self) -> tuple[nn.Module, Tensor]:
        x = torch.zeros(self.whole(1, 2), self.whole(1, 4), self.whole(4, 7), self.whole(4, 7))
        roads: list[list[Callable[[Tensor], nn.Module]]] = [
            [self.image_to_vector, self.vector_block], [self.image_to_sequence, self.sequence_block], []
        ]  # fmt: skip
        return self.road(x, [*[self.image_block] * self.whole(1, 4), *roads[self.whole(0, 2)]]), x

    def sequence(self) -> tuple[nn.Module, Tensor]:
        x = torch.zeros(self.whole(1, 2), self.whole(1, 5), self.whole(2, 6))
        end: list[Callable[[Tensor], nn.Module]] = [self.sequence_to_vector, self.vector_block] if self.whole(0, 1) else []
        return self.road(x, [*[self.sequence_block] * self.whole(1, 4), *end]), x

    def vector(self) -> tuple[nn.Module, Tensor]:
        x = torch.zeros(self.whole(1, 3), self.whole(1, 6))
        end: list[Callable[[Tensor], nn.Module]] = [self.vector_to_sequence, self.sequence_block] if self.whole(0, 1) else []
        return self.road(x, [*[self.vector_block] * self.whole(1, 5), *end]), x

    def tokens(self) -> tuple[nn.Module, Tensor]:
        vocabulary, width = self.whole(2, 9), self.whole(2, 6)
        x = torch.zeros(self.whole(1, 2), self.whole(1, 5), dtype=torch.long)
        looked_up = torch.zeros(*x.shape, width)
        if self.whole(0, 1):
            body = self.chain(looked_up, self.whole(1, 3), self.sequence_block)
            return TiedHead(vocabulary, width, body), x
        table = nn.Embedding(vocabulary, self.fitting(width))
        blocks: list[Callable[[Tensor], nn.Module]] = [*[self.sequence_block] * self.whole(1, 3), self.sequence_to_vector]
        return nn.Sequential(table, self.road(looked_up, blocks)), x

    def pairs(self) -> tuple[nn.Module, tuple[Tensor, Tensor]]:
        x = torch.zeros(self.whole(1, 3), self.whole(2, 5))
        encoder = self.road(x, [self.vector_block] * self.whole(1, 2))
        try:
            n = encoder.eval()(x).shape[-1]
        except REFUSALS:
            n = 1
        heads: list[nn.Module] = [nn.Bilinear(n, self.fitting(n), 3), nn.CosineSimilarity(), nn.PairwiseDistance()]
        return Siamese(encoder, heads[self.whole(0, 2)]), (x, torch.zeros(self.fitting(len(x)), x.shape[1]))

    def road(self, x: Tensor, blocks: list[Callable[[Tensor], nn.Module]]) -> nn.Module:
        """One block of each kind listed."""
        waiting = iter(blocks)
        return self.chain(x, len(blocks), lambda y: next(waiting)(y))


FORMS = ("image", "sequence", "tokens", "vector", "pairs")
