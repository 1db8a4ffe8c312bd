"""Exact integer expressions over named terms.

An expression is a polynomial with integer coefficients whose atoms are symbols, floored quotients and maxima.
It is kept in a normal form, so that equality is a property of the value and not of the text: ``N + 1 == 1 + N``.
A result without symbols is a plain ``int``; the laws never notice which of the two they run on.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from math import gcd
from typing import Callable, Optional, Union

from .errors import UnknownDimensionError

Dim = Union[int, "Expr"]


class Symbol:
    """A named term. With a `value` it is *bound*: it prints as its name or as its value, and evaluates."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: Optional[Dim] = None) -> None:
        self.name, self.value = name, value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and (self.name, self.value) == (other.name, other.value)

    def __hash__(self) -> int:
        return hash((self.name, self.value))


class Quotient:
    """``num / den``, rounded. ``ceil(a/b)`` is equal to ``floor((a + b - 1)/b)`` and only printed differently."""

    __slots__ = ("den", "num", "rounding")

    def __init__(self, num: Dim, den: Dim, rounding: str) -> None:
        self.num, self.den, self.rounding = num, den, rounding

    def _floored(self) -> tuple[Dim, Dim]:
        return (self.num + self.den - 1 if self.rounding == "ceil" else self.num, self.den)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quotient) and self._floored() == other._floored()

    def __hash__(self) -> int:
        return hash(self._floored())


class Extremum:
    """The largest (``max``) or smallest (``min``) of several expressions."""

    __slots__ = ("options", "which")

    def __init__(self, which: str, options: tuple[Dim, ...]) -> None:
        self.which, self.options = which, options

    def _key(self) -> tuple[str, frozenset[Dim]]:
        return self.which, frozenset(self.options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extremum) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


Atom = Union[Symbol, Quotient, Extremum]
_Key = frozenset["tuple[Atom, int]"]  # atoms with their powers; the empty key is the constant term
_Terms = dict[_Key, "tuple[int, tuple[Atom, ...]]"]  # a coefficient, and the factors in the order they were written
_ONE: _Key = frozenset()


class Expr:
    """A polynomial that is not a constant. Made by arithmetic on :func:`symbol`, never by hand.

    >>> n = symbol("N")
    >>> n + 1 == 1 + n, n - n, (n + 2) // 2 == n // 2 + 1
    (True, 0, True)
    """

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: _Terms) -> None:
        self.terms = terms
        self._hash: Optional[int] = None

    def __add__(self, other: Dim) -> Dim:
        merged = dict(self.terms)
        for key, (coefficient, factors) in _terms(other).items():
            before = merged.get(key, (0, factors))
            merged[key] = (before[0] + coefficient, before[1])
        return _normal(merged)

    def __mul__(self, other: Dim) -> Dim:
        result: _Terms = {}
        for a, left in self.terms.values():
            for b, right in _terms(other).values():
                factors = left + right
                key = frozenset(Counter(factors).items())
                result[key] = (result.get(key, (0, ()))[0] + a * b, factors)
        return _normal(result)

    def __rmul__(self, other: int) -> Dim:
        return self * other

    def __radd__(self, other: int) -> Dim:
        return _from_int(other) + self if other else self

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        return self + -other

    def __rsub__(self, other: int) -> Dim:
        return _from_int(other) + -self

    def __floordiv__(self, other: Dim) -> Dim:
        return _quotient(self, other, "floor")

    def __rfloordiv__(self, other: int) -> Dim:
        return _quotient(other, self, "floor")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expr):
            return False
        mine, theirs = self.terms, other.terms
        return mine.keys() == theirs.keys() and all(mine[key][0] == theirs[key][0] for key in mine)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset((key, term[0]) for key, term in self.terms.items()))
        return self._hash

    def __int__(self) -> int:
        value = evaluate(self)
        if isinstance(value, int):
            return value
        names = ", ".join(unknowns(value))
        raise UnknownDimensionError(
            f"{self} has no value yet",
            expected=f"a number for {names}",
            hint=f"count.at({', '.join(n + '=...' for n in unknowns(value))}), or give explain() a full input shape",
        )

    def __bool__(self) -> bool:
        return True  # a polynomial that is not a constant is not the constant 0

    def __repr__(self) -> str:
        from .notation import formula

        return formula(self)


