"""Whole models: several inputs and outputs, reused layers, tied and frozen weights, names, and layers nobody has a law for."""

from __future__ import annotations

import doctest
import subprocess
import sys

import numpy as np
import pytest
from agreement import assert_verified
from introspect_lasagne import arguments, detecting, graph, network, parameters, reported, specs, translating
from lasagne import init, layers
from standins_lasagne import NEW, newer_layers
from theano import tensor

from introspect import Explanation, IntrospectError, NoAdapterError, UnknownDimensionError, explain
from introspect.algebra import symbol

ZERO = init.Constant(0.0)


def dense(source, units, **more):
    return layers.DenseLayer(source, units, **{"W": ZERO, **more})


class Twice(layers.DenseLayer):
    """A user's own layer: it doubles its output's width."""

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], 2 * self.num_units)


class Masked(layers.DenseLayer):
    """A user's own layer: the same shapes, other arithmetic."""

    def get_output_for(self, input, **kwargs):
        return super().get_output_for(input * 2, **kwargs)


class Named(layers.DenseLayer):
    """A user's own layer that changes nothing about how it works."""

    def __init__(self, incoming, **more):
        super().__init__(incoming, num_units=4, W=ZERO, **more)


class Scaled(layers.DenseLayer):
    """A user's own layer with one parameter more."""

    def __init__(self, incoming, num_units, **more):
        super().__init__(incoming, num_units, W=ZERO, **more)
        self.temperature = self.add_param(init.Constant(1), (2, 3), name="temperature", trainable=False)


class Silent(layers.MergeLayer):
    """A user's own layer that does not say what comes out of it."""


def test_several_inputs_and_outputs():
    image, mask = layers.InputLayer((None, 3, 8, 8), name="image"), layers.InputLayer((None, 4), name="mask")
    trunk = dense(image, 4, name="trunk")
    joined = layers.ElemwiseSumLayer([trunk, mask], name="joined")
    e = explain([dense(joined, 2, name="left"), dense(trunk, 5, name="right")])
    assert_verified(e)
    assert [row.path for row in e.layers] == ["image", "trunk", "mask", "joined", "left", "right"]
    assert len(e.model.inputs) == len(e.model.outputs) == 2
    assert e.params == (3 * 8 * 8 + 1) * 4 + (4 + 1) * 2 + (4 + 1) * 5


def test_the_order_is_lasagnes_own():
    source = layers.InputLayer((None, 3))
    a, b = dense(source, 4, name="a"), dense(source, 4, name="b")
    outputs = [layers.ElemwiseSumLayer([b, a], name="sum"), dense(a, 2, name="out")]
    own = layers.get_all_layers(outputs)
    assert [row.path for row in explain(outputs).layers] == ["input", *(layer.name for layer in own[1:])]


def test_a_layer_that_two_others_use_is_counted_once():
    hidden = dense(layers.InputLayer((None, 6)), 5)
    e = explain(layers.ConcatLayer([dense(hidden, 2), dense(hidden, 3)]))
    assert_verified(e)
    assert [row.path for row in e.layers] == ["input", "dense", "dense_1", "dense_2", "concat"]
    assert e.params == 6 * 5 + 5 + 5 * 2 + 2 + 5 * 3 + 3


def test_tied_weights_are_one_tensor_with_two_holders():
    first = dense(layers.InputLayer((None, 4)), 4, name="first")
    second = layers.DenseLayer(first, 4, W=first.W, name="second")
    e = explain(second)
    assert_verified(e)
    assert e.params == layers.count_params(second) == 4 * 4 + 4 + 4
    assert e["second"].shared == ["first.W"]
    assert e.tensors[0].holders == ["first.W", "second.W"]


def test_gates_that_share_a_weight_count_it_once():
    shared = layers.LSTMLayer((None, 3, 2), 4).W_in_to_ingate
    gate = layers.recurrent.Gate(W_in=shared)
    net = layers.LSTMLayer((None, 3, 2), 4, ingate=gate, forgetgate=gate)
    e = explain(net)
    assert_verified(e)
    assert e.params == layers.count_params(net)


def test_a_tied_weight_of_the_wrong_shape_is_a_mismatch_at_its_second_holder():
    first = dense(layers.InputLayer((None, 3)), 4, name="first")
    e = explain(layers.DenseLayer(first, 2, W=first.W, name="second"))
    assert e.status == "mismatch"
    assert [row.path for row in e.mismatches] == ["second"]
    assert "second.W: worked out as 4×2, the framework holds 3×4" in e["second"].verdicts


