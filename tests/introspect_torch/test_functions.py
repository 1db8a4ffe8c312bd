"""Bare functions in `forward`: generated chains of them against a real run, refusals included."""

from __future__ import annotations

from typing import Any, Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from against_torch import REFUSALS, check, run
from breadth import covering, sharing
from hypothesis import given
from hypothesis import strategies as st
from strategies_torch import RECENT
from torch import Tensor, nn

from introspect import IntrospectError, ShapeError, explain


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
    "cat with an empty row": st.builds(lambda a: lambda x: torch.cat([torch.empty(0), x, torch.empty(0), x * 2], a), AXIS),
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
    "softmax along": st.builds(lambda a: lambda x: torch.log_softmax(x, a), AXIS),
    "normalise": st.builds(lambda a: lambda x: F.normalize(x, dim=a), AXIS),
    "glu": st.builds(lambda a: lambda x: F.glu(x, a), AXIS),
    "cumulative": st.builds(lambda a: lambda x: x.cumsum(a) + torch.cumprod(x, dim=a), AXIS),
    "argsort": st.builds(lambda a: lambda x: x.argsort(a).float(), AXIS),
    "two tensors": st.just(lambda x: torch.max(x, x * 2) + torch.min(x, x[..., :1])),
    "variance": st.builds(lambda a, keep: lambda x: x.var(a, True) + torch.std(x, a, unbiased=keep), AXIS, st.booleans()),
    "norm": st.builds(
        lambda a, keep: lambda x: x.norm(2, a) if keep else torch.linalg.vector_norm(x, dim=a), AXIS, st.booleans()
    ),
    "flip": st.builds(lambda a, b: lambda x: x.flip(a, b) + torch.flip(x, [a, b]), AXIS, AXIS),
    "roll": st.builds(lambda a: lambda x: torch.roll(x, 1, a) + x.roll((1, 2), (0, a)) + x.roll(3), AXIS),
    "triangle": st.just(lambda x: torch.tril(x) + x.triu(1)),
    "rot90": st.builds(lambda k: lambda x: torch.rot90(x, k, (0, 1)), st.integers(-1, 2)),
    "movedim": st.builds(lambda a, b: lambda x: torch.movedim(x, a, b), AXIS, AXIS),
    "movedim of two": st.just(lambda x: x.movedim((0, 1), (-1, 0))),
    "ravel": st.just(torch.ravel),
    "broadcast_to": st.builds(lambda sizes: lambda x: torch.broadcast_to(x, sizes), SIZES),
    "repeat_interleave": st.builds(lambda a: lambda x: x.repeat_interleave(2, dim=a), AXIS),
    "tile": st.builds(lambda sizes: lambda x: torch.tile(x, sizes), SIZES),
    "gather": st.builds(lambda a, sizes: lambda x: x.gather(a, torch.zeros(sizes, dtype=torch.long)), AXIS, SIZES),
    "scatter": st.builds(lambda a, sizes: lambda x: x.scatter(a, torch.zeros(sizes, dtype=torch.long), 1.0), AXIS, SIZES),
    "scatter_add": st.builds(
        lambda a, sizes: lambda x: x.scatter_add(a, torch.zeros(sizes, dtype=torch.long), torch.ones(sizes)), AXIS, SIZES
    ),
    "index_select": st.builds(lambda a: lambda x: x.index_select(a, torch.zeros(3 if x.dim() else 1, dtype=torch.long)), AXIS),
    "diagonal": st.builds(lambda o, a, b: lambda x: x.diagonal(o, a, b), st.integers(-2, 2), AXIS, AXIS),
    "masked_fill": st.builds(lambda sizes: lambda x: x.masked_fill(torch.ones(sizes, dtype=torch.bool), 0.0), SIZES),
    "masked_fill in place": st.builds(
        lambda sizes: lambda x: (x + 1).masked_fill_(torch.ones(sizes, dtype=torch.bool), 0.0), SIZES
    ),
    "add in place": st.builds(lambda sizes: lambda x: (x + 1).add_(torch.ones(sizes)), SIZES),
    "lerp and others": st.just(lambda x: torch.lerp(x, x + 1, 0.5) + torch.addcmul(x, x, x[..., :1])),
    "clamp by a tensor": st.just(lambda x: x.clamp(min=x.mean())),
    "not a number": st.just(lambda x: torch.where(torch.isnan(x), torch.zeros_like(x), x)),
    "bmm": st.builds(lambda sizes: lambda x: torch.bmm(x, torch.zeros(sizes)), SIZES),
    "mm": st.builds(lambda sizes: lambda x: x.mm(torch.zeros(sizes)), SIZES),
    "addmm": st.builds(lambda sizes: lambda x: torch.addmm(torch.zeros(sizes), x, torch.zeros(3, 2)), SIZES),
    "stacked": st.just(lambda x: torch.hstack([x, x])),
    "outer": st.just(lambda x: torch.outer(x, x)),
    "one_hot": st.just(lambda x: F.one_hot(torch.zeros_like(x).long(), 5).float()),
    "unfold": st.builds(lambda k: lambda x: F.unfold(x, k, padding=1), st.integers(1, 3)),
    "view of windows": st.builds(lambda a, n: lambda x: x.unfold(a, n, 2), AXIS, st.integers(1, 3)),
    "lp_pool": st.builds(lambda k: lambda x: F.lp_pool2d(x, 2.0, k), st.integers(1, 2)),
    "channel_shuffle": st.just(lambda x: F.channel_shuffle(x, 2)),
    "layer_norm": st.builds(lambda n: lambda x: F.layer_norm(x, (n,)), st.integers(1, 4)),
    "group_norm": st.builds(lambda n: lambda x: F.group_norm(x, n), st.integers(1, 3)),
    "batch_norm": st.builds(lambda n: lambda x: F.batch_norm(x, torch.zeros(n), torch.ones(n)), st.integers(1, 4)),
    "cosine_similarity": st.builds(lambda a: lambda x: F.cosine_similarity(x, x + 1, dim=a), AXIS),
    "cdist": st.builds(lambda n: lambda x: torch.cdist(x, torch.zeros(3, n)), st.integers(1, 4)),
    "loss": st.builds(lambda r: lambda x: F.mse_loss(x, torch.zeros_like(x), reduction=r), st.sampled_from(["none", "sum"])),
    "cross_entropy": st.just(lambda x: F.cross_entropy(x, torch.zeros(x.shape[0], dtype=torch.long), reduction="none")),
    "prelu": st.builds(lambda n: lambda x: F.prelu(x, torch.zeros(n)), st.integers(1, 4)),
    "grid": st.just(lambda x: F.grid_sample(x, torch.zeros(x.shape[0], 3, 2, 2), align_corners=False)),
    "largest and where": st.builds(lambda a, keep: lambda x: sum(torch.min(x, a, keep)).sum(), AXIS, st.booleans()),
    "largest by name": st.builds(lambda a: lambda x: x.max(dim=a).values + x.median(a).values, AXIS),
    "sorted": st.builds(lambda a: lambda x: x.sort(a, descending=True).values + torch.sort(x, dim=a)[1], AXIS),
    "top": st.builds(lambda k, a: lambda x: x.topk(k, a).values, st.integers(0, 3), AXIS),
    "top by name": st.builds(lambda k: lambda x: torch.topk(x, k=k, dim=-1).indices, st.integers(0, 3)),
    "cumulative maximum": st.builds(lambda a: lambda x: x.cummax(a).values, AXIS),
    "variance and mean": st.builds(lambda a: lambda x: sum(torch.var_mean(x, a, keepdim=True)), AXIS),
    "grid of rows": st.just(lambda x: torch.stack(torch.meshgrid(x, torch.arange(3.0), indexing="xy"))),
    "pooled and back": st.builds(
        lambda k: lambda x: F.max_unpool2d(*F.max_pool2d(x, k, return_indices=True), k), st.integers(1, 2)
    ),
    "cut into pieces": st.builds(lambda n, a: lambda x: x.tensor_split(n, a)[0], st.integers(1, 3), AXIS),
    "cut at places": st.builds(lambda n, a: lambda x: torch.tensor_split(x, (n, 2), a)[1], st.integers(-2, 3), AXIS),
    "chunks along": st.builds(lambda n: lambda x: torch.stack(x.chunk(n, -1)[:1]), st.integers(1, 3)),
}
if not RECENT:  # which takes no whole numbers, any axis of a scalar, and no image without a batch
    del STEPS["grid"], STEPS["cumulative maximum"], STEPS["unfold"]


