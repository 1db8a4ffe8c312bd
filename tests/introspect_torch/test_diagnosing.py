"""Numbers that common tools give for PyTorch models, and why they are not the model's."""

from __future__ import annotations

from typing import Any, Optional

import pytest
import torch
from arithmetic_of_reasons import holds
from torch import nn

from introspect import diagnose, explain


class Net(nn.Module):
    """Children and parameters by name, and what is done with them."""

    def __init__(self, does: Any, **parts: Any) -> None:
        super().__init__()
        self.does = does
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.does(self, x)
        return out


def tied() -> nn.Module:
    net = Net(
        lambda m, x: m.head(m.mix(m.embedding(x))),
        embedding=nn.Embedding(1000, 64), mix=nn.Linear(64, 64), head=nn.Linear(64, 1000, bias=False),
    )  # fmt: skip
    net.head.weight = net.embedding.weight
    return net


def listed() -> nn.Module:
    return Net(
        lambda m, x: x @ m.ps[0] @ m.ps[1] @ m.ps[2], ps=nn.ParameterList([nn.Parameter(torch.zeros(16, 16)) for _ in range(3)])
    )


def alexnet(groups: int = 2) -> nn.Sequential:
    """The paper's network, as far as its last convolution."""
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=groups), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=groups), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=groups), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, 1000), nn.Softmax(dim=1),
    ).to("meta")  # fmt: skip


WEIGHT_NORM = getattr(nn.utils.parametrizations, "weight_norm", nn.utils.weight_norm)  # the older way
VECTOR, IDS = (1, 16), torch.zeros(1, 7, dtype=torch.long)
CASES: list[tuple[Any, Any, int, str]] = [
    (tied, IDS, 132_160, "tied_counted_twice"),
    (tied, None, 132_160, "tied_counted_twice"),
    (lambda: Net(lambda m, x: m.f(m.f(x)), f=nn.Linear(16, 16)), VECTOR, 544, "shared_counted_per_call"),
    (lambda: Net(lambda m, x: m.f(x) * m.scale, f=nn.Linear(16, 16), scale=nn.Parameter(torch.ones(16))), VECTOR, 272, "bare_parameter"),
    (lambda: Net(lambda m, x: m.a(x, x, x)[0], a=nn.MultiheadAttention(16, 4)), (1, 5, 16), 0, "not_seen_by_hooks"),
    (lambda: Net(lambda m, x: m.f(x), f=nn.Linear(16, 16), aux=nn.Linear(16, 100)), VECTOR, 272, "never_called"),
    (listed, VECTOR, 0, "bare_parameter"),
    (lambda: WEIGHT_NORM(nn.Linear(16, 4)), VECTOR, 68, "weight_norm"),
    (lambda: Net(lambda m, x: m.f.forward(x), f=nn.Linear(16, 4)), VECTOR, 0, "not_seen_by_hooks"),
    (lambda: nn.LSTM(16, 32), (5, 1, 16), 6_272, "second_recurrent_bias"),
    (alexnet, (1, 3, 227, 227), 62_378_344, "groups_ignored"),
    (lambda: nn.Conv2d(32, 64, 5), (1, 32, 12, 12), 1_664, "input_channels_forgotten"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "inputs", "claim", "code"), CASES, ids=[f"{c[3]}-{i}" for i, c in enumerate(CASES)])
def test_what_tools_say(make: Any, inputs: Any, claim: int, code: str) -> None:
    model = make()
    found = diagnose(model, claim, inputs=inputs)
    assert found.value == sum(p.numel() for p in model.parameters())
    assert found.reasons[0].code == code
    assert found.reasons[0].exact
    assert holds(found.reasons[0].working, claim)


def test_alexnets_first_layer() -> None:
    first = diagnose(alexnet(), 253_440, "0", "neurons", inputs=(1, 3, 227, 227)).reasons[0]
    assert (first.code, first.working) == ("one_side", "96·55·48 = 253,440")
    assert "one of 2 groups" in first.text


def test_alexnets_first_layer_alone_at_the_papers_resolution() -> None:
    first = diagnose(alexnet()[0], 253_440, quantity="neurons", inputs=(1, 3, 224, 224)).reasons[0]
    assert (first.code, first.working) == ("resolution + one_side", "96·55·48 = 253,440")
    assert "48 is half of the 96 maps" in first.text


@pytest.mark.parametrize(("edit", "code"), [("classes", "classes"), ("bias", "bias"), ("tied", "tied_counted_twice")])
def test_against_a_model_that_was_really_built_so(edit: str, code: str) -> None:
    def build(classes: int = 10, bias: bool = True) -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 16, 3, bias=bias), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 36, classes))

    other: Optional[nn.Module] = {"classes": build(100), "bias": build(bias=False), "tied": None}[edit]
    base = build() if other is not None else tied()
    claim = sum(p.numel() for p in other.parameters()) if other is not None else 132_160
    assert diagnose(base, claim, inputs=(1, 3, 8, 8) if other is not None else IDS).reasons[0].code == code


def test_a_diagnosis_leaves_the_model_as_it_is() -> None:
    model = tied()
    before = {name: p.clone() for name, p in model.state_dict().items()}
    diagnose(model, 132_160, inputs=IDS)
    assert all(torch.equal(p, before[name]) for name, p in model.state_dict().items())
    assert model.head.weight is model.embedding.weight


def test_an_attentions_shapes_have_a_working() -> None:
    rows = explain(nn.MultiheadAttention(16, 4), ((5, 1, 16),) * 3).layers
    (row,) = [row for row in rows if row.kind == "multi_head_attention"]
    assert row.shape_workings == ("5", "16")
