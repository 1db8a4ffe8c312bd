"""Every law against the real module over generated configurations and inputs: agreement, and equal refusals."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from against_torch import check
from breadth import covering
from hypothesis import given
from hypothesis import strategies as st
from strategies_torch import RANKS
from torch import nn


@given(st.data(), RANKS)
def test_batch_norm(data: Any, rank: int) -> None:
    features = data.draw(st.integers(1, 5))
    module = getattr(nn, f"BatchNorm{rank}d")(
        features, affine=data.draw(st.booleans()), track_running_stats=data.draw(st.booleans())
    )
    axes = data.draw(st.integers(2, 5))
    check(module, torch.zeros(2, features + data.draw(st.sampled_from([0, 0, 0, 1])), *[2] * (axes - 2)))


@given(st.data(), RANKS)
def test_instance_norm(data: Any, rank: int) -> None:
    features = data.draw(st.integers(1, 4))
    module = getattr(nn, f"InstanceNorm{rank}d")(
        features, affine=data.draw(st.booleans()), track_running_stats=data.draw(st.booleans())
    )
    lead = [2] if data.draw(st.booleans()) else []
    check(module, torch.zeros(*lead, features, *[data.draw(st.integers(2, 5)) for _ in range(rank)]))


@given(st.data())
def test_layer_norm(data: Any) -> None:
    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    module = nn.LayerNorm(shape, elementwise_affine=data.draw(st.booleans()))
    wrong = data.draw(st.sampled_from([0, 0, 0, 1]))
    check(module, torch.zeros(*data.draw(st.lists(st.integers(1, 3), max_size=2)), *shape[:-1], shape[-1] + wrong))


@pytest.mark.skipif(not hasattr(nn, "RMSNorm"), reason="this PyTorch has no RMSNorm")
@given(st.data())
def test_rms_norm(data: Any) -> None:
    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    wrong = data.draw(st.sampled_from([0, 0, 0, 1]))
    module = nn.RMSNorm(shape, elementwise_affine=data.draw(st.booleans()))
    check(module, torch.zeros(2, *shape[:-1], shape[-1] + wrong))


@given(st.data())
def test_group_norm(data: Any) -> None:
    groups = data.draw(st.integers(1, 4))
    channels = groups * data.draw(st.integers(1, 4))
    module = nn.GroupNorm(groups, channels, affine=data.draw(st.booleans()))
    given_channels = channels + data.draw(st.sampled_from([0, 0, 0, 1]))
    check(module, torch.zeros(2, given_channels, *data.draw(st.lists(st.integers(2, 4), max_size=3))))


@given(st.data())
def test_linear(data: Any) -> None:
    features = data.draw(st.integers(1, 9))
    module = nn.Linear(features, data.draw(st.integers(1, 9)), bias=data.draw(st.booleans()))
    lead = data.draw(st.lists(st.integers(1, 4), max_size=3))
    check(module, torch.zeros(*lead, features + data.draw(st.sampled_from([0, 0, 0, 1]))))


@given(st.data())
def test_bilinear(data: Any) -> None:
    a, b = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    module = nn.Bilinear(a, b, data.draw(st.integers(1, 5)), bias=data.draw(st.booleans()))
    lead = data.draw(st.lists(st.integers(1, 3), max_size=2))
    wrong = data.draw(st.sampled_from([0, 0, 0, 1]))
    check(module, torch.zeros(*lead, a), torch.zeros(*lead, b + wrong))


@covering(3)
@given(st.data(), st.sampled_from(["RNN", "LSTM", "GRU"]))
def test_recurrent(data: Any, kind: str) -> None:
    size, hidden = data.draw(st.integers(1, 5)), data.draw(st.integers(2, 5))
    projection = {"proj_size": data.draw(st.integers(0, hidden - 1))} if kind == "LSTM" else {}
    module = getattr(nn, kind)(
        size, hidden, num_layers=data.draw(st.integers(1, 3)), bias=data.draw(st.booleans()),
        batch_first=data.draw(st.booleans()), bidirectional=data.draw(st.booleans()), **projection,
    )  # fmt: skip
    lead = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
    check(module, torch.zeros(*lead, size + data.draw(st.sampled_from([0, 0, 0, 1]))))


@given(st.data())
def test_multi_head_attention(data: Any) -> None:
    heads = data.draw(st.integers(1, 3))
    width = heads * data.draw(st.integers(1, 3))
    kdim, vdim = (data.draw(st.sampled_from([None, width, width + 1])) for _ in range(2))
    options = {name: data.draw(st.booleans()) for name in ("bias", "add_bias_kv", "add_zero_attn", "batch_first")}
    module = nn.MultiheadAttention(width, heads, kdim=kdim, vdim=vdim, **options)
    batch, length, sources = (data.draw(st.integers(1, 3)) for _ in range(3))
    wrong = data.draw(st.sampled_from([0, 0, 0, 1]))

    def sequence(n: int, features: int) -> torch.Tensor:
        return torch.zeros(*([batch, n] if options["batch_first"] else [n, batch]), features)

    check(module, sequence(length, width), sequence(sources, (kdim or width) + wrong), sequence(sources, vdim or width))


@covering(3)
@given(st.data(), st.sampled_from(["RNN", "LSTM", "GRU"]))
def test_recurrent_cell(data: Any, kind: str) -> None:
    size, hidden = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    module = getattr(nn, f"{kind}Cell")(size, hidden, bias=data.draw(st.booleans()))
    lead = data.draw(st.lists(st.integers(1, 4), max_size=2))
    check(module, torch.zeros(*lead, size + data.draw(st.sampled_from([0, 0, 0, 1]))))


@given(st.data())
def test_embedding(data: Any) -> None:
    module = nn.Embedding(data.draw(st.integers(1, 20)), data.draw(st.integers(1, 6)), padding_idx=0)
    check(module, torch.zeros(data.draw(st.lists(st.integers(1, 4), max_size=3)), dtype=torch.long))


@given(st.data())
def test_prelu(data: Any) -> None:
    channels = data.draw(st.integers(1, 5))
    module = nn.PReLU(data.draw(st.sampled_from([1, channels])))
    flowing = channels + data.draw(st.sampled_from([0, 0, 0, 1]))
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
    nn.Hardshrink(), nn.Softshrink(), nn.Tanhshrink(), nn.Threshold(0.1, 0.0), nn.Identity(), nn.Dropout(0.3),
    nn.AlphaDropout(0.3), nn.FeatureAlphaDropout(0.3), nn.Softmax(dim=-1), nn.LogSoftmax(dim=-1), nn.Softmin(dim=-1),
    nn.LocalResponseNorm(2),
]  # fmt: skip


@pytest.mark.parametrize("module", ELEMENTWISE, ids=lambda m: type(m).__name__)
@given(st.lists(st.integers(1, 4), min_size=3, max_size=5))
def test_what_changes_no_shape(module: nn.Module, shape: list[int]) -> None:
    e = check(module, torch.zeros(*shape))
    assert e is not None
    assert e.params == 0