def test_a_transposed_weight_is_the_same_tensor():
    first = dense(layers.InputLayer((None, 3)), 4, name="encoder")
    second = newer_layers.DenseLayer(first, 3, W=first.W.T, name="decoder")
    e = explain(second)
    assert_verified(e)
    assert e.params == layers.count_params(second) == 3 * 4 + 4 + 3
    assert e["decoder"].shared == ["encoder.W"]
    assert e.tensors[0].holders == ["encoder.W", "decoder.W"]


def test_a_transposed_weight_that_does_not_fit_is_a_mismatch():
    first = dense(layers.InputLayer((None, 3)), 4, name="encoder")
    e = explain(newer_layers.DenseLayer(first, 5, W=first.W.T, name="decoder"))
    assert "decoder.W: worked out as 5×4, the framework holds 3×4" in e["decoder"].verdicts


def test_a_weight_that_is_an_expression_is_opaque_and_its_output_is_not():
    raw = dense(layers.InputLayer((None, 3)), 4, name="raw").W
    net = newer_layers.DenseLayer(layers.InputLayer((None, 3)), 4, W=tensor.exp(raw) * 2, name="exponential")
    e = explain(net)
    assert e.status == "incomplete"
    assert e["exponential"].status == "opaque"
    assert e["exponential"].output_shape[1:] == (4,)
    assert e.params == layers.count_params(net) == 3 * 4 + 4


def test_an_array_for_a_parameter():
    net = layers.DenseLayer((None, 3), 4, W=np.ones((3, 4), "float32"), b=np.zeros(4, "float32"))
    e = explain(net)
    assert_verified(e)
    assert e.params == 16


def test_tags_are_lasagnes():
    net = layers.LSTMLayer(newer_layers.BatchNormLayer((None, 3, 4)), 5, learn_init=True)
    e = explain(net)
    assert_verified(e)
    filed = {(layer.path, held.name): held.tags for layer in e.model.layers for held in layer.holdings}
    assert filed["batchnorm", "gamma"] == ("regularizable", "trainable")
    assert filed["batchnorm", "beta"] == ("trainable",)
    assert not {"regularizable", "trainable"} & set(filed["batchnorm", "mean"])
    assert {(t.path, t.name): t.tags for t in e.tensors} == filed
    for name in ("W_in_to_ingate", "b_ingate", "hid_init"):
        assert filed["lstm", name] == tuple(sorted(net.params[getattr(net, name)])), name
    assert Explanation.from_json(e.to_json()).model == e.model


def test_tags_of_what_is_within_a_recurrence():
    net = layers.RecurrentLayer(layers.InputLayer((None, 3, 4)), 5)
    (held,) = [layer.holdings for layer in explain(net).model.layers if layer.holdings]
    assert {one.name: one.tags for one in held} == {
        "W_in_to_hid": ("regularizable", "trainable"), "W_hid_to_hid": ("regularizable", "trainable"),
        "b": ("trainable",), "hid_init": (),
    }  # fmt: skip


def test_frozen_parameters_follow_the_tags():
    net = dense(layers.InputLayer((None, 5)), 3)
    net.params[net.W].remove("trainable")
    e = explain(net)
    assert_verified(e)
    assert (e.trainable, e.non_trainable) == (3, 15)


def test_a_weight_frozen_at_one_of_two_holders_is_trained_all_the_same():
    first = dense(layers.InputLayer((None, 4)), 4, name="first")
    second = layers.DenseLayer(first, 4, W=first.W, name="second")
    first.params[first.W].remove("trainable")
    e = explain(second)
    assert_verified(e)
    assert e.trainable == layers.count_params(second, trainable=True) == e.params


def test_a_bias_that_was_taken_out_is_not_asked_for():
    net = layers.Conv2DLayer((None, 3, 8, 8), 4, 3, W=ZERO)
    del net.params[net.b]
    net.b = None
    e = explain(net)
    assert_verified(e)
    assert e.params == 3 * 3 * 3 * 4


def test_names_are_paths_and_what_repeats_gets_a_number():
    net = dense(dense(dense(layers.InputLayer((None, 3), name="x"), 4, name="fc"), 4, name="fc"), 4)
    assert [row.path for row in explain(net).layers] == ["x", "fc", "fc_1", "dense"]


def test_a_dict_of_layers_gives_its_keys_as_paths():
    net = {"data": layers.InputLayer((None, 3))}
    net["fc6"] = dense(net["data"], 4)
    net["fc7"] = dense(net["fc6"], 5)
    e = explain(net)
    assert_verified(e)
    assert [row.path for row in e.layers] == ["data", "fc6", "fc7"]
    assert len(e.model.outputs) == 1


