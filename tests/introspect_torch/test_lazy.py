"""Lazy classes: counted from the input's shape alone, before and after PyTorch has made their tensors."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Optional

import pytest
import torch
from against_torch import REFUSALS, run
from agreement import assert_verified
from breadth import covering
from hypothesis import given
from hypothesis import strategies as st
from strategies_torch import SMALL, WRONG, built, each, images
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from introspect import Explanation, IntrospectError, explain

RANKED = [f"Lazy{kind}{rank}d" for kind in ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm") for rank in (1, 2, 3)]


def module_of(data: Any, name: str, rank: int) -> nn.Module:
    if "Norm" in name:
        options = {option: data.draw(st.booleans()) for option in ("affine", "track_running_stats")}
        return getattr(nn, name)(**options)
    groups = data.draw(st.integers(1, 2))
    kernel, stride = data.draw(each(rank, SMALL)), data.draw(each(rank, st.integers(1, 2)))
    options = {"groups": groups, "bias": data.draw(st.booleans()), "padding": data.draw(each(rank, st.integers(0, 1)))}
    return getattr(nn, name)(groups * data.draw(st.integers(1, 3)), kernel, stride, **options)


def agrees(module: nn.Module, x: torch.Tensor) -> None:
    """The lazy module's sizes are those that a real run then makes, and so is its output; or both are refused."""
    e: Optional[Explanation] = None
    with suppress(IntrospectError):
        e = explain(module, x)
    assert isinstance(module, LazyModuleMixin), "it was materialised"
    try:
        expected = run(module, x)
    except REFUSALS:
        assert e is None
        return
    if e is None:
        assert any(0 in shape for shape in expected), "refused what PyTorch takes"
        return
    assert not e.mismatches
    assert [e.model.values[i].shape for i in e.model.outputs] == expected
    tensors = [*module.named_parameters(), *module.named_buffers()]
    assert {t.name: t.shape for t in e.tensors} == {name: tuple(tensor.shape) for name, tensor in tensors}
    assert e.params == sum(p.numel() for p in module.parameters())
    assert_verified(explain(module, x))


@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature", "ignore:input's size at dim")
@covering(3)
@given(st.data(), st.sampled_from(RANKED))
def test_lazy_windows_and_norms(data: Any, name: str) -> None:
    rank = int(name[-2])
    module = built(lambda: module_of(data, name, rank))
    if "Norm" in name:  # always with a batch: without one, PyTorch takes the wrong axis for the features
        x = torch.zeros(2, data.draw(SMALL), *[data.draw(st.integers(1, 3))] * (rank + data.draw(WRONG)))
    else:
        x = images(data, rank, data.draw(st.sampled_from([1, 2, 4])), 5)
    agrees(module, x)


@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature")
@given(st.integers(1, 5), st.booleans(), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_lazy_linear(features: int, bias: bool, shape: list[int]) -> None:
    agrees(nn.LazyLinear(features, bias), torch.zeros(shape))
