"""What a model is given that does not say what it takes: the user's input, or the other model's."""

from __future__ import annotations

import environment
import papers
import pytest
from accounted import amounts, assert_accounted
from torch import nn

from introspect import Explanation, IntrospectError, compare, explain


def net(bias: bool = True) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3, bias=bias), nn.Flatten(), nn.Linear(4 * 26 * 26, 5))


def on_paper() -> Explanation:
    steps: papers.Steps = [("conv", papers.conv(4)), ("flatten", papers.Flatten()), ("fc", papers.Dense(5))]
    return explain(papers.chain((1, 1, 28, 28), steps))


def test_what_the_other_declares_is_used_and_noted() -> None:
    c = compare(net(), on_paper())
    assert c["neurons"].difference == 0
    assert c.notes == ("Sequential was given the input of chain",)


def test_channels_that_stand_at_the_end_are_moved() -> None:
    last: papers.Steps = [("conv", papers.conv(4, channels="last")), ("flatten", papers.Flatten()), ("fc", papers.Dense(5))]
    c = compare(explain(papers.chain((1, 28, 28, 1), last)), net())
    assert_accounted(c)
    assert not any(account.difference for account in c.accounts)


def test_inputs_are_for_both() -> None:
    c = compare(net(), net(bias=False), (1, 1, 28, 28))
    assert_accounted(c)
    assert amounts(c) == {"bias": 4}
    assert c["neurons"].difference == 0
    assert not c.notes


def test_without_any_input_parameters_are_compared_and_neurons_are_not() -> None:
    c = compare(net(), net(bias=False))
    assert amounts(c) == {"bias": 4}
    assert c["neurons"].difference is None


def test_an_input_that_fits_neither_is_refused_by_its_name() -> None:
    with pytest.raises(IntrospectError, match="channels"):
        compare(net(), net(), (1, 3, 28, 28))


def test_another_input_for_each_is_given_by_explaining_them_first() -> None:
    wide = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 28 * 26, 5))
    c = compare(explain(net(), (1, 1, 28, 28)), explain(wide, (1, 1, 30, 28)))
    assert_accounted(c)
    assert amounts(c) == {"input_shape": 4 * (26 - 28) * 26 * 5}


def test_the_models_are_left_as_they_are() -> None:
    a, b = net().train(), net(bias=False).eval()
    before = [{name: tensor.clone() for name, tensor in m.state_dict().items()} for m in (a, b)]
    compare(a, b, (1, 1, 28, 28))
    assert (a.training, b.training) == (True, False)
    for m, held in zip((a, b), before):
        assert all((tensor == held[name]).all() for name, tensor in m.state_dict().items())
        assert not m._forward_hooks


if "keras" in environment.frameworks():

    def test_a_live_model_of_each_framework() -> None:
        import keras

        layers = [keras.Input((28, 28, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(5)]
        c = compare(keras.Sequential(layers), net())
        assert_accounted(c)
        assert (c.a.label, c.b.label) == ("Keras", "PyTorch")
        assert not any(account.difference for account in c.accounts)


def test_weight_normalisation_around_a_layer_is_named() -> None:
    wrapped = nn.Sequential(nn.utils.weight_norm(nn.Linear(16, 8)), nn.ReLU(), nn.Linear(8, 4))
    c = compare(nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)), wrapped, (1, 16))
    assert_accounted(c)
    assert amounts(c) == {"weight_norm": -8}  # one length for each of 8 units
    assert "the first has no weight norm, the second has weight norm" in c.reasons[0].text
