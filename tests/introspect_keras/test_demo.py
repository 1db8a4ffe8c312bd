"""The demonstration's network in Keras is the demonstration's network."""

from __future__ import annotations

from agreement import assert_verified
from introspect_keras.demo import network

from introspect import compare, explain
from introspect.demo import counterparts, on_paper


def test_it_has_the_same_numbers_as_on_paper() -> None:
    e = explain(network())
    assert_verified(e)
    assert e.params == 154_798
    assert not any(account.difference for account in compare(on_paper(), e).accounts)


def test_the_demonstration_ends_with_it() -> None:
    (said,) = counterparts(explain(on_paper()), 90)
    assert said.startswith("And the same network in Keras:\n\nthe demonstration network against sequential")
    assert "parameters  154,798 in both" in said
    assert max(map(len, said.splitlines())) <= 90


def test_a_network_is_not_compared_with_itself() -> None:
    assert not list(counterparts(explain(network())))