@covering(2)
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


@pytest.mark.parametrize("name", sorted(STEPS))
@sharing(4)
@given(st.data(), st.lists(st.integers(1, 4), max_size=4))
def test_each_function(name: str, data: Any, shape: list[int]) -> None:
    model = Apply(data.draw(STEPS[name]))
    x = torch.zeros(shape)
    try:
        (expected,) = run(model, x)
    except REFUSALS:
        with pytest.raises(IntrospectError):
            explain(model, x, verify=False)
        return
    if 0 in expected:
        return
    e = explain(model, x, verify=False)
    assert [e.model.values[i].shape for i in e.model.outputs] == [expected]


GROUPED = "enable_gqa" in str(getattr(F, "scaled_dot_product_attention", None).__doc__)


@pytest.mark.skipif(not GROUPED, reason="PyTorch has heads that share keys and values since 2.5")
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 3), st.booleans())
def test_heads_that_share_keys_and_values(heads: int, shared: int, batch: int, grouped: bool) -> None:
    class Attend(nn.Module):
        def forward(self, q: Tensor, k: Tensor) -> Tensor:
            return F.scaled_dot_product_attention(q, k, k, enable_gqa=grouped)

    check(Attend(), torch.zeros(batch, heads, 3, 4), torch.zeros(batch, shared, 5, 4))
