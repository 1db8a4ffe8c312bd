"""The table of layer classes in docs/keras.md, and whether it names every class of an installed Keras."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[2] / "docs" / "keras.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| `\w+`", line)]
TABLE = {name: row for row in ROWS if len(row) == 4 for name in re.findall(r"`(\w+)`", row[0])}


def classes(modules: Iterable[Any], layer: type) -> dict[str, type]:
    """The public classes of layers that these modules hold, by name."""
    found = {cls for module in modules for _, cls in inspect.getmembers(module, inspect.isclass) if issubclass(cls, layer)}
    return {cls.__name__: cls for cls in found if not cls.__name__.startswith("_")}


def untold(names: Iterable[str], version: str) -> dict[str, str]:
    """Which of these classes the table does not name, or not as one of this major version."""
    wrong = {name: TABLE[name][1] if name in TABLE else "not in the table" for name in names}
    return {name: said for name, said in wrong.items() if version not in said.split(", ")}
