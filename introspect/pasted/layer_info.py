"""nolearn's layer information: the learnable parameters in a heading, then names and sizes without the batch, in columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Optional

from .base import Amount, Pasted, PastedRow, Stopped
from .cells import number, sized
from .cleaning import Line
from .parts import is_ruler

_greeting = re.compile(r".*Neural Network with (?P<n>\d+) learnable parameters\s*")
_header = re.compile(r"\s*(?:# +)?name +size(?: +total +cap\.Y.*)?\s*")
_begun = re.compile(r"\s*(?:# +)?name +size\b")
_size = r"(?P<size>(?:None|\d+)(?:x(?:None|\d+))*)"
_short = re.compile(rf"\s*(?P<index>\d+)(?: +(?P<name>\S.*?))? +{_size}\s*")
_long = re.compile(rf"\s*(?P<name>\S+(?: \S+)* (?= )|\S+) +{_size} +\d+(?: +(?:-?[\d.]+|nan|inf)){{4,8}}\s*")


def parse(lines: Sequence[Line]) -> Optional[Pasted]:
    """The first such table; a heading alone is one without rows."""
    greeting = next((i for i, line in enumerate(lines) if _greeting.fullmatch(line.text)), None)
    header = next((i for i, line in enumerate(lines) if _header.fullmatch(line.text) and not line.cut), None)
    broken = next((line for line in lines if _begun.match(line.text)), None)
    if header is None and broken is not None:
        raise Stopped(broken.number, broken.text, "a header on one line: '#  name  size'")
    if greeting is None and header is None:
        return None
    totals: dict[str, Amount] = {}
    if greeting is not None:
        found = number(_greeting.fullmatch(lines[greeting].text).group("n"))  # type: ignore[union-attr]
        totals = {"trainable": found} if found is not None else {}
    if header is None:
        return Pasted("nolearn", (), totals, False)
    rows, ended = _rows(lines, header)
    return Pasted("nolearn", tuple(rows), totals, bool(totals) and ended)


def _rows(lines: Sequence[Line], header: int) -> tuple[list[PastedRow], bool]:
    layout = _long if "total" in lines[header].text else _short
    rows: list[PastedRow] = []
    i, ended = header + 1, False
    while i < len(lines) and not ended:
        match = _next(layout, lines[i], len(rows))
        if match:
            rows.append(_made(match, lines[i]))
        elif not lines[i].text:
            ended = bool(rows)
        elif not all(is_ruler(word, "-") or word == "--" for word in lines[i].text.split()):
            break
        i += 1
    left = [line for line in lines[i:] if line.text]
    if not rows or any(_later(line, len(rows)) for line in left):
        at = left[0] if left else lines[header]
        raise Stopped(at.number, at.text, "a row with a name and a size such as 32x24x24")
    return rows, ended


def _next(layout: re.Pattern[str], line: Line, count: int) -> Optional[re.Match[str]]:
    """The line as the row after so many others; where rows are numbered, only with its number."""
    match = layout.fullmatch(line.text)
    return None if match and match.groupdict().get("index", str(count)) != str(count) else match


def _later(line: Line, count: int) -> bool:
    """Whether a line below the table may be one of its rows."""
    match = _short.fullmatch(line.text)
    return re.search(r"\dx\d", line.text) is not None or (match is not None and int(match["index"]) >= count)


def _made(match: re.Match[str], line: Line) -> PastedRow:
    shape = () if line.cut and match.re is _short else (sized(match.group("size")),)
    name = (match.group("name") or "").strip()
    return PastedRow(name, "", shape, None, None, line.number, name)
