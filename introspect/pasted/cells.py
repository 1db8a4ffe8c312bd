"""The cells of a table: numbers, shapes, names. A cell that is not wholly what it should be says nothing, never a part."""

from __future__ import annotations

import re
from typing import Optional

from .base import Amount, PrintedShape

WHOLE = r"\d{1,3}(?:,\d{3})+|\d+"
ROUNDED = r"\d[\d,]*(?:\.\d+)? [KMBT]"
SHAPE = r"[\[({][^A-Za-z|│]*(?:None[^A-Za-z|│]*)*[\])}]"
CUT = ("…", "...")  # how rich marks a cell that did not fit; "?" where the terminal knew no "…"

_whole = re.compile(WHOLE)
_rounded = re.compile(ROUNDED)
_group = re.compile(r"[(\[]\s*((?:(?:None|\?|-?\d+)\s*,\s*)*(?:None|\?|-?\d+)?)\s*[)\]]")
_named = re.compile(r"(?P<name>.*?)\s*\((?P<kind>[^()]*)(?P<close>\)?)\s*$")


def number(text: str) -> Optional[int]:
    """A number with all of its digits.

    >>> number("51,264"), number("832"), number("51,2"), number("--")
    (51264, 832, None, None)
    """
    return int(text.strip().replace(",", "")) if _whole.fullmatch(text.strip()) else None


def amount(text: str) -> Optional[Amount]:
    """A number, or the text of one that was rounded.

    >>> amount("330  "), amount("22.4 K"), amount("?")
    (330, '22.4 K', None)
    """
    exact = number(text)
    if exact is not None:
        return exact
    return text.strip() if _rounded.fullmatch(text.strip()) else None


def shapes(text: str) -> tuple[PrintedShape, ...]:
    """The shapes in a cell, in order; none where the cell is cut off.

    >>> shapes("[(None, 7, 6), (None, 6)]"), shapes("[-1, 32, 24, 24]"), shapes("()")
    (((None, 7, 6), (None, 6)), ((None, 32, 24, 24),), ((),))
    >>> shapes("(None, 12, 1"), shapes("multiple"), shapes("?")
    ((), (), ())
    """
    text = text.strip()
    if not text or not _balanced(text) or any(mark in text for mark in CUT):
        return ()
    left = _group.sub("", text)
    if re.search(r"\d|None", left):
        return ()
    found = [_axes(match.group(1)) for match in _group.finditer(text)]
    return tuple(shape for shape in found if shape or len(found) == 1)


def _axes(text: str) -> PrintedShape:
    return tuple(None if part.strip() in ("None", "?", "-1") else int(part) for part in text.split(",") if part.strip())


def _balanced(text: str) -> bool:
    pairs, opened = {")": "(", "]": "[", "}": "{"}, []
    for character in text:
        if character in "([{":
            opened.append(character)
        elif character in pairs and (not opened or opened.pop() != pairs[character]):
            return False
    return not opened


def sized(text: str) -> PrintedShape:
    """A size without its batch, as nolearn writes it: ``32x24x24``.

    >>> sized("32x24x24"), sized("Nonex16"), sized("")
    ((None, 32, 24, 24), (None, None, 16), (None,))
    """
    return (None, *(None if part == "None" else int(part) for part in text.split("x") if part))


def named(text: str) -> Optional[tuple[str, str]]:
    """A name and the class in brackets after it; the part of a name or class that was cut off is left out.

    >>> named("conv1 (Conv2D)"), named("right_with_a_lo… (SeparableConv2…"), named("no class")
    (('conv1', 'Conv2D'), ('right_with_a_lo', ''), None)
    """
    match = _named.match(text.strip())
    if match is None:
        return None
    name, kind = match.group("name"), "".join(match.group("kind").split())  # no class has a blank in its name
    whole = bool(match.group("close")) and not kind.endswith(CUT)
    return name.rstrip("….").strip() if name.endswith(CUT) else name, kind if whole else ""
