"""What explaining falls back on, rung by rung, and what it says when it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import pytest
import torch
from agreement import assert_verified
from torch import Tensor, nn

from introspect import explain


class Gated(nn.Module):
    """Goes one way or the other by the values that come in."""

    def __init__(self) -> None:
        super().__init__()
        self.small, self.large, self.head = nn.Linear(8, 4), nn.Linear(8, 4), nn.Linear(4, 2)
        self.noise = nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.small(x) if bool(x.sum() > 0) else self.large(x)
        return self.head(self.noise(hidden) + torch.randn(4))


def test_values_that_decide_are_taken_from_the_example() -> None:
    torch.manual_seed(3)
    model, state = Gated().train(), torch.get_rng_state()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    e = explain(model, torch.ones(3, 8))
    assert (e.status, e.model.complete) == ("verified", True)
    assert [row.path for row in e.layers if row.called and row.kind == "dense"] == ["small", "head"]
    assert any("a forward pass on the example" in note for note in e.model.notes)
    assert e.neurons == 4 + 2
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None for p in model.parameters())


def test_without_an_example_what_comes_before_the_decision_is_known() -> None:
    class Late(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.gated = nn.Linear(6, 8), Gated()

        def forward(self, x: Tensor) -> Tensor:
            return self.gated(self.first(x))

    e = explain(Late(), (3, 6))
    assert e["first"].output_shape == (3, 8)
    assert e["first"].status == "verified"
    assert e.neurons.value is None
    assert e.params == sum(p.numel() for p in Late().parameters())
    assert e.model.notes == ("gated: the model's code looks at a tensor's values; what comes after is not known",)


def test_values_of_what_the_code_makes_itself_are_known() -> None:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            mask = torch.ones(x.shape[1], x.shape[1]).tril()
            return self.head(mask @ x) if bool(mask[0].sum() == 1) else x

    assert_verified(explain(Masked(), (2, 3, 4)))


def test_what_is_converted_is_still_on_paper() -> None:
    class Converted(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.as_tensor(x, dtype=torch.float64) + torch.as_tensor(x)

    e = explain(Converted(), (2, 3))
    assert_verified(e)
    assert e.model.notes == ()


def test_what_is_large_is_not_made() -> None:
    class Wide(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + torch.zeros(1 << 20, 1 << 20)

    e = explain(Wide(), (1, 1), verify=False)
    assert e.model.values[e.model.outputs[0]].shape == (1 << 20, 1 << 20)


@dataclass
class Batch:
    image: Any
    mask: Any = None
    flip: bool = False


@dataclass
class Prediction:
    logits: Tensor
    hidden: Optional[Tensor] = None


class Nested(nn.Module):
    """Takes a dataclass, a list and a flag; gives a dataclass."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(8, 4), nn.Linear(4, 2)

    def forward(self, batch: Batch, more: list[Tensor], *, scale: bool = False) -> Prediction:
        hidden = self.body(batch.image.flip(0) if batch.flip else batch.image) + more[0] + more[1]
        return Prediction(self.head(hidden * 2 if scale else hidden), hidden)


@pytest.mark.parametrize("flip", [True, False])
def test_dataclasses_lists_and_flags(flip: bool) -> None:
    e = explain(Nested(), (Batch((3, 8), None, flip), [(3, 4), (4,)]))
    assert_verified(e)
    assert [e.model.values[i].shape for i in e.model.outputs] == [(3, 2), (3, 4)]
    assert any(row.path == "flip()" for row in e.layers) is flip


def test_arguments_by_name_with_a_flag() -> None:
    e = explain(Nested(), {"batch": Batch((3, 8)), "more": [(3, 4), (4,)], "scale": True})
    assert e.status == "verified"
    assert any(row.path == "mul()" for row in e.layers)


ATTENTION = hasattr(nn.functional, "scaled_dot_product_attention")  # PyTorch 2.0


@pytest.mark.parametrize(
    "draw",
    [
        nn.functional.dropout, lambda x: nn.functional.rrelu(x, training=True), nn.functional.gumbel_softmax,
        lambda x: x + torch.rand_like(x), lambda x: x + torch.empty(2).geometric_(0.5), lambda x: torch.poisson(x.abs()),
        *([lambda x: nn.functional.scaled_dot_product_attention(x, x, x, dropout_p=0.5)] if ATTENTION else []),
    ],
)  # fmt: skip
def test_what_a_run_on_the_example_draws_nobody_else_misses(draw: Any) -> None:
    class Draws(Gated):
        def forward(self, x: Tensor) -> Tensor:
            return draw(super().forward(x))

    model = Draws()
    state = torch.get_rng_state()
    e = explain(model, torch.ones(3, 8))
    assert any("a forward pass on the example" in note for note in e.model.notes)
    assert torch.equal(state, torch.get_rng_state())
