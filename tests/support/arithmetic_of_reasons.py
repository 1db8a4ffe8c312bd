"""Reads the working of a reason with nothing but Python's own arithmetic: an independent word on whether it comes out."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def value_of(text: str) -> Fraction:
    """The value of one side of an equation."""
    code = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: "**" + found[0].translate(_SUPERSCRIPTS), text)
    code = code.replace(",", "") if not re.search(r"(max|min)\(", code) else code
    for ours, theirs in (("·", "*"), ("−", "-"), ("⌊", "floor("), ("⌋", ")"), ("⌈", "ceil("), ("⌉", ")")):
        code = code.replace(ours, theirs)
    code = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)", r"Fraction('\1')", code)
    code = re.sub(r"\*\*Fraction\('(\d+)'\)", r"**\1", code)
    names = {"Fraction": Fraction, "floor": floor, "ceil": ceil, "max": max, "min": min, "__builtins__": {}}
    return Fraction(eval(code, names))


def holds(working: str, value: int) -> bool:
    """Whether every equation of a working is true, the last one to as many digits as it has, and it is about `value`."""
    statements = [statement.rpartition(" = ") for statement in working.split(", and ")]
    if any(equals and not _equal(left, right) for left, equals, right in statements):
        return False
    left, equals, right = statements[0]
    in_units = re.fullmatch(rf"(\d+·)?{value:,}(/(10|2)[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?", left)  # 4·1,234/10⁶ is about 1,234
    return bool(equals and in_units) or value_of(right) == value


def _equal(left: str, right: str) -> bool:
    digits = len(right.partition(".")[2])
    return abs(value_of(left) - value_of(right)) <= (Fraction(1, 2 * 10**digits) if digits else 0)
