"""How an expression is written: with names or with numbers, as text, LaTeX or Python.

The three share one walk over the polynomial; a `Style` holds what differs. What all terms share is pulled out
in front or behind, so that a sum of tensors reads ``(kh·kw·c_in + 1)·filters``.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, replace
from math import gcd
from typing import Callable, Optional

from .algebra import Atom, Dim, Expr, Extremum, Quotient, Symbol, ceil_div, evaluate, exact_div, maximum, minimum, symbol
from .errors import UnreadableError

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUM, _PRODUCT, _ATOM = range(3)  # how tightly a piece of text holds together


@dataclass(frozen=True)
class Style:
    """The marks of one notation. `quotient` gets numerator, denominator and rounding, and says how tightly it binds."""

    times: str
    minus: str
    power: Callable[[str, int], str]
    quotient: Callable[[str, str, str], tuple[str, int]]
    extremum: Callable[[str, list[str]], str]
    name: Callable[[str], str] = str
    factored: bool = True


def _text_quotient(num: str, den: str, rounding: str) -> tuple[str, int]:
    fraction = f"{num}/{den}"
    brackets = {"floor": "⌊⌋", "ceil": "⌈⌉"}.get(rounding)
    return (f"{brackets[0]}{fraction}{brackets[1]}", _ATOM) if brackets else (fraction, _PRODUCT)


def _latex_quotient(num: str, den: str, rounding: str) -> tuple[str, int]:
    fraction = rf"\frac{{{num}}}{{{den}}}"
    bracket = {"floor": "floor", "ceil": "ceil"}.get(rounding)
    return (rf"\left\l{bracket}{fraction}\right\r{bracket}", _ATOM) if bracket else (fraction, _ATOM)


def _latex_name(name: str) -> str:
    head, _, tail = name.replace("\\", "").partition("_")
    escaped = tail.replace("_", r"\_")
    return head if len(head) == 1 and not tail else rf"\mathrm{{{head}}}" + (rf"_{{\mathrm{{{escaped}}}}}" if tail else "")


TEXT = Style("·", " − ", lambda base, n: base + str(n).translate(_SUPERSCRIPTS), _text_quotient,
             lambda which, options: f"{which}({', '.join(options)})")  # fmt: skip
PLAIN = replace(TEXT, factored=False)
LATEX = Style(r" \cdot ", " - ", lambda base, n: f"{base}^{{{n}}}", _latex_quotient,
              lambda which, options: rf"\{which}({', '.join(options)})", _latex_name)  # fmt: skip
_PYTHON_ROUNDING = {"floor": "floor", "ceil": "ceil", "exact": "exact"}
PYTHON = Style("*", " - ", lambda base, n: f"{base}**{n}",
               lambda num, den, rounding: (f"{_PYTHON_ROUNDING[rounding]}({num}, {den})", _ATOM),
               lambda which, options: f"{which}({', '.join(options)})", factored=False)  # fmt: skip


def formula(e: Dim, style: Style = TEXT, *, spelled: bool = False) -> str:
    """`e` with the names of its terms. `spelled`: a term that was worked out from others is written as those.

    >>> from .algebra import symbol
    >>> kh, kw, c_in, filters = symbol("kh", 5), symbol("kw", 5), symbol("c_in", 32), symbol("filters", 64)
    >>> formula(kh * kw * c_in * filters + filters)
    '(kh·kw·c_in + 1)·filters'
    """
    return _Writer(style, numbers=False, spelled=spelled).top(e)


def working(e: Dim, style: Style = TEXT) -> str:
    """`e` with the numbers its terms stand for; a term without a number keeps its name, one worked out is its number.

    >>> from .algebra import symbol
    >>> n, p, k, s = symbol("h", 28), symbol("ph", 0), symbol("kh", 5), symbol("sh", 1)
    >>> working((n + 2 * p - k) // s + 1)
    '(28 + 2·0 − 5)/1 + 1'
    """
    return _Writer(style, numbers=True).top(e)


class _Writer:
    def __init__(self, style: Style, numbers: bool, spelled: bool = False) -> None:
        self.style, self.numbers, self.spelled = style, numbers, spelled

    def top(self, e: Dim) -> str:
        if isinstance(e, Expr) and self.style.factored:
            return self._factored(e)
        return self._sum(e)[0]

    def _factored(self, e: Expr) -> str:
        """What every term shares stands before the bracket if it holds a number, behind it if not."""
        number, shared = _content(e)
        if len(e.terms) == 1 or (number == 1 and not shared):
            return self._sum(e)[0]
        rest = Expr({key: (c // number, _without(factors, shared)) for key, (c, factors) in e.terms.items()})
        bracket, outside = f"({self._sum(rest)[0]})", self._product(number, shared)
        return self.style.times.join([outside, bracket] if number > 1 else [bracket, outside])

    def _sum(self, e: Dim) -> tuple[str, int]:
        if isinstance(e, int):
            return str(e).replace("-", self.style.minus.strip()), _ATOM if e >= 0 else _SUM
        terms = sorted(e.terms.values(), key=lambda term: not term[1])  # the constant comes last
        text = ""
        for coefficient, factors in terms:
            written = self._product(abs(coefficient), factors)
            if not text:
                text = written if coefficient > 0 else self.style.minus.strip() + written
            else:
                text += (" + " if coefficient > 0 else self.style.minus) + written
        if len(terms) > 1 or terms[0][0] < 0:
            return text, _SUM
        coefficient, factors = terms[0]
        return text, self._atom(factors[0])[1] if coefficient == 1 and len(factors) == 1 else _PRODUCT

    def _product(self, coefficient: int, factors: tuple[Atom, ...]) -> str:
        pieces = [str(coefficient)] if coefficient != 1 or not factors else []
        alone = not pieces and len(factors) == 1
        for atom, power in Counter(factors).items():
            text, level = self._atom(atom)
            base = text if level == _ATOM or (alone and power == 1) else f"({text})"
            pieces.append(base if power == 1 else self.style.power(base, power))
        return self.style.times.join(pieces)

    def _atom(self, atom: Atom) -> tuple[str, int]:
        if isinstance(atom, Symbol):
            return self._symbol(atom)
        if isinstance(atom, Extremum):
            return self.style.extremum(atom.which, [self._sum(option)[0] for option in atom.options]), _ATOM
        return self._quotient(atom)

    def _symbol(self, atom: Symbol) -> tuple[str, int]:
        if atom.value is not None and self.numbers:
            return self._sum(evaluate(atom.value))
        if isinstance(atom.value, Expr) and self.spelled:
            return self._sum(atom.value)
        return self.style.name("?" if atom.name.startswith("_") and self.style is not PYTHON else atom.name), _ATOM

    def _quotient(self, atom: Quotient) -> tuple[str, int]:
        (num, num_level), (den, den_level) = self._sum(atom.num), self._sum(atom.den)
        if self.style.quotient is _text_quotient:
            num = num if num_level == _ATOM else f"({num})"
            den = den if den_level == _ATOM else f"({den})"
        rounding = "exact" if self.numbers and _leaves_no_rest(atom) else atom.rounding
        return self.style.quotient(num, den, rounding)


def _leaves_no_rest(atom: Quotient) -> bool:
    num, den = evaluate(atom.num), evaluate(atom.den)
    return isinstance(num, int) and isinstance(den, int) and den != 0 and num % den == 0


def _content(e: Expr) -> tuple[int, tuple[Atom, ...]]:
    """The number and the factors that every term of `e` shares."""
    terms = list(e.terms.values())
    shared: Optional[Counter[Atom]] = None
    for _, factors in terms:
        shared = Counter(factors) if shared is None else shared & Counter(factors)
    return gcd(*[coefficient for coefficient, _ in terms]), tuple((shared or Counter()).elements())


def _without(factors: tuple[Atom, ...], taken: tuple[Atom, ...]) -> tuple[Atom, ...]:
    left = Counter(taken)
    kept = []
    for atom in factors:
        if left[atom]:
            left[atom] -= 1
        else:
            kept.append(atom)
    return tuple(kept)


def parse(text: str) -> Dim:
    """The expression that `formula(e, PYTHON)` wrote; nothing is ever executed.

    >>> from .algebra import symbol
    >>> e = (symbol("H") - 5) // 2 + 1
    >>> formula(e, PYTHON), parse(formula(e, PYTHON)) == e
    ('floor(H + 1, 2) - 2', True)

    Raises `UnreadableError` for anything else.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError("too long")
        return _read(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError, MemoryError):
        what = repr(text[:80]) if isinstance(text, str) else type(text).__name__
        raise UnreadableError(f"not an expression: {what}", expected="names, integers, + - * // and max()") from None


_LONGEST = 10_000  # characters, bits, terms
_FUNCTIONS: dict[str, Callable[..., Dim]] = {
    "max": maximum, "min": minimum, "ceil": ceil_div, "exact": exact_div, "floor": lambda a, b: a // b
}  # fmt: skip
_OPERATORS: dict[type, Callable[[Dim, Dim], Dim]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: _times(a, b),
    ast.FloorDiv: lambda a, b: a // b,
}


def _read(node: ast.expr) -> Dim:
    if isinstance(node, ast.Name):
        return symbol(node.id)
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return int(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_read(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant):
        return _power(_read(node.left), int(node.right.value))  # type: ignore[arg-type]
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_read(node.left), _read(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _FUNCTIONS[node.func.id](*[_read(argument) for argument in node.args])
    raise ValueError(ast.dump(node))


def _power(base: Dim, exponent: int) -> Dim:
    if not 0 <= exponent <= 64:
        raise ValueError(exponent)
    result: Dim = 1
    for _ in range(exponent):
        result = _times(result, base)
    return result


def _times(a: Dim, b: Dim) -> Dim:
    """A product. Raises `ValueError` for one that is longer than any that is written."""
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > _LONGEST:
        raise ValueError("too large")
    factors = [[len(f) for _, f in x.terms.values()] if isinstance(x, Expr) else [0] for x in (a, b)]
    if len(factors[0]) * len(factors[1]) > _LONGEST or sum(max(lengths, default=0) for lengths in factors) > _LONGEST // 10:
        raise ValueError("too many terms")
    return a * b