def test_layers_on_bare_shapes_have_inputs_of_their_own():
    e = explain(layers.ConcatLayer([(None, 3), dense((None, 5), 2, name="fc")], name="both"))
    assert_verified(e)
    assert [row.path for row in e.layers] == ["fc.input", "both.input", "fc", "both"]


def test_open_dimensions_are_named_unknowns():
    net = layers.Conv2DLayer(layers.InputLayer((None, 3, None, None)), 8, 3, pad=1, W=ZERO)
    e = explain(net)
    assert_verified(e)
    assert e["conv2d"].output_shape == (symbol("N"), 8, symbol("H"), symbol("W"))
    with pytest.raises(UnknownDimensionError, match="a number for H, W"):
        int(e.neurons)
    assert e.neurons.at(H=10, W=20) == 8 * 10 * 20


def test_open_dimensions_of_two_inputs_are_not_the_same_unknown():
    left, right = (layers.InputLayer((None, 3, None, 5), name=name) for name in ("left", "right"))
    e = explain(layers.SliceLayer(layers.Conv2DLayer(right, 2, 1, W=ZERO), slice(0, 2), axis=1))
    assert e["right"].output_shape[2] == symbol("H")
    shapes = [row.output_shape[2] for row in explain([left, right]).layers]
    assert shapes == [symbol("H"), symbol("H_2")]


def test_what_lasagne_cannot_work_out_is_unreported_and_never_zero():
    """0.1 cannot calculate with an open dimension; we can, and say that nobody has confirmed it."""
    e = explain(layers.FlattenLayer((None, 3, None), name="flat"))
    assert e["flat"].output_shape == (symbol("N"), 3 * symbol("C"))
    assert e["flat"].status == ("verified" if NEW else "unreported")
    assert NEW or (e.status == "incomplete" and "flat: Lasagne does not say" in e.reported.notes[0])


def test_a_size_that_only_theano_knows_is_unknown():
    e = explain(layers.ReshapeLayer((None, 4, 6), ([0], tensor.iscalar("n"), 3)))
    row = e["reshape"]
    assert row.output_shape[::2] == (symbol("N"), 3)
    with pytest.raises(UnknownDimensionError):
        int(row.units)


def test_a_slice_of_an_open_axis():
    sliced = layers.SliceLayer(layers.InputLayer((None, None, 16)), slice(0, 5), axis=1)
    e = explain(sliced)
    assert [e["slice"].units.at(T=t) for t in (3, 9)] == [3 * 16, 5 * 16]


def test_json_there_and_back():
    net = layers.LSTMLayer(layers.DropoutLayer(layers.InputLayer((None, None, 16)), p=tensor.scalar()), 8)
    e = explain(net)
    assert Explanation.from_json(e.to_json()).model == e.model
    assert explain(net).model == e.model


def test_the_examples_in_the_adapters_own_pages():
    for module in (arguments, detecting, graph, network, parameters, reported, specs, translating):
        assert doctest.testmod(module).failed == 0


def test_given_inputs_take_the_place_of_open_dimensions():
    source = layers.InputLayer((None, 3, None, None), name="image")
    pooled = layers.GlobalPoolLayer(layers.Conv2DLayer(source, 8, 3, W=ZERO))
    for inputs in [(2, 3, 9, 7), {"image": (2, 3, 9, 7)}, [(2, 3, 9, 7)]]:
        e = explain(dense(pooled, 2), inputs)
        assert_verified(e)
        assert e["conv2d"].output_shape == (2, 8, 7, 5)
        assert e.reported.outputs[1].shapes == ((2, 8, 7, 5),)


def test_given_inputs_for_a_layer_on_a_bare_shape():
    e = explain(layers.MaxPool2DLayer(layers.Conv2DLayer((None, 1, None, None), 2, 3, W=ZERO), 2), (1, 1, 12, 10))
    assert_verified(e)
    assert e["maxpool2d"].output_shape == (1, 2, 5, 4)


@pytest.mark.parametrize(("cls", "width"), [(Twice, 8), (Masked, 4)])
def test_a_layer_that_overrides_how_it_works_is_opaque_and_carried(cls, width):
    net = dense(cls(layers.InputLayer((None, 3)), 4, W=ZERO, name="own"), 2, name="out")
    e = explain(net)
    row = e["own"]
    assert row.status == "opaque"
    assert row.output_shape == (symbol("N"), width)
    assert row.params == 3 * 4 + 4
    assert row.opaque_params == 16
    assert e["out"].status == "verified"
    assert e.params == layers.count_params(net)
    assert e.status == "incomplete"


