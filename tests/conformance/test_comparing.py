"""The same small networks in several frameworks: every difference is the frameworks', and every one has its reason."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from itertools import combinations

import environment
import pytest
from accounted import amounts, assert_accounted
from agreement import assert_verified

from introspect import Explanation, compare, explain

FRAMEWORKS = [name for name in ("torch", "keras", "keras1", "lasagne") if name in environment.frameworks()]
NETS = {name: import_module(f"fixtures.small_{name}").NETS for name in FRAMEWORKS}
PAIRS = [(net, *pair) for pair in combinations(FRAMEWORKS, 2) for net in NETS[pair[0]] if net in NETS[pair[1]]]

# what the first of two has more of, by reason: an LSTM's four gates of 32 units, a GRU's three, peepholes of three gates,
# the states that a sequence starts from; the bias behind 8 and 16 channels' depthwise filters; slopes: one, 14·14·8, or 8
PARAMS: dict[tuple[str, str, str], dict[str, int]] = {
    ("lstm_tagger", "torch", "keras"): {"second_recurrent_bias": 4 * 32},
    ("lstm_tagger", "torch", "lasagne"): {"second_recurrent_bias": 4 * 32, "peepholes": -3 * 32, "initial_states": -2 * 32},
    ("lstm_tagger", "keras", "lasagne"): {"peepholes": -3 * 32, "initial_states": -2 * 32},
    ("gru_classifier", "torch", "lasagne"): {"second_recurrent_bias": 3 * 32, "initial_states": -32},
    ("gru_classifier", "keras", "lasagne"): {"second_recurrent_bias": 3 * 32, "initial_states": -32},
    ("bidirectional", "torch", "keras"): {"second_recurrent_bias": 2 * 4 * 32},
    ("bidirectional", "torch", "lasagne"): {
        "second_recurrent_bias": 2 * 4 * 32, "peepholes": -2 * 3 * 32, "initial_states": -2 * 2 * 32,
    },
    ("bidirectional", "keras", "lasagne"): {"peepholes": -2 * 3 * 32, "initial_states": -2 * 2 * 32},
    ("lstm_tagger", "keras1", "lasagne"): {"peepholes": -3 * 32, "initial_states": -2 * 32},
    ("gru_classifier", "keras1", "lasagne"): {"initial_states": -32},  # Keras 1 resets before: one bias for each gate
    ("bidirectional", "keras1", "lasagne"): {"peepholes": -2 * 3 * 32, "initial_states": -2 * 2 * 32},
    ("separable", "torch", "keras"): {"separable_middle_bias": 8 + 16},
    ("normalised", "torch", "keras"): {
        "bias_before_batchnorm": 2 * 8, "running_statistics": -2 * 2 * 8, "prelu_sharing": 1 - 14 * 14 * 8 + 1 - 8,
    },
}  # fmt: skip
NEURONS: dict[
    tuple[str, str, str], dict[str, int]
] = {  # the last of seven steps, or all of them; the middle of 8·8·8 and 8·8·16
    ("gru_classifier", "torch", "keras"): {"return_sequences": 6 * 32},
    ("gru_classifier", "keras", "lasagne"): {"return_sequences": -6 * 32},
    ("bidirectional", "torch", "keras"): {"return_sequences": 6 * 64},
    ("bidirectional", "keras", "lasagne"): {"return_sequences": -6 * 64},
    ("gru_classifier", "keras1", "lasagne"): {"return_sequences": -6 * 32},
    ("bidirectional", "keras1", "lasagne"): {"return_sequences": -6 * 64},
    ("separable", "torch", "keras"): {"inner_value": 8 * 8 * (8 + 16)},
}


@cache
def explained(framework: str, net: str) -> Explanation:
    make, inputs = NETS[framework][net]
    return explain(make(), inputs)


if FRAMEWORKS:

    @pytest.mark.parametrize(("framework", "net"), [(f, net) for f in FRAMEWORKS for net in NETS[f]])
    def test_every_net_is_verified_by_its_framework(framework: str, net: str) -> None:
        assert_verified(explained(framework, net))


if PAIRS:  # an environment with one framework has nothing to compare

    @pytest.mark.parametrize(("net", "a", "b"), PAIRS)
    def test_every_difference_has_its_reason(net: str, a: str, b: str) -> None:
        c = compare(explained(a, net), explained(b, net))
        assert_accounted(c)
        assert amounts(c) == PARAMS.get((net, a, b), {})
        assert amounts(c, "neurons") == NEURONS.get((net, a, b), {})

    @pytest.mark.parametrize(("net", "a", "b"), PAIRS)
    def test_the_other_way_round_it_is_the_same_with_another_sign(net: str, a: str, b: str) -> None:
        there, back = compare(explained(a, net), explained(b, net)), compare(explained(b, net), explained(a, net))
        assert_accounted(back)
        assert amounts(back) == {code: -amount for code, amount in amounts(there).items()}
