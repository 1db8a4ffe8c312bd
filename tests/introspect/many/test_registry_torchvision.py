"""torchvision's registry as one target."""

from __future__ import annotations

import registry_torchvision
from torchvision_torch import names

from introspect.many import explain_many
from introspect.many.finding import find
from introspect.many.making import make, untrained

FEW = {"alexnet": 61_100_840, "regnet_y_400mf": 4_344_144, "raft_small": 990_162, "ssdlite320_mobilenet_v3_large": 3_440_060}


def test_all_its_names_are_found() -> None:
    assert list(find("registry_torchvision", everything=True).names) == names()


def test_nothing_is_fetched_and_nothing_allocated() -> None:
    assert untrained(registry_torchvision.get_model_builder("fcn_resnet50")) == {"weights_backbone": None}
    for name in ("vit_h_14", "regnet_y_128gf"):
        entry = find("registry_torchvision", everything=True).entry(name)
        assert all(parameter.is_meta for parameter in make(entry.factory).parameters()), name


def test_models_of_every_kind_are_explained() -> None:
    """The published numbers; where the input of a classifier does not fit, the parameters are there nevertheless."""
    lines = {
        line.name: line
        for line in explain_many("registry_torchvision", (1, 3, 224, 224), everything=True, only=list(FEW), workers=1)
    }
    assert {name: line.totals["params"] for name, line in lines.items()} == FEW
    assert {name: line.status for name, line in lines.items()} == {
        "alexnet": "verified", "regnet_y_400mf": "verified", "raft_small": "incomplete",
        "ssdlite320_mobilenet_v3_large": "incomplete",
    }  # fmt: skip
    assert [name for name, line in lines.items() if line.without_input] == ["raft_small"]
