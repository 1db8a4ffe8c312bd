"""torchsummary's table: right-aligned classes with a running number, shapes with −1 for the batch, dashed lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Optional

from .base import Pasted, PastedRow, Stopped
from .cells import WHOLE, number, shapes
from .cleaning import Line
from .parts import footer, goes_on, is_ruler
from .totals import totals as total_line

_header = re.compile(r"\s*Layer \(type\) +Output Shape +Param #\s*")
_row = re.compile(rf"\s*(?P<kind>\w+)-(?P<index>\d+)\s+(?P<shape>\[[\[\]\-\d, ]*\])\s+(?P<params>{WHOLE})\s*")


def parse(lines: Sequence[Line]) -> Optional[Pasted]:
    """The first such table, known by its rows."""
    first = next((i for i, line in enumerate(lines) if _row.fullmatch(line.text)), None)
    if first is None:
        return None
    headed = any(_header.fullmatch(line.text) for line in lines[max(0, first - 3) : first])
    rows: list[PastedRow] = []
    i = first
    while i < len(lines):
        match = _row.fullmatch(lines[i].text)
        if match:
            rows.append(_made(match, lines[i]))
        elif lines[i].text:
            break
        i += 1
    closed = i < len(lines) and is_ruler(lines[i].text, "=")
    if not closed:
        _check_cut_off(lines, i)
    totals, complete = footer(lines, i)
    return Pasted("torchsummary", tuple(rows), totals, headed and closed and complete)


def _made(match: re.Match[str], line: Line) -> PastedRow:
    params = None if line.cut else number(match.group("params"))
    return PastedRow("", match.group("kind"), shapes(match.group("shape")), params, None, line.number)


def _check_cut_off(lines: Sequence[Line], i: int) -> None:
    """Nothing of the table may stand below a line that could not be read."""
    more = any(_row.fullmatch(line.text) or total_line(line) for line in lines[i + 1 :])
    if more or goes_on(lines, i):
        raise Stopped(lines[i].number, lines[i].text, "a row such as 'Conv2d-1  [-1, 32, 24, 24]  832', or a ruled line")
