"""The arithmetic in public docstrings, run: of the core, and of the adapters whose framework is here."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import environment
import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDERS = [ROOT / "introspect"] + [
    ROOT / "adapters" / f"introspect_{name}" for name in ("torch", "keras", "lasagne") if name in environment.frameworks()
]
MODULES = [
    ".".join(path.relative_to(folder.parent).with_suffix("").parts)
    for folder in FOLDERS
    for path in sorted(folder.rglob("*.py"))
    if path.stem not in ("__init__", "__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_docstrings_to_run() -> None:
    found = [name for name in MODULES if any(test.examples for test in doctest.DocTestFinder().find(import_module(name)))]
    assert {"introspect.algebra", "introspect.layers.conv", "introspect.layers.recurrent"} <= set(found)
