"""The formula behind a reason, and its working: the laws' own, on named terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

from ..algebra import Dim, evaluate
from ..notation import formula, working
from ..working import named_inputs
from .accounting import Share, measure
from .units import Unit, tensors_of


def named_size(unit: Optional[Unit], roles: Iterable[str]) -> Dim:
    """The elements of a unit's tensors in the terms of its law; 0 of what its law does not have."""
    if unit is None:
        return 0
    inputs = named_inputs(unit.spec, unit.inputs, [None] * len(unit.inputs)) if unit.inputs else ()
    tensors = tensors_of(unit.spec.named(), inputs)
    return sum((tensors[role].size for role in roles if role in tensors), 0)


def formula_of(group: Sequence[Share]) -> str:
    """How much it is at each place, where one formula says it for all: ``2·c``."""
    places = _by_place(group)
    found = {formula(named_size(_larger(shares), roles)) for shares, roles in places}
    if len(found) > 1 or "0" in found or not all(share.own for share in group):
        return ""
    return found.pop() if len(places) == 1 or all(_alone(shares, roles) for shares, roles in places) else ""


def worked(group: Sequence[Share]) -> str:
    """The working at the one place there is: what the first has, less what the second has. Empty where that is not all."""
    places = _by_place(group)
    if len(places) != 1 or not all(share.own for share in group):
        return ""
    shares, roles = places[0]
    u, v = shares[0].match
    counted = [None if unit is None or not _counts(unit, roles, shares[0].quantity) else unit for unit in (u, v)]
    mine, theirs = (named_size(unit, roles) for unit in counted)
    if evaluate(mine - theirs) != sum(share.amount for share in shares) or (mine, theirs) == (0, 0):
        return ""
    return difference(mine, theirs)


def difference(mine: Dim, theirs: Dim) -> str:
    """``(256 + 1)·10 − (256 + 1)·20``; a side that is nothing is left out."""
    if theirs == 0:
        return working(mine)
    taken = working(theirs)
    grouped = f"({taken})" if " + " in taken.partition(")")[2] or (" + " in taken and "(" not in taken) else taken
    return f"−{grouped}" if mine == 0 else f"{working(mine)} − {grouped}"


def _by_place(group: Sequence[Share]) -> list[tuple[list[Share], list[str]]]:
    places: dict[tuple[int, int], list[Share]] = {}
    for share in group:
        places.setdefault((id(share.match[0]), id(share.match[1])), []).append(share)
    return [(shares, [share.role for share in shares if share.role]) for shares in places.values()]


def _larger(shares: Sequence[Share]) -> Optional[Unit]:
    """The side that has more."""
    u, v = shares[0].match
    return v if u is None or sum(share.amount for share in shares) < 0 else u


def _alone(shares: Sequence[Share], roles: Sequence[str]) -> bool:
    """Whether only one side has the tensors."""
    return not all(unit is not None and _counts(unit, roles, shares[0].quantity) for unit in shares[0].match)


def _counts(unit: Unit, roles: Sequence[str], quantity: str) -> bool:
    return any(measure(unit.held.get(role), quantity) for role in roles)
