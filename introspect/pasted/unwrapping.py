"""Lines that a terminal or a forum broke at a narrower width, put together again in each of the ways they may be broken.

How wide the table was, and where it was broken, is seen from its first ruled line, which then stands on several lines.
Whether the outcome is a table is for the readers to say: a line put together wrongly is no row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Optional

from .cleaning import BOX, Line

_rule = re.compile(f"[{re.escape(BOX)}+|_=\\-]{{3,}}|-+(?:  -+)+ *-*")
_start = re.compile(
    r"\s*$|\s*(?:[│|] *)*(?:[├└]─|\+ )|\s*\w+-\d+(?:\s+\[|$)|\s*\d+ +\||[| ]*[^\s|()'\[]+ \(|[| ]+Name\b|name "
    r"|\s*(?:Total|Trainable|Non-trainable|Optimizer) params"
    r"|\s*(?:Input size|Forward|Params size|Estimated|Modules|Model:|#+ \w)|\s*\d+ {2,}\S|(?![\d.]+\s)\S+ +(?:None|\d+)(?:x|\s)"
)
_total = re.compile(
    r"\s*(?:[\d.,]+(?: [KMBT])? +)?"
    r"(?:(?:Total|Trainable|Non-trainable|Optimizer) params|Total (?:mult|est|F)|Modules|Params size)"
)
_head = re.compile(r"[┃│|]\s*Layer \(type|[┃│|]\s*[┃│|]\s*Name\b")
_below = re.compile(r"\s*(?:Total|Trainable|Non-trainable|Optimizer) params")
_strokes = re.compile(r"[┏┡├└┗╭╰╞╔╠╚][━─═┳╇┼┴┬╪╦╬╩\s]*[┓┩┤┘┛╮╯╡╗╣╝]?|[━─═]{2,}[━─═┳╇┼┴┬┓┩┤┘\s]*|\|?[+-][-+]{2,}\|?")
_bars = "┃│|║"


def hard(lines: Sequence[Line]) -> list[Line]:
    """Broken at a width whatever stands there: a line that is full goes on in the next, up to the table's width."""
    found = _widths(lines)
    if found is None:
        return []
    return _filled(lines, found[1], found[2])


def _filled(lines: Sequence[Line], narrow: int, wide: int) -> list[Line]:
    whole: list[Line] = []
    i = 0
    while i < len(lines):
        line, text = lines[i], lines[i].text
        while i + 1 < len(lines) and len(lines[i].text) == narrow and len(text) < wide and _is_more(text, lines[i + 1].text):
            i += 1
            text += lines[i].text
        whole.append(replace(line, text=text.rstrip(), cut=lines[i].cut))
        i += 1
    return whole


def _is_more(above: str, below: str) -> bool:
    """Whether a full line may go on in the next: not in a total, nor a row in a ruled line."""
    ruled = _rule.fullmatch(below.rstrip()) is not None and _rule.fullmatch(above) is None
    return not ruled and not _total.match(below)


