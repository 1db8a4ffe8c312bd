"""Summaries that other tools printed, read back row by row from pasted text. Recognised by their layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Callable, Optional

from ..errors import UnreadableError
from . import boxed, layer_info, lightning, ruled, torchinfo, torchsummary
from .aligning import Aligned, Pair, align
from .base import Amount, Pasted, PastedRow, PrintedShape, Stopped
from .cleaning import Line, clean
from .parts import footer
from .totals import totals
from .unwrapping import begun, grouped, hard, soft

__all__ = ["Aligned", "Amount", "Pair", "Pasted", "PastedRow", "PrintedShape", "align", "read"]

Reader = Callable[[Sequence[Line]], Optional[Pasted]]
_READERS: tuple[Reader, ...] = (
    boxed.parse, torchinfo.parse, lightning.parse, ruled.parse, torchsummary.parse, layer_info.parse,
)  # fmt: skip


_sign = re.compile(r"Layer \(type|Param ?#|[│┃├└]|\bName +\S +Type\b|\w+ \(\w+\) +[\[(]|-\d+ +\[")


def read(text: str) -> Pasted:
    """The rows and totals of the first summary in a text.

    Colour codes, quotation marks and other text around it do no harm; a summary cut off at an end is read as far as it
    goes. Raises `UnreadableError`, with the line where reading stopped, where there is none, or where a line within one
    is not what it should be: no row is guessed, and none is passed over.
    """
    pasted = clean(text)
    lines = [replace(line, text=line.text.rstrip()) for line in pasted]
    stopped: list[Stopped] = []
    found = _first(lines, _READERS, stopped)
    if found is None or not found.whole:
        found = _unwrapped(pasted, found)
    if found is not None:
        return found
    if stopped:
        furthest = max(stopped, key=lambda stop: stop.number)
        raise _unreadable(furthest.number, furthest.text, furthest.expected)
    return _totals_alone(lines)


def _unwrapped(pasted: Sequence[Line], found: Optional[Pasted]) -> Optional[Pasted]:
    """The best of what comes out when broken lines are put together; what was found without, where none is better."""
    for unwrap, readers in ((hard, _READERS), (grouped, _READERS), (begun, _READERS), (soft, (*_READERS, ruled.parse_loosely))):
        again = _first(unwrap(pasted), readers, [])
        if again is not None and (found is None or _said(again) > _said(found)):
            found = again
    return found


def _said(found: Pasted) -> tuple[bool, int, int]:
    return found.whole, len(found.rows), len(found.totals)


def _totals_alone(lines: Sequence[Line]) -> Pasted:
    """The totals of a text that holds no table; refused where it holds what may be one."""
    table = next((line for line in lines if _sign.search(line.text)), None)
    if table is not None:
        raise _unreadable(table.number, table.text, "a header and rows below it, each on a line of its own")
    start = next((i for i, line in enumerate(lines) if totals(line)), None)
    if start is not None:
        return Pasted("", (), footer(lines, start)[0], False)
    last = next((line for line in reversed(lines) if line.text), Line(1, ""))
    raise _unreadable(last.number, last.text, "the header or a row of a summary, such as 'Layer (type)  Output Shape  Param #'")


def _first(lines: Sequence[Line], readers: Sequence[Reader], stopped: list[Stopped]) -> Optional[Pasted]:
    for reader in readers:
        try:
            found = reader(lines)
        except Stopped as stop:
            stopped.append(stop)
            continue
        if found is not None:
            return found
    return None


def _unreadable(number: int, text: str, expected: str) -> UnreadableError:
    return UnreadableError(
        f"the summary cannot be read any further at line {number}",
        got=repr(text[:200]),
        expected=expected,
        hint="the text as the tool printed it: Keras, torchinfo, torchsummary, Lightning or nolearn",
    )
