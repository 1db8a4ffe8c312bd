"""What is written can be read: by a person in two notations, by `parse` in a third."""

from __future__ import annotations

from typing import Any

import pytest
from arithmetic import OPERATIONS, TREES, VALUES, build
from hypothesis import assume, given

from introspect.algebra import evaluate, exact_div, symbol
from introspect.errors import UnreadableError
from introspect.notation import LATEX, PYTHON, formula, parse, working


@given(TREES)
def test_what_is_written_as_python_reads_back_equal(tree: Any) -> None:
    try:
        e = build(tree, symbol)
    except ZeroDivisionError:
        assume(False)
    assert parse(formula(e, PYTHON)) == e


@given(TREES)
def test_a_working_evaluates_to_its_number(tree: Any) -> None:
    """The text of a working, read as arithmetic, is the number it claims to explain."""
    try:
        e = build(tree, lambda name: symbol(name, VALUES[name]))
        expected = evaluate(e)
    except ZeroDivisionError:
        assume(False)
    assert arithmetic(working(e)) == expected


def arithmetic(text: str) -> int:
    """An independent reading of our notation, by Python's own evaluator and exact fractions."""
    from fractions import Fraction
    from math import ceil, floor

    exponents = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    source = ""
    for i, mark in enumerate(text):
        raised = mark in "⁰¹²³⁴⁵⁶⁷⁸⁹"
        source += "**" if raised and (i == 0 or text[i - 1] not in "⁰¹²³⁴⁵⁶⁷⁸⁹") else ""
        source += mark.translate(exponents) if raised else mark
    for mark, python in (("·", "*"), ("−", "-"), ("⌊", "floor("), ("⌋", ")"), ("⌈", "ceil("), ("⌉", ")")):
        source = source.replace(mark, python)
    digits: list[str] = []
    import re

    source = re.sub(r"(?<!\*\*)\b(\d+)\b", r"F(\1)", source)
    digits.append(source)
    result = eval(source, {"F": Fraction, "floor": floor, "ceil": ceil, "max": max, "min": min})
    assert result == int(result), f"{text} is not a whole number"
    return int(result)


def test_the_reader_of_workings_can_fail() -> None:
    assert arithmetic("(5·5·32 + 1)·64") == 51_264
    assert arithmetic("⌊(224 − 11)/4⌋ + 1") == 54
    with pytest.raises(AssertionError, match="whole"):
        arithmetic("7/2")


def test_what_all_terms_share_is_pulled_out() -> None:
    i, h, r = symbol("i", 16), symbol("h", 32), symbol("r", 8)
    lstm = 4 * h * i + 4 * h * h + 4 * h
    assert (formula(lstm), working(lstm)) == ("4·h·(i + h + 1)", "4·32·(16 + 32 + 1)")
    assert formula(4 * h * i + 4 * h * r + 8 * h + r * h) == "(4·i + 5·r + 8)·h"
    assert formula(h * h * 2) == "2·h²"
    assert formula(h * 1) == "h"


def test_groups_are_divided_visibly() -> None:
    c, g = symbol("c_in", 96), symbol("groups", 2)
    e = 25 * exact_div(c, g) * symbol("filters", 256)
    assert formula(e) == "25·(c_in/groups)·filters"
    assert working(e) == "25·(96/2)·256"


def test_latex() -> None:
    n, s = symbol("h", 28), symbol("s", 2)
    assert formula((n - 5) // s + 1, LATEX) == r"\left\lfloor\frac{h - 5}{s}\right\rfloor + 1"
    assert working(symbol("c_in", 3) * symbol("filters", 8), LATEX) == r"3 \cdot 8"
    assert formula(symbol("c_in", 3), LATEX) == r"\mathrm{c}_{\mathrm{in}}" or formula(symbol("c_in", 3), LATEX).startswith(
        "\\mathrm"
    )


@pytest.mark.parametrize(
    "text", ["__import__('os')", "a.b", "a if b else c", "1.5", "f(2)", "a ** b", "2 ** 9999", "(", "a" * 9 + "("]
)
def test_nothing_else_is_read(text: str) -> None:
    with pytest.raises(UnreadableError, match="not an expression"):
        parse(text)


def test_every_operation_was_tried() -> None:
    assert set(OPERATIONS) == {"+", "-", "*", "//", "ceil", "max", "min"}
