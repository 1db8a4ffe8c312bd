"""What may be relied on: no weight read, nothing changed, no other thread disturbed, and nothing false passed as true."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import pytest
import torch
from against_torch import check
from agreement import assert_verified
from torch import nn

from introspect import Explanation, explain


@pytest.mark.parametrize("verify", [True, False])
def test_a_corrupted_weight_is_a_mismatch_that_names_layer_tensor_and_both_shapes(verify: bool) -> None:
    net = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
    net[0].weight = nn.Parameter(torch.zeros(16, 9))
    e = explain(net, (2, 16), verify=verify)
    if not verify:
        assert e.status == "incomplete"
        return
    assert e.status == "mismatch"
    assert [row.path for row in e.mismatches] == ["0"]
    assert e.mismatches[0].verdicts[0] == "0.weight: worked out as 16×16, the framework holds 16×9"
    assert "16×9" in str(e)


def test_a_missing_bias_is_a_mismatch() -> None:
    net = nn.BatchNorm1d(4)
    net.bias = None
    e = explain(net, (2, 4))
    assert e.status == "mismatch"
    assert "BatchNorm1d.beta: the configuration asks for 4" in e.mismatches[0].verdicts[0]


def tensor_state(model: nn.Module) -> list[Any]:
    """Everything of a model's tensors that a run could change."""
    tensors = model.state_dict(keep_vars=True)
    return [(n, t.dtype, t.device, t.requires_grad, repr(t.grad), pickle.dumps(t.detach().numpy())) for n, t in tensors.items()]


def module_state(model: nn.Module) -> list[Any]:
    """Flags, hooks and plain attributes of every module."""
    tensors = ("_parameters", "_buffers", "_modules")
    return [
        (name, id(m), type(m), {k: dict(v) if isinstance(v, dict) else v for k, v in m.__dict__.items() if k not in tensors})
        for name, m in model.named_modules()
    ]


@pytest.mark.parametrize("training", [True, False])
def test_a_trained_model_is_left_as_it_was(training: bool) -> None:
    torch.manual_seed(3)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(), nn.Linear(4 * 36, 2))
    seen: list[Any] = []
    model[0].register_forward_hook(lambda *args: seen.append(args))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 1, 8, 8)).sum().backward()
    optimizer.step()
    model.train(training)
    seen.clear()
    before, modules = tensor_state(model), module_state(model)
    random, grad_mode = torch.get_rng_state().clone(), torch.is_grad_enabled()
    assert_verified(explain(model, (1, 1, 8, 8)))
    assert tensor_state(model) == before
    assert module_state(model) == modules
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.is_grad_enabled() == grad_mode
    assert not seen, "a user's hook was run"


def test_what_forward_writes_to_self_stays_on_the_twin() -> None:
    class Remembers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.calls, self.log = nn.Linear(4, 4), 0, []

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            self.log.append(x)
            return self.layer(x)

    model = Remembers()
    assert_verified(explain(model, (1, 4)))
    assert (model.calls, model.log) == (0, [])


class Unreadable(nn.Parameter):
    """A weight that cannot be looked at."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("shape", "size", "numel", "data", "dim", "ndim", "detach", "numpy", "storage", "stride", "nelement"):
            raise AssertionError(f"the paper road read a weight's {name}")
        return super().__getattribute__(name)


def test_the_paper_road_never_reads_a_weight() -> None:
    from introspect_torch import adapter

    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ConvTranspose2d(8, 4, 2), nn.GroupNorm(2, 4), nn.PReLU(4), nn.Flatten(),
        nn.Linear(4 * 49, 16), nn.LayerNorm(16), nn.LSTM(16, 8),
    )  # fmt: skip
    expected = explain(model, (2, 3, 8, 8))
    for module in model.modules():
        for name, parameter in list(module._parameters.items()):
            module._parameters[name] = parameter if parameter is None else Unreadable(parameter.data)
    paper = Explanation(adapter.translate(model, (2, 3, 8, 8)))
    assert paper.params == expected.params
    assert paper.neurons == expected.neurons
    with pytest.raises(AssertionError, match="the paper road"):
        explain(model, (2, 3, 8, 8))


@pytest.mark.parametrize("same_model", [True, False])
def test_training_in_another_thread_is_not_disturbed(same_model: bool) -> None:
    """Losses, bit for bit, with and without someone explaining meanwhile."""

    def train(meanwhile: Any) -> list[float]:
        torch.manual_seed(7)
        model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        data = torch.randn(32, 8)
        stop = threading.Event()
        other = threading.Thread(target=meanwhile, args=(model, stop))
        other.start()
        losses = []
        for _ in range(150):
            optimizer.zero_grad()
            loss = model(data).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        stop.set()
        other.join()
        return losses

    explained = []
    second = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2))

    def explains(model: nn.Module, stop: threading.Event) -> None:
        subject = model if same_model else second
        while not stop.is_set():
            explained.append(explain(subject, (2, 8) if same_model else (1, 1, 8, 8)))

    expected = train(lambda model, stop: None)
    assert train(explains) == expected
    assert explained
    for e in explained:
        assert_verified(e)


def test_the_check_against_a_real_run_can_fail() -> None:
    net = nn.Linear(4, 4)
    net.weight = nn.Parameter(torch.zeros(4, 3))
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        check(net, torch.zeros(1, 4))  # PyTorch refuses; a mismatch is no refusal
    with pytest.raises(AssertionError, match="worked out as 4×4"):
        assert_verified(explain(net, (1, 4)))
    with pytest.raises(AssertionError, match="worked out as 4×4"):  # behind a function without a kernel in old versions
        assert_verified(explain(nn.Sequential(nn.ReLU(), net), (1, 4)))
