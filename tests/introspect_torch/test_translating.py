"""Models as they come: shared, tied, bare, nested, branching, many in and many out, and what stops the walk."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from against_torch import check
from agreement import assert_verified
from torch import nn

from introspect import ShapeError, UnknownDimensionError, explain


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 64)
        self.body = nn.Linear(64, 64)
        self.head = nn.Linear(64, 1000, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(self.embedding(x)))


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(torch.relu(self.layer(x)))


class Bare(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 16)
        self.offset = nn.Parameter(torch.zeros(16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + self.offset


class NeverCalled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(16, 16)
        self.unused = nn.Linear(16, 100)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.used(x)


class Listed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.matrices = nn.ParameterList([nn.Parameter(torch.zeros(16, 16)) for _ in range(3)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for matrix in self.matrices:
            x = x @ matrix
        return x


class Direct(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.child = nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.child.forward(x)


class Branches(nn.Module):
    """A residual block, two branches that are concatenated, two inputs, a dict of outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.left, self.right = nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 3, padding=1)
        self.shortcut = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(8 + 5, 7)

    def forward(self, image: torch.Tensor, extra: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.stem(image)
        x = x + torch.cat([self.left(x), self.right(x)], dim=1)
        x = self.pool(x) + self.shortcut(x)
        features = torch.cat((F.adaptive_avg_pool2d(x, 1).flatten(1), extra), -1)
        return {"scores": self.head(features), "map": x}


@pytest.mark.parametrize(
    ("make", "shape", "truth"),
    [
        (Tied, (2, 7), 68_160),
        (Twice, (2, 16), 272),
        (Bare, (2, 16), 288),
        (lambda: nn.LSTM(16, 32, 2, bidirectional=True), (5, 2, 16), 37_888),
        (NeverCalled, (2, 16), 1_972),
        (Listed, (2, 16), 768),
        (lambda: nn.utils.weight_norm(nn.Linear(16, 4)), (2, 16), 72),
        (Direct, (2, 16), 68),
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.*")
def test_models_that_common_tools_get_wrong(make: Any, shape: tuple[int, ...], truth: int) -> None:
    model = make()
    e = explain(model, shape)
    assert e.params == truth == sum(p.numel() for p in model.parameters())
    assert sum(int(row.params) for row in e.layers) == truth
    assert not e.mismatches


def test_a_tied_tensor_is_one_tensor_with_two_holders() -> None:
    e = explain(Tied(), (2, 7))
    assert_verified(e)
    (tied,) = [t for t in e.tensors if len(t.holders) > 1]
    assert tied.holders == ["embedding.weight", "head.weight"]
    assert e["head"].params == 0
    assert e["head"].shared == ["embedding.weight"]


def test_a_layer_called_twice_has_two_rows_and_one_set_of_parameters() -> None:
    e = explain(Twice(), (2, 16))
    assert_verified(e)
    assert [(row.path, int(row.params), int(row.neurons)) for row in e.layers if row.path == "layer"] == [
        ("layer", 272, 16),
        ("layer", 0, 16),
    ]


def test_a_bare_parameter_is_carried_and_marked() -> None:
    e = explain(Bare(), (2, 16))
    assert e.status == "incomplete"
    assert e.opaque_params == 16
    assert [row.path for row in e.opaque] == ["Bare"]
    assert explain(Bare(), (2, 16), verify=False).params == 288


def test_a_module_that_is_never_called_keeps_its_parameters_and_has_no_neurons() -> None:
    e = explain(NeverCalled(), (2, 16))
    assert_verified(e)
    row = e["unused"]
    assert (row.called, int(row.params), int(row.neurons)) == (False, 1_700, 0)


def test_branches_several_inputs_and_outputs() -> None:
    e = check(Branches(), torch.zeros(2, 3, 16, 16), torch.zeros(2, 5))
    assert e is not None
    assert [row.path for row in e.layers if row.kind == "input"] == ["input", "input2"]
    assert len(e.model.outputs) == 2


def test_inputs_by_name() -> None:
    e = explain(Branches(), {"image": (None, 3, 16, 16), "extra": (None, 5)})
    assert_verified(e)
    assert e["head"].output_shape is not None
    assert str(e["head"].output_shape) == "(N, 7)"


def test_open_dimensions_stay_open() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
    )
    e = explain(net, ("N", 3, "H", "W"))
    assert_verified(e)
    assert e.params == 242
    with pytest.raises(UnknownDimensionError, match="H, W"):
        int(e.neurons)
    assert e.neurons.at(H=32, W=32) == explain(net, (1, 3, 32, 32)).neurons == 8 * 32 * 32 + 2


def test_an_open_image_is_brought_back_to_its_own_size() -> None:
    class Segments(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.head = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8 + 3, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = F.interpolate(self.down(x), size=x.shape[-2:], mode="bilinear", align_corners=False)
            return self.head(torch.cat([y, x], 1)).view(x.size(0), 2, -1)

    e = explain(Segments(), (None, 3, "H", "W"))
    assert_verified(e)
    assert str(e["head"].output_shape) == "(N, 2, H, W)"
    assert e.neurons.at(H=8, W=6) == 8 * 4 * 3 + 2 * 8 * 6


def test_what_needs_numbers_stays_unknown_where_a_dimension_is_open() -> None:
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(100, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.table(torch.arange(x.shape[1]))

    assert_verified(explain(Positions(), (2, 7, 8)))
    e = explain(Positions(), (None, None, 8))
    assert e.params == 800
    assert e.neurons.value is None
    assert e.status == "incomplete"
    assert any("open dimensions" in note for note in e.model.notes)


def test_without_inputs_parameters_are_complete_and_neurons_unknown() -> None:
    e = explain(Branches())
    assert e.params == sum(p.numel() for p in Branches().parameters())
    assert all(t.status == "verified" for t in e.tensors)
    assert e.status == "incomplete"
    with pytest.raises(UnknownDimensionError, match="inputs"):
        int(e.neurons)
    assert "unknown" in str(e)


def test_a_shape_that_pytorch_refuses_is_refused_with_its_path() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(99, 2))
    with pytest.raises(ShapeError, match=r"(?s)^2: .*expected: 99.*got:      128"):
        explain(net, (1, 3, 6, 6))


def test_control_flow_on_values_falls_back_and_says_so() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x) if x.sum() > 0 else x

    e = explain(Gated(), (1, 4))
    assert e.params == 20
    assert e.status == "incomplete"
    assert any("values" in note for note in e.model.notes)


def test_control_flow_on_shapes_is_followed() -> None:
    class Either(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.small, self.large = nn.Linear(4, 2), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.small(x) if x.shape[-1] == 4 else self.large(x)

    e = explain(Either(), (1, 8))
    assert [row.path for row in e.layers if row.called] == ["input", "large"]


def test_a_function_without_a_law_is_carried_from_pytorch() -> None:
    class Unusual(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.trapezoid(x)

    e = explain(Unusual(), (2, 8))
    assert [tuple(row.output_shape) for row in e.layers if row.function] == [(2,)]
    assert e.status == "incomplete"
    assert e.opaque


def test_an_overridden_forward_is_walked_through() -> None:
    class PadsAsItGoes(nn.Conv2d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.conv2d(F.pad(x, (2, 2, 2, 2)), self.weight, self.bias, self.stride)

    e = explain(nn.Sequential(PadsAsItGoes(3, 4, 3), nn.ReLU()), (1, 3, 8, 8))
    assert e.layers[-2].output_shape == (1, 4, 10, 10) or e.layers[-1].path == "0"
    assert e.params == 112
    assert e.neurons == 4 * 10 * 10
    assert_verified(e)


def test_a_frozen_layer_is_not_trainable_and_not_absent() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[0].requires_grad_(False)
    e = check(net, torch.zeros(1, 4))
    assert e is not None
    assert (int(e.trainable), int(e.non_trainable)) == (20, 20)


def test_thousands_of_layers_are_no_trouble() -> None:
    e = explain(nn.Sequential(*[nn.Linear(2, 2) for _ in range(3000)]), (1, 2))
    assert_verified(e)
    assert e.params == 18_000


def test_cells_in_a_loop_are_one_layer_called_often() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru, self.lstm, self.head = nn.GRUCell(3, 5), nn.LSTMCell(5, 4), nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden = x.new_zeros(x.size(0), 5)
            state = None
            for step in x.unbind(1):
                hidden = self.gru(step, hidden)
                state = self.lstm(hidden, state)
            return self.head(state[0])

    e = check(Loop(), torch.zeros(2, 6, 3))
    assert e is not None
    assert [row.repeated for row in e.layers if row.path == "gru"] == [False] + [True] * 5
    assert e.neurons == 6 * 5 + 6 * 4 + 2
