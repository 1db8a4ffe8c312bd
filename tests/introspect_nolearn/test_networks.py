"""nolearn networks: initialised or not, in each of the ways to write one, and left as they are."""

from __future__ import annotations

import pickle

import lasagne
import numpy as np
import pytest
from agreement import assert_verified
from lasagne import init, layers
from nolearn.lasagne import NeuralNet, PrintLayerInfo

from introspect import IntrospectError, explain

ZERO = init.Constant(0.0)
OLD_FORM = {
    "layers": [("x", layers.InputLayer), ("fc", layers.DenseLayer), ("drop", layers.DropoutLayer), ("out", layers.DenseLayer)],
    "x_shape": (None, 7), "fc_num_units": 5, "out_num_units": 3, "out_nonlinearity": lasagne.nonlinearities.softmax,
}  # fmt: skip


def new_form():
    specs = [
        (layers.InputLayer, {"shape": (None, 7), "name": "x"}),
        (layers.DenseLayer, {"num_units": 5}),
        (layers.DropoutLayer, {}),
        (layers.DenseLayer, {"num_units": 3, "name": "out"}),
    ]
    return NeuralNet(layers=specs, update_learning_rate=0.1, update_momentum=0.9)


def given_layers():
    net = layers.DenseLayer(layers.DropoutLayer(layers.DenseLayer(layers.InputLayer((None, 7)), 5)), 3)
    return NeuralNet(layers=net, update_learning_rate=0.1, update_momentum=0.9)


def old_form():
    return NeuralNet(update_learning_rate=0.1, update_momentum=0.9, **OLD_FORM)


PATHS = {
    old_form: ["x", "fc", "drop", "out"],
    new_form: ["x", "dense1", "dropout2", "out"],
    given_layers: ["input0", "dense1", "dropout2", "dense3"],
}


@pytest.mark.parametrize("make", PATHS)
@pytest.mark.parametrize("initialised", [False, True])
def test_every_way_to_write_a_network(make, initialised):
    net = make()
    if initialised:
        net.initialize()
    e = explain(net)
    assert_verified(e)
    assert e.params == (7 + 1) * 5 + (5 + 1) * 3
    assert [row.path for row in e.layers] == PATHS[make]
    assert e.model.name == "NeuralNet"


@pytest.mark.parametrize("make", PATHS)
def test_a_network_that_is_not_initialised_stays_so(make):
    net = make()
    before, state = dict(vars(net)), pickle.dumps(lasagne.random.get_rng().get_state())
    assert_verified(explain(net))
    assert vars(net) == before
    assert not hasattr(net, "layers_")
    assert pickle.dumps(lasagne.random.get_rng().get_state()) == state


def test_an_initialised_network_keeps_its_weights():
    net = old_form()
    net.initialize()
    before = [value.tobytes() for value in net.get_all_params_values()["fc"]]
    assert_verified(explain(net))
    assert [value.tobytes() for value in net.get_all_params_values()["fc"]] == before


def test_a_corrupted_network_is_a_mismatch():
    net = old_form()
    net.initialize()
    net.layers_["fc"].W.set_value(np.zeros((7, 6), "float32"))
    e = explain(net)
    assert e.status == "mismatch"
    assert e["fc"].verdicts == ["fc.W: worked out as 7×5, the framework holds 7×6"]


def test_several_outputs():
    source = layers.InputLayer((None, 7), name="x")
    net = NeuralNet(layers=[layers.DenseLayer(source, 2, name="a"), layers.DenseLayer(source, 3, name="b")])
    e = explain(net)
    assert_verified(e)
    assert len(e.model.outputs) == 2


def test_a_mask_that_is_named_by_a_string():
    net = NeuralNet(
        layers=[("mask", layers.InputLayer), ("x", layers.InputLayer), ("lstm", layers.LSTMLayer)],
        mask_shape=(None, 4), x_shape=(None, 4, 3), lstm_num_units=5, lstm_mask_input="mask", lstm_incoming="x",
    )  # fmt: skip
    e = explain(net)
    assert_verified(e)
    assert sorted(row.path for row in e.layers) == ["lstm", "mask", "x"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fc_num_unit": 5}, "nolearn cannot build this network"),
        ({"fc_num_units": 0}, "non-positive shape"),
        ({"nobody_cares": 1}, "Unused kwarg: nobody_cares"),
    ],
)
def test_what_nolearn_refuses_is_refused(changes, words):
    net = NeuralNet(**{**OLD_FORM, **changes})
    before = dict(vars(net))
    with pytest.raises(IntrospectError, match=words):
        explain(net)
    assert vars(net) == before


def test_a_network_without_layers():
    with pytest.raises(IntrospectError, match=r"call net.initialize\(\) first"):
        explain(NeuralNet(layers=[]))


def test_given_inputs():
    net = NeuralNet(
        layers=[("x", layers.InputLayer), ("conv", layers.Conv2DLayer), ("pool", layers.GlobalPoolLayer)],
        x_shape=(None, 3, None, None), conv_num_filters=4, conv_filter_size=3,
    )  # fmt: skip
    e = explain(net, (2, 3, 9, 8))
    assert_verified(e)
    assert e["conv"].output_shape == (2, 4, 7, 6)


@pytest.mark.parametrize("make", PATHS)
def test_the_learnable_parameters_that_nolearn_prints_are_a_reported_number(make, capsys, monkeypatch):
    net = make()
    net.verbose = 1
    net.initialize()
    PrintLayerInfo()(net)
    assert "# Neural Network with 58 learnable parameters" in capsys.readouterr().out
    e = explain(net)
    assert_verified(e)
    assert e.trainable == e.reported.trainable == 58
    assert "nolearn" in e.reported.source
    monkeypatch.setattr(
        PrintLayerInfo, "_get_greeting", staticmethod(lambda nn: "# Neural Network with 59 learnable parameters")
    )
    e = explain(net)
    assert e.status == "mismatch"
    assert e.notes_on_totals == ["the whole model: worked out as 58 trainable, the framework reports 59"]


def test_frozen_parameters_are_not_learnable():
    net = old_form()
    net.initialize()
    net.layers_["fc"].params[net.layers_["fc"].W].remove("trainable")
    e = explain(net)
    assert_verified(e)
    assert (e.params, e.trainable, e.reported.trainable) == (58, 23, 23)


def test_a_layer_that_no_output_needs_is_in_nolearns_number_alone():
    net = NeuralNet(**{**OLD_FORM, "layers": [*OLD_FORM["layers"][:2], ("side", layers.DenseLayer), OLD_FORM["layers"][3]]},
                    side_num_units=2, out_incoming="fc")  # fmt: skip
    e = explain(net)
    assert_verified(e)
    assert e.trainable == 58
    assert e.reported.notes == (
        "nolearn counts 70 learnable parameters, those of layers that no output needs among them: side",
    )


def test_a_nolearn_that_prints_no_number(monkeypatch):
    monkeypatch.delattr(PrintLayerInfo, "_get_greeting")
    e = explain(old_form())
    assert_verified(e)
    assert e.reported.trainable == 58
    assert "nolearn" not in e.reported.source
