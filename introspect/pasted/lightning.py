"""Lightning's ModelSummary in its plain style: cells between bars, a dashed line above and below, the totals' names last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Optional

from .base import Pasted, PastedRow, Stopped
from .boxed import LIGHTNING, lightning_row
from .cells import amount, shapes
from .cleaning import Line
from .parts import check_top, footer, is_ruler

_header = re.compile(r"\s*\| +Name +\| +Type +\| +Params\b.*")
_first = re.compile(r"\s*\d+ +\|[^|]+\|[^|]+\|[^|]+(?:\|.*)?")


def parse(lines: Sequence[Line]) -> Optional[Pasted]:
    """The first such table; its usual first columns are assumed where its top is cut off."""
    for i, line in enumerate(lines):
        if _header.fullmatch(line.text):
            cells = [cell.strip() for cell in line.text.split("|")]
            return _table(lines, i + 1, {name: cells.index(name) for name in LIGHTNING if name in cells}, len(cells), True)
    for i, line in enumerate(lines):
        cells = line.text.split("|")
        if _first.fullmatch(line.text) and not line.cut and amount(cells[3]) is not None and _class(cells[2]):
            check_top(lines, i)
            return _table(lines, i, {"Name": 1, "Type": 2, "Params": 3}, len(cells), False)
    return None


def _class(cell: str) -> bool:
    return cell.strip().isidentifier()


def _table(lines: Sequence[Line], start: int, columns: dict[str, int], count: int, headed: bool) -> Pasted:
    rows: list[PastedRow] = []
    i, closed = start, False
    while i < len(lines) and not closed:
        line, cells = lines[i], lines[i].text.split("|")
        if is_ruler(line.text, "-─"):
            closed = bool(rows)
        elif len(cells) == count and not line.cut:
            rows.append(_row(cells, line, columns))
        elif line.text:
            _check_cut_off(lines, i, count)
            break
        i += 1
    if not rows:
        at = lines[min(i, len(lines) - 1)]
        raise Stopped(at.number, at.text, f"a row of {count} cells between bars")
    totals, complete = footer(lines, i)
    return Pasted("lightning", tuple(rows), totals, headed and closed and complete)


def _row(cells: list[str], line: Line, columns: dict[str, int]) -> PastedRow:
    params = cells[columns["Params"]]
    if amount(params) is None and params.strip() not in ("?", "n/a"):
        raise Stopped(line.number, line.text, "a count of parameters, such as 330 or 22.4 K")
    out = shapes(cells[columns["Out sizes"]]) if "Out sizes" in columns else ()
    return lightning_row(cells[columns["Name"]].strip(), cells[columns["Type"]].strip(), params, out, line)


def _check_cut_off(lines: Sequence[Line], i: int, count: int) -> None:
    if any(len(line.text.split("|")) == count or is_ruler(line.text, "-─") for line in lines[i + 1 :]):
        raise Stopped(lines[i].number, lines[i].text, f"a row of {count} cells between bars")
