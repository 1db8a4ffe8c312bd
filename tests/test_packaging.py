"""The wheel: built from the checkout, installed into an empty environment, used outside the checkout."""

from __future__ import annotations

import venv
import zipfile
from pathlib import Path

import pytest
from wheels import ROOT, build, run

PACKAGES = {"introspect", "introspect_torch", "introspect_keras", "introspect_lasagne"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


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