def test_a_method_put_on_one_layer_alone_makes_that_layer_opaque():
    net = dense(layers.InputLayer((None, 3)), 4)
    net.get_output_shape_for = lambda shape: (shape[0], 7)
    e = explain(net)
    assert e["dense"].status == "opaque"
    assert e["dense"].output_shape[1:] == (7,)


def test_a_subclass_that_overrides_nothing_has_its_parents_law():
    e = explain(Named(layers.InputLayer((None, 3))))
    assert_verified(e)
    assert e["named"].kind == "dense"


def test_a_parameter_that_no_law_knows_is_carried_beside_those_it_knows():
    net = Scaled(layers.InputLayer((None, 3)), 4)
    e = explain(net)
    assert e.opaque_params == 6
    assert e.params == layers.count_params(net) == 3 * 4 + 4 + 6
    assert e.trainable == 16
    assert [t.name for t in e.tensors if t.opaque] == ["temperature"]


def test_a_layer_that_says_no_shape_leaves_it_unknown():
    e = explain(Silent([layers.InputLayer((None, 3))]))
    assert e["silent"].output_shape is None
    assert e["silent"].status == "opaque"
    assert e.status == "incomplete"


def test_a_custom_recurrence_is_its_chains():
    into = dense(layers.InputLayer((None, 3)), 5, name="feed")
    within = dense(layers.InputLayer((None, 5)), 5, name="back")
    e = explain(layers.CustomRecurrentLayer(layers.InputLayer((None, 7, 3)), into, within))
    assert_verified(e)
    assert {t.name: t.role for t in e.tensors} == {
        "hid_init": "initial_state", "input_to_hidden.feed.W": "kernel", "input_to_hidden.feed.b": "bias",
        "hidden_to_hidden.back.W": "kernel", "hidden_to_hidden.back.b": "bias",
    }  # fmt: skip
    assert e.connections == 7 * (3 * 5 + 5 * 5)


def test_a_custom_recurrence_that_branches_is_opaque_and_its_numbers_are_lasagnes():
    source = layers.InputLayer((None, 3))
    inner = layers.ElemwiseSumLayer([dense(source, 5), dense(source, 5)])
    hidden = dense(layers.InputLayer((None, 5)), 5)
    net = layers.CustomRecurrentLayer(layers.InputLayer((None, None, 3)), inner, hidden)
    e = explain(net)
    assert e["customrecurrent"].status == "opaque"
    assert e.params == e.opaque_params == layers.count_params(net) == 2 * (3 * 5 + 5) + (5 * 5 + 5) + 5
    assert e["customrecurrent"].output_shape[2:] == (5,)


def test_paper_alone_asks_for_nothing_but_what_is_opaque():
    net = dense(Masked(layers.InputLayer((None, 3)), 4, W=ZERO, name="own"), 2, name="out")
    e = explain(net, verify=False)
    assert [layer.path for layer in e.reported.layers] == ["own"]
    assert e.params == layers.count_params(net)


@pytest.mark.parametrize("model", [[], {}, [1, 2], {"a": 3}, object()])
def test_what_is_no_model_is_not_owned(model):
    with pytest.raises(NoAdapterError):
        explain(model)


def test_a_configuration_that_cannot_be_read_names_the_layer():
    net = dense(layers.InputLayer((None, 3)), 4, name="odd")
    net.num_units = "four"
    with pytest.raises(IntrospectError, match=r"^odd: this layer's configuration cannot be read"):
        explain(net)


def test_looking_for_an_adapter_imports_no_framework():
    code = (
        "import sys; import introspect_lasagne as a; from introspect_lasagne.detecting import is_model; "
        "assert not is_model(object()) and a.adapter.name == 'lasagne'; "
        "assert not {'theano', 'lasagne', 'nolearn', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_batch_norm_removes_the_bias_before_it():
    conv = layers.Conv2DLayer((None, 3, 8, 8), 4, 3, W=ZERO, b=None)
    e = explain(newer_layers.BatchNormLayer(conv))
    assert_verified(e)
    assert [t.role for t in e.tensors] == ["kernel", "beta", "gamma", "running_mean", "running_variance"]
    assert (e.params, e.trainable) == (3 * 3 * 3 * 4 + 4 * 4, 3 * 3 * 3 * 4 + 2 * 4)