def grouped(lines: Sequence[Line]) -> list[Line]:
    """The same where blanks at the ends of lines were lost: each line of the table is as many lines as its ruled line."""
    found = _widths(lines)
    if found is None:
        return []
    start, narrow, wide = found
    pieces, whole, i, closed = -(-wide // narrow), list(lines[:start]), start, False
    ends = 0
    while i < len(lines) and not closed:
        part = lines[i : i + pieces]
        ruled = [len(line.text.rstrip()) == narrow and _rule.fullmatch(line.text.rstrip()) is not None for line in part]
        if any(ruled) and not all(ruled[: pieces - 1]):
            return []  # a ruled line runs into a row: the pieces are not as many as that
        text = "".join(line.text.rstrip().ljust(narrow) for line in part).rstrip()
        whole.append(replace(part[0], text=text, cut=part[-1].cut))
        ends += bool(text) and set(text) == {"="}
        closed = ends == 2 or (len(whole) - start > 3 and text[:1] in ("└", "+") and bool(_rule.fullmatch(text)))
        i += pieces
    return [*whole, *_filled(lines[i:], narrow, wide)]


def begun(lines: Sequence[Line]) -> list[Line]:
    """The same by how lines begin: what is no beginning goes on from the line above, which is filled up with blanks."""
    found = _widths(lines)
    return [] if found is None else _by_beginnings(lines, found[1])


def soft(lines: Sequence[Line]) -> list[Line]:
    """Broken at blanks: what is no beginning goes on from the line above. Columns are where they may be."""
    return _boxes(_by_beginnings(lines, None)) or _by_beginnings(lines, None)


def _by_beginnings(lines: Sequence[Line], narrow: Optional[int]) -> list[Line]:
    whole: list[Line] = []
    for line in lines:
        text = line.text.rstrip()
        above = whole[-1].text if whole else ""
        if _goes_on(above, text):
            whole[-1] = replace(whole[-1], text=above + text, cut=line.cut)
        elif not above or _rule.fullmatch(above) or _rule.fullmatch(text) or _start.match(text) or _total.match(text):
            whole.append(replace(line, text=text))
        else:
            gap = " " if narrow is None else " " * (-len(above) % narrow)
            whole[-1] = replace(whole[-1], text=above + gap + (text.strip() if narrow is None else text), cut=line.cut)
    return whole


def _boxes(lines: Sequence[Line]) -> list[Line]:
    """A boxed table's cells, from bar to bar, put into lines of their own."""
    start = next((i for i, line in enumerate(lines) if _head.search(line.text)), None)
    if start is None:
        return []
    stop = next((i for i in range(start, len(lines)) if _below.match(lines[i].text)), len(lines))
    numbers = [line.number for line in lines[start:stop] for _ in range(len(line.text) + 1)]
    stream = " ".join(line.text for line in lines[start:stop])
    cells, count = _cells(_strokes.sub(lambda match: " " * len(match.group()), stream))
    if not count or any(text.strip() for text, _ in cells[:: count + 1]):
        return []
    rows = [cells[i : i + count] for i in range(1, len(cells) - count, count + 1)]
    made = [Line(numbers[row[0][1]], "│" + "│".join(f" {text.strip(' ')} " for text, _ in row) + "│") for row in rows]
    rule, end = "├" + "─" * 9 + "┤", "└" + "─" * 9 + "┘"
    closing = [Line(made[-1].number, end)] if re.search("[└┗╰]|-[+]\\s*$", stream) else []
    return [*lines[:start], made[0], Line(made[0].number, rule), *made[1:], *closing, *lines[stop:]]


def _cells(stream: str) -> tuple[list[tuple[str, int]], int]:
    """What stands between the bars and where, and how many cells a row has: as many as the header has until a blank one."""
    cells, at = [], 0
    for piece in re.split(f"[{_bars}]", stream):
        cells.append((piece, min(at, len(stream) - 1)))
        at += len(piece) + 1
    count = next((i for i, (text, _) in enumerate(cells) if i > 3 and not text.strip()), 0) - 1
    return cells, max(count, 0)


def _widths(lines: Sequence[Line]) -> Optional[tuple[int, int, int]]:
    """Where the first ruled line on several lines is, how wide its first piece is, and how wide the whole."""
    for i, line in enumerate(lines):
        run = [line.text.rstrip()]
        while (
            i + len(run) < len(lines) and len(run[-1]) == len(run[0]) and _goes_on(run[-1], lines[i + len(run)].text.rstrip())
        ):
            run.append(lines[i + len(run)].text.rstrip())
        if len(run) > 1:
            return i, len(run[0]), sum(len(piece) for piece in run)
    return None


def _goes_on(above: str, below: str) -> bool:
    """Whether a ruled line goes on in the next: the same stroke on both sides of the break."""
    if not above or not below or not _rule.fullmatch(above) or not (_rule.fullmatch(below) or set(below) <= {below[0]}):
        return False
    return below[0] == above[-1] or (below[0] in "━─-┳╇┼┴┬┓┩┤┘+|" and above[-1] in "━─-┳╇┼┴┏┡├└+|")
