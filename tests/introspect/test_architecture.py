"""The promises about imports: no framework in the core, the two roads apart, and a quick start."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import introspect

ROOT = Path(introspect.__file__).parent
FRAMEWORKS = {"torch", "keras", "tensorflow", "lasagne", "theano", "nolearn", "jax", "numpy"}
PAPER_ROAD = ["algebra", "notation", "ir", "counting", "working", "counts", "storage", "building"]


def imported(path: Path) -> set[str]:
    """Every module a file imports, anywhere in it; relative ones by their last name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or alias.name for alias in node.names}
    return found


def in_fresh_interpreter(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent,
        env={"PYTHONPATH": str(ROOT.parent), "PATH": ""},
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_imports_no_framework(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imported(path)} & FRAMEWORKS


@pytest.mark.parametrize("path", sorted((ROOT / "layers").glob("*.py")), ids=lambda p: p.stem)
def test_a_law_names_no_framework_in_its_code(path: Path) -> None:
    names = {node.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Name)}
    assert not {name for name in names if name.lower() in FRAMEWORKS | {"framework"}}


@pytest.mark.parametrize("name", PAPER_ROAD + [f"layers/{p.stem}" for p in sorted((ROOT / "layers").glob("*.py"))])
def test_the_paper_road_never_imports_the_reported_road(name: str) -> None:
    found = {module.rpartition(".")[2] for module in imported(ROOT / f"{name}.py")}
    assert not found & {"reported", "verifying", "explaining", "rows", "registry"}


def test_the_check_on_imports_can_fail(tmp_path: Path) -> None:
    (tmp_path / "sneaky.py").write_text("def f():\n    from .reported import Reported\n    import torch.nn\n")
    assert {name.rpartition(".")[2] for name in imported(tmp_path / "sneaky.py")} == {"reported", "nn"}


def test_importing_it_loads_next_to_nothing_and_is_quick() -> None:
    code = (
        "import sys, time; t = time.perf_counter(); import introspect; t = time.perf_counter() - t; "
        "print([m for m in ('rich', 'click', 'json', 'torch', 'keras') if m in sys.modules], t, sep='|')"
    )
    runs = [in_fresh_interpreter(code).split("|") for _ in range(5)]
    assert {heavy for heavy, _ in runs} == {"[]"}
    assert min(float(seconds) for _, seconds in runs) < 0.05  # the best of five: the machine may be busy


def test_explaining_without_any_framework() -> None:
    code = (
        "import sys; from introspect import explain; from introspect.demo import on_paper; "
        "print(int(explain(on_paper()).params), [m for m in ('torch', 'keras', 'lasagne') if m in sys.modules])"
    )
    assert in_fresh_interpreter(code) == "154798 []"


def test_the_public_names() -> None:
    assert sorted(introspect.__all__) == [
        "Comparison", "Count", "Diagnosis", "Explanation", "IntrospectError", "NEURONS", "NoAdapterError", "ShapeError",
        "UnknownDimensionError", "compare", "diagnose", "explain", "register",
    ]  # fmt: skip
    assert len(introspect.__all__) <= 15
    for name in introspect.__all__:
        assert getattr(introspect, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        introspect.nothing_of_the_kind  # noqa: B018
