"""Asserts that a comparison accounts for every difference, and reads its workings back as arithmetic."""

from __future__ import annotations

import re

from introspect import Comparison
from introspect.notation import parse

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def value_of(working: str) -> int:
    """What a working comes to: ``(256 + 1)·10 − 2·64``."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: "**" + found[0].translate(_SUPERSCRIPTS), working)
    return int(parse(text.replace(",", "").replace("·", "*").replace("−", "-").replace("/", "//")))


def faults(c: Comparison) -> list[str]:
    """Everything that keeps a comparison from being a full account, in words."""
    found = []
    for account in c.accounts:
        told = sum(reason.amount for reason in account.reasons) + account.left
        if account.difference != told:
            found.append(f"{account.quantity}: {account.difference} apart, {told} told of")
        if account.unexplained:
            found.append(f"{account.quantity}: {account.left} unexplained at {account.unexplained}")
        for reason in account.reasons:
            if reason.amount != sum(place.amount for place in reason.places):
                found.append(f"{account.quantity}: {reason.code} is not the sum of its places")
            if value_of(reason.working) != reason.amount:
                found.append(f"{account.quantity}: {reason.working} is not {reason.amount} ({reason.code})")
            if not reason.text or "{" in reason.text:
                found.append(f"{account.quantity}: {reason.code} says {reason.text!r}")
    return found


def assert_accounted(c: Comparison) -> None:
    """Every difference has its reasons, nothing is left, and every working comes to its amount."""
    assert not faults(c), "\n".join(faults(c)) + f"\n{c}"


def amounts(c: Comparison, quantity: str = "params") -> dict[str, int]:
    """What each reason comes to."""
    found: dict[str, int] = {}
    for reason in c[quantity].reasons:
        found[reason.code] = found.get(reason.code, 0) + reason.amount
    return found
