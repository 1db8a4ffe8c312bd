"""The wheel, built from a copy of the checkout, and environments that it is installed into."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OURS = ("PYTHONPATH", "INTROSPECT_FRAMEWORKS")


def run(*command: str, cwd: Path, code: int = 0) -> str:
    """What a command prints, run without our own paths; it has to end with `code`."""
    clean = {k: v for k, v in os.environ.items() if k not in _OURS and not k.startswith("PYTEST")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=clean, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def build(folder: Path) -> Path:
    """The wheel, in `folder`."""
    source = folder / "source"
    source.mkdir()
    for name in ("introspect", "adapters", "pyproject.toml", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(source)], check=True)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), ".", cwd=source)
    (built,) = folder.glob("*.whl")
    return built


def beside_our_packages(wheel: Path, folder: Path) -> Path:
    """The interpreter of an environment with the wheel in it, which sees the packages of ours as well."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    (site,) = folder.glob("lib/python*/site-packages")
    (ours,) = {path for path in sys.path if path.endswith("site-packages") and Path(path, "pytest").is_dir()}
    (site / "ours.pth").write_text(ours)
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
        cwd=folder,
    )
    return python
