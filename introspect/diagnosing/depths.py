"""Another number of blocks, and something else besides: what a block adds is then what it adds in the revised model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Optional

from ..algebra import Dim, Expr
from .blocks import Blocks
from .claims import Reading
from .edits import Edit, merged
from .solving import Curve, between, polynomial, simplest, valued
from .tally import Tally

Found = tuple[tuple[Edit, ...], int]


def depth_and_edit(tally: Tally, run: Blocks, edit: Edit, reading: Reading) -> Iterator[Found]:
    """A number of blocks with a slip or a convention."""
    each = run.each
    if edit.touched & run.touched:
        recount = tally.recount(merged(tally.model, (edit,))) if edit.fields else None
        each = run.each_in(recount) if recount is not None else None
    if not isinstance(each, int):
        return
    total = tally.total + edit.delta
    for n in run.solutions(reading.low, reading.high, total, each):
        other = run.edit(n, each)
        yield (edit, other), total + other.delta


def depth_and_unknown(tally: Tally, run: Blocks, curve: Curve, reading: Reading) -> Iterator[Found]:
    """A usual number of blocks, and a hyper-parameter solved for."""
    formula, symbolic = curve.formula, curve.symbolic
    each: Optional[Dim] = run.each_in(symbolic) if symbolic is not None else None
    if formula is None or each is None:
        return
    for n in run.trials():
        whole = formula + each * (n - run.now)
        coefficients = polynomial(whole, curve.name) if isinstance(whole, Expr) else None
        if coefficients is None or len(coefficients) < 2:
            continue
        found = between(partial(valued, coefficients), coefficients, reading.low, reading.high, curve.unknown)
        for x in simplest(found, curve.unknown)[:1]:
            edit, recount = curve.edit(x), curve.recount(x)
            now = run.each_in(recount) if recount is not None else None
            if edit is None or not isinstance(now, int):
                continue
            other = run.edit(n, now)
            value = tally.total + edit.delta + other.delta
            if reading.fits(value):
                yield (edit, other), value
