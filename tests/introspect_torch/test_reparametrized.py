"""Weights that are computed from other tensors: each stored tensor by its role, and the layer's own law around it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from against_torch import check
from agreement import assert_verified
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from introspect import explain

LAYERS = {
    "linear": (lambda: nn.Linear(3, 4), (2, 3), "weight"),
    "convolution": (lambda: nn.Conv2d(6, 4, 3, groups=2), (1, 6, 8, 8), "weight"),
    "transposed": (lambda: nn.ConvTranspose1d(3, 5, 4), (1, 3, 8), "weight"),
    "embedding": (lambda: nn.Embedding(7, 3), (2, 5), "weight"),
    "recurrence": (lambda: nn.LSTM(3, 4), (5, 2, 3), "weight_hh_l0"),
}

WEIGHT_NORMS = [pytest.param(nn.utils.weight_norm, id="hook")]
PARAMETRIZED = hasattr(parametrizations, "weight_norm")
if PARAMETRIZED:
    WEIGHT_NORMS.append(pytest.param(parametrizations.weight_norm, id="parametrization"))
parametrized = pytest.mark.skipif(not PARAMETRIZED, reason="PyTorch has weight norm as a parametrization since 2.0")


class Symmetric(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.triu() + x.triu(1).transpose(-1, -2)


@pytest.fixture(autouse=True)
def _old_ways_are_deprecated() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _example(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.zeros(shape, dtype=torch.long if name == "embedding" else torch.float32)


@pytest.mark.parametrize("name", sorted(LAYERS))
@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("way", WEIGHT_NORMS)
def test_weight_norm(way: Any, dim: Any, name: str) -> None:
    make, shape, weight = LAYERS[name]
    model = way(make(), weight, dim=dim)
    if name == "recurrence" and way is nn.utils.weight_norm:  # PyTorch's own hook loses the list of weights: it cannot run
        e = explain(model, shape)
        assert e.params == sum(p.numel() for p in model.parameters())
        assert {tensor.status for tensor in e.tensors} == {"verified"}
    else:
        e = check(model, _example(name, shape))
    assert e is not None
    assert not e.opaque
    roles = [tensor.role for tensor in e.tensors]
    assert sum(role.endswith("_magnitude") for role in roles) == 1
    assert sum(role.endswith("_direction") for role in roles) == 1


@pytest.mark.parametrize("name", ["linear", "convolution", "transposed", "embedding"])
@pytest.mark.parametrize("way", [nn.utils.spectral_norm, parametrizations.spectral_norm], ids=["hook", "parametrization"])
def test_spectral_norm(way: Any, name: str) -> None:
    make, shape, weight = LAYERS[name]
    e = check(way(make(), weight), _example(name, shape))
    assert e is not None
    assert not e.opaque
    assert {"kernel", "vector_u", "vector_v"} - {"kernel"} <= {tensor.role for tensor in e.tensors}
    assert e.params == explain(make(), shape).params


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_pruning(name: str) -> None:
    make, shape, weight = LAYERS[name]
    net = make()
    prune.random_unstructured(net, weight, 0.5)
    prune.l1_unstructured(net, weight, 0.5)
    e = explain(net, _example(name, shape))
    assert not e.opaque
    assert not e.mismatches
    original = next(t for t in e.tensors if t.name == f"{weight}_orig")
    mask = next(t for t in e.tensors if t.name == f"{weight}_mask")
    assert mask.role == f"{original.role}_mask"
    assert (mask.shape, mask.buffer) == (original.shape, True)


@parametrized
def test_g_and_v_of_a_weight_normed_linear() -> None:
    e = check(parametrizations.weight_norm(nn.Linear(16, 4)), torch.zeros(1, 16))
    assert e is not None
    assert e.params == 72
    assert e.layers[1].params.working == "(16 + 2)·4"
    assert {t.name.rpartition(".")[2]: t.shape for t in e.tensors} == {
        "bias": (4,), "original0": (4, 1), "original1": (4, 16),
    }  # fmt: skip


def test_a_parametrization_that_changes_no_shape_leaves_the_kernel_what_it_is() -> None:
    net = nn.Linear(4, 4)
    parametrize.register_parametrization(net, "weight", Symmetric())
    assert_verified(explain(net, (1, 4)))


def test_a_parametrization_that_nobody_knows_is_opaque_and_the_rest_is_not() -> None:
    e = explain(parametrizations.orthogonal(nn.Linear(3, 4)), (1, 3))
    assert e.status == "incomplete"
    assert {t.name: t.opaque for t in e.tensors} == {
        "bias": False, "parametrizations.weight.original": True, "parametrizations.weight.0.base": True,
    }  # fmt: skip
    assert e.params == 16


@parametrized
def test_a_weight_that_is_read_by_the_code_around_it_is_computed_symbolically() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = parametrizations.weight_norm(nn.Linear(6, 4, bias=False))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(self.embed(x), self.embed.weight.t())

    e = explain(Tied(), (2, 6))
    assert e.status == "verified"
    assert not e.opaque
    assert e.params == 4 + 24
    assert e.model.values[e.model.outputs[0]].shape == (2, 6)
