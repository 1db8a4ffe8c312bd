"""The working behind a reason: terms of the laws, before and after, whose sum is the claim."""

from __future__ import annotations

from typing import Optional

from ..algebra import Dim, evaluate, product
from ..algebra import spelled_out as spelled
from ..counting import Entry, Row
from ..ir import Model
from ..working import Workings, in_terms
from .edits import Piece, gathered, total
from .tally import OUTPUT, Change, Tally

_FEW = 1  # rows of which the formula stands for the whole
_SPELLED = 8  # different rows that can be read as a sum


class Terms:
    """Rows of one model in the terms of their laws."""

    def __init__(self, tally: Tally, model: Optional[Model] = None) -> None:
        self.tally = tally
        self.workings = Workings(model or tally.model)

    def row(self, row: Row) -> Dim:
        """What a row adds, as an expression."""
        return self._owned(row, {}) if self.tally.owned else self._of_call(row)

    def _of_call(self, row: Row) -> Dim:
        amount = self.tally.amount(row) or 0
        quantity = self.tally.quantity
        if quantity == "connections":
            return _if_equal(self.workings.connections(row), amount)
        named = self.workings.output(row)
        if quantity == "bias_connections":
            return _if_equal(product(row.layer.spec.per_example(named)), amount) if named is not None else amount
        if named is None:
            return amount
        if quantity.startswith(OUTPUT):
            return _if_equal(spelled(row.layer.spec.per_example(named)[int(quantity[len(OUTPUT) :])]), amount)
        if quantity.endswith("channels"):
            return _if_equal(row.layer.spec.channels_of(named), amount)
        return _if_equal(product(row.layer.spec.per_example(named)), amount)

    def sizes(self, row: Row) -> dict[tuple[str, ...], Dim]:
        """Counted tensors of a row, by the keys of the law's tensors they store (or by name, without a law)."""
        found: dict[tuple[str, ...], Dim] = {}
        for entry in row.entries:
            if self.tally.counts(entry):
                keys = tuple(t.key for t in entry.tensors) or ("", entry.name)
                found[keys] = found.get(keys, 0) + (self.tally.size(entry) or 0)
        return found

    def tensor(self, row: Row, entry: Entry) -> Dim:
        """One tensor's size."""
        keys = tuple(t.key for t in entry.tensors)
        return in_terms([(keys, self.tally.size(entry) or 0)], self.workings.tensors(row) if keys else {})

    def _owned(self, row: Row, same: dict[tuple[str, ...], Dim]) -> Dim:
        """The tensors of a row, without those that are as in `same`."""
        held = [(keys, size) for keys, size in self.sizes(row).items() if same.get(keys) != size]
        return in_terms(held, self.workings.tensors(row)) if held else 0

    def beside(self, row: Row, other: Optional[Row], others: Terms) -> Dim:
        """What of a row is not in the `other` one as well."""
        if not self.tally.owned:
            return self.row(row)
        return self._owned(row, others.sizes(other) if other is not None else {})


def _if_equal(expression: Dim, amount: Dim) -> Dim:
    return expression if evaluate(expression) == evaluate(amount) else amount


def differences(tally: Tally, changes: list[Change], model: Model) -> list[Piece]:
    """What is taken away and what is added, in the terms of the laws before and after."""
    before, after = Terms(tally), Terms(tally, model)
    taken, added = [], []
    for change in changes:
        if change.before is not None:
            taken.append(Piece(before.beside(change.before, change.after, after), -1))
        if change.after is not None:
            added.append(Piece(after.beside(change.after, change.before, before)))
    return gathered([*taken, *added])


def of_model(tally: Tally, model: Model, rows: list[Row]) -> Optional[list[Piece]]:
    """The whole number, row by row; None where there are too many rows for that."""
    counted = [row for row in rows if tally.amount(row)]
    if not counted or len(counted) > _FEW:
        return None
    terms = Terms(tally, model)
    pieces = [Piece(terms.row(row)) for row in counted]
    return pieces if total(pieces) == sum(int(tally.amount(row) or 0) for row in counted) else None


def spelled_out(tally: Tally, model: Model, rows: list[Row]) -> Optional[list[Piece]]:
    """The whole number as a sum of all rows, equal ones together; None where it would be too long."""
    terms = Terms(tally, model)
    times: dict[Dim, int] = {}
    for row in rows:
        expression = terms.row(row) if tally.amount(row) else 0
        times[expression] = times.get(expression, 0) + 1
    pieces = [Piece(expression, n) for expression, n in times.items() if expression != 0]
    return pieces if len(pieces) <= _SPELLED else None