def symbol(name: str, value: Optional[Dim] = None) -> Expr:
    """A named term; ``symbol("kh", 5)`` prints as ``kh`` in a formula and as ``5`` in a working."""
    return _from_atom(Symbol(name, value))


def spelled_out(e: Dim) -> Dim:
    """What a term stands for, if `e` is one term that was worked out from others; `e` otherwise."""
    if isinstance(e, Expr) and len(e.terms) == 1:
        ((coefficient, factors),) = e.terms.values()
        if coefficient == 1 and len(factors) == 1 and isinstance(factors[0], Symbol) and factors[0].value is not None:
            return spelled_out(factors[0].value) if isinstance(factors[0].value, Expr) else e
    return e


def unknown() -> Expr:
    """A dimension without a name. Two of them are never equal, in this process or another."""
    return symbol(f"_{secrets.token_hex(4)}")


def ceil_div(a: Dim, b: Dim) -> Dim:
    """``a / b`` rounded up.

    >>> ceil_div(7, 2), ceil_div(symbol("N") - 1, 2) == symbol("N") // 2
    (4, True)
    """
    if isinstance(a, int) and isinstance(b, int):
        return -(-a // b)
    return _quotient(a, b, "ceil")


def exact_div(a: Dim, b: Dim) -> Dim:
    """``a / b`` where the caller knows that it leaves no rest; printed without rounding brackets."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    return _quotient(a, b, "exact")


def maximum(*options: Dim) -> Dim:
    """The largest of `options`.

    >>> maximum(3, 5), maximum(symbol("N"), symbol("N") - 1) == symbol("N")
    (5, True)
    """
    return _extremum("max", options, _at_least)


def minimum(*options: Dim) -> Dim:
    """The smallest of `options`.

    >>> minimum(3, 5), minimum(symbol("N"), symbol("N") - 1) == symbol("N") - 1
    (3, True)
    """
    return _extremum("min", options, lambda a, b: _at_least(b, a))


def _extremum(which: str, options: Iterable[Dim], beats: Callable[[Dim, Dim], bool]) -> Dim:
    kept: list[Dim] = []
    for option in options:
        if not any(beats(other, option) for other in kept):
            kept = [other for other in kept if not beats(option, other)] + [option]
    return kept[0] if len(kept) == 1 else _from_atom(Extremum(which, tuple(kept)))


def product(factors: Iterable[Dim]) -> Dim:
    """The product of `factors` as an exact `int` or expression; 1 when there are none."""
    result: Dim = 1
    for factor in factors:
        result = result * factor
    return result


def evaluate(e: Dim, values: Optional[Mapping[str, Dim]] = None) -> Dim:
    """`e` with every bound symbol, and every unknown named in `values`, replaced by its value.

    >>> e = (symbol("H") - 5) // 2 + symbol("k", 3)
    >>> evaluate(e, {"H": 28}), evaluate(e) == (symbol("H") - 5) // 2 + 3
    (14, True)
    """
    if isinstance(e, int):
        return e
    result: Dim = 0
    for coefficient, factors in e.terms.values():
        result = result + coefficient * product(_evaluate_atom(atom, values or {}) for atom in factors)
    return result


def known(e: Dim) -> bool:
    """Whether `e` has a value, all its symbols being bound."""
    return isinstance(e, int) or isinstance(evaluate(e), int)


def unknowns(e: Dim) -> list[str]:
    """The names of the symbols without a value, in order of appearance."""
    if isinstance(e, int):
        return []
    names = [name for _, factors in e.terms.values() for atom in factors for name in _unknowns_of(atom)]
    return list(dict.fromkeys(names))


def _unknowns_of(atom: Atom) -> list[str]:
    if isinstance(atom, Symbol):
        return [atom.name] if atom.value is None else unknowns(atom.value)
    inner = atom.options if isinstance(atom, Extremum) else (atom.num, atom.den)
    return [name for e in inner for name in unknowns(e)]


def _evaluate_atom(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Symbol):
        if atom.value is not None:
            return evaluate(atom.value, values)
        return values[atom.name] if atom.name in values else _from_atom(atom)
    if isinstance(atom, Extremum):
        best = maximum if atom.which == "max" else minimum
        return best(*[evaluate(option, values) for option in atom.options])
    num, den = evaluate(atom.num, values), evaluate(atom.den, values)
    return ceil_div(num, den) if atom.rounding == "ceil" else num // den


def _from_atom(atom: Atom) -> Expr:
    return Expr({frozenset([(atom, 1)]): (1, (atom,))})


def _from_int(value: int) -> Expr:
    return Expr({_ONE: (value, ())})  # an intermediate: _normal() turns a constant back into an int


def _terms(e: Dim) -> _Terms:
    return e.terms if isinstance(e, Expr) else {_ONE: (e, ())}


def _normal(terms: _Terms) -> Dim:
    kept = {key: term for key, term in terms.items() if term[0]}
    if not kept:
        return 0
    if len(kept) == 1 and _ONE in kept:
        return kept[_ONE][0]
    return Expr(kept)


def _at_least(a: Dim, b: Dim) -> bool:
    difference = a - b
    return isinstance(difference, int) and difference >= 0


def _quotient(num: Dim, den: Dim, rounding: str) -> Dim:
    """A rounded quotient in normal form; only a divisor that is a plain positive number simplifies."""
    if isinstance(den, int) and den == 0:
        raise ZeroDivisionError(f"{num} // 0")
    if num == den:
        return 1
    if isinstance(num, int) and num == 0:
        return 0
    if isinstance(num, Expr) and isinstance(den, Expr):
        cancelled = _cancelled(num, den)
        return _from_atom(Quotient(num, den, rounding)) if cancelled is None else cancelled
    if not isinstance(den, int) or den < 0 or isinstance(num, int):
        return _from_atom(Quotient(num, den, rounding))
    if rounding == "ceil":  # one form for both, so that ceil((N - 1)/2) == N // 2
        return _quotient(num + den - 1, den, "floor")
    whole, rest = _split(num, den)
    if isinstance(rest, int):
        return whole + rest // den
    inner = _single_quotient(rest)
    if inner is not None and isinstance(inner.den, int):
        return whole + _quotient(inner.num, inner.den * den, rounding)
    return whole + _reduced(rest, den, rounding)


def _cancelled(num: Expr, den: Expr) -> Optional[Dim]:
    """``(N·c·h) / N`` is ``c·h``: the quotient by a product that every term of `num` contains."""
    if len(den.terms) != 1:
        return None
    ((number, factors),) = den.terms.values()
    result: Dim = 0
    for coefficient, own in num.terms.values():
        left = Counter(own)
        left.subtract(factors)
        if coefficient % number or min(left.values()) < 0:
            return None
        result = result + coefficient // number * product(_from_atom(atom) for atom in left.elements())
    return result


def _split(num: Expr, den: int) -> tuple[Dim, Dim]:
    """``num == whole·den + rest``, every coefficient of `rest` in ``0 .. den - 1``."""
    whole = _normal({key: (c // den, factors) for key, (c, factors) in num.terms.items()})
    rest = _normal({key: (c % den, factors) for key, (c, factors) in num.terms.items()})
    return whole, rest


def _reduced(num: Expr, den: int, rounding: str) -> Dim:
    """``(2·N) // 4`` is ``N // 2``; a constant below the common divisor does not survive rounding down."""
    shared = gcd(den, *[c for key, (c, _) in num.terms.items() if key != _ONE])
    if shared == 1:
        return _from_atom(Quotient(num, den, rounding))
    smaller = _normal({key: (c // shared, factors) for key, (c, factors) in num.terms.items()})
    return smaller if den == shared else _quotient(smaller, den // shared, rounding)


def _single_quotient(e: Expr) -> Optional[Quotient]:
    if len(e.terms) != 1:
        return None
    ((coefficient, factors),) = e.terms.values()
    if coefficient == 1 and len(factors) == 1 and isinstance(factors[0], Quotient):
        return factors[0]
    return None
