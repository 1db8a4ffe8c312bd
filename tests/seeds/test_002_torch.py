"""AlexNet's neurons and parameters, with the two-GPU groups and without."""

from __future__ import annotations

import pytest
from agreement import assert_verified
from torch import nn

from introspect import explain

PAPER = (253_440, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000)


def alexnet(groups: int = 2) -> nn.Sequential:
    """The paper's network: the second, fourth and fifth convolution see the maps of one GPU only."""
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=groups), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=groups), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=groups), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, 1000), nn.Softmax(dim=1),
    ).to("meta")  # fmt: skip


def test_neurons_layer_by_layer() -> None:
    e = explain(alexnet(), (1, 3, 227, 227))
    assert_verified(e)
    counted = [int(row.neurons) for row in e.layers if row.spec.weighted]
    assert counted == [290_400, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]
    assert counted[1:] == list(PAPER[1:])
    assert e.neurons == 659_272
    assert sum(PAPER) == 622_312


@pytest.mark.parametrize(("side", "maps", "neurons"), [(224, 54, 279_936), (227, 55, 290_400)])
def test_the_first_layer_by_torch7s_rule(side: int, maps: int, neurons: int) -> None:
    row = explain(alexnet()[0], (1, 3, side, side))["Conv2d"]
    assert row.output_shape == (1, 96, maps, maps)
    assert row.neurons == neurons
    assert row.neurons != PAPER[0]


def test_the_working_of_a_side_that_does_not_divide() -> None:
    assert explain(alexnet()[0], (1, 3, 224, 224))["Conv2d"].shape_workings[1] == "⌊(224 + 2·0 − 11)/4⌋ + 1 = 54"
    assert explain(alexnet()[0], (1, 3, 227, 227))["Conv2d"].shape_workings[1] == "(227 + 2·0 − 11)/4 + 1 = 55"


@pytest.mark.parametrize(("groups", "params"), [(2, 60_965_224), (1, 62_378_344)])
def test_parameters_with_and_without_groups(groups: int, params: int) -> None:
    e = explain(alexnet(groups), (1, 3, 227, 227))
    assert_verified(e)
    assert e.params == params
    assert e["4"].params.working == ("(5·5·(96/2) + 1)·256" if groups == 2 else "(5·5·96 + 1)·256")
    assert e["17"].params.working == "(256·6·6 + 1)·4096"


def test_the_input() -> None:
    assert explain(alexnet()[:1], (1, 3, 224, 224))["input"].units == 150_528
