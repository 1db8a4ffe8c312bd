"""What is left to say where nothing fits: the nearest number that something gives, and what the claim is a product of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from ..conventions import WORDS, hyper_parameters, unwrapped
from .edits import Edit
from .naming import listed, name_of
from .searching import Search

_LARGEST_PRIME = 1_000_000  # factors beyond it are not looked for
_SMALLEST_SIZE = 8  # that a smaller number divides the claim says nothing
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def factors(n: int) -> list[tuple[int, int]]:
    """Prime factors with their powers; what is left of a large number may be no prime.

    >>> factors(253440)
    [(2, 9), (3, 2), (5, 1), (11, 1)]
    """
    found, p = [], 2
    while p * p <= n and p < _LARGEST_PRIME:
        power = 0
        while n % p == 0:
            n, power = n // p, power + 1
        if power:
            found.append((p, power))
        p += 1 if p == 2 else 2
    return [*found, (n, 1)] if n > 1 else found


def factorised(n: int) -> str:
    """``2⁹·3²·5·11``; a number with no smaller factors is called prime.

    >>> factorised(253440), factorised(13)
    ('253,440 = 2⁹·3²·5·11', '13 is a prime number')
    """
    found = factors(n)
    if found == [(n, 1)]:
        return f"{n:,} is a prime number" if n < _LARGEST_PRIME**2 else f"{n:,} has no factor below {_LARGEST_PRIME:,}"
    written = "·".join(f"{p:,}{str(power).translate(_SUPERSCRIPTS) if power > 1 else ''}" for p, power in found)
    return f"{n:,} = {written}" if found else f"{n:,} has no factors"


def sizes_that_divide(search: Search, n: int) -> list[str]:
    """Sizes of the layers meant that divide the claim, and what is then left."""
    tally = search.tally
    found: dict[int, str] = {}
    for row in tally.rows:
        if not tally.amount(row):
            continue
        spec = unwrapped(row.layer.spec)
        for name in hyper_parameters(spec):
            value = getattr(spec, name)
            value = value[0] if isinstance(value, tuple) and value else value
            if isinstance(value, int) and value >= _SMALLEST_SIZE and n % value == 0:
                found.setdefault(value, f"{n:,}/{value:,} = {n // value:,} ({WORDS.get(name, name)} of {name_of(row.layer)})")
    return [found[value] for value in sorted(found, reverse=True)][:3]


def nearest(search: Search, wanted: int) -> Optional[tuple[Edit, int]]:
    """The simple change that comes closest, where it comes closer than the model as it is."""
    total = search.tally.total
    simple: Iterable[Edit] = [edit for edit in search.partners.edits if total + edit.delta > 0]
    best = min(simple, key=lambda edit: (abs(total + edit.delta - wanted), edit.cost), default=None)
    if best is None or abs(total + best.delta - wanted) >= abs(total - wanted):
        return None
    return best, total + best.delta


def unexplained(search: Search, wanted: int, exact: bool) -> list[str]:
    """Sentences for a claim that nothing yields."""
    said = []
    near = nearest(search, wanted)
    if near is not None:
        off = near[1] - wanted
        said.append(f"nearest: {near[1]:,}, {abs(off):,} too {'many' if off > 0 else 'few'}: {near[0].text}")
    if exact and wanted > 1:
        said.append(factorised(wanted))
        said += [
            f"it is divided by sizes of the model: {listed(divided)}"
            for divided in [sizes_that_divide(search, wanted)]
            if divided
        ]
    return said
