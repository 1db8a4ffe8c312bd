"""One PyTorch model of one layer for each kind of law, to break the law on."""

from __future__ import annotations

from typing import Any, Callable

import samples_beside_torch
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

IMAGE = (2, 4, 9, 8)


class Apply(nn.Module):
    """A bare function as a model."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *xs: Any) -> Any:
        return self.function(*xs)


def layer(make: Callable[[], nn.Module], *shapes: tuple[int, ...]) -> Callable[[], tuple[Any, Any]]:
    return lambda: (make(), shapes if len(shapes) > 1 else shapes[0])


def of(make: Callable[[], nn.Module], *dtyped: tuple[tuple[int, ...], Any]) -> Callable[[], tuple[Any, Any]]:
    """The same for inputs that are no floats: examples without data."""
    return lambda: (make(), tuple(torch.empty(shape, dtype=dtype, device="meta") for shape, dtype in dtyped))


def on_numbers(make: Callable[[], nn.Module], *examples: torch.Tensor) -> Callable[[], tuple[Any, Any]]:
    """The same where PyTorch looks at values."""
    return lambda: (make(), examples)


def function(apply: Callable[..., Any], *shapes: tuple[int, ...]) -> Callable[[], tuple[Any, Any]]:
    return layer(lambda: Apply(apply), *shapes)


SAMPLES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "linear": layer(lambda: nn.Linear(8, 3), IMAGE),
    "bilinear": layer(lambda: nn.Bilinear(3, 4, 5), (2, 3), (2, 4)),
    "conv": layer(lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), 1, groups=2), IMAGE),
    "transposed conv": layer(lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2), IMAGE),
    "max pool": layer(lambda: nn.MaxPool2d(3, 2, ceil_mode=True), (2, 4, 8, 8)),
    "average pool": layer(lambda: nn.AvgPool2d(3, 2, 1), IMAGE),
    "adaptive pool": layer(lambda: nn.AdaptiveAvgPool2d((3, None)), IMAGE),
    "batch norm": layer(lambda: nn.BatchNorm2d(4), IMAGE),
    "instance norm": layer(lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True), IMAGE),
    "layer norm": layer(lambda: nn.LayerNorm((9, 8)), IMAGE),
    "group norm": layer(lambda: nn.GroupNorm(2, 4), IMAGE),
    "standardization": layer(lambda: nn.LocalResponseNorm(3), IMAGE),
    "rnn": layer(lambda: nn.RNN(3, 5), (4, 2, 3)),
    "lstm": layer(lambda: nn.LSTM(3, 5, 2, bidirectional=True, proj_size=2, batch_first=True), (4, 2, 3)),
    "gru": layer(lambda: nn.GRU(3, 5), (4, 2, 3)),
    "embedding": layer(lambda: nn.Embedding(7, 3), (2, 5)),
    "activation": layer(nn.ReLU, IMAGE),
    "prelu": layer(lambda: nn.PReLU(4), IMAGE),
    "dropout": layer(nn.Dropout, IMAGE),
    "identity": layer(nn.Identity, IMAGE),
    "flatten": layer(nn.Flatten, IMAGE),
    "unflatten": layer(lambda: nn.Unflatten(1, (2, 2)), IMAGE),
    "pad": layer(lambda: nn.ZeroPad2d((1, 2, 0, 1)), IMAGE),
    "upsample": layer(lambda: nn.Upsample(scale_factor=(2, 1.5)), IMAGE),
    "reshape": function(lambda x: x.reshape(2, -1, 6), IMAGE),
    "permute": function(lambda x: x.permute(0, 2, 3, 1), IMAGE),
    "reduce": function(lambda x: x.mean((2, 3)), IMAGE),
    "index": function(lambda x: x[:, 1:, None, 0], IMAGE),
    "slice": function(lambda x: x.narrow(1, 1, 2), IMAGE),
    "split": function(lambda x: x.split(3, 1), (2, 7)),
    "expand": function(lambda x: x.expand(2, 5, 3), (2, 1, 3)),
    "tile": function(lambda x: x.repeat(2, 3, 1), (2, 3)),
    "stack": function(lambda x, y: torch.stack([x, y], 1), (2, 3), (2, 3)),
    "concatenate": function(lambda x, y: torch.cat([x, y], 1), (2, 3), (2, 4)),
    "elementwise": function(lambda x, y: x + y, (2, 3), (3,)),
    "matmul": function(torch.matmul, (2, 3, 4), (4, 5)),
    "index by tensors": function(lambda x: x[:, torch.tensor([[0, 1], [2, 0]])], IMAGE),
    "einsum": function(lambda x, y: torch.einsum("bchw,dc->bdh", x, y), IMAGE, (5, 4)),
    "lstm cell": layer(lambda: nn.LSTMCell(3, 5), (2, 3)),
    "gru cell": layer(lambda: nn.GRUCell(3, 5, bias=False), (2, 3)),
    "pixel shuffle": layer(lambda: nn.PixelShuffle(2), IMAGE),
    "channel shuffle": layer(lambda: nn.ChannelShuffle(2), IMAGE),
    "unfold": layer(lambda: nn.Unfold((3, 2), padding=1, stride=2), IMAGE),
    "multi-head attention": layer(
        lambda: nn.MultiheadAttention(4, 2, kdim=3, vdim=5, add_bias_kv=True), (6, 2, 4), (7, 2, 3), (7, 2, 5)
    ),
    "packed attention": layer(lambda: nn.MultiheadAttention(4, 2), (6, 2, 4), (6, 2, 4), (6, 2, 4)),
}
INDICES = torch.long
SAMPLES.update(
    {
        "glu": layer(lambda: nn.GLU(1), IMAGE),
        "fold": layer(lambda: nn.Fold((5, 6), (2, 3), stride=(1, 2), padding=(0, 1)), (2, 12, 12)),
        "max unpool": of(lambda: nn.MaxUnpool2d(3, 2, 1), (IMAGE, torch.float32), (IMAGE, INDICES)),
        "fractional pool": layer(lambda: nn.FractionalMaxPool2d(2, output_ratio=(0.5, 0.7)), IMAGE),
        "embedding bag": of(lambda: nn.EmbeddingBag(7, 3, mode="sum"), ((10,), INDICES), ((4,), INDICES)),
        "cosine similarity": layer(lambda: nn.CosineSimilarity(2), IMAGE, IMAGE),
        "pairwise distance": layer(lambda: nn.PairwiseDistance(keepdim=True), (2, 3, 4), (2, 3, 4)),
        "elementwise loss": layer(lambda: nn.MSELoss(reduction="none"), IMAGE, IMAGE),
        "loss over classes": layer(lambda: nn.MultiLabelSoftMarginLoss(torch.ones(8), reduction="none"), IMAGE, IMAGE),
        "classification loss": of(
            lambda: nn.CrossEntropyLoss(torch.ones(4), reduction="none"), (IMAGE, torch.float32), ((2, 9, 8), INDICES)
        ),
        "margin loss": of(lambda: nn.MultiMarginLoss(reduction="none"), ((3, 4), torch.float32), ((3,), INDICES)),
        "cosine embedding loss": layer(lambda: nn.CosineEmbeddingLoss(reduction="none"), (3, 4), (3, 4), (3,)),
        "triplet loss": layer(lambda: nn.TripletMarginLoss(reduction="none"), (3, 4, 5), (3, 4, 5), (3, 4, 5)),
    }
)
SAMPLES.update(
    {
        "gaussian loss": on_numbers(
            lambda: nn.GaussianNLLLoss(reduction="none"), torch.zeros(2, 3), torch.zeros(2, 3), torch.ones(2, 1)
        ),
        "adaptive softmax": on_numbers(
            lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], 2.0), torch.zeros(3, 4), torch.zeros(3, dtype=torch.long)
        ),
        "cumulative sum": function(lambda x: x.cumsum(1), IMAGE),
        "top k": function(lambda x: x.topk(3, 2), IMAGE),
        "meshgrid": function(lambda x, y: torch.meshgrid(x, y, indexing="xy"), (3,), (4,)),
        "extremum": function(lambda x: x.max(1), IMAGE),
        "gather": function(lambda x: x.gather(1, torch.zeros(2, 3, 5, 6, dtype=torch.long)), IMAGE),
        "scatter": function(lambda x: x.scatter_add(1, torch.zeros(2, 3, dtype=torch.long), torch.ones(2, 3)), (2, 5)),
        "index select": function(lambda x: x.index_select(2, torch.zeros(3, dtype=torch.long)), IMAGE),
        "diagonal": function(lambda x: x.diagonal(1, 2, 3), IMAGE),
        "view of windows": function(lambda x: x.unfold(2, 3, 2), IMAGE),
        "one hot": function(lambda x: F.one_hot(x.long(), 5), (2, 3)),
        "grid sample": function(lambda x, y: F.grid_sample(x, y, align_corners=False), IMAGE, (2, 5, 6, 2)),
        "cross distance": function(torch.cdist, (2, 3, 4), (2, 5, 4)),
        "ctc loss": on_numbers(
            lambda: nn.CTCLoss(reduction="none"),
            torch.zeros(5, 2, 4),
            torch.ones(2, 3).long(),
            torch.tensor([5, 5]),
            torch.tensor([3, 3]),
        ),
        "added to a product": function(torch.addmm, (4, 5), (4, 3), (3, 5)),
    }
)
if hasattr(nn, "LinearCrossEntropyLoss"):
    SAMPLES["linear cross entropy"] = of(
        lambda: nn.LinearCrossEntropyLoss(5, 4, weight=torch.ones(4), reduction="none"),
        ((3, 5), torch.float32), ((3,), INDICES),
    )  # fmt: skip
if hasattr(F, "scaled_dot_product_attention"):
    SAMPLES["attention"] = function(F.scaled_dot_product_attention, (2, 3, 4), (2, 5, 4), (2, 5, 6))
if hasattr(nn, "RMSNorm"):
    SAMPLES["rms norm"] = layer(lambda: nn.RMSNorm(8), IMAGE)
SAMPLES.update({name: layer(make, (2, 8)) for name, make in samples_beside_torch.SAMPLES.items()})
