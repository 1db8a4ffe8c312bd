"""The three things that people hold a number against: exactly this, at most that, between the two. Each says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Any

from ..diagnosing.claims import Claim, read_bound, read_claim
from ..diagnosing.diagnosis import diagnose_one
from ..errors import IntrospectError
from ..rendering.diagnosis import folded
from .parts import Part

COLUMNS = 92  # pytest puts eight more in front of a line,
FIRST = COLUMNS - len("AssertionError: ")  # and this in front of the first one


def text_of(lines: Iterable[str]) -> str:
    """Lines as one text, each folded at its own indentation."""
    return "\n".join(folded(line, COLUMNS if i else FIRST) for i, line in enumerate(lines))


def exactly(part: Part, number: Any) -> str:
    """Empty where the number is right; text that is rounded holds for what rounds to it."""
    claim = read_claim(number)
    return _relied_on(part) or ("" if claim.readings[0].fits(part.value) else _not(part, claim))


def at_most(part: Part, budget: Any) -> str:
    """Empty where the number is within the budget, which is taken as it is written: ``12M`` is 12,000,000."""
    bound = read_bound(budget)
    doubt = _relied_on(part)
    if doubt or part.value <= bound:
        return doubt
    return _told(part, f"{_apart(part.value, bound)} than the budget of {_as_written(budget, bound)}")


def within(part: Part, low: Any, high: Any) -> str:
    """Empty where the number is in the range, both ends of which are taken as they are written."""
    bottom, top = read_bound(low), read_bound(high)
    if bottom > top:
        raise IntrospectError("there is no such range", got=f"{low} to {high}", expected="the smaller number first")
    doubt = _relied_on(part)
    if doubt or bottom <= part.value <= top:
        return doubt
    ends = f"the range from {_as_written(low, bottom)} to {_as_written(high, top)}"
    nearest = top if part.value > top else bottom
    return _told(part, f"{_apart(part.value, nearest)} than {ends} allows")


def _apart(value: int, bound: Fraction) -> str:
    """``49,600 more``, ``12 fewer``."""
    return f"{value - floor(bound):,} more" if value > bound else f"{ceil(bound) - value:,} fewer"


def _as_written(text: Any, bound: Fraction) -> str:
    """``12M (12,000,000)``, and a plain number once."""
    plain = f"{floor(bound):,}"
    written = text.strip() if isinstance(text, str) else plain
    in_bytes = " of 4 bytes each" if isinstance(text, str) and read_claim(text).readings[0].width else ""
    return plain if written in (plain, str(floor(bound))) else f"{written} ({plain}{in_bytes})"


def _relied_on(part: Part) -> str:
    """What is to be said where the number is not known, or the two roads disagree on it; empty otherwise."""
    needed = part.why_unknown()
    if needed:
        return text_of([f"the {part.what} of {part.name} are not known, and an unknown number is within no bound",
                       f"  what is needed: {needed}"])  # fmt: skip
    doubts = part.disagreements()
    if doubts:
        return text_of([f"the {part.what} of {part.name} cannot be relied on: the two roads disagree",
                       *(f"  {doubt}" for doubt in doubts)])  # fmt: skip
    return ""


def _not(part: Part, claim: Claim) -> str:
    apart = f": {_apart(part.value, Fraction(claim.readings[0].low))}" if claim.exact else ""
    return _told(part, f"not {claim.text}{apart}", _why(part, claim))


def _why(part: Part, claim: Claim) -> Iterator[str]:
    """The first reason that the diagnosis gives, or what it says where it has none."""
    found = diagnose_one(part.tally, claim, part.at)
    for reason in found.reasons[:1]:
        yield f"what gives {claim.text}: {reason.text}"
        yield f"  {reason.working}"
    if not found.reasons:
        yield from found.notes


def _told(part: Part, how: str, reasons: Iterable[str] = ()) -> str:
    sizes = part.largest()
    return text_of([
        f"{part.sentence()}, {how}",
        *(f"  {reason}" for reason in reasons),
        *(["  its parts, the largest first:"] if sizes else []),
        *(f"    {size}" for size in sizes),
        *(f"  {note}" for note in part.notes()),
    ])  # fmt: skip
