"""Solving a count for a hyper-parameter: the laws are run on an unnamed x, and what comes out is a formula in x.

A polynomial is solved for its whole roots; one with rounded quotients (a resolution that goes through strides) only grows, and
is bisected. Nothing is tried one after another but windows, of which there are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from typing import Callable, Optional

from ..algebra import Dim, Expr, Symbol, evaluate, symbol
from ..layers.base import Spec
from .edits import Edit, Fields, revised
from .tally import Recount, Tally
from .unknowns import Unknown

_X, _Y = "x?", "y?"
_TRIED = 64  # values of a window that are looked at
_WIDEST = 200  # whole numbers in an interval that are weighed against each other


class Curve:
    """The quantity as a function of one hyper-parameter, other changes being `given`."""

    name = _X

    def __init__(self, tally: Tally, unknown: Unknown, given: Optional[Fields] = None) -> None:
        self.tally, self.unknown, self.given = tally, unknown, dict(given or {})

    def recount(self, x: Dim) -> Optional[Recount]:
        """The quantity where the hyper-parameter is x."""
        return self.tally.recount(self._specs(x))

    def sets(self, fields: Fields) -> bool:
        """Whether it sets one of these fields itself."""
        return any(set(changes) & set(fields.get(i, ())) for i, changes in self.unknown.fields(1).items())

    def _specs(self, x: Dim) -> dict[int, Spec]:
        fields = {i: dict(changes) for i, changes in self.given.items()}
        for i, changes in self.unknown.fields(x).items():
            fields.setdefault(i, {}).update(changes)
        return revised(self.tally.model, fields)

    @cached_property
    def _possible(self) -> bool:
        """Whether the model can be built with another value than now at all."""
        return self.tally.applies(self._specs(self.unknown.now * 2)) or self.tally.applies(self._specs(self.unknown.now + 1))

    @cached_property
    def symbolic(self) -> Optional[Recount]:
        """The quantity where the hyper-parameter is an unnamed x."""
        return self.recount(symbol(self.name)) if self._possible else None

    @cached_property
    def touched(self) -> frozenset[int]:
        """The layers whose share depends on it."""
        return frozenset(self.symbolic.by_layer if self.symbolic else ())

    @cached_property
    def formula(self) -> Optional[Expr]:
        """The quantity in terms of x; None where it does not depend on it, or where no law can say."""
        return self.symbolic.value if self.symbolic is not None and isinstance(self.symbolic.value, Expr) else None

    @cached_property
    def coefficients(self) -> Optional[list[int]]:
        """Of the polynomial, the constant first; None where it is none."""
        return None if self.formula is None else polynomial(self.formula, _X)

    @cached_property
    def _values(self) -> dict[int, Optional[int]]:
        return {}

    def at(self, x: int) -> Optional[int]:
        """The value at x by the formula."""
        if self.coefficients is not None:
            return valued(self.coefficients, x)
        if x not in self._values:
            self._values[x] = None if self.formula is None else evaluated(self.formula, _X, x)
        return self._values[x]

    @cached_property
    def _windows(self) -> dict[int, list[int]]:
        """Which of the few sizes that a window may have give which value."""
        found: dict[int, list[int]] = {}
        for x in range(1, min(self.unknown.most, _TRIED) + 1):
            value = self.at(x)
            if value is not None:
                found.setdefault(value, []).append(x)
        return found

    def solutions(self, low: int, high: int) -> list[int]:
        """Values of x for which the quantity lies between `low` and `high`, the simplest first."""
        if self.formula is None or self.unknown.most < 1:
            return []
        if self.unknown.most > _TRIED:
            found = between(self.at, self.coefficients, low, high, self.unknown)
        elif low == high:
            found = self._windows.get(low, [])
        else:
            found = [x for value, xs in self._windows.items() if low <= value <= high for x in xs]
        return simplest(found, self.unknown)

    def trial(self, x: int) -> Optional[Edit]:
        """The change to x as the formula has it, for a search; `edit` asks the laws."""
        value = self.at(x)
        if value is None or value == self.tally.total:
            return None
        unknown, delta = self.unknown, value - self.tally.total
        return Edit(
            unknown.code, unknown.text(x), unknown.cost(x), delta, unknown.places, self.touched, unknown.fields(x), solved=True
        )

    def edit(self, x: int) -> Optional[Edit]:
        """The change to x, as the laws have it; None where they refuse."""
        recount = self.recount(x)
        if recount is None or not isinstance(recount.value, int) or recount.value == self.tally.total:
            return None
        unknown = self.unknown
        touched = frozenset((c.after or c.before).layer_index for c in recount.changes)  # type: ignore[union-attr]
        delta = recount.value - self.tally.total
        return Edit(
            unknown.code, unknown.text(x), unknown.cost(x), delta, unknown.places, touched, unknown.fields(x),
            solved=True, formula=partial(self.named, x),
        )  # fmt: skip

    def named(self, x: int) -> Optional[Dim]:
        """The whole quantity as a formula in one term, which is x."""
        if self.formula is None or self.coefficients is None:
            return None
        return evaluate(self.formula, {_X: symbol("x", x)})


class Surface:
    """The quantity as a function of two hyper-parameters that reach the same layers."""

    def __init__(self, tally: Tally, first: Curve, second: Curve) -> None:
        self.tally, self.first, self.second = tally, first, second

    @cached_property
    def formula(self) -> Optional[Expr]:
        """In terms of both."""
        fields = {i: dict(changes) for i, changes in self.first.unknown.fields(symbol(_X)).items()}
        for i, changes in self.second.unknown.fields(symbol(_Y)).items():
            if set(changes) & set(fields.get(i, ())):
                return None  # both are the same field
            fields.setdefault(i, {}).update(changes)
        found = self.tally.recount(revised(self.tally.model, fields))
        return found.value if found is not None and isinstance(found.value, Expr) else None

    @cached_property
    def _terms(self) -> list[tuple[int, int, int]]:
        """Coefficients with the powers of both; none where it is no polynomial in them."""
        found = []
        for coefficient, factors in self.formula.terms.values() if self.formula is not None else ():
            names = [atom.name if isinstance(atom, Symbol) else "" for atom in factors]
            if set(names) - {_X, _Y}:
                return []
            found.append((coefficient, names.count(_X), names.count(_Y)))
        return found

    def solutions(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """A usual value of one, and the other solved for."""
        for one, other, swapped in ((self.first, self.second, False), (self.second, self.first, True)):
            for x in one.unknown.trials() if self._terms else ():
                coefficients = self._with(x, swapped)
                if len(coefficients) > 1:
                    found = between(partial(valued, coefficients), coefficients, low, high, other.unknown)
                    for y in simplest(found, other.unknown)[:1]:
                        yield (y, x) if swapped else (x, y)

    def _with(self, x: int, swapped: bool) -> list[int]:
        """The polynomial in the other one."""
        found: dict[int, int] = {0: 0}
        for coefficient, first, second in self._terms:
            own, other = (second, first) if swapped else (first, second)
            found[other] = found.get(other, 0) + coefficient * x**own
        return [found.get(power, 0) for power in range(max(power for power in found if found[power] or not power) + 1)]


def polynomial(e: Expr, name: str) -> Optional[list[int]]:
    """The coefficients of `e` in one term, the constant first; None where it is no polynomial in that term alone.

    >>> polynomial(symbol("x") * symbol("x") * 3 + 5, "x")
    [5, 0, 3]
    """
    found: dict[int, int] = {}
    for coefficient, factors in e.terms.values():
        if any(not isinstance(atom, Symbol) or atom.name != name for atom in factors):
            return None
        found[len(factors)] = coefficient
    return [found.get(power, 0) for power in range(max(found) + 1)]


def valued(coefficients: list[int], x: int) -> int:
    """The polynomial's value at x."""
    value = 0
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value


