"""The search for the smallest change: single edits, hyper-parameters by solving, pairs only where nothing single is simple.

An edit's share of the quantity is worked out once; two edits that reach different layers add up, and a pair is a number that is
met from both sides. Whatever is found is a candidate and no more: it is proved by counting the revised model (`proving`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Optional

from . import costs
from .blocks import Blocks, blocks
from .claims import Claim, Reading
from .depths import depth_and_edit, depth_and_unknown
from .edits import Edit, clash, merged
from .slips import slips
from .solving import Curve, Surface
from .switches import Switches
from .tally import Tally
from .unknowns import Unknown, of_layers, unknowns

_PARTNERS = 3.3  # an edit dearer than this is not looked for in pairs
_WORK = 10000  # rows that may be counted again in the search for pairs
_MOST_PAIRS = 400


@dataclass(frozen=True)
class Candidate:
    """Edits that together make the quantity `value`, which a reading of the claim fits."""

    reading: Reading
    edits: tuple[Edit, ...]
    value: int

    @property
    def cost(self) -> float:
        extra = costs.PAIR * (len(self.edits) - 1) if self.edits else 0.0
        loose = 0.0 if self.reading.exact else costs.LOOSE * sum(edit.solved for edit in self.edits)
        return self.reading.cost + sum(edit.cost for edit in self.edits) + extra + loose


class Sorted:
    """Edits by what they add."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.edits = sorted(edits, key=lambda edit: edit.delta)
        self._deltas = [edit.delta for edit in self.edits]

    def between(self, low: int, high: int) -> list[Edit]:
        """Those that add `low` to `high`."""
        return self.edits[bisect_left(self._deltas, low) : bisect_right(self._deltas, high)]


