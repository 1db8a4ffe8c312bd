"""Tables in boxes, as rich draws them: Keras 3's, in line characters or ASCII, and Lightning's RichModelSummary.

A row may be wrapped over several lines; its number stands in the first. A word that did not fit ends in an ellipsis.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Optional

from .base import Pasted, PastedRow, PrintedShape, Stopped
from .cells import amount, named, shapes
from .cleaning import BOX, Line
from .parts import check_top, footer, paths

KERAS = ("Layer (type)", "Output Shape", "Param #", "Connected to", "Trainable")
LIGHTNING = ("", "Name", "Type", "Params", "Params per Device", "Mode", "FLOPs", "In sizes", "Out sizes")
_bar = re.compile("[│┃║|]")
_rule = re.compile(f"[{re.escape(BOX)}+|=\\- ]*[─━═=-]{{3}}[{re.escape(BOX)}+|=\\- ]*")
_row = re.compile(r"\s*[│┃║|](.*)[│┃║|]\s*")
_nested = re.compile(r"(?P<indent> *)[└?] ")
Cells = list[str]


def parse(lines: Sequence[Line]) -> Optional[Pasted]:
    """The first table in a box; None where there is none."""
    for i, line in enumerate(lines):
        columns = _columns(_cells(line.text))
        if columns is not None:
            return _table(lines, i, columns)
    return _headless(lines)


def _cells(text: str) -> Cells:
    match = _row.fullmatch(text)
    return _bar.split(match.group(1)) if match and not _rule.fullmatch(text) else []


def _columns(cells: Cells) -> Optional[dict[str, int]]:
    """Where each known column is; None where this is no header."""
    if len(cells) < 3:
        return None
    texts = [cell.strip().rstrip("…?") for cell in cells]
    for known, first in ((KERAS, 0), (LIGHTNING, 1)):
        if len(texts[first]) >= 4 and known[first].startswith(texts[first]):
            found = {name: i for i, text in enumerate(texts) for name in known if text and name.startswith(text)}
            needed = {"Params", "Type"} if first else {"Param #", "Output Shape"}
            return found if needed <= set(found) else None
    return None


def _headless(lines: Sequence[Line]) -> Optional[Pasted]:
    """A table whose top is cut off, known by its rows: in their usual order, with the usual number of columns."""
    for i, line in enumerate(lines):
        columns = _usual(_cells(line.text))
        if columns is not None:
            check_top(lines, i)
            return _table(lines, i - 1, columns, len(_cells(line.text)))
    return None


def _usual(cells: Cells) -> Optional[dict[str, int]]:
    if len(cells) in (3, 4, 5) and named(cells[0]) and (shapes(cells[1]) or cells[1].strip() == "?") and _starts(cells[2]):
        return {"Layer (type)": 0, "Output Shape": 1, "Param #": 2}
    if len(cells) >= 5 and cells[0].strip().isdigit() and amount(cells[3]) is not None:
        return {"Name": 1, "Type": 2, "Params": 3}
    return None


def _starts(cell: str) -> bool:
    """Whether a row begins here: its number stands in the first of its lines."""
    return bool(cell.strip()) and not cell.strip().startswith("(")


def _table(lines: Sequence[Line], header: int, columns: dict[str, int], width: int = 0) -> Pasted:
    count = width or len(_cells(lines[header].text))
    number = columns.get("Param #", columns.get("Params", 0))
    grouped, end, closed = _grouped(lines, header, count, number, headless=bool(width))
    make = _keras if "Param #" in columns else _lightning
    rows = [make(cells, at, columns) for cells, at in grouped]
    if not closed and rows:
        rows[-1] = _last(rows[-1])
    totals, complete = footer(lines, end)
    tool = "keras3" if "Param #" in columns else "lightning"
    whole = closed and complete and not width
    return Pasted(tool, tuple(rows if tool == "lightning" else paths(rows)), totals, whole)


def _grouped(
    lines: Sequence[Line], header: int, count: int, number: int, *, headless: bool
) -> tuple[list[tuple[Cells, Line]], int, bool]:
    """Each row's cells, its lines joined; where the table ends; and whether its last line is there."""
    rows: list[tuple[Cells, Line]] = []
    i, seen_rule, closed = header + 1, headless, False
    while i < len(lines) and not (closed := seen_rule and bool(rows) and _closes(lines[i].text)):
        cells = _cells(lines[i].text)
        if _rule.fullmatch(lines[i].text):
            seen_rule = True
        elif len(cells) == count:
            if seen_rule and _starts(cells[number]):
                rows.append((cells, lines[i]))
            elif seen_rule and rows:
                rows[-1] = ([_joined(a, b) for a, b in zip(rows[-1][0], cells)], rows[-1][1])
        elif lines[i].text:
            break
        i += 1
    _check_nothing_follows(lines, i, count, closed)
    if not rows:
        at = lines[min(i, len(lines) - 1)]
        raise Stopped(at.number, at.text, f"a row of {count} cells below the header")
    return rows, i + 1 if closed else i, closed