def evaluated(e: Expr, name: str, x: int) -> Optional[int]:
    """The value of `e` where the one term is x; None where it has none."""
    try:
        found = evaluate(e, {name: x})
    except ArithmeticError:
        return None
    return found if isinstance(found, int) else None


def between(
    at: Callable[[int], Optional[int]], coefficients: Optional[list[int]], low: int, high: int, unknown: Unknown
) -> list[int]:
    """Values of x at which something that grows with x (or is a polynomial) lies between `low` and `high`."""
    if coefficients is not None and any(c < 0 for c in coefficients[1:]):
        return [x for x in range(1, min(unknown.most, _TRIED) + 1) if low <= (at(x) or 0) <= high]
    if coefficients is not None and len(coefficients) == 2:
        constant, each = coefficients
        first, last = -((constant - low) // each), (high - constant) // each
    else:
        first, last = _least(at, low, unknown.most), _least(at, high + 1, unknown.most) - 1
    return _weighed(max(first, 1), min(last, unknown.most), unknown)


def _least(at: Callable[[int], Optional[int]], wanted: int, most: int) -> int:
    """The least x at which `at` is at least `wanted`."""
    below, above = 0, 2
    while (at(above) or 0) < wanted and above < most:
        below, above = above, above * 2
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if (at(middle) or 0) >= wanted else (middle, above)
    return above


def simplest(found: Iterable[int], unknown: Unknown) -> list[int]:
    """The two values that cost the least."""
    kept = [x for x in found if 1 <= x <= unknown.most and x != unknown.now]
    return sorted(kept, key=lambda x: (unknown.cost(x), x))[:2]


def _weighed(first: int, last: int, unknown: Unknown) -> list[int]:
    """Numbers from `first` to `last`: all, or, where there are many, the round and the usual ones."""
    if last - first <= _WIDEST:
        return list(range(first, last + 1))
    found = {first, last, *(x for x in unknown.trials() if first <= x <= last)}
    for base in (2, 10):
        power = 1
        while power <= last:
            found.update(x for x in (-(-first // power) * power,) if x <= last)
            power *= base
    return sorted(found)
