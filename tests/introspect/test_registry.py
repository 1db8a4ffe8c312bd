"""Who owns a model: built-in adapters, third parties' on the same footing, and clear words where nobody does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import introspect
from introspect import NoAdapterError, explain, register
from introspect.registry import _registered, adapters

ROOT = Path(introspect.__file__).parent.parent

THIRD_PARTY = """
from introspect.building import Builder
from introspect.ir import Holding
from introspect.layers import Dense
from introspect.reported import Reported, ReportedLayer, ReportedOutput, ReportedTensor


class Perceptron:
    def __init__(self, i, o):
        self.i, self.o, self.w = i, o, [[0.0] * i for _ in range(o)]


class MineAdapter:
    name = "mine"
    roots = ("third_party",)

    def owns(self, model):
        return type(model).__module__ == "third_party"

    def translate(self, model, inputs=None):
        builder = Builder("mine", "1", "perceptron")
        value = builder.input((1, model.i))
        layer = builder.layer("only", Dense(model.o, bias=False), [Holding("w", "t0", ("kernel",), "out in")])
        return builder.finish(builder.call(layer, [value]))

    def report(self, model, translated, inputs=None, *, full=True):
        held = ReportedTensor("w", (len(model.w), len(model.w[0])), True)
        outputs = (ReportedOutput(0, ((1, model.i),)), ReportedOutput(1, ((1, model.o),)))
        return Reported((ReportedLayer("only", (held,)),), outputs, source="the perceptron itself")


adapter = MineAdapter()
"""


@pytest.fixture
def third_party(tmp_path: Path) -> Path:
    """An installed package that announces an adapter by entry point."""
    (tmp_path / "third_party.py").write_text(THIRD_PARTY)
    info = tmp_path / "third_party-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[introspect.adapters]\nmine = third_party:adapter\n")
    return tmp_path


def test_an_adapter_announced_by_entry_point_is_found_and_used(third_party: Path) -> None:
    code = (
        "from third_party import Perceptron; from introspect import explain\n"
        "e = explain(Perceptron(3, 2)); print(e.params, e.status, e['only'].params.working)\n"
        "bad = Perceptron(3, 2); bad.w = bad.w[:1]; print(explain(bad).mismatches[0].verdicts[0])"
    )
    path = f"{third_party}:{ROOT}:{ROOT / 'adapters'}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path}, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["6 verified 3·2", "only.w: worked out as 2×3, the framework holds 1×3"]


def test_an_unknown_class_is_named_and_told_how_to_get_an_adapter() -> None:
    class Strange:
        pass

    with pytest.raises(NoAdapterError, match=r"(?s)Strange.*introspect-nn\[.*introspect\.register.*introspect\.adapters"):
        explain(Strange())


def test_without_the_framework_the_extra_is_named(tmp_path: Path) -> None:
    """A model class of a framework whose package is not what was given: its extra is named."""
    code = (
        "import sys, types\n"
        "fake = types.ModuleType('torch'); sys.modules['torch'] = fake\n"
        "Thing = type('Thing', (), {'__module__': 'torch.something'})\n"
        "from introspect import explain\n"
        "explain(Thing())"
    )
    path = f"{ROOT}:{ROOT / 'adapters'}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path}, check=False)
    assert "torch.something.Thing" in done.stderr
    assert "introspect-nn[torch]" in done.stderr


def test_registering() -> None:
    class Mine:
        name, roots = "registered", ()

        def owns(self, model: Any) -> bool:
            return False

        def translate(self, model: Any, inputs: Any = None) -> Any: ...

        def report(self, model: Any, translated: Any, inputs: Any = None, *, full: bool = True) -> Any: ...

    register(Mine())  # type: ignore[arg-type]
    try:
        assert "registered" in adapters()
    finally:
        _registered.clear()
    with pytest.raises(TypeError, match="lacks owns, translate, report"):
        register(type("Half", (), {"name": "half", "roots": ()})())


def test_adapters_are_found_without_importing_a_framework() -> None:
    code = (
        "import sys; from introspect.registry import adapters; print(sorted(adapters()), "
        "[m for m in ('torch', 'keras', 'tensorflow', 'lasagne', 'theano', 'nolearn') if m in sys.modules])"
    )
    path = f"{ROOT}:{ROOT / 'adapters'}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path}, check=True)
    assert done.stdout.strip() == "['keras', 'lasagne', 'torch'] []"
