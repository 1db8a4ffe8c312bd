"""A thousand random models: what they own, what comes out of each of their modules, and what PyTorch refuses."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest
import torch
from against_torch import check, leaves
from architectures_torch import FORMS, Architect
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from introspect import explain
from introspect.layers import Dense


def outputs_by_module(model: nn.Module, examples: tuple[torch.Tensor, ...]) -> dict[str, list[tuple[int, ...]]]:
    """The first output of every call of every module, in a run on numbers."""
    found: dict[str, list[tuple[int, ...]]] = defaultdict(list)

    def noted(path: str, forward: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = forward(*args, **kwargs)
            found[path] += [tuple(leaf.shape) for leaf in leaves(result)[:1]]
            return result

        return call

    named = dict(model.named_modules())
    for path, module in named.items():
        module.__dict__["forward"] = noted(path or type(model).__name__, module.forward)
    try:
        model(*examples)  # with gradients: without them an encoder layer takes a shortcut past its own modules
    finally:
        for module in named.values():
            del module.__dict__["forward"]
    return found


def agrees(model: nn.Module, examples: tuple[torch.Tensor, ...]) -> str:
    """`taken` or `refused`, by PyTorch and by us; anything else fails."""
    e = check(model, *examples)
    if e is None:
        return "refused"
    real = outputs_by_module(model, examples)
    ours: dict[str, list[Any]] = defaultdict(list)
    for row in e.layers:
        if row.called and not row.function and row.kind != "input":
            ours[row.path].append(row.output_shape)
    assert {path: shapes for path, shapes in real.items() if path in ours} == ours
    return "taken"


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize("form", FORMS)
def test_random_models(form: str) -> None:
    counted: Counter[str] = Counter()

    @given(st.data())
    def one(data: Any) -> None:
        model, inputs = getattr(Architect(data), form)()
        counted[agrees(model, inputs if isinstance(inputs, tuple) else (inputs,))] += 1

    one()
    assert counted["taken"] > counted["refused"] > 0, counted


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), torch.zeros(1, 3)
    assert agrees(model, (x,)) == "taken"
    output = Dense.output
    monkeypatch.setattr(Dense, "output", lambda self, *shapes: (*output(self, *shapes)[:-1], 4))
    with pytest.raises(AssertionError, match="output worked out as 1×4"):
        agrees(model, (x,))


def test_a_wrong_shape_inside_is_seen_without_the_verifier(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), torch.zeros(1, 3)
    another = explain(nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2)), x)
    monkeypatch.setitem(agrees.__globals__, "check", lambda *_: another)
    with pytest.raises(AssertionError):
        agrees(model, (x,))