class Search:
    """All edits of one quantity of a model, and which of them yield a claim."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._met: dict[tuple[int, int], Optional[Curve]] = {}
        self._surfaces: dict[tuple[int, int], Surface] = {}
        self._until = 0  # how much may have been recounted when the search for pairs ends
        self.last: list[Candidate] = []  # what the last claim could come from

    @cached_property
    def _switches(self) -> Switches:
        return Switches(self.tally)

    @cached_property
    def common(self) -> Sorted:
        """Slips, and conventions of all layers of a kind."""
        return Sorted([*slips(self.tally), *self._switches.edits(odd=False)])

    @cached_property
    def odd(self) -> Sorted:
        """Conventions of one layer among others."""
        self.common  # noqa: B018  what is common is said first
        return Sorted(self._switches.edits(odd=True))

    @cached_property
    def edits(self) -> list[Edit]:
        """All of these."""
        return [*self.common.edits, *self.odd.edits]

    @cached_property
    def overall(self) -> list[Curve]:
        """Hyper-parameters of the whole model on which the quantity depends."""
        return self._curves(unknowns(self.tally))

    @cached_property
    def curves(self) -> list[Curve]:
        """These, and those of single layers."""
        return [*self.overall, *self._curves(of_layers(self.tally))]

    def _curves(self, found: Iterable[Unknown]) -> list[Curve]:
        return [curve for curve in (Curve(self.tally, unknown) for unknown in found) if curve.formula is not None]

    @cached_property
    def repeats(self) -> list[Blocks]:
        return list(blocks(self.tally))

    @cached_property
    def trials(self) -> list[Edit]:
        """Hyper-parameters at usual values, to be met by something else."""
        found = []
        for curve in self.curves:
            for x in curve.unknown.trials():
                if curve.unknown.cost(x) <= _PARTNERS:
                    edit = curve.trial(x)
                    found += [edit] if edit is not None else []
        return found

    @cached_property
    def partners(self) -> Sorted:
        """The simple edits: one half of a pair."""
        return Sorted(edit for edit in [*self.edits, *self.trials] if edit.cost <= _PARTNERS and not edit.whole)

    def candidates(self, claim: Claim) -> list[Candidate]:
        """What yields the claim, the simplest first. Not proved yet."""
        total = self.tally.total
        found = [Candidate(reading, (), total) for reading in claim.readings if reading.fits(total)]
        if found and found[0].cost <= costs.BINARY:
            return found
        for reading in claim.readings:
            if reading.cost <= min((c.cost for c in found), default=float("inf")) + costs.SHOWN:
                found += self._singles(reading)
                if min((c.cost for c in found), default=float("inf")) > costs.SIMPLE:
                    found += self._singular(reading)
        if min((c.cost for c in found), default=float("inf")) > costs.ENOUGH:
            self._until = self.tally.spent + _WORK
            for reading in claim.readings:
                if reading.cost <= costs.BINARY:
                    found += self._pairs(reading)
        self.last = sorted(found, key=lambda c: c.cost)
        return self.last

    def _singles(self, reading: Reading) -> Iterator[Candidate]:
        total = self.tally.total
        if reading.fits(total):
            return
        yield from self._edited(reading, self.common)
        yield from self._solved(reading, self.overall)
        for run in self.repeats:
            for n in run.solutions(reading.low, reading.high, total):
                edit = run.edit(n)
                yield Candidate(reading, (edit,), total + edit.delta)

    def _singular(self, reading: Reading) -> Iterator[Candidate]:
        """What is different in one layer alone."""
        if not reading.fits(self.tally.total):
            yield from self._edited(reading, self.odd)
            yield from self._solved(reading, self.curves[len(self.overall) :])

    def _edited(self, reading: Reading, edits: Sorted) -> Iterator[Candidate]:
        total = self.tally.total
        for edit in edits.between(reading.low - total, reading.high - total):
            yield Candidate(reading, (edit,), total + edit.delta)

    def _solved(self, reading: Reading, curves: Iterable[Curve]) -> Iterator[Candidate]:
        for curve in curves:
            for x in curve.solutions(reading.low, reading.high):
                edit = curve.edit(x)
                if edit is not None and reading.fits(self.tally.total + edit.delta):
                    yield Candidate(reading, (edit,), self.tally.total + edit.delta)

    @property
    def cut_short(self) -> bool:
        """Whether the search for pairs has recounted as much as it may."""
        return self.tally.spent > self._until > 0

    def _pairs(self, reading: Reading) -> list[Candidate]:
        found = [
            *self._two_edits(reading),
            *self._edit_and_unknown(reading),
            *self._two_unknowns(reading),
            *self._depths(reading),
        ]
        return sorted(found, key=lambda c: c.cost)[:_MOST_PAIRS]

    def _two_edits(self, reading: Reading) -> Iterator[Candidate]:
        total = self.tally.total
        for edit in self.partners.edits:
            for other in self.partners.between(reading.low - total - edit.delta, reading.high - total - edit.delta):
                apart = not (edit.touched & other.touched) and not clash(edit, other)
                if apart and (edit.delta, id(edit)) < (other.delta, id(other)):
                    yield Candidate(reading, (edit, other), total + edit.delta + other.delta)
        yield from self._overlapping(reading)

    def _overlapping(self, reading: Reading) -> Iterator[Candidate]:
        """Two conventions that reach the same layers do not add up: the model is revised by both."""
        kept = (edit for edit in self.edits if edit.fields and edit.cost <= _PARTNERS)
        revisions = sorted(kept, key=lambda edit: edit.cost)
        for i, edit in enumerate(revisions):
            for other in revisions[:i]:
                if not (edit.touched & other.touched) or clash(edit, other) or edit.cost + other.cost > _PARTNERS + 1:
                    continue
                if self.cut_short:
                    return
                recount = self.tally.recount(merged(self.tally.model, (edit, other)))
                if recount is not None and isinstance(recount.value, int) and reading.fits(recount.value):
                    yield Candidate(reading, (other, edit), recount.value)

    def _depths(self, reading: Reading) -> Iterator[Candidate]:
        for run in self.repeats:
            for edit in self.partners.edits:
                if self.cut_short:
                    return
                if not edit.solved and edit.cost <= costs.ENOUGH:
                    for edits, value in depth_and_edit(self.tally, run, edit, reading):
                        yield Candidate(reading, edits, value)
            for curve in self.curves:
                if self.cut_short:
                    return
                for edits, value in depth_and_unknown(self.tally, run, curve, reading):
                    yield Candidate(reading, edits, value)

    def _two_unknowns(self, reading: Reading) -> Iterator[Candidate]:
        """Two hyper-parameters that reach the same layers: one at a usual value, the other solved for."""
        for first, second in self._neighbours:
            key = (id(first), id(second))
            if key not in self._surfaces:
                if self.cut_short:
                    return
                self._surfaces[key] = Surface(self.tally, first, second)
            for x, y in self._surfaces[key].solutions(reading.low, reading.high):
                one, other = first.edit(x), second.edit(y)
                if one is None or other is None:
                    continue
                recount = self.tally.recount(merged(self.tally.model, (one, other)))
                if recount is not None and isinstance(recount.value, int) and reading.fits(recount.value):
                    yield Candidate(reading, (one, other), recount.value)

    @cached_property
    def _neighbours(self) -> list[tuple[Curve, Curve]]:
        """Hyper-parameters that reach the same layers, the likeliest first."""
        pairs = [(a, b) for i, a in enumerate(self.curves) for b in self.curves[:i] if a.touched & b.touched]
        return sorted(pairs, key=lambda pair: pair[0].unknown.base + pair[1].unknown.base)

    def _edit_and_unknown(self, reading: Reading) -> Iterator[Candidate]:
        for edit in self.partners.edits:
            for curve in self.curves:
                if self.cut_short:
                    return
                if curve.touched & edit.touched:
                    continue
                for x in curve.solutions(reading.low - edit.delta, reading.high - edit.delta):
                    other = curve.edit(x)
                    value = self.tally.total + edit.delta + (other.delta if other else 0)
                    if other is not None and reading.fits(value) and not (other.touched & edit.touched):
                        yield Candidate(reading, (edit, other), value)
        for edit, curve in self._entangled:
            yield from self._met_again(reading, edit, curve)

    @cached_property
    def _entangled(self) -> list[tuple[Edit, Curve]]:
        """Conventions with the hyper-parameters that reach the same layers, the likeliest first."""
        kept = [edit for edit in self.edits if edit.fields and edit.cost <= _PARTNERS]
        found = [
            (edit, curve)
            for edit in kept
            for curve in self.curves
            if curve.touched & edit.touched and not curve.sets(edit.fields)
        ]
        return sorted(found, key=lambda pair: pair[0].cost + pair[1].unknown.base)

    def _met_again(self, reading: Reading, edit: Edit, curve: Curve) -> Iterator[Candidate]:
        """The unknown solved for anew, in the model that the edit makes."""
        key = (id(edit), id(curve))
        if key not in self._met:
            self._met[key] = None if self.cut_short else Curve(self.tally, curve.unknown, edit.fields)
        again = self._met[key]
        if again is None:
            return
        for x in again.solutions(reading.low, reading.high):
            other, recount = curve.edit(x), again.recount(x)
            if other is not None and recount is not None and isinstance(recount.value, int) and reading.fits(recount.value):
                yield Candidate(reading, (edit, other), recount.value)
