"""What a benchmark prints: tables for a terminal, or in Markdown; and what it was run on."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Optional

from rich.console import Console
from rich.table import Table

PACKAGES = ("torch", "torchinfo", "torchscan", "fvcore")


class Report:
    """Prints as it goes, without a spinner: its thread would be measured too."""

    def __init__(self, markdown: bool = False) -> None:
        self.markdown, self._console, self._notes = markdown, Console(), list[str]()

    def say(self, line: str) -> None:
        """A line of its own, which a terminal breaks between words."""
        if self.markdown:
            print(line, end="\n\n", flush=True)
        else:
            self._console.print(line, end="\n\n", markup=False, highlight=False)

    def note(self, line: str) -> None:
        """A line below the next table."""
        self._notes.append(line)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table, and the notes so far; all columns but the first hold numbers."""
        if self.markdown:
            rules = ["---", *["---:"] * (len(columns) - 1)]
            lines = [f"| {' | '.join(cells)} |" for cells in (columns, rules, *rows)]
            self.say("\n".join([f"**{title}**", "", *lines]))
        else:
            table = Table(title=title, title_justify="left")
            for i, column in enumerate(columns):
                table.add_column(column, justify="right" if i else "left", no_wrap=True)
            for row in rows:
                table.add_row(*row)
            self._console.print(table)
        if self._notes:
            self.say("\n".join(f"- {line}" for line in self._notes))
            self._notes.clear()


def number(n: int) -> str:
    """An integer with its thousands apart.

    >>> number(60192808)
    '60,192,808'
    """
    return f"{n:,}"


def peak(megabytes: Optional[float]) -> str:
    """A peak of memory; nothing where it is not known."""
    return "" if megabytes is None else f"{megabytes:.1f}"


def machine(packages: Sequence[str] = PACKAGES) -> str:
    """The processor, its load, the Python and the packages."""
    cpus = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", cpus.read_text()) if cpus.exists() else None
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    parts = [f"Python {platform.python_version()}", *filter(None, map(_versioned, packages))]
    return f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores{load}; {sys.platform}; {', '.join(parts)}."


def _versioned(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""
