"""The pytest plugin on real modules of PyTorch, and on the page that describes it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from introspect import explain
from introspect.testing import checking

pytest_plugins = ["pytester"]
LOADED = checking.Baseline, explain(nn.Linear(1, 1), (1, 1))  # runs in this process find all imported
NETS = """
import torch
from torch import nn

def net(bias=True, features=8, cell=nn.LSTM):
    convs = nn.Sequential(nn.Conv2d(3, features, 3, bias=bias), nn.BatchNorm2d(features), nn.Flatten(2))
    return nn.ModuleDict({"convs": convs, "rnn": cell(16, 4, batch_first=True)})

class Net(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.parts = net(**options)

    def forward(self, x):
        return self.parts["rnn"](self.parts["convs"](x))[0]

def corrupted():
    layer = nn.Linear(8, 4)
    layer.weight = nn.Parameter(torch.zeros(4, 9))
    return nn.Sequential(layer)

class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(7))
        self.fc = nn.Linear(7, 2)

    def forward(self, x):
        return self.fc(x * self.scale)
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(nets=NETS)
    pytester.syspathinsert()
    return pytester


def run(project: pytest.Pytester, body: str, *options: str) -> pytest.RunResult:
    """A run of one test with this body."""
    project.makepyfile(test_nets=f"from nets import *\ndef test_net(introspect_baseline):\n    {body}")
    return project.runpytest_inprocess("-p", "introspect.pytest_plugin", *options)


def said(result: pytest.RunResult) -> str:
    return " ".join(" ".join(line[4:] if line.startswith("E   ") else line for line in result.outlines).split())


CHECK = "introspect_baseline.check(Net({}), (1, 3, 6, 6))"


def test_a_model_is_pinned_and_what_changed_is_told(project: pytest.Pytester) -> None:
    run(project, CHECK.format(""), "--introspect-update").assert_outcomes(passed=1)
    run(project, CHECK.format("")).assert_outcomes(passed=1)
    result = run(project, CHECK.format("bias=False, features=9"))
    result.assert_outcomes(failed=1)
    for words in (
        "parts.convs.0.weight",
        "parts.convs.0.bias",
        "3·3·3·9",
        "bias_before_batchnorm",
        f"torch {torch.__version__}",
    ):
        assert words in said(result)


def test_another_cell_is_told_by_its_tensors(project: pytest.Pytester) -> None:
    run(project, CHECK.format(""), "--introspect-update")
    result = run(project, CHECK.format("cell=nn.GRU"))
    result.assert_outcomes(failed=1)
    assert "parts.rnn.weight_ih_l0" in said(result)
    assert max(len(line) for line in result.outlines if line.startswith("E ")) <= 100


def test_a_corrupted_layer_is_not_blessed(project: pytest.Pytester) -> None:
    for options in (("--introspect-update",), ()):
        result = run(project, "introspect_baseline.check(corrupted())", *options)
        result.assert_outcomes(failed=1)
        assert "0.weight: worked out as 4×8, the framework holds 4×9" in said(result)
        assert list(project.path.rglob("*.json")) == []


def test_what_has_no_law_is_acknowledged_or_not_blessed(project: pytest.Pytester) -> None:
    refused = run(project, "introspect_baseline.check(Odd(), (1, 7))", "--introspect-update")
    refused.assert_outcomes(failed=1)
    assert "Odd.scale: no law for this tensor; 7 as the framework reports" in said(refused)
    assert 'check(model, opaque=["Odd"])' in said(refused)
    assert list(project.path.rglob("*.json")) == []
    body = "introspect_baseline.check(Odd(), (1, 7), opaque=['Odd'])"
    run(project, body, "--introspect-update").assert_outcomes(passed=1)
    run(project, body).assert_outcomes(passed=1)


def test_without_an_input_the_parameters_are_held_and_that_is_told(project: pytest.Pytester) -> None:
    result = run(project, "introspect_baseline.check(Net())", "--introspect-update")
    result.assert_outcomes(passed=1)
    assert "no input was given" in said(result)
    run(project, "introspect_baseline.check(Net(features=9))").assert_outcomes(failed=1)


def test_the_model_is_left_as_it_is(project: pytest.Pytester) -> None:
    body = """model = Net()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    introspect_baseline.check(model, (1, 3, 6, 6))
    introspect_baseline.at_most(model, "2k", at="parts.convs")
    after = model.state_dict()
    assert list(before) == list(after) and all(torch.equal(before[name], after[name]) for name in before)
    assert model.training and all(tensor.grad is None for tensor in model.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())"""
    run(project, body, "--introspect-update").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("exactly(Net(), 1, at='parts.rnn')", "parts.rnn of Net has 352 = 4·4·(16 + 4 + 2) parameters, not 1"),
        ("at_most(Net(), 1, 'neurons')", "the neurons of Net are not known"),
        ("at_most(Net(), 1, 'buffers', at='parts.convs.1')", "has 17 = 2·8 + 1 elements of state, 16 more"),
        ("within(Net(), 1, 2, at='parts.convs.0.weight')", "has 216 = 3·3·3·8 parameters, 214 more"),
    ],
)
def test_a_number_that_does_not_hold(project: pytest.Pytester, body: str, expected: str) -> None:
    result = run(project, f"introspect_baseline.{body}")
    result.assert_outcomes(failed=1)
    assert expected in said(result)
