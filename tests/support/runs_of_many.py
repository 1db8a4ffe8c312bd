"""Runs over the models of a zoo, in processes of their own, and a line such as they write."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import zoo

from introspect.many import Line
from introspect.many.line import versions

FOLDER = Path(zoo.__file__).parent
ROOT = FOLDER.parents[1]


def a_line(**changed: Any) -> Line:
    return Line(**{"name": "small", "target": "zoo:GOOD", "status": "incomplete", "versions": versions("zoo"), **changed})


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "introspect", "explain", *args]


def environment(**more: str) -> dict[str, str]:
    paths = os.pathsep.join(str(path) for path in (FOLDER, ROOT, ROOT / "adapters"))
    return {**os.environ, "PYTHONPATH": paths, **more}
