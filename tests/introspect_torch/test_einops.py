"""einops in `forward` and as layers: its patterns come to functions that have laws."""

from __future__ import annotations

import pytest
import torch
from agreement import assert_verified
from einops import einsum, rearrange, reduce, repeat
from einops.layers.torch import Rearrange, Reduce
from torch import Tensor, nn

from introspect import IntrospectError, explain


class Patches(nn.Module):
    """A small vision transformer's attention, written in patterns."""

    def __init__(self) -> None:
        super().__init__()
        self.project, self.attend = nn.Linear(3 * 16 * 16, 64), nn.Linear(64, 192)
        self.flat, self.mean = Rearrange("b t c -> b (t c)"), Reduce("b t c -> b c", "mean")

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        patches = rearrange(image, "b c (h p1) (w p2) -> b (h w) (p1 p2 c)", p1=16, p2=16)
        three = self.attend(self.project(patches))
        q, k, v = rearrange(three, "b t (three heads d) -> three b heads t d", three=3, heads=4)
        weights = einsum(q, k, "b h i d, b h j d -> b h i j").softmax(-1)
        out = rearrange(weights @ v, "b h t d -> b t (h d)")
        return self.mean(out), repeat(reduce(out, "b t c -> b c", "max"), "b c -> b n c", n=3), self.flat(out)


def test_patterns_are_followed() -> None:
    e = explain(Patches(), (2, 3, 32, 32))
    assert_verified(e)
    assert not e.opaque
    assert e.params == (768 + 1) * 64 + (64 + 1) * 192
    assert [e.model.values[i].shape for i in e.model.outputs] == [(2, 64), (2, 3, 64), (2, 256)]


def test_an_open_batch_stays_open() -> None:
    e = explain(Patches(), (None, 3, 32, 32))
    assert e.status == "verified"
    assert [str(e.model.values[i].shape) for i in e.model.outputs] == ["(N, 64)", "(N, 3, 64)", "(N, 256)"]


def test_a_pattern_that_does_not_divide_is_refused() -> None:
    with pytest.raises(Exception, match="divide"):
        Patches()(torch.zeros(1, 3, 30, 32))
    with pytest.raises(IntrospectError, match="divide"):
        explain(Patches(), (1, 3, 30, 32))
