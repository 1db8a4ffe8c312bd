"""What a run came to: a row for each model, the totals, and by name what did not go well, with the first line of the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from ..verifying import INCOMPLETE, MISMATCH, VERIFIED
from .line import FAILED, NO_MODEL, Line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_STYLES = {VERIFIED: "green", MISMATCH: "bold red", FAILED: "bold red"}
_LONGEST = 160  # of a reason; the line of JSON has it in full
_PLAIN: dict[str, Any] = {"markup": False, "highlight": False}


def print_models(console: Console, lines: Sequence[Line]) -> None:
    """The table of the models."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
    table.add_column("model", overflow="fold")
    for name in ("params", "neurons"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("s", justify="right", no_wrap=True)
    for line in lines:
        said = Text(line.status, style=_STYLES.get(line.status, "yellow"))
        table.add_row(Text(line.name), _number(line, "params"), _number(line, "neurons"), said, f"{line.seconds:.1f}")
    console.print(table, **_PLAIN)


def _number(line: Line, name: str) -> str:
    value = line.totals.get(name)
    if value is None:
        return "?" if line.totals else ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_summary(console: Console, what: str, lines: Sequence[Line], *, kept: int, seconds: float, total: int) -> None:
    """Which did not come out well, and how many came out how. `kept` of them are from an earlier run."""
    groups = (
        ("Incomplete", [line for line in lines if line.status == INCOMPLETE and not line.without_input]),
        ("The input does not fit: what follows from the model without it", [line for line in lines if line.without_input]),
        ("Mismatch", [line for line in lines if line.status == MISMATCH]),
        ("Failed", [line for line in lines if line.status == FAILED]),
    )
    for heading, found in groups:
        _print_group(console, heading, found)
    versions = {f"{name} {number}" for line in lines for name, number in line.versions.items()}
    done = str(total) if len(lines) == total else f"{len(lines)} of {total}"
    console.print(" · ".join([f"{what}: {done} models", *sorted(versions)]), style="bold", **_PLAIN)
    earlier = f", {kept} of them kept from an earlier run" if kept else ""
    console.print(f"in {seconds:.0f} s{earlier}", style="dim", **_PLAIN)
    console.print(_totals(lines), **_PLAIN)


def _totals(lines: Sequence[Line]) -> Table:
    from rich.table import Table
    from rich.text import Text

    counts = Counter(line.status for line in lines)
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    for status in (VERIFIED, INCOMPLETE, MISMATCH, FAILED, *([NO_MODEL] if counts[NO_MODEL] else [])):
        style = _STYLES.get(status, "yellow") if counts[status] else ""
        grid.add_row(Text(status, style=style), f"{counts[status]}")
    return grid


def _print_group(console: Console, heading: str, lines: Sequence[Line]) -> None:
    """The names, those with the same reason together, and the reason."""
    from rich.padding import Padding
    from rich.text import Text

    if not lines:
        return
    by_reason: dict[str, list[str]] = {}
    for line in lines:
        by_reason.setdefault(shorten(line.reason, _LONGEST, placeholder=" ..."), []).append(line.name)
    console.print(heading, style="bold", **_PLAIN)
    for reason, names in by_reason.items():
        console.print(Padding(Text(", ".join(names)), (0, 0, 0, 2)))
        if reason:
            console.print(Padding(Text(reason, style="dim"), (0, 0, 0, 6)))
    console.print()