def _closes(text: str) -> bool:
    return bool(_rule.fullmatch(text)) and text.strip()[0] in "└╰┗╚+" and text.strip()[-1] in "┘╯┛╝+"


def _joined(above: str, below: str) -> str:
    return f"{above.rstrip()} {below.strip()}" if below.strip() else above


def _check_nothing_follows(lines: Sequence[Line], i: int, count: int, closed: bool) -> None:
    """A table that breaks off ends the text; what goes on after an unreadable line was not read."""
    if closed or i >= len(lines):
        return
    more = any(len(_cells(line.text)) == count for line in lines[i + 1 :])
    if more or any(_bar.match(line.text.strip()) for line in lines[i : i + 1] if not line.cut):
        raise Stopped(lines[i].number, lines[i].text, f"a row of {count} cells, or the end of the table")


def _keras(cells: Cells, at: Line, columns: dict[str, int]) -> PastedRow:
    cell = cells[columns["Layer (type)"]]
    inside = _nested.match(cell[1:])
    name, kind = named(cell[1 + inside.end() :] if inside else cell) or (cell.strip(), "")
    level = len(inside.group("indent")) // 3 if inside else 0
    if inside and not level:
        raise Stopped(at.number, at.text, "a name as far to the right as its model is deep")
    trainable = cells[columns["Trainable"]].strip() if "Trainable" in columns else ""
    return PastedRow(
        name.rstrip("?… "),
        kind,
        shapes(cells[columns["Output Shape"]]),
        amount(cells[columns["Param #"]]),
        {"Y": True, "N": False}.get(trainable),
        at.number,
        depth=level + 1,
    )


def _lightning(cells: Cells, at: Line, columns: dict[str, int]) -> PastedRow:
    path, kind = cells[columns["Name"]].strip(), cells[columns["Type"]].strip()
    sizes: tuple[PrintedShape, ...] = shapes(cells[columns["Out sizes"]]) if "Out sizes" in columns else ()
    return lightning_row(path, kind, cells[columns["Params"]], sizes, at)


def lightning_row(path: str, kind: str, params: str, sizes: tuple[PrintedShape, ...], at: Line) -> PastedRow:
    """A row of Lightning's, whatever the style: its name is the path."""
    if path.endswith("…"):
        path = ""
    name = path.rpartition(".")[2]
    return PastedRow(
        name, "" if kind.endswith("…") else kind, sizes, amount(params), None, at.number, path, path.count(".") + 1
    )


def _last(row: PastedRow) -> PastedRow:
    """The last row of a table that is cut off: ``0`` may have been ``0 (unbuilt)``, and a class may have followed."""
    params = None if row.params == 0 else row.params
    return PastedRow(row.name, row.kind_name, row.output_shapes, params, row.trainable, row.line, row.path, row.depth)
