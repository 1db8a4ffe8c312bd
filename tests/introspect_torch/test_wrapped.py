"""Models inside something: compiled, traced, scripted, replicated, lazy, pruned; and inputs that are none."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.fx  # a name of its own in old versions
from against_torch import check
from agreement import assert_verified
from torch import nn

from introspect import IntrospectError, explain


@pytest.mark.skipif(not hasattr(torch, "compile"), reason="this PyTorch compiles nothing")
def test_a_compiled_model_is_explained_without_being_run() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 7))
    e = explain(torch.compile(net), (1, 3, 8, 8))
    assert_verified(e)
    assert e.params == 112 + 1_015
    assert e["2"].params.working == "(4·6·6 + 1)·7"


def test_a_lazy_layer_is_counted_without_being_materialised() -> None:
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2))
    e = explain(net, (1, 3, 8, 8))
    assert [row.params.working for row in e.layers if row.params] == ["(3·3·3 + 1)·4", "2·4", "(4·6·6 + 1)·2"]
    assert e.params == 112 + 8 + 290
    assert not e.mismatches
    assert e.status == "incomplete"
    assert net[0].weight.__class__.__name__ == "UninitializedParameter"
    net(torch.zeros(1, 3, 8, 8))
    assert_verified(explain(net, (1, 3, 8, 8)))


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.fx.symbolic_trace], ids=["data parallel", "fx graph"])
def test_a_wrapped_model_is_the_model(wrap: Any) -> None:
    net = nn.Sequential(nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 2))
    e = check(wrap(net), torch.zeros(2, 16))
    assert e is not None
    assert e.params == 78


def test_a_scripted_model_keeps_its_parameters_and_says_what_is_unknown() -> None:
    e = explain(torch.jit.script(nn.Sequential(nn.Linear(3, 4))), (1, 3))
    assert e.params == 16
    assert e.neurons.value is None
    assert any("scripted" in note for note in e.model.notes)


def test_pruning_shows_the_original_and_the_mask() -> None:
    from torch.nn.utils import prune

    net = nn.Linear(4, 4)
    prune.random_unstructured(net, "weight", 0.5)
    e = explain(net, (1, 4))
    assert {t.name: t.size for t in e.tensors} == {"bias": 4, "weight_orig": 16, "weight_mask": 16}
    assert (e.params, e.buffers) == (20, 16)


@pytest.mark.parametrize("inputs", ["abc", 5, (), (-1, 16), [(1, 16), None, 3.5]])
def test_inputs_that_are_none_are_refused_in_words(inputs: Any) -> None:
    with pytest.raises(IntrospectError, match=r"cannot be read|negative"):
        explain(nn.Linear(16, 4), inputs)
