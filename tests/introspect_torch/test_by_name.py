"""Layers of packages that are not installed here, told by their full names: stand-ins that hold what the real ones hold."""

from __future__ import annotations

import torch
from against_torch import check
from torch import nn

from introspect import explain


def named(cls: type, module: str, name: str) -> type:
    """`cls` under another package's name."""
    return type(name, (cls,), {"__module__": module, "__qualname__": name, "forward": cls.forward})


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class Conv1D(nn.Module):
    def __init__(self, nf: int, nx: int) -> None:
        super().__init__()
        self.nf, self.nx = nf, nx
        self.weight, self.bias = nn.Parameter(torch.zeros(nx, nf)), nn.Parameter(torch.zeros(nf))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.bias, x.view(-1, self.nx), self.weight).view(*x.shape[:-1], self.nf)


def test_a_transformers_norm_is_as_wide_as_its_input() -> None:
    norm = named(Norm, "transformers.models.llama.modeling_llama", "LlamaRMSNorm")
    e = check(nn.Sequential(nn.Linear(8, 6), norm(6)), torch.zeros(2, 3, 8))
    assert e is not None
    assert (e["1"].kind, e["1"].params) == ("rms_norm", 6)
    assert not e.opaque


def test_gpt2s_dense_layer_stores_its_kernel_the_other_way_round() -> None:
    layer = named(Conv1D, "transformers.pytorch_utils", "Conv1D")
    e = check(layer(12, 8), torch.zeros(2, 3, 8))
    assert e is not None
    assert e.layers[1].params.working == "(8 + 1)·12"
    assert e.neurons == 36


def test_the_same_class_under_a_name_that_nobody_knows_stays_opaque() -> None:
    e = explain(nn.Sequential(nn.Linear(8, 6), Norm(6)), (2, 3, 8))
    assert [row.path for row in e.opaque if not row.function] == ["1"]
    assert e.opaque_params == 6


def test_a_norm_of_another_width_is_a_mismatch() -> None:
    norm = named(Norm, "transformers.models.llama.modeling_llama", "LlamaRMSNorm")(6)
    norm.weight = nn.Parameter(torch.ones(1))
    assert explain(norm, (2, 6)).mismatches[0].verdicts[0].endswith("worked out as 6, the framework holds 1")
