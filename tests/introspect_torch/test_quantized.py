"""Quantised models: counted as what their numbers stand for, with the bytes that these take as they are stored."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from introspect import explain


@pytest.fixture(autouse=True)
def _quantisation_moves_elsewhere() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def dynamically(model: nn.Module, *kinds: type) -> nn.Module:
    from torch.ao import quantization

    return quantization.quantize_dynamic(model.eval(), set(kinds), torch.qint8)


def test_a_dynamically_quantised_linear_layer() -> None:
    model = dynamically(nn.Sequential(nn.Linear(16, 8)), nn.Linear)
    assert sum(p.numel() for p in model.parameters()) == 0
    e = explain(model, (1, 16))
    assert e.params == 136
    assert e["0"].params.working == "(16 + 1)·8"
    assert e.trainable == 0
    assert {t.name: (t.shape, t.nbytes, t.status) for t in e.tensors} == {
        "weight": ((8, 16), 128, "verified"), "bias": ((8,), 32, "verified"),
    }  # fmt: skip
    assert e.packed_bytes == 160
    assert not e.mismatches
    assert any("parameters() counts 0 elements" in note for note in e.reported.notes)
    assert "160 bytes" in str(e)


@pytest.mark.parametrize("bias", [True, False])
def test_a_bias_is_there_or_not(bias: bool) -> None:
    e = explain(dynamically(nn.Sequential(nn.Linear(16, 8, bias=bias)), nn.Linear), (1, 16))
    assert e.params == 128 + 8 * bias
    assert not e.mismatches


def test_a_statically_quantised_network_with_fused_activations() -> None:
    from torch.ao import quantization

    model = nn.Sequential(
        quantization.QuantStub(), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5), nn.ReLU(),
        quantization.DeQuantStub(),
    ).eval()  # fmt: skip
    expected = explain(model, (1, 3, 8, 8))
    fused = quantization.fuse_modules(model, [["1", "2"], ["4", "5"]])
    fused.qconfig = quantization.get_default_qconfig("fbgemm")
    prepared = quantization.prepare(fused)
    prepared(torch.zeros(1, 3, 8, 8))
    e = explain(quantization.convert(prepared), (1, 3, 8, 8))
    assert e.params == expected.params == 837
    assert e.neurons == expected.neurons
    assert e.count_neurons("nonlinear") == expected.count_neurons("nonlinear")
    assert (e.trainable, e.buffers) == (0, 2)
    assert not e.mismatches
    assert not e.opaque
    assert {tensor.status for tensor in e.tensors} == {"verified"}


@pytest.mark.parametrize(("layer", "params"), [(lambda: nn.LSTM(4, 5), 220), (lambda: nn.GRU(4, 5, 2), 165 + 180)])
def test_a_recurrence_that_hides_its_weights_is_worked_out_and_not_called_verified(layer: Any, params: int) -> None:
    float_model = nn.Sequential(layer())
    e = explain(dynamically(float_model, nn.LSTM, nn.GRU), (2, 3, 4))
    assert e.params == params == sum(p.numel() for p in float_model.parameters())
    assert e.trainable == 0
    assert e.neurons == explain(float_model, (2, 3, 4)).neurons
    assert e.status == "incomplete"


class QuantState:
    """What bitsandbytes keeps beside a packed weight."""

    shape = torch.Size((8, 16))


def four_bit_linear() -> nn.Module:
    """bitsandbytes' Linear4bit as far as it can be seen from outside: two numbers of four bits in an element."""

    class Linear4bit(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise AssertionError("the packed weight cannot be used without a graphics card")

    Linear4bit.__module__, Linear4bit.__qualname__ = "bitsandbytes.nn.modules", "Linear4bit"
    layer = Linear4bit(16, 8)
    layer.weight = nn.Parameter(torch.zeros(64, 1, dtype=torch.uint8), requires_grad=False)
    layer.weight.quant_state = QuantState()
    return layer


def test_four_bits_each_are_counted_one_by_one_and_stored_two_by_two() -> None:
    model = nn.Sequential(four_bit_linear())
    e = explain(model, (1, 16))
    assert sum(p.numel() for p in model.parameters()) == 64 + 8
    assert e.params == 136
    assert e.neurons == 8
    weight = next(t for t in e.tensors if t.name == "weight")
    assert (weight.size, weight.nbytes, weight.status) == (128, 64, "verified")
    assert not e.mismatches
    assert any("parameters() counts 72 elements" in note for note in e.reported.notes)


def test_a_packed_weight_of_another_shape_is_a_mismatch() -> None:
    layer = four_bit_linear()
    layer.in_features = 15
    e = explain(nn.Sequential(layer), (1, 15))
    assert [row.verdicts[0] for row in e.mismatches] == ["0.weight: worked out as 8×15, the framework holds 8×16"]
