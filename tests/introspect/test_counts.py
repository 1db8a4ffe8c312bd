"""A count is an int where it is one, an expression where it is not, and never a silent zero."""

from __future__ import annotations

import pytest

from introspect import Count, UnknownDimensionError
from introspect.algebra import symbol
from introspect.counts import total


def test_it_behaves_like_its_int() -> None:
    count = Count(51_264)
    assert count == 51_264 == int(count)
    assert count != 51_263
    assert hash(count) == hash(51_264)
    assert f"{count}" == "51,264"
    assert f"{count:>8}" == "   51264"
    assert [1, 2, 3][Count(1)] == 2
    assert Count(1) < 2
    assert not Count(0)


def test_an_open_dimension_stays_open_until_it_is_given() -> None:
    count = Count(symbol("H") * symbol("W") * 8)
    assert str(count) == "8·H·W" or str(count) == "H·W·8"
    assert not count.known
    with pytest.raises(UnknownDimensionError, match=r"(?s)H, W.*count\.at"):
        int(count)
    assert count.at(H=4, W=5) == 160
    assert not count.at(H=4).known


def test_the_unknown_is_not_zero_and_equals_nothing() -> None:
    count = Count(None, why_unknown="an input shape")
    assert count != 0
    assert count != Count(None)
    assert bool(count)
    assert str(count) == "unknown"
    for ask in (int, lambda c: c.at(H=1)):
        with pytest.raises(UnknownDimensionError, match="an input shape"):
            ask(count)


def test_a_sum_is_unknown_as_soon_as_one_part_is() -> None:
    assert total([Count(2), Count(0), Count(3)]) == 5
    assert total([Count(2), Count(0), Count(3)]).working == "2 + 3"
    assert total([]).working == "0"
    with pytest.raises(UnknownDimensionError, match="why"):
        int(total([Count(2), Count(None)], "why"))
    assert total([Count(2), Count(symbol("N"))]).working == "2 + (N)"


def test_an_expression_is_made_only_when_it_is_asked_for() -> None:
    made = []
    count = Count(6, lambda: made.append(1) or symbol("a", 2) * symbol("b", 3))  # type: ignore[func-returns-value]
    assert count == 6
    assert made == []
    assert (count.formula, count.working, count.latex) == ("a·b", "2·3", r"a \cdot b")
    assert made == [1]
