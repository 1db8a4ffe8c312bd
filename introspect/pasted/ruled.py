"""Keras 1's and Keras 2's tables: columns by position between ruled lines.

Keras 1 and early Keras 2 cut off what does not fit in its column; later ones go on in the line below. Nested models stand
between bars. A number that fills its column to the last place may be a part of one, and says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

from .base import Pasted, PastedRow, Stopped
from .cells import SHAPE, WHOLE, named, number, shapes
from .cleaning import Line
from .parts import check_top, footer, goes_on, is_ruler, paths
from .totals import totals as total_line

_header = re.compile(
    r"\s*(?P<name>Layer \(type\)) +(?P<shape>Outp(?:ut?)?(?: S\w*)?) +(?P<params>Para(?:m ?#?)?)"
    r"(?: *(?P<rest>Conn\w*(?: t\w*)?))?(?: +(?P<trainable>Trai\w*))?\s*"
)
_row = re.compile(
    rf"[| ]*(?P<name>[^\s|()]+\s*\([^()]*\)?)\s*(?P<shape>{SHAPE}|multiple|\?)\s+(?P<params>{WHOLE})(?:\s+(?P<rest>\S.*))?"
)
_edge = re.compile(r"[|\s]*(?:[¯─]{3,}[|\s]*)?")
_tail = re.compile(r"(?:\[?'?[\w/.]+\[\d+\]\[\d+\]'?[\],]* *|\[\] *)*(?:[YN] *)?")
_SHAPE_WORDS = ("multiple", "?", "--")
_COLUMNS = ("name", "shape", "params", "rest", "trainable")


@dataclass
class _Draft:
    """A row while its lines come in: a text for each column."""

    line: Line
    level: int
    cells: list[str]
    closed: bool = False
    continued: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class _Columns:
    """Where each column starts, where the last one ends (None: nobody knows), and what stands in which."""

    starts: tuple[int, ...]
    names: tuple[str, ...]
    end: Optional[int]

    def slices(self, text: str, level: int) -> list[str]:
        text = text.rstrip()
        for _ in range(level):
            text = text[:-1].rstrip() if text.endswith("|") else text
        bounds = [self.starts[0] + level, *self.starts[1:]]
        return [text[a:b] for a, b in zip(bounds, [*self.starts[1:], None])]

    def width(self, column: int) -> Optional[int]:
        ends = [*self.starts[1:], self.end]
        end = ends[column]
        return None if end is None else end - self.starts[column]


def parse(lines: Sequence[Line]) -> Optional[Pasted]:
    """The first such table."""
    for i, line in enumerate(lines):
        match = _header.fullmatch(line.text)
        rule = next((j for j in range(i + 1, min(i + 4, len(lines))) if is_ruler(lines[j].text, "=")), None)
        if match and rule is not None and not (i and is_ruler(lines[i - 1].text, "-")):
            end = len(lines[rule].text)
            found = [name for name in _COLUMNS if match.group(name)]
            return _table(lines, rule + 1, _Columns(tuple(match.start(n) for n in found), tuple(found), end), i)
    return _headless(lines)


def _headless(lines: Sequence[Line]) -> Optional[Pasted]:
    """A table whose top is cut off: the columns are where the first whole row has them."""
    for i, line in enumerate(lines):
        match = _row.fullmatch(line.text)
        if match and "None" in match.group("shape") and not line.cut:
            check_top(lines, i)
            names = [n for n in ("name", "shape", "params", "rest") if match.group(n)]
            level = match.start("name") and line.text[: match.start("name")].count("|")
            starts = tuple(match.start(n) - (level if n == "name" else 0) for n in names)
            return _table(lines, i, _Columns(starts, tuple(names), None), None)
    return None


def _table(lines: Sequence[Line], start: int, columns: _Columns, header: Optional[int]) -> Pasted:
    drafts: list[_Draft] = []
    i, closed, ruled = start, False, False
    while i < len(lines) and not closed:
        line = lines[i]
        if is_ruler(line.text, "="):
            closed = True
        elif is_ruler(line.text, "_") or _edge.fullmatch(line.text):
            _close(drafts)
            ruled = bool(line.text)
        elif _take(drafts, line, columns):
            ruled = False
        else:
            if total_line(line) is None:
                _check_cut_off(lines, i, columns)
            break
        i += 1
    if closed:
        _close(drafts)
    rows = [_made(draft, columns, whole=closed or ruled or k + 1 < len(drafts)) for k, draft in enumerate(drafts)]
    if not rows:
        at = lines[min(i, len(lines) - 1)]
        raise Stopped(at.number, at.text, "a row such as 'conv1 (Conv2D)  (None, 24, 24, 32)  832'")
    totals, complete = footer(lines, i)
    tool = _tool(lines, header, columns)
    return Pasted(tool, tuple(paths(rows)), totals, header is not None and closed and complete)


def _close(drafts: list[_Draft]) -> None:
    if drafts:
        drafts[-1].closed = True


def _take(drafts: list[_Draft], line: Line, columns: _Columns) -> bool:
    """Add a line to the rows: one of its own, or more of the last one."""
    left = line.text[max(0, columns.starts[0] - 1) :] if columns.starts[0] else line.text
    level = len(left) - len(left.lstrip("|"))
    cells = columns.slices(line.text, level)
    name, shape, params = cells[0], cells[1], cells[2].strip()
    begins = bool(name.strip()) and (shape[:1] in "([{" if shape else False or shape.strip() in _SHAPE_WORDS)
    if begins and _number_cell(params):
        if drafts and not drafts[-1].closed and not _complete(drafts[-1]):
            return False
        if line.cut and line.text.rstrip().endswith(params):
            cells[2] = "cut"
        drafts.append(_Draft(line, level, cells))
        return True
    if drafts and "rest" in columns.names and cells[3].strip() and not any(cell.strip() for cell in cells[:3]):
        return True  # one more layer that it is connected to
    if not drafts or drafts[-1].closed:
        return line.cut
    return _continue(drafts[-1], cells, level)


def _continue(draft: _Draft, cells: list[str], level: int) -> bool:
    """More of a row: pieces of its cells; only digits may follow digits."""
    if cells[2].strip() and not re.fullmatch(r"[\d,]+|\(?\w+\)", cells[2].strip()):
        return False
    if level != draft.level or cells[0].strip().endswith(":"):
        return False
    draft.cells = [a + b.rstrip() if a else b for a, b in zip([c.rstrip() for c in draft.cells], cells)]
    draft.continued |= {i for i, cell in enumerate(cells) if cell.strip()}
    return True


def _sound_name(text: str) -> bool:
    return re.fullmatch(r"[^()|]*[^()|\s]\s*\([^()]*\)", text) is not None


def _sound_shape(text: str) -> bool:
    return bool(shapes(text)) or text in _SHAPE_WORDS


def _number_cell(text: str) -> bool:
    return number(text) is not None or re.fullmatch(r"0 \(\w*\)?", text) is not None


def _complete(draft: _Draft) -> bool:
    """Whether a row could end here."""
    return ")" in draft.cells[0] and draft.cells[1].count("(") == draft.cells[1].count(")")


def _check_cut_off(lines: Sequence[Line], i: int, columns: _Columns) -> None:
    """Nothing of the table may stand below a line that could not be read."""
    more = any(total_line(line) or is_ruler(line.text, "=") or _take([], line, columns) for line in lines[i + 1 :])
    if more or goes_on(lines, i):
        raise Stopped(lines[i].number, lines[i].text, "a row with its columns below the header's, or a ruled line")


def _made(draft: _Draft, columns: _Columns, *, whole: bool) -> PastedRow:
    cells = [cell.strip() for cell in draft.cells]
    for cell, sound, what in ((0, _sound_name, "a name and a class in brackets"), (1, _sound_shape, "a shape")):
        full = len(cells[cell]) >= (columns.width(cell) or 0) - 1 and cell not in draft.continued
        if not sound(cells[cell]) and not full:
            raise Stopped(draft.line.number, draft.line.text, f"{what}, in place of {cells[cell]!r}")
    name, kind = named(cells[0]) or (cells[0], "")
    params = number(cells[2])
    room = columns.width(2)
    if 2 not in draft.continued and room is not None and len(cells[2]) >= (room if whole else room - 3):
        params = None
    if not whole and room is None:
        params = None
    trainable = cells[columns.names.index("trainable")] if "trainable" in columns.names else ""
    known = {"Y": True, "N": False}.get(trainable)
    return PastedRow(name, kind, shapes(cells[1]), params, known, draft.line.number, depth=draft.level + 1)


def _tool(lines: Sequence[Line], header: Optional[int], columns: _Columns) -> str:
    """Keras 1 names no model above its table, and has its columns at 33, 55 and 67 hundredths."""
    if header is None or "rest" not in columns.names or columns.end is None:
        return "keras2"
    if any(line.text.strip().startswith("Model:") for line in lines[max(0, header - 3) : header]):
        return "keras2"
    width = columns.end - columns.starts[0]
    ratio = [start - columns.starts[0] for start in columns.starts[1:4]]
    return "keras1" if width != 98 and ratio == [int(width * p) for p in (0.33, 0.55, 0.67)] else "keras2"


def parse_loosely(lines: Sequence[Line]) -> Optional[Pasted]:
    """The same where the columns are lost: each line below the header has to be a whole row, or a ruled line."""
    header = next((i for i, line in enumerate(lines) if _header.fullmatch(line.text)), None)
    if header is None:
        return None
    rows: list[PastedRow] = []
    i, rulers = header + 1, 0
    while i < len(lines) and rulers < 2:
        line = lines[i]
        match = _row.fullmatch(line.text)
        if is_ruler(line.text, "="):
            rulers += 1
        elif match and _tail.fullmatch(match.group("rest") or "") and not line.cut:
            rows.append(_loose(match, line))
        elif line.text and not is_ruler(line.text, "_"):
            raise Stopped(line.number, line.text, "a row such as 'conv1 (Conv2D)  (None, 24, 24, 32)  832'")
        i += 1
    totals, complete = footer(lines, i)
    return Pasted("keras2", tuple(paths(rows)), totals, bool(rows) and rulers == 2 and complete) if rows else None


def _loose(match: re.Match[str], line: Line) -> PastedRow:
    name, kind = named(match.group("name")) or (match.group("name"), "")
    return PastedRow(name, kind, shapes(match.group("shape")), number(match.group("params")), None, line.number)
