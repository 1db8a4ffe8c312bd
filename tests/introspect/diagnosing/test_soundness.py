"""No reason is given whose working does not come to the claim: thousands of claims, nonsense among them."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from arithmetic_of_reasons import holds, value_of
from hypothesis import settings
from papers import alexnet, convnet, recurrent, residual, tied, transformer

from introspect import explain
from introspect.demo import on_paper
from introspect.diagnosing.claims import read_claim
from introspect.diagnosing.diagnosis import diagnose_one, ranked
from introspect.diagnosing.searching import Search
from introspect.diagnosing.tally import Tally, find_scope

MOST = settings.default.max_examples if settings.default is not None else 100
QUANTITIES = ("params", "trainable", "buffers", "weights", "biases", "neurons", "connections")
SUBJECTS: list[tuple[Any, str, float]] = [  # and how many of the claims: a search that finds nothing takes longest
    (tied(), "", 2), (recurrent("gru"), "", 2), (recurrent("lstm", bias_sets=2), "rnn", 3), (on_paper(), "conv2", 1.5),
    (residual(blocks=2), "", 0.5), (transformer(depth=2), "", 0.25), (convnet(), "", 0.2), (convnet(), "bn2", 1),
    (alexnet(), "conv1", 0.5), (transformer(depth=2), "h.0", 0.5),
]  # fmt: skip


def claims(random: Random, ours: int) -> Any:
    """A number near ours, made of its factors, in any unit, or of no sense at all."""
    kind = random.randrange(6)
    if kind == 0:
        return max(0, ours + random.randint(-300, 300))
    if kind == 1:
        return random.randrange(1, 10 ** random.randint(1, 12))
    if kind == 2:
        return ours * random.choice((2, 3, 4)) + random.choice((0, 0, 2, 64))
    if kind == 3:
        return max(0, ours - random.choice((16, 32, 64, 100, 256, 576)) * random.randint(1, 40))
    unit, scale = random.choice((("k", 1000), ("M", 10**6), ("KB", 250), ("MiB", 2**18), ("KiB", 256), ("B", 10**9)))
    return f"{ours * random.uniform(0.5, 2) / scale:.{random.randint(0, 3)}f}{unit}"


@pytest.mark.parametrize("number", range(len(SUBJECTS)))
def test_every_working_comes_to_the_claim(number: int) -> None:
    model, at, share = SUBJECTS[number]
    random = Random(number)
    searches = {}
    reasons = 0
    for _ in range(int(MOST * share)):
        quantity = random.choice(QUANTITIES) if random.random() < 0.5 else "params"
        if quantity not in searches:
            searches[quantity] = Search(Tally(explain(model), quantity, find_scope(model, at)))
        search = searches[quantity]
        claim = read_claim(claims(random, search.tally.total))
        for proved in ranked(search, claim):
            reason = proved.reason
            assert claim.fits(reason.value), (claim, reason)
            assert holds(reason.working, reason.value), (claim, reason)
            assert not reason.exact or value_of(claim.text.replace(",", "")) in _as_written(reason.value, claim), (
                claim,
                reason,
            )
            reasons += 1
    assert reasons > MOST * share / 10  # something was proved


def _as_written(value: int, claim: Any) -> set[int]:
    """The number itself, or its bytes."""
    return {value * max(1, reading.width) for reading in claim.readings if reading.fits(value)}


@pytest.mark.parametrize(
    ("working", "value", "true"),
    [
        ("(5·5 + 1)·64 = 1,664", 1664, True), ("(5·5 + 1)·64 = 1,665", 1665, False), ("(5·5 + 1)·64 = 1,664", 1665, False),
        ("138,357,544/2²⁰ = 131.948", 138_357_544, True), ("138,357,544/2²⁰ = 131.949", 138_357_544, False),
        ("138,357,544/2²⁰ = 131.948", 138_357_545, False), ("64", 64, True), ("64", 65, False),
        ("100 − 3·(7 + 1) = 76, and 4·76/10³ = 0.304", 76, True), ("100 − 3·(7 + 1) = 77, and 4·76/10³ = 0.304", 76, False),
        ("⌊(224 + 2·0 − 11)/4⌋ + 1 = 54", 54, True), ("(27·32 + 1082)·32 = 62,272", 62_272, True), ("27·32² = 27,648", 27_648, True),
        ("4·52 = 208", 208, True),
    ],
)  # fmt: skip
def test_the_reader_of_workings_can_tell(working: str, value: int, true: bool) -> None:
    assert holds(working, value) is true


def test_nonsense_is_left_unexplained() -> None:
    tally = Tally(explain(on_paper()))
    said = diagnose_one(tally, read_claim(154_801), None)
    assert not said.reasons or all(holds(reason.working, 154_801) for reason in said.reasons)
    nothing = diagnose_one(tally.over("params", find_scope(tally.model, "conv1")), read_claim(7), None)
    assert not nothing.explained
    assert not nothing.right
    assert any("nearest" in note for note in nothing.notes)
    assert any("7 is a prime number" in note for note in nothing.notes)
