"""The algebra against plain integers: whatever is built from symbols must evaluate to what the ints give."""

from __future__ import annotations

from typing import Any

import pytest
from arithmetic import TREES, VALUES, build
from hypothesis import assume, given
from hypothesis import strategies as st

from introspect import UnknownDimensionError
from introspect.algebra import (
    Dim,
    Expr,
    ceil_div,
    evaluate,
    exact_div,
    known,
    product,
    spelled_out,
    symbol,
    unknown,
    unknowns,
)


@given(TREES)
def test_expressions_evaluate_to_what_integers_give(tree: Any) -> None:
    try:
        expected = build(tree, VALUES.__getitem__)
    except ZeroDivisionError:
        assume(False)
    assert evaluate(build(tree, symbol), VALUES) == expected
    assert evaluate(build(tree, lambda name: symbol(name, VALUES[name]))) == expected


@given(TREES, TREES)
def test_equal_expressions_are_equal_whatever_the_order(left: Any, right: Any) -> None:
    try:
        a, b = build(left, symbol), build(right, symbol)
        evaluate(a, VALUES)
        evaluate(b, VALUES)
    except ZeroDivisionError:
        assume(False)
    assert a + b == b + a
    assert hash(a + b) == hash(b + a)
    assert a * b == b * a
    assert (a + b) - b == a
    assert a - a == 0
    if a == b:
        assert evaluate(a, VALUES) == evaluate(b, VALUES)


@given(st.integers(1, 9), st.integers(-20, 20), st.integers(0, 40))
def test_quotients_are_canonical(d: int, shift: int, n: int) -> None:
    x = symbol("N")
    assert (x + d * shift) // d == x // d + shift
    assert ceil_div(x + shift, d) == (x + shift + d - 1) // d
    assert (x // d) // 2 == x // (2 * d)
    assert evaluate((3 * x + shift) // d, {"N": n}) == (3 * n + shift) // d
    assert evaluate(ceil_div(3 * x + shift, d), {"N": n}) == -(-(3 * n + shift) // d)


def test_what_the_design_promises() -> None:
    n = symbol("N")
    assert n + 1 == 1 + n
    assert n - n == 0
    assert type(n - n) is int
    assert unknown() != unknown()
    assert symbol("H") == symbol("H")
    assert symbol("H") != symbol("W")
    assert n != 3


def test_a_result_without_symbols_is_an_int() -> None:
    n = symbol("N")
    for result in (n - n + 3, n // n, (n + 4) - n, 0 * n, product(())):
        assert type(result) is int


def test_an_unknown_has_no_int_and_says_what_is_missing() -> None:
    e = symbol("H") * symbol("W") + 1
    assert isinstance(e, Expr)
    assert unknowns(e) == ["H", "W"]
    assert not known(e)
    with pytest.raises(UnknownDimensionError, match="H, W"):
        int(e)
    assert int(symbol("k", 5) * 2) == 10


def test_a_product_cancels_its_factors() -> None:
    n, c, h = symbol("N"), symbol("c", 3), symbol("h", 4)
    assert exact_div(n * c * h, n) == c * h
    assert exact_div(n * c * h + n, n) == c * h + 1
    assert evaluate(exact_div(c * h, symbol("g", 2))) == 6


def test_a_term_worked_out_from_others_is_spelled_out() -> None:
    inner: Dim = symbol("H") + 1
    assert spelled_out(symbol("out_h", inner)) == inner
    assert spelled_out(symbol("k", 5)) == symbol("k", 5)
    assert spelled_out(7) == 7


def test_division_by_zero_is_refused() -> None:
    with pytest.raises(ZeroDivisionError, match="// 0"):
        symbol("N") // 0
