"""Recurrence, attention and transformers against the real modules."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from against_torch import check
from breadth import covering, sharing
from hypothesis import given
from hypothesis import strategies as st
from strategies_torch import RECENT, WRONG
from torch import nn

from introspect import explain


class WithStates(nn.Module):
    """A recurrent module that is given the states it starts from."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor, *states: torch.Tensor) -> Any:
        return self.inner(x, states if isinstance(self.inner, (nn.LSTM, nn.LSTMCell)) else states[0])


def stack(data: Any, kind: str, size: int, hidden: int) -> nn.Module:
    projection = {"proj_size": data.draw(st.integers(0, hidden - 1))} if kind == "LSTM" else {}
    nonlinearity = {"nonlinearity": data.draw(st.sampled_from(["tanh", "relu"]))} if kind == "RNN" else {}
    return getattr(nn, kind)(
        size, hidden, num_layers=data.draw(st.integers(1, 3)), bias=data.draw(st.booleans()),
        batch_first=data.draw(st.booleans()), bidirectional=data.draw(st.booleans()), **projection, **nonlinearity,
    )  # fmt: skip


@covering(3)
@given(st.data(), st.sampled_from(["RNN", "LSTM", "GRU"]))
def test_recurrent(data: Any, kind: str) -> None:
    size, hidden = data.draw(st.integers(1, 5)), data.draw(st.integers(2, 5))
    module = stack(data, kind, size, hidden)
    lead = data.draw(st.lists(st.integers(1, 4), max_size=3))
    check(module, torch.zeros(*lead, size + data.draw(WRONG)))


@given(st.data(), st.sampled_from(["RNN", "LSTM", "GRU"]))
def test_recurrent_from_given_states(data: Any, kind: str) -> None:
    size, hidden, batch = (data.draw(st.integers(2, 4)) for _ in range(3))
    module = stack(data, kind, size, hidden)
    lead = (batch, 3) if module.batch_first else (3, batch)
    depth = module.num_layers * (2 if module.bidirectional else 1)
    widths = [getattr(module, "proj_size", 0) or hidden] + ([hidden] if kind == "LSTM" else [])
    states = [torch.zeros(depth + data.draw(WRONG), batch + data.draw(WRONG), width) for width in widths]
    check(WithStates(module), torch.zeros(*lead, size), *states)


@covering(2)
@given(st.data(), st.sampled_from(["RNN", "LSTM", "GRU"]))
def test_recurrent_cell(data: Any, kind: str) -> None:
    size, hidden = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    module = getattr(nn, f"{kind}Cell")(size, hidden, bias=data.draw(st.booleans()))
    lead = data.draw(st.lists(st.integers(1, 4), max_size=2))
    x = torch.zeros(*lead, size + data.draw(WRONG))
    if data.draw(st.booleans()):
        check(module, x)
    else:
        states = [torch.zeros(*lead, hidden + data.draw(WRONG)) for _ in range(2 if kind == "LSTM" else 1)]
        check(WithStates(module), x, *states)


@given(st.data())
def test_multi_head_attention(data: Any) -> None:
    heads = data.draw(st.integers(1, 3))
    width = heads * data.draw(st.integers(1, 3))
    kdim, vdim = (data.draw(st.sampled_from([None, width, width + 1])) for _ in range(2))
    options = {name: data.draw(st.booleans()) for name in ("bias", "add_bias_kv", "add_zero_attn", "batch_first")}
    module = nn.MultiheadAttention(width, heads, kdim=kdim, vdim=vdim, **options)
    batch, length, sources = (data.draw(st.integers(1, 3)) for _ in range(3))
    whole = data.draw(st.integers(0, 4))  # now and then one example without a batch

    def sequence(n: int, features: int) -> torch.Tensor:
        lead = [n] if not whole else [batch, n] if options["batch_first"] else [n, batch]
        return torch.zeros(*lead, features)

    keys = sequence(sources, (kdim or width) + data.draw(WRONG))
    check(module, sequence(length, width), keys, sequence(sources + data.draw(WRONG), vdim or width))


class Attends(nn.Module):
    """Attention on itself with whatever options a call takes."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.attention, self.options = nn.MultiheadAttention(6, 3, batch_first=True), options

    def forward(self, x: torch.Tensor) -> Any:
        return self.attention(x, x, value=x, **self.options)


MASK = torch.zeros(5, 5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"average_attn_weights": False},
        {"need_weights": False},
        {"attn_mask": MASK},
        {"key_padding_mask": torch.zeros(2, 5)},
    ],
    ids=str,
)
def test_attention_with_options(options: dict[str, Any]) -> None:
    e = check(Attends(**options), torch.zeros(2, 5, 6), verified=False)
    assert e is not None
    assert e.params == 4 * 6 * 6 + 4 * 6


def encoder(data: Any) -> nn.Module:
    options = {name: data.draw(st.booleans()) for name in ("norm_first", "batch_first")}
    return nn.TransformerEncoderLayer(
        8, 2, data.draw(st.integers(1, 9)), activation=data.draw(st.sampled_from(["relu", "gelu"])), **options
    )


@sharing(4)
@given(st.data(), st.integers(1, 2))
def test_transformer_encoder(data: Any, layers: int) -> None:
    module = encoder(data)
    if data.draw(st.booleans()):
        norm = nn.LayerNorm(8) if data.draw(st.booleans()) else None
        module = nn.TransformerEncoder(module, layers, norm, enable_nested_tensor=False)
    lead = [data.draw(st.integers(1, 3)) for _ in range(data.draw(st.integers(1, 2)))]
    check(module, torch.zeros(*lead, 8 + data.draw(WRONG)), verified=RECENT)  # PyTorch 1 runs past an encoder's own modules


@sharing(4)
@given(st.data(), st.booleans())
def test_transformer_decoder(data: Any, batch_first: bool) -> None:
    module: nn.Module = nn.TransformerDecoderLayer(8, 2, 5, batch_first=batch_first, norm_first=data.draw(st.booleans()))
    if data.draw(st.booleans()):
        module = nn.TransformerDecoder(module, data.draw(st.integers(1, 2)))
    batch, length, memory = (data.draw(st.integers(1, 3)) for _ in range(3))

    def sequence(n: int, width: int) -> torch.Tensor:
        return torch.zeros(*((batch, n) if batch_first else (n, batch)), width)

    check(module, sequence(length, 8), sequence(memory, 8 + data.draw(WRONG)))


@pytest.mark.parametrize("batch_first", [True, False])
def test_a_whole_transformer(batch_first: bool) -> None:
    module = nn.Transformer(8, 2, 2, 1, 16, batch_first=batch_first)
    e = check(module, torch.zeros(3, 3, 8), torch.zeros(3, 3, 8), verified=RECENT)
    assert e is not None
    assert e.params == sum(p.numel() for p in module.parameters())


def test_a_transformer_with_masks() -> None:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)

        def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
            return self.inner(source, target, tgt_mask=mask)

    e = explain(Masked(), ((2, 4, 8), (2, 3, 8)))
    assert not e.mismatches
    assert e.model.values[e.model.outputs[0]].shape == (2, 3, 8)
