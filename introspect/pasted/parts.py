"""What the layouts have in common: the lines below a table, and the path that nesting gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .base import Amount, PastedRow, Stopped
from .cleaning import Line
from .totals import totals

_top = re.compile(r"Layer \(type|\bName +[┃│|] +Type\b")
_shape = re.compile(r"[\[(](?:None|-?\d+),")
_ruler = re.compile(r"\s*[_=\-─━]{3,}\s*")


def footer(lines: Sequence[Line], start: int) -> tuple[dict[str, Amount], bool]:
    """The totals from a line on, up to the first line that is something else; and whether there are any."""
    found: dict[str, Amount] = {}
    for i, line in enumerate(lines[start:], start + 1):
        said = totals(line)
        if said is None:
            if line.text and not _ruler.fullmatch(line.text):
                break
            continue
        if said and goes_on(lines, i):
            break
        found.update(said)
    return found, bool(found)


def goes_on(lines: Sequence[Line], i: int) -> bool:
    """Whether a line starts with what may be the rest of a number in the line above, or holds what may be a row's shape."""
    if i >= len(lines) or lines[i].cut or totals(lines[i]) is not None:
        return False
    return re.match(r"\s*[\d,.(]", lines[i].text) is not None or _shape.search(lines[i].text) is not None


def check_top(lines: Sequence[Line], first: int) -> None:
    """A table may be read without its header where its top is cut off, and only its first row may be missing a part."""
    header = next((line for line in lines if _top.search(line.text)), None)
    if header is not None:
        raise Stopped(header.number, header.text, "a header on one line, and rows in its columns")
    before = [line for line in lines[:first] if _shape.search(line.text)]
    if len(before) > 1:
        raise Stopped(before[1].number, before[1].text, "a whole row of a table")


def is_ruler(text: str, characters: str) -> bool:
    """Whether a line is nothing but a row of one of the characters."""
    text = text.strip()
    return len(text) >= 3 and text[0] in characters and text == text[0] * len(text)


def paths(rows: Iterable[PastedRow]) -> list[PastedRow]:
    """The rows with their paths, from the names above them; none where a name above is not printed."""
    stack: list[str] = []
    found = []
    for row in rows:
        if row.depth == 0:
            found.append(row)
            continue
        del stack[row.depth - 1 :]
        known = bool(row.name) and len(stack) == row.depth - 1 and all(stack)
        stack.append(row.name)
        found.append(replace(row, path=".".join([*stack]) if known else ""))
    return found
