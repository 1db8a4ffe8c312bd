"""A number with its working: equal to an int where it is one, an expression where a dimension is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from .algebra import Dim, evaluate, known
from .errors import UnknownDimensionError
from .notation import LATEX, PLAIN, TEXT, Style, formula, working


class Count:
    """A count and how it came about.

    Equals and hashes like its int; ``int(count)`` raises `UnknownDimensionError` while a dimension is unknown, and
    ``count.at(H=224, W=224)`` fills it in. The expression is made only when a formula or working is asked for.

    >>> from introspect.algebra import symbol
    >>> c = Count(832, lambda: (symbol("kh", 5) * symbol("kw", 5) * symbol("c_in", 1) + 1) * symbol("filters", 32))
    >>> c == 832, c.formula, c.working, f"{c}"
    (True, '(kh·kw·c_in + 1)·filters', '(5·5·1 + 1)·32', '832')
    """

    __slots__ = ("_expression", "_formula", "_made", "_working", "value", "why_unknown")

    def __init__(
        self,
        value: Optional[Dim],
        expression: Optional[Callable[[], Dim]] = None,
        *,
        working: Optional[Callable[[], str]] = None,
        formula: Optional[Callable[[], str]] = None,
        why_unknown: str = "",
    ) -> None:
        self.value = value if value is None else evaluate(value)
        self._expression, self._working, self._formula = expression, working, formula
        self._made: Optional[Dim] = None
        self.why_unknown = why_unknown

    @property
    def expression(self) -> Optional[Dim]:
        """The count over named terms; None when it is not known at all."""
        if self._made is None and self.value is not None:
            self._made = self._expression() if self._expression else self.value
        return self._made

    @property
    def known(self) -> bool:
        """Whether the count is a number."""
        return isinstance(self.value, int)

    @property
    def formula(self) -> str:
        """The count with the names of its terms; empty when it is not known."""
        if self._formula is not None and self.value is not None:
            return self._formula()
        return self.written(formula)

    @property
    def working(self) -> str:
        """The count with the numbers that the terms stand for; empty when it is not known."""
        if self._working is not None and self.value is not None:
            return self._working()
        return self.written(working)

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return self.written(formula, LATEX)

    def written(self, how: Callable[[Dim, Style], str], style: Style = TEXT) -> str:
        """The expression in a notation; empty when the count is not known."""
        expression = self.expression
        return "" if expression is None else how(expression, style)

    def at(self, **dimensions: int) -> Count:
        """The same count with unknown dimensions filled in."""
        if self.value is None:
            self._refuse()
        return Count(evaluate(self.value, dimensions))  # type: ignore[arg-type]

    def __int__(self) -> int:
        if self.value is None:
            self._refuse()
        return int(self.value)  # type: ignore[arg-type]

    __index__ = __int__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Count):
            return self.value is not None and self.value == other.value
        return self.value is not None and self.value == other

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: object) -> bool:
        return int(self) < int(other)  # type: ignore[call-overload, no-any-return]

    def __bool__(self) -> bool:
        return self.value is None or self.value != 0

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec and isinstance(self.value, int) else str(self)

    def __str__(self) -> str:
        if self.value is None:
            return "unknown"
        return f"{self.value:,}" if isinstance(self.value, int) else formula(self.value, PLAIN)

    def __repr__(self) -> str:
        return f"<Count {self}>"

    def _refuse(self) -> None:
        raise UnknownDimensionError(
            "this number is not known", expected=self.why_unknown or "an input shape", hint="explain(model, inputs)"
        )


def total(counts: list[Count], why_unknown: str = "", formula: Optional[Callable[[], str]] = None) -> Count:
    """The sum of rows; unknown as soon as one of them is (unknown is never zero)."""
    if any(count.value is None for count in counts):
        return Count(None, why_unknown=why_unknown)
    value: Dim = 0
    for count in counts:
        value = value + count.value  # type: ignore[operator]
    return Count(value, working=lambda: " + ".join(_term(c) for c in counts if c != 0) or "0", formula=formula)


def _term(count: Count) -> str:
    text = str(count)
    return text if known(count.value or 0) else f"({text})"
