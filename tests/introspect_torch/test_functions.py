"""Bare functions in `forward`: generated chains of them against a real run, refusals included."""

from __future__ import annotations

from typing import Any, Callable

import torch
import torch.nn.functional as F  # noqa: N812
from against_torch import REFUSALS, check, run
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from introspect import ShapeError, explain


class Apply(nn.Module):
    """A model that is nothing but the functions given."""

    def __init__(self, *functions: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.functions = functions

    def forward(self, x: Tensor) -> Any:
        for function in self.functions:
            x = function(x)
        return x


AXIS = st.integers(-4, 3)
SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=4)
STEPS: dict[str, Any] = {
    "flatten": st.builds(lambda a, b: lambda x: torch.flatten(x, a, b), AXIS, AXIS),
    "flatten method": st.builds(lambda a: lambda x: x.flatten(start_dim=a), AXIS),
    "transpose": st.builds(lambda a, b: lambda x: x.transpose(a, b), AXIS, AXIS),
    "permute": st.builds(lambda order: lambda x: x.permute(*order), st.permutations(range(4))),
    "squeeze": st.builds(lambda a: lambda x: x.squeeze(a), AXIS),
    "squeeze all": st.just(lambda x: x.squeeze()),
    "unsqueeze": st.builds(lambda a: lambda x: torch.unsqueeze(x, a), AXIS),
    "view the rest": st.builds(lambda n: lambda x: x.reshape(n, -1), st.integers(1, 4)),
    "view": st.builds(lambda sizes: lambda x: x.contiguous().view(*sizes), SIZES),
    "view by batch": st.just(lambda x: x.contiguous().view(x.size(0), -1)),
    "add": st.builds(lambda sizes: lambda x: x + torch.zeros(sizes), SIZES),
    "scale": st.just(lambda x: 2 * x - 1),
    "relu": st.just(F.relu),
    "softmax": st.builds(lambda a: lambda x: F.softmax(x, dim=a), st.integers(-1, 0)),
    "mean": st.builds(lambda a, keep: lambda x: x.mean(a, keepdim=keep), AXIS, st.booleans()),
    "mean of two": st.builds(lambda keep: lambda x: x.mean(dim=(0, -1), keepdim=keep), st.booleans()),
    "sum": st.just(lambda x: x.sum()),
    "largest": st.builds(lambda a: lambda x: x.max(a)[0], AXIS),
    "cat": st.builds(lambda a: lambda x: torch.cat([x, x * 2], dim=a), AXIS),
    "stack": st.builds(lambda a: lambda x: torch.stack([x, x], dim=a), AXIS),
    "chunk": st.builds(lambda n, a: lambda x: torch.cat(x.chunk(n, a), a), st.integers(1, 3), AXIS),
    "split": st.builds(lambda n, a: lambda x: x.split(n, a)[0], st.integers(1, 3), AXIS),
    "unbind": st.builds(lambda a: lambda x: x.unbind(a)[0], AXIS),
    "index": st.builds(lambda i: lambda x: x[i], st.integers(-2, 2)),
    "slice": st.builds(lambda a, b, s: lambda x: x[:, a:b:s], st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 2)),
    "ellipsis": st.just(lambda x: x[..., 0]),
    "new axis": st.just(lambda x: x[:, None]),
    "expand": st.builds(lambda sizes: lambda x: x.expand(*sizes), SIZES),
    "repeat": st.builds(lambda sizes: lambda x: x.repeat(*sizes), SIZES),
    "matmul": st.builds(lambda sizes: lambda x: x @ torch.zeros(sizes), SIZES),
    "pad": st.builds(lambda a, b: lambda x: F.pad(x, (a, b)), st.integers(-1, 2), st.integers(-1, 2)),
    "max_pool": st.builds(lambda k: lambda x: F.max_pool2d(x, k), st.integers(1, 2)),
    "interpolate": st.just(lambda x: F.interpolate(x, scale_factor=2)),
    "linear": st.builds(lambda n: lambda x: F.linear(x, torch.zeros(5, n)), st.integers(1, 4)),
    "gelu by hand": st.just(lambda x: 0.5 * x * (1.0 + torch.tanh(0.8 * (x + 0.044715 * torch.pow(x, 3.0))))),
    "power": st.just(lambda x: 2.0**x + torch.pow(2.0, x) + x**2),
    "where": st.just(lambda x: torch.where(x > 0, x, 0.0)),
    "clamp and compare": st.just(lambda x: (x.clamp(min=0.0) >= 1.0).float()),
    "device and dtype": st.just(lambda x: x.to(device=x.device, dtype=torch.float32) + torch.ones(1, device=x.device)),
    "zeros_like": st.just(lambda x: torch.zeros_like(x) + x),
    "arange": st.just(lambda x: x + torch.arange(x.shape[-1])),
    "index by a tensor": st.just(lambda x: x[torch.zeros(2, 3, dtype=torch.long)]),
    "index by two tensors": st.just(lambda x: x[:, torch.zeros(2, dtype=torch.long), torch.zeros(2, dtype=torch.long)]),
    "index by two tensors apart": st.just(lambda x: x[torch.zeros(2, dtype=torch.long), :, torch.zeros(1, dtype=torch.long)]),
    "index by a tensor behind a number": st.just(lambda x: x[0, :, torch.zeros(2, dtype=torch.long)]),
    "einsum of pairs": st.just(lambda x: torch.einsum("...ij,...kj->...ik", x, x)),
    "einsum without an arrow": st.just(lambda x: torch.einsum("ij,jk", x, x)),
    "new_zeros": st.just(lambda x: x + x.new_zeros(x.shape)),
    "einsum": st.just(lambda x: torch.einsum("...i,...i->...", x, x)),
}


@given(st.lists(st.sampled_from(sorted(STEPS)).flatmap(lambda name: STEPS[name]), min_size=1, max_size=4),
       st.lists(st.integers(1, 4), min_size=1, max_size=4))  # fmt: skip
def test_chains_of_functions(functions: list[Callable[[Tensor], Any]], shape: list[int]) -> None:
    model = Apply(*functions)
    try:
        (expected,) = run(model, torch.zeros(shape))
    except REFUSALS:
        check(model, torch.zeros(shape))  # asserts that we refuse too
        return
    try:
        e = explain(model, torch.zeros(shape))
    except ShapeError:
        assert 0 in expected, "refused what PyTorch takes"
        return
    assert [e.model.values[i].shape for i in e.model.outputs] == [expected]
    assert not e.mismatches
