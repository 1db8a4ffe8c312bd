"""The benchmarks measure what they say: their models are the named ones, and the stopwatch can tell."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_every_model_has_the_published_shape():
    from pytorch_models import MODELS

    for name, subject in MODELS.items():
        if "DeepSeek" not in name:  # 60,000 modules; its parts are counted below
            assert sum(p.numel() for p in subject.model("meta").parameters()) == subject.params, name


def test_two_sizes_of_the_mixture_of_experts_give_the_whole():
    import torch
    from pytorch_language_models import deepseek
    from pytorch_models import MODELS

    def size(layers: int, experts: int, dense: int) -> int:
        with torch.device("meta"):
            return sum(p.numel() for p in deepseek(layers, experts, dense).parameters())

    empty, dense, sparse, wider = size(0, 1, 0), size(1, 1, 1), size(1, 1, 0), size(1, 2, 0)
    mixture = sparse - empty + 255 * (wider - sparse)
    assert empty + 3 * (dense - empty) + 58 * mixture == MODELS["DeepSeek-V3-shaped"].params


def test_a_small_model_is_measured(capsys):
    import pytorch
    from report import Report

    others = set(pytorch.contestants(pytorch.SMALL)) - {pytorch.WALK, pytorch.PAPER, pytorch.CHECKED}
    pytorch.measured("small", pytorch.SMALL, 1, others, Report(markdown=True))
    table = capsys.readouterr().out
    assert table.count("| 20 |") == 3, "the walk and both explanations say 20 parameters"
    assert "fails" not in table
    assert "wrong" not in table


def test_the_stopwatch_tells_slow_from_quick_and_says_what_failed():
    from stopwatch import in_turns

    def fail() -> None:
        raise ValueError("no such\nthing")

    taken = in_turns({"slow": lambda: time.sleep(0.02), "quick": lambda: 7, "bad": fail}, 1)
    assert taken["slow"].ms > 20 > taken["quick"].ms
    assert taken["quick"].result == 7
    assert taken["bad"].failed == "ValueError: no such"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident sizes are read from /proc")
def test_memory_is_what_a_run_takes_while_it_runs():
    from stopwatch import peak_memory

    grown = peak_memory(lambda: bytearray(64 << 20).count(1))  # writes every page, and lets go of it
    assert grown is not None
    assert 60 < grown < 70
    assert peak_memory(lambda: 1 / 0) is None
