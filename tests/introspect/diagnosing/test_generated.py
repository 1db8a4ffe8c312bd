"""Random networks, one or two random edits: the edit comes first, or among the first three. `docs/diagnosing.md` has the figures."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from plans import Plan, build, edited, measured, params, position, random_plan, stands_for, tensors

from introspect import explain
from introspect.diagnosing.claims import read_claim
from introspect.diagnosing.diagnosis import ranked
from introspect.diagnosing.searching import Search
from introspect.diagnosing.tally import Tally

MOST = settings.default.max_examples if settings.default is not None else 100


def test_one_edit_comes_first() -> None:
    missed, share = measured(1, range(MOST), within=1)
    assert share >= 0.95, missed


def test_two_edits_are_among_the_first_three() -> None:
    missed, share = measured(2, range(MOST // 4), within=3)
    assert share >= 0.80, missed


def test_plans_differ_and_edits_change_the_count() -> None:
    from random import Random

    plans = {random_plan(Random(seed)) for seed in range(50)}
    assert len(plans) == 50
    for seed in range(50):
        random = Random(seed)
        plan = random_plan(random)
        after, names = edited(random, plan, 2)
        assert len(names) == 2
        assert params(after) != params(plan)


def test_the_judge_can_tell_a_wrong_reason() -> None:
    plan = Plan("convolutional")
    after = replace(plan, classes=100)
    (first, *_) = ranked(Search(Tally(explain(build(plan)))), read_claim(params(after)))
    assert stands_for(first, plan, after)
    assert not stands_for(first, plan, replace(plan, classes=50))
    assert not stands_for(first, plan, replace(plan, conv_bias=False))
    assert position(plan, after) == 1
    assert tensors(build(plan)) != tensors(build(after))
    odd = Plan("transformer", depth=2)
    deeper = replace(odd, depth=5)
    (depth, *_) = ranked(Search(Tally(explain(build(odd)))), read_claim(params(deeper)))
    assert stands_for(depth, odd, deeper)
    assert not stands_for(depth, odd, replace(odd, depth=4))
