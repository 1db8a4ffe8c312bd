"""The wheel: built from the checkout, installed into an empty environment, used outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"introspect", "introspect_torch", "introspect_keras", "introspect_lasagne"}


def run(*command: str, cwd: Path) -> str:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "INTROSPECT_FRAMEWORKS")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=clean, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("introspect", "adapters", "pyproject.toml", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(source)], check=True)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), ".", cwd=source)
    (built,) = folder.glob("*.whl")
    return built


def test_it_contains_the_four_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert {Path(name).suffix for name in names if ".dist-info" not in name} <= {".py", ".typed"}
    on_disk = {str(p.relative_to(ROOT)) for p in (ROOT / "introspect").rglob("*.py")}
    on_disk |= {str(p.relative_to(ROOT / "adapters")) for p in (ROOT / "adapters").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == on_disk


def test_it_runs_the_demonstration_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=True)
    python = str(tmp_path / "empty" / "bin" / "python")
    run(python, "-m", "pip", "install", "--quiet", str(wheel), cwd=tmp_path)
    said = run(str(tmp_path / "empty" / "bin" / "introspect"), "demo", cwd=tmp_path)
    assert "(5·5·32 + 1)·64" in said
    assert "51,264" in said
    assert "No framework is installed" in said
    frameworks = run(
        python, "-c", "import sys, introspect; print([m for m in sys.modules if m in ('torch', 'keras')])", cwd=tmp_path
    )
    assert frameworks.strip() == "[]"
