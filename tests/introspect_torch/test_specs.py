"""Every law against the real module over generated configurations and inputs: agreement, and equal refusals."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from against_torch import check
from breadth import covering
from hypothesis import given
from hypothesis import strategies as st
from strategies_torch import RECENT, WRONG
from torch import nn


@given(st.data())
def test_linear(data: Any) -> None:
    features = data.draw(st.integers(1, 9))
    module = nn.Linear(features, data.draw(st.integers(1, 9)), bias=data.draw(st.booleans()))
    lead = data.draw(st.lists(st.integers(1, 4), max_size=3))
    check(module, torch.zeros(*lead, features + data.draw(WRONG)))


@given(st.data())
def test_bilinear(data: Any) -> None:
    a, b = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    module = nn.Bilinear(a, b, data.draw(st.integers(1, 5)), bias=data.draw(st.booleans()))
    lead = data.draw(st.lists(st.integers(1, 3), max_size=2))
    wrong = data.draw(WRONG)
    check(module, torch.zeros(*lead, a), torch.zeros(*lead, b + wrong))


@given(st.data())
def test_embedding(data: Any) -> None:
    module = nn.Embedding(data.draw(st.integers(1, 20)), data.draw(st.integers(1, 6)), padding_idx=0)
    check(module, torch.zeros(data.draw(st.lists(st.integers(1, 4), max_size=3)), dtype=torch.long))


@given(st.data())
def test_prelu(data: Any) -> None:
    channels = data.draw(st.integers(1, 5))
    module = nn.PReLU(data.draw(st.sampled_from([1, channels])))
    flowing = channels + data.draw(WRONG)
    check(module, torch.zeros(2, flowing, *data.draw(st.lists(st.integers(1, 3), max_size=2))))


@given(st.data())
def test_flatten(data: Any) -> None:
    x = torch.zeros(*data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)))
    check(nn.Flatten(data.draw(st.integers(-5, 5)), data.draw(st.integers(-5, 5))), x)


@given(st.data())
def test_unflatten(data: Any) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    shape = data.draw(st.lists(st.integers(1, 24), min_size=1, max_size=3))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    if data.draw(st.booleans()):
        shape[dim] = int(torch.tensor(sizes).prod())
    check(nn.Unflatten(dim, tuple(sizes)), torch.zeros(*shape))


ELEMENTWISE = [
    nn.ReLU(), nn.ReLU6(), nn.ELU(), nn.SELU(), nn.CELU(), nn.GELU(), nn.SiLU(), nn.Mish(), nn.LeakyReLU(), nn.RReLU(),
    nn.Sigmoid(), nn.Tanh(), nn.Hardtanh(), nn.Hardswish(), nn.Hardsigmoid(), nn.Softplus(), nn.Softsign(), nn.LogSigmoid(),
    nn.Hardshrink(), nn.Softshrink(), nn.Tanhshrink(), nn.Threshold(0.1, 0.0), nn.Identity(7, unused=True), nn.Dropout(0.3),
    nn.Dropout2d(), nn.Dropout3d(), nn.AlphaDropout(0.3), nn.FeatureAlphaDropout(0.3),
]  # fmt: skip


@pytest.mark.parametrize("module", ELEMENTWISE, ids=lambda m: type(m).__name__)
@pytest.mark.filterwarnings("ignore:dropout")
@given(st.lists(st.integers(1, 4), max_size=5))
def test_what_changes_no_shape(module: nn.Module, shape: list[int]) -> None:
    e = check(module, torch.zeros(shape))
    assert e is not None
    assert e.params == 0


ONLY_SOME_RANKS = [nn.LocalResponseNorm(2), nn.CrossMapLRN2d(3), nn.Softmax2d()]
if hasattr(nn, "Dropout1d"):
    ONLY_SOME_RANKS.append(nn.Dropout1d())


@pytest.mark.parametrize("module", ONLY_SOME_RANKS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("rank", range(6))
def test_what_takes_only_some_ranks(module: nn.Module, rank: int) -> None:
    e = check(module, torch.zeros((2, 3, 4, 2, 2)[:rank]))
    assert e is None or e.params == 0


@given(st.sampled_from(["Softmax", "LogSoftmax", "Softmin"]), st.integers(-5, 4), st.lists(st.integers(1, 3), max_size=4))
def test_functions_along_an_axis(name: str, dim: int, shape: list[int]) -> None:
    check(getattr(nn, name)(dim), torch.zeros(shape))


@pytest.mark.filterwarnings("ignore:Implicit dimension choice")
@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_softmax_without_an_axis(shape: tuple[int, ...]) -> None:
    assert check(nn.Softmax(), torch.zeros(shape)) is not None


@given(st.integers(-4, 3), st.lists(st.integers(1, 4), max_size=3))
def test_glu(dim: int, shape: list[int]) -> None:
    check(nn.GLU(dim), torch.zeros(shape))


class Weighed(nn.Module):
    """A bag of embeddings with a weight for each index."""

    def __init__(self, bag: nn.EmbeddingBag) -> None:
        super().__init__()
        self.bag = bag

    def forward(self, indices: torch.Tensor, weights: torch.Tensor, offsets: Any = None) -> torch.Tensor:
        return self.bag(indices, offsets, per_sample_weights=weights)


@covering(2)
@given(st.data(), st.sampled_from(["sum", "mean", "max"]), st.booleans())
def test_embedding_bag(data: Any, mode: str, last: bool) -> None:
    vocabulary, dimension = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 5))
    last = last and RECENT  # PyTorch 1 says something else of it on meta than on numbers
    padding = data.draw(st.sampled_from([None, 0]))
    module = nn.EmbeddingBag(vocabulary, dimension, mode=mode, include_last_offset=last, padding_idx=padding)
    indices = torch.zeros(data.draw(st.lists(st.integers(1, 4), max_size=3)), dtype=torch.long)
    offsets = torch.zeros(data.draw(st.integers(2 if last else 1, 3)), dtype=torch.long)  # an end without a bag crashes
    offsets[1:] = len(indices) if indices.dim() else 0  # what is out of range ends the process
    bags = [offsets] if indices.dim() == 1 and data.draw(st.integers(0, 4)) else []
    if data.draw(st.booleans()):
        check(module, indices, *bags)
    else:
        check(Weighed(module), indices, torch.zeros(indices.shape), *bags)
