"""Summaries that other tools printed, read back row by row from pasted text. Recognised by their layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

from ..errors import UnreadableError
from . import boxed, lightning, nolearn, ruled, torchinfo, torchsummary
from .aligning import Aligned, Pair, align
from .base import Amount, Pasted, PastedRow, PrintedShape, Stopped
from .cleaning import Line, clean
from .parts import footer

__all__ = ["Aligned", "Amount", "Pair", "Pasted", "PastedRow", "PrintedShape", "align", "read"]

_READERS: tuple[Callable[[Sequence[Line]], Optional[Pasted]], ...] = (
    boxed.parse, torchinfo.parse, lightning.parse, ruled.parse, torchsummary.parse, nolearn.parse,
)  # fmt: skip


def read(text: str) -> Pasted:
    """The rows and totals of the first summary in a text.

    Colour codes, quotation marks and other text around it do no harm; a summary cut off at an end is read as far as it
    goes. Raises `UnreadableError`, with the line where reading stopped, where there is none, or where a line within one
    is not what it should be: no row is guessed, and none is passed over.
    """
    lines = clean(text)
    stopped: list[Stopped] = []
    found = _first(lines, stopped)
    if found is not None:
        return found
    if stopped:
        furthest = max(stopped, key=lambda stop: stop.number)
        raise _unreadable(furthest.number, furthest.text, furthest.expected)
    totals, _ = next((t for i in range(len(lines)) if (t := footer(lines, i))[0]), ({}, False))
    if totals:
        return Pasted("", (), totals, False)
    last = next((line for line in reversed(lines) if line.text), Line(1, ""))
    raise _unreadable(last.number, last.text, "the header or a row of a summary, such as 'Layer (type)  Output Shape  Param #'")


def _first(lines: Sequence[Line], stopped: list[Stopped]) -> Optional[Pasted]:
    for reader in _READERS:
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
