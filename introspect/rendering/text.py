"""The table for a terminal; plain text where there is no terminal, and narrower columns where there is little room."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING, Any, Optional

from .wording import MARKS, Line, findings, lines, shape_lines, tensors_alone, title, totals, verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..explaining import Explanation

_STYLES = {"verified": "green", "mismatch": "bold red", "opaque": "yellow", "unreported": "dim"}
_NARROW = 100  # below this many columns the layer's class is left out and the verdict is a mark
_PIPED = 120
_MOST_SHAPES = 40


def write(
    explanation: Explanation, *, width: Optional[int] = None, shapes: Optional[bool] = None, neurons: str = "weighted"
) -> str:
    """The whole explanation as plain text, `width` columns wide (the terminal's, if not given).

    `shapes`: whether the working of every output shape follows (by default up to 40 of them). `neurons`: a definition of
    `introspect.NEURONS`.
    """
    from rich.console import Console

    out = io.StringIO()
    columns = width or shutil.get_terminal_size((_PIPED, 24)).columns
    console = Console(file=out, width=columns, no_color=True, force_terminal=False, legacy_windows=False)
    print_to(console, explanation, shapes=shapes, neurons=neurons)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def print_to(console: Console, e: Explanation, *, shapes: Optional[bool] = None, neurons: str = "weighted") -> None:
    """Print `e` to a rich console, in colour where it has any."""
    options: dict[str, Any] = {"markup": False, "highlight": False}
    console.print(title(e), style="bold", **options)
    console.print(_tensors(e, console.width) if tensors_alone(e) else _table(e, console.width, neurons), **options)
    console.print(_totals(e, neurons), **options)
    console.print(f"\n{verdict(e)}", style=_STYLES.get(e.status, "yellow"), **options)
    for heading, sentences in findings(e):
        console.print(f"\n{heading}", style="bold", **options)
        for sentence in sentences:
            console.print(f"  {sentence}", soft_wrap=False, **options)
    _print_shapes(console, e, shapes, options)


def _table(e: Explanation, width: int, definition: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    narrow = width < _NARROW
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
    table.add_column("layer", overflow="fold")
    if not narrow:
        table.add_column("class", overflow="fold", style="dim")
    table.add_column("output", overflow="fold")
    table.add_column("working", overflow="fold")
    table.add_column("params", justify="right", no_wrap=True)
    table.add_column("neurons", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for line in lines(e, definition):
        said = MARKS[line.status] if narrow else line.status
        cells = _cells(line, narrow)
        table.add_row(*[Text(cell) for cell in cells], Text(said if e.verified else "", style=_STYLES[line.status]))
    return table


def _cells(line: Line, narrow: bool) -> list[str]:
    return [line.path, *([] if narrow else [line.kind]), line.output, line.working, line.params, line.neurons]


def _tensors(e: Explanation, width: int) -> Table:
    """The table of tensors alone, where there are no outputs and no neurons to show."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    found = lines(e)
    classes = width >= _NARROW and any(line.kind for line in found)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True)
    for name in ("layer", *(["class"] if classes else []), "tensors"):
        table.add_column(name, overflow="fold", style="dim" if name == "class" else None)
    table.add_column("params", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for line in found:
        said = MARKS[line.status] if width < _NARROW else line.status
        cells = [line.path, *([line.kind] if classes else []), line.working, line.params]
        table.add_row(*[Text(cell) for cell in cells], Text(said, style=_STYLES[line.status]))
    return table


def _totals(e: Explanation, definition: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold", style="dim")
    for total in totals(e, definition):
        grid.add_row(*[Text(cell) for cell in total])
    return grid


def _print_shapes(console: Console, e: Explanation, wanted: Optional[bool], options: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    found = shape_lines(e)
    if not found or wanted is False:
        return
    if wanted is None and len(found) > _MOST_SHAPES:
        console.print(f"\n{len(found)} shapes were worked out; render(shapes=True) shows how", style="dim", **options)
        return
    console.print("\nShapes", style="bold", **options)
    grid = Table.grid(padding=(0, 2))
    for _ in range(3):
        grid.add_column(overflow="fold")
    for path, output, worked in found:
        grid.add_row(Text(f"  {path}"), Text(output), Text(worked))
    console.print(grid, **options)
