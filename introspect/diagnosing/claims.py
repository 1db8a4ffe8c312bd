"""A claimed number, and every whole number that may be written so: rounded or cut off, in thousands or 1024s, in bytes.

A claim is an interval and not a number: ``"117M"`` is anything that rounds to it. Each way to read one is kept apart, because
the way itself may be the answer (138,357,544 is 131.95 times 2²⁰).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from numbers import Integral, Real
from typing import Any

from ..errors import UnreadableError
from . import costs

EXACT, ROUNDED, CUT = "exact", "rounded", "cut off"
_SINGLE = 4  # bytes
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "b": 3, "t": 4}
_WORDS = {"thousand": "k", "mio": "m", "mn": "m", "mln": "m", "million": "m", "millions": "m", "bn": "b", "billion": "b",
          "billions": "b", "trillion": "t", "bytes": "byte", "byte": "byte"}  # fmt: skip
_NOUNS = r"(?:params?|parameters|weights|neurons|units|connections|elements)?\.?"
_FORM = re.compile(rf"[~≈≃]?\s*(?P<number>\d[\d,.'_ \u00a0\u202f]*)\s*(?P<unit>[A-Za-z]*?)\s*{_NOUNS}\s*", re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(?:(?P<mark>[,.'_ \u00a0\u202f])\d{3})(?:(?P=mark)\d{3})*")
_EXPECTED = 'a number such as 1664, "1,664", "117M", "25.6 M", "21.4MB" or "350 KiB"'


@dataclass(frozen=True)
class Reading:
    """One way to take a claim: the counts `low` to `high` are written so.

    `scale` is what the unit stands for, `width` the bytes of an element where bytes are meant (0: elements are).
    """

    low: int
    high: int
    scale: int = 1
    width: int = 0
    how: str = EXACT
    cost: float = 0.0

    def fits(self, value: int) -> bool:
        """Whether a count of `value` is written as the claim has it."""
        return self.low <= value <= self.high

    @property
    def exact(self) -> bool:
        """Whether all digits are there, and not only those that rounding left."""
        return self.how == EXACT

    @property
    def plain(self) -> bool:
        """Whether nothing has to be said about it: elements, in powers of ten, rounded as usual."""
        return not self.width and self.how != CUT and (self.scale & (self.scale - 1) != 0 or self.scale == 1)


@dataclass(frozen=True)
class Claim:
    """What was claimed, as it was written, and the ways to read it, the likeliest first."""

    text: str
    readings: tuple[Reading, ...]

    @property
    def exact(self) -> bool:
        """Whether all of its digits are there."""
        return self.readings[0].how == EXACT

    def fits(self, value: int) -> bool:
        """Whether `value` may be written so, in any way."""
        return any(reading.fits(value) for reading in self.readings)


def read_claim(claim: Any) -> Claim:
    """A number, or text with a number and a unit, as a `Claim`. Raises `UnreadableError` for anything else.

    >>> [(r.scale, r.low, r.high) for r in read_claim("1.2k").readings][:2]
    [(1000, 1150, 1250), (1000, 1200, 1299)]
    >>> read_claim("1,664").readings[0]
    Reading(low=1664, high=1664, scale=1, width=0, how='exact', cost=0.0)
    """
    if isinstance(claim, Integral) and not isinstance(claim, bool):
        return _checked(Claim(f"{int(claim):,}", tuple(_whole(int(claim)))))
    if isinstance(claim, Real) and not isinstance(claim, bool) and float(claim).is_integer():
        return read_claim(int(float(claim)))
    number, digits, unit = _parsed(claim)
    readings = tuple(sorted(_readings(number, digits, unit), key=lambda reading: reading.cost))
    if not readings:
        raise UnreadableError("this is no claimed number", got=repr(claim)[:80], expected=_EXPECTED)
    return _checked(Claim(f"{readings[0].low:,}" if readings[0].how == EXACT else claim.strip(), readings))


def read_bound(claim: Any) -> Fraction:
    """A bound as it is written, not rounded: how many elements it is, where it is in bytes those of single precision.

    >>> [int(read_bound(text)) for text in ("12M", "25.6 M", "1,664", "21.4MB")]
    [12000000, 25600000, 1664, 5350000]

    Raises `UnreadableError` as `read_claim` does.
    """
    likeliest = read_claim(claim).readings[0]
    number = _parsed(claim)[0] if isinstance(claim, str) else Fraction(likeliest.low)
    return number * likeliest.scale / (_SINGLE if likeliest.width else 1)


def _parsed(claim: Any) -> tuple[Fraction, int, str]:
    """The number of a claim that is text, its digits behind the point, and its unit."""
    found = _FORM.fullmatch(claim.strip()) if isinstance(claim, str) else None
    if found is None:
        raise UnreadableError("this is no claimed number", got=repr(claim)[:80], expected=_EXPECTED)
    unit = found["unit"].lower()
    unit = _WORDS.get(unit, unit)
    return *_number(found["number"].strip(), bool(unit)), unit


def _checked(claim: Claim) -> Claim:
    if all(reading.high < 0 for reading in claim.readings):
        raise UnreadableError("nothing is counted by a negative number", got=claim.text, expected=_EXPECTED)
    return claim


def _number(text: str, unit: bool) -> tuple[Fraction, int]:
    """The number, and how many digits stand behind its point. ``1,664`` is a whole number, ``25,6`` is not."""
    grouped = _GROUPED.fullmatch(text)
    if grouped and not (unit and grouped["mark"] == "."):
        return Fraction(re.sub(r"\D", "", text)), 0
    plain = re.sub(r"[ '_\u00a0\u202f]", "", text)
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    plain = plain.replace(",", "")
    if plain.count(".") > 1:
        raise UnreadableError("this is no claimed number", got=repr(text), expected=_EXPECTED)
    return Fraction(plain.rstrip(".")), len(plain.rstrip(".").partition(".")[2])


def _readings(number: Fraction, digits: int, unit: str) -> Iterator[Reading]:
    if not unit:
        if digits == 0:
            yield from _whole(int(number))
        return
    in_bytes = re.fullmatch(r"([kmgt])(i?)b|(byte)", unit)
    if in_bytes is None:
        if unit in _POWERS:
            yield from _scaled(number, digits, _POWERS[unit], binary=unit != "b", decimal=True, width=0)
        return
    power = 0 if in_bytes[3] else _POWERS[in_bytes[1]]
    for width in costs.WIDTHS:
        yield from _scaled(number, digits, power, binary=True, decimal=not in_bytes[2], width=width)


def _scaled(number: Fraction, digits: int, power: int, *, binary: bool, decimal: bool, width: int) -> Iterator[Reading]:
    """The readings in one unit: of 10³ or 2¹⁰, rounded or cut off."""
    for base, wanted in ((1000, decimal), (1024, binary and (power > 0 or not decimal))):
        if not wanted and not (power == 0 and base == 1000):
            continue
        scale = base**power
        step = Fraction(scale, 10**digits) if power or digits else Fraction(1)
        for how in (ROUNDED, CUT):
            value = number * scale
            below, above = (step / 2, step / 2) if how == ROUNDED else (Fraction(0), step)
            per = width or 1
            low, high = ceil((value - below) / per), floor((value + above) / per)
            if how == CUT and Fraction(high * per) == value + above:
                high -= 1
            if low <= high:
                yield Reading(low, high, scale, width, how, costs.of_reading(scale, base, width, how == CUT))


def _whole(number: int) -> Iterator[Reading]:
    """A number with all of its digits: itself; bytes taken for elements; and, if it ends in zeros, what rounds to it."""
    yield Reading(number, number)
    for width in costs.WIDTHS:
        if width > 1 and number % width == 0:
            yield Reading(number // width, number // width, 1, width, EXACT, costs.BYTES_FOR_ELEMENTS + costs.WIDTHS[width])
    zeros = len(str(number)) - len(str(number).rstrip("0"))
    if number and zeros >= 3:
        half = 10**zeros // 2
        cost = costs.ROUND_NUMBER[min(zeros - 3, len(costs.ROUND_NUMBER) - 1)]
        yield Reading(number - half, number + half, 1, 0, ROUNDED, cost)
