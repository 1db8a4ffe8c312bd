"""torchinfo's table (torch-summary's too): a tree of classes, columns as they were asked for, lines of equals signs.

A row may have overflowed its columns, so that it is read cell by cell from the left. Rows of single tensors are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Callable, Optional

from .base import Pasted, PastedRow, Stopped
from .cells import WHOLE, number, shapes
from .cleaning import Line
from .parts import check_top, footer, goes_on, is_ruler, paths
from .totals import totals as total_line

_header = re.compile(
    r"\s*Layer \(type(?P<var> \(var_name\))?(?P<index>:depth-idx)?\)"
    r"(?P<columns>(?: +(?:Input Shape|Output Shape|Param #|Param %|Kernel Shape|Mult-Adds|Trainable))+)\s*"
)
_titles = re.compile("Input Shape|Output Shape|Param #|Param %|Kernel Shape|Mult-Adds|Trainable")
_size = r"\[[\[\]\d, ]*\]|--"
_CELLS = {
    "Input Shape": _size, "Output Shape": _size, "Kernel Shape": rf"{_size}|\d+", "Mult-Adds": rf"--|{WHOLE}",
    "Param #": rf"--|\(recursive\)|\((?:{WHOLE})\)|{WHOLE}", "Param %": r"--|\(recursive\)|-?[\d.]+%",
    "Trainable": "True|False|Partial|--",
}  # fmt: skip
_tree = re.compile(r"(?P<bars>(?:[│|] *)*)(?P<branch>[├└]─|\+ )\s*")
_kind, _var, _index = r"(?P<kind>[A-Za-z_][\w.]*)", r"\((?P<var>[^()]*)\)", r"(?P<depth>\d+)(?:-\d+)?"
_tensor = re.compile(r"[\w.]+(?: +\[[\d, ]*\])?(?: +[├└]─[\d,]+)?")
Reader = Callable[[Line], Optional[re.Match[str]]]
_default = "Output Shape", "Param #"


def parse(lines: Sequence[Line]) -> Optional[Pasted]:
    """The first such table; with the usual columns where its top is cut off."""
    for i, line in enumerate(lines):
        match = _header.fullmatch(line.text)
        if match and (match.group("index") or match.group("var") or _branches(lines, i)):
            columns = tuple(_titles.findall(match.group("columns")))
            if i + 1 < len(lines) and not is_ruler(lines[i + 1].text, "="):
                raise Stopped(lines[i + 1].number, lines[i + 1].text, "a line of equals signs below the header")
            row = _row(columns, bool(match.group("var")), bool(match.group("index")))
            return _table(lines, i + 2, columns, row, True)
    row = _row(_default)
    first = next((i for i, line in enumerate(lines) if _tree.match(line.text) and row(line)), None)
    if first is None:
        return None
    check_top(lines, first)
    return _table(lines, first, _default, row, False)


def _branches(lines: Sequence[Line], header: int) -> bool:
    """Whether a tree follows: with neither names nor indices, the header is the same as other tools'."""
    return any(_tree.match(line.text) for line in lines[header + 1 : header + 4])


def _row(columns: Sequence[str], var: bool = False, index: bool = True) -> Reader:
    """What reads a line as a row: below the top, a name and an index are there if the header says so."""
    cells = "".join(rf"\s+(?P<c{i}>{_CELLS[title]})" for i, title in enumerate(columns))
    top = re.compile(rf"{_kind}(?: {_var})?{cells}\s*")
    inner = re.compile(rf"{_kind}{f' {_var}' if var else ''}{f': {_index}' if index else ''}{cells}\s*")

    def read(line: Line) -> Optional[re.Match[str]]:
        text = line.text.lstrip()
        tree = _tree.match(text)
        return inner.fullmatch(text[tree.end() :]) if tree else top.fullmatch(text)

    return read


def _table(lines: Sequence[Line], start: int, columns: tuple[str, ...], row: Reader, headed: bool) -> Pasted:
    rows: list[PastedRow] = []
    closed, i = False, start
    while i < len(lines) and not closed:
        line = lines[i]
        match = row(line)
        if match:
            rows.append(_made(match, line, columns))
        elif is_ruler(line.text, "="):
            closed = bool(rows)
        elif line.text and not _is_tensor(line, columns):
            _check_cut_off(lines, i, row)
            break
        i += 1
    if not rows:
        at = lines[min(i, len(lines) - 1)]
        raise Stopped(at.number, at.text, f"a row with the columns {', '.join(columns)}")
    totals, complete = footer(lines, i)
    return Pasted("torchinfo", tuple(_placed(rows)), totals, headed and closed and complete)


def _placed(rows: list[PastedRow]) -> list[PastedRow]:
    """Paths where the names are shown."""
    return paths(rows) if any(row.name for row in rows) else rows


def _made(match: re.Match[str], line: Line, columns: tuple[str, ...]) -> PastedRow:
    cells = {title: match.group(f"c{i}") for i, title in enumerate(columns)}
    params = cells.get("Param #", "")
    counted = None if line.cut and columns[-1] == "Param #" else number(params.strip("()"))
    trainable = {"True": True, "False": False}.get(cells.get("Trainable", ""))
    if params.startswith("(") and counted is not None:
        trainable = False
    return PastedRow(
        match.groupdict().get("var") or "",
        match.group("kind"),
        shapes(cells.get("Output Shape", "")),
        counted,
        trainable,
        line.number,
        depth=_depth(match, line),
        repeated=params == "(recursive)",
    )


def _depth(match: re.Match[str], line: Line) -> int:
    if match.groupdict().get("depth"):
        return int(match.group("depth"))
    tree = _tree.match(line.text.lstrip())
    return 1 + len(re.findall(r"[│|]", tree.group("bars"))) if tree else 0


def _is_tensor(line: Line, columns: tuple[str, ...]) -> bool:
    """A row of one tensor: its size behind a branch of its own, or its shape alone where no sizes are shown."""
    tree = _tree.match(line.text.lstrip())
    if tree is None:
        return False
    rest = line.text.lstrip()[tree.end() :]
    return bool(_tensor.fullmatch(rest)) and ("─" in rest if "Param #" in columns else "[" in rest)


def _check_cut_off(lines: Sequence[Line], i: int, row: Reader) -> None:
    """Nothing of the table may stand below a line that could not be read."""
    below = lines[i + 1 :]
    more = any(total_line(line) or is_ruler(line.text, "=") or (_tree.match(line.text) and row(line)) for line in below)
    if more or goes_on(lines, i):
        raise Stopped(lines[i].number, lines[i].text, "a row with a cell in each column, or a line of equals signs")
