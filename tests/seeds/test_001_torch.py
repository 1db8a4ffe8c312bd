"""A VGG-style `make_layers` on 1×3×32×32: the rules for shapes and parameters, as the document asks them."""

from __future__ import annotations

from typing import Union

import pytest
import torch
from agreement import assert_verified
from torch import nn

from introspect import explain

CFG: list[Union[int, str]] = [64, 64, "M"]


def make_layers(cfg: list[Union[int, str]]) -> nn.Sequential:
    """The document's own builder."""
    layers: list[nn.Module] = []
    channels = 3
    for entry in cfg:
        if entry == "M":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        layers += [nn.Conv2d(channels, int(entry), kernel_size=3, padding=1), nn.ReLU(inplace=True)]
        channels = int(entry)
    return nn.Sequential(*layers)


def test_every_shape_with_its_working() -> None:
    e = explain(make_layers(CFG), (1, 3, 32, 32))
    assert_verified(e)
    first, second, pool = e["0"], e["2"], e["4"]
    assert first.output_shape == second.output_shape == (1, 64, 32, 32)
    assert first.shape_workings == ("64", "(32 + 2·1 − 3)/1 + 1 = 32", "(32 + 2·1 − 3)/1 + 1 = 32")
    assert pool.output_shape == (1, 64, 16, 16)
    assert pool.shape_workings[1:] == ("(32 − 2)/2 + 1 = 16",) * 2
    assert first.shape_formulas[1] == "⌊(h + 2·ph − kh)/sh⌋ + 1"
    table = str(e)
    for said in ("64×32×32", "64×16×16", "(32 + 2·1 − 3)/1 + 1 = 32", "(32 − 2)/2 + 1 = 16"):
        assert said in table


def test_weights_and_biases_apart() -> None:
    e = explain(make_layers(CFG), (1, 3, 32, 32))
    first, second = e["0"], e["2"]
    assert (first.weights, first.biases, first.params) == (3 * 3 * 3 * 64, 64, 1_792)
    assert first.weights.working == "3·3·3·64"
    assert first.params.working == "(3·3·3 + 1)·64"
    assert (second.weights.working, second.weights) == ("3·3·64·64", 36_864)
    assert (e.weights, e.biases, e.params) == (38_592, 128, 38_720)


def test_weighted_layers_against_the_rest() -> None:
    e = explain(make_layers(CFG), (1, 3, 32, 32))
    weighted = [row.path for row in e.layers if row.spec.weighted]
    rest = [row.path for row in e.layers if not row.spec.weighted and row.kind != "input"]
    assert (weighted, rest) == (["0", "2"], ["1", "3", "4"])
    assert e.neurons == 2 * 64 * 32 * 32
    assert all(e[path].neurons == 0 for path in rest)
    assert e.count_neurons("outputs") == 4 * 64 * 32 * 32 + 64 * 16 * 16


def test_convolution_to_dense_and_dense_to_dense() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Flatten(), nn.Linear(8 * 6 * 6, 20), nn.Linear(20, 5))
    e = explain(net, (1, 3, 6, 6))
    assert_verified(e)
    assert (e["2"].params.working, e["2"].params) == ("(8·6·6 + 1)·20", 6 * 6 * 8 * 20 + 20)
    assert (e["3"].params.working, e["3"].params) == ("(20 + 1)·5", 20 * 5 + 5)


@pytest.mark.parametrize(
    ("head", "weights"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(7 * 7 * 512, 4096, bias=False)), 7 * 7 * 512 * 4096),
        (nn.Sequential(nn.Conv2d(512, 4096, 7, bias=False)), 7 * 7 * 512 * 4096),
        (nn.Sequential(nn.Conv2d(512, 4096, 1, bias=False), nn.AdaptiveAvgPool2d(1)), 1 * 1 * 512 * 4096),
    ],
)
def test_a_dense_layer_behind_a_convolution_is_a_convolution(head: nn.Sequential, weights: int) -> None:
    e = explain(head.to("meta"), (1, 512, 7, 7))
    assert_verified(e)
    assert e.params == weights
    assert e.layers[-1].units == 4096


def test_weight_sharing() -> None:
    """10 maps of 32×32, each neuron seeing a 5×5×3 window: 768,000 connections share 760 parameters."""
    e = explain(nn.Conv2d(3, 10, 5, padding=2), torch.zeros(1, 3, 32, 32))
    assert_verified(e)
    (row,) = [row for row in e.layers if row.kind == "conv"]
    assert row.connections == 75 * 1024 * 10 == 768_000
    assert row.connections.working == "32·32·5·5·3·10"
    assert (row.weights, row.biases, row.params) == (750, 10, 760)
