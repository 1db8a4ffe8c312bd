"""A claim stands for every number that is written so, and for no other."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from introspect.diagnosing.claims import CUT, ROUNDED, read_bound, read_claim
from introspect.errors import UnreadableError


@pytest.mark.parametrize(
    ("claim", "scale", "low", "high"),
    [
        (1664, 1, 1664, 1664), ("1664", 1, 1664, 1664), ("1,664", 1, 1664, 1664), ("1.664", 1, 1664, 1664),
        ("138 357 544", 1, 138_357_544, 138_357_544), ("138'357'544", 1, 138_357_544, 138_357_544),
        ("138.357.544", 1, 138_357_544, 138_357_544), ("62_378_344 parameters", 1, 62_378_344, 62_378_344),
        (1.664e3, 1, 1664, 1664),
        ("117M", 10**6, 116_500_000, 117_500_000), ("25.6 M", 10**6, 25_550_000, 25_650_000),
        ("25,6 M", 10**6, 25_550_000, 25_650_000), ("5.3M params", 10**6, 5_250_000, 5_350_000),
        ("131.95M", 2**20, -(-Fraction(131_945 * 2**20, 1000) // 1), Fraction(131_955 * 2**20, 1000) // 1),
        ("1.2k", 1000, 1150, 1250), ("405B", 10**9, 404_500_000_000, 405_500_000_000),
        ("60 million", 10**6, 59_500_000, 60_500_000), ("1.3 billion", 10**9, 1_250_000_000, 1_350_000_000),
        ("~7bn", 10**9, 6_500_000_000, 7_500_000_000),
        ("1,234.5k", 1000, 1_234_450, 1_234_550),
    ],
)  # fmt: skip
def test_numbers_and_units(claim: Any, scale: int, low: int, high: int) -> None:
    assert (low, high) in [(r.low, r.high) for r in read_claim(claim).readings if r.scale == scale and not r.width]


@pytest.mark.parametrize(
    ("claim", "scale", "width", "low", "high"),
    [
        ("21.4MB", 10**6, 4, 5_337_500, 5_362_500), ("21.4MB", 2**20, 4, 5_596_775, 5_622_988),
        ("350 KiB", 2**10, 4, 89_472, 89_728), ("350KiB", 2**10, 1, 357_888, 358_912), ("1 GB", 10**9, 2, 250_000_000, 750_000_000),
        ("208 bytes", 1, 4, 52, 52),
    ],
)  # fmt: skip
def test_bytes(claim: str, scale: int, width: int, low: int, high: int) -> None:
    found = [(r.low, r.high) for r in read_claim(claim).readings if (r.scale, r.width, r.how) == (scale, width, ROUNDED)]
    assert found == [(low, high)]


def test_kibibytes_are_not_thousands() -> None:
    assert {r.scale for r in read_claim("350 KiB").readings} == {1024}
    assert {r.scale for r in read_claim("350 KB").readings} == {1000, 1024}
    assert {r.scale for r in read_claim("7 billion").readings} == {10**9}


def test_the_usual_way_comes_first() -> None:
    assert [(r.scale, r.how) for r in read_claim("117M").readings] == [
        (10**6, ROUNDED), (10**6, CUT), (2**20, ROUNDED), (2**20, CUT)
    ]  # fmt: skip
    assert read_claim("1,664").exact
    assert not read_claim("1.7k").exact
    assert read_claim("21.4MB").readings[0].width == 4


def test_a_round_number_may_be_rounded() -> None:
    assert read_claim(60_000_000).readings[-1].fits(60_965_224)
    assert not read_claim(60_000_001).fits(60_000_000)
    assert not read_claim(1_200).fits(1_201)


def test_bytes_taken_for_elements() -> None:
    assert [r.width for r in read_claim(208).readings] == [0, 4, 2, 8]
    assert read_claim(208).fits(52)
    assert not read_claim(209).fits(52)


@pytest.mark.parametrize(
    "claim", ["", "many", "M", "1.2.3M", "0.5", "5 apples", None, True, [1], 0.5, "-5", -5, float("inf"), "1/2"]
)
def test_anything_else_is_refused(claim: Any) -> None:
    with pytest.raises(UnreadableError, match=r"claimed number|negative"):
        read_claim(claim)


@given(st.integers(1, 10**12), st.sampled_from([(1000, "k"), (10**6, "M"), (10**9, "B")]), st.integers(0, 3))
def test_whatever_is_rounded_or_cut_is_read_back(value: int, unit: tuple[int, str], digits: int) -> None:
    scale, name = unit
    for shown in (round(Fraction(value, scale), digits), Fraction(value * 10**digits // scale, 10**digits)):
        text = f"{float(shown):.{digits}f}{name}"
        if abs(Fraction(text[:-1]) - shown) == 0:
            assert read_claim(text).fits(value), (text, value)
            assert not read_claim(text).readings[0].fits(value + 3 * scale)


@pytest.mark.parametrize(
    ("written", "bound"),
    [
        ("12M", 12_000_000), ("25.6 M", 25_600_000), (12_345, 12_345), ("1,664", 1664), (1000, 1000), (1.2e7, 12_000_000),
        ("21.4MB", 5_350_000), ("1 KiB", 256), ("10 bytes", Fraction(5, 2)), ("7bn", 7 * 10**9), ("0.5k", 500),
    ],
)  # fmt: skip
def test_a_bound_is_the_number_as_written_and_not_what_rounds_to_it(written: Any, bound: Any) -> None:
    assert read_bound(written) == bound
    assert read_bound(written) != bound + 1


@pytest.mark.parametrize("written", ["", "many", None, -3, True, "12 parsecs"])
def test_what_is_no_bound_is_refused(written: Any) -> None:
    with pytest.raises(UnreadableError):
        read_bound(written)
