"""Two independent roads: the counting side reads no weight, what is corrupted is found out, and the model stays as it was."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import lasagne
import numpy as np
import pytest
import theano
from agreement import assert_verified
from hypothesis import given
from hypothesis import strategies as st
from introspect_lasagne import adapter
from lasagne import init, layers
from samples_lasagne import SAMPLES
from standins_lasagne import newer_layers
from theano import tensor

from fixtures import lasagne_nets
from introspect import Explanation, explain

ZERO = init.Constant(0.0)


def network() -> Any:
    net = layers.InputLayer((None, 1, 12, 12), name="image")
    net = layers.Conv2DLayer(net, 4, 3, W=ZERO, name="conv")
    net = newer_layers.BatchNormLayer(layers.MaxPool2DLayer(net, 2, name="pool"), name="norm")
    net = layers.ReshapeLayer(layers.DropoutLayer(net, name="drop"), ([0], 5, -1), name="steps")
    net = layers.LSTMLayer(net, 6, name="lstm")
    return layers.DenseLayer(net, 3, W=ZERO, name="out")


def test_the_counting_side_reads_no_weight(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a weight was read")

    net = network()
    expected = layers.count_params(net)
    shared = {cls for var in layers.get_all_params(net) for cls in type(var).__mro__ if "theano" in cls.__module__}
    for cls in shared:
        for name in ("get_value", "eval", "container", "size"):
            if name in vars(cls):
                monkeypatch.setattr(cls, name, property(refuse))
    for cls in shared:
        if "shape" in vars(cls):
            monkeypatch.setattr(cls, "shape", property(refuse))
    monkeypatch.setattr(layers, "count_params", refuse)
    monkeypatch.setattr(layers.Layer, "output_shape", property(refuse))
    e = Explanation(adapter.translate(net))
    assert e.params == expected
    assert e["out"].output_shape[1:] == (3,)
    with pytest.raises(AssertionError, match="a weight was read"):
        layers.get_all_params(net)[0].get_value()


def test_two_weights_that_were_replaced_are_two_mismatches():
    net = network()
    conv, out = layers.get_all_layers(net)[1], net
    conv.W.set_value(np.zeros((4, 1, 5, 3), "float32"))
    out.b.set_value(np.zeros(7, "float32"))
    e = explain(net)
    assert e.status == "mismatch"
    assert [row.path for row in e.mismatches] == ["conv", "out"]
    assert "conv.W: worked out as 4×1×3×3, the framework holds 4×1×5×3" in e["conv"].verdicts
    assert "out.b: worked out as 3, the framework holds 7" in e["out"].verdicts
    assert "4×1×5×3" in str(e)
    assert e.notes_on_totals


def test_a_shared_variable_of_the_wrong_shape_given_at_the_start():
    weight = theano.shared(np.zeros((9, 4), "float32"))
    e = explain(layers.DenseLayer(layers.InputLayer((None, 3)), 4, W=weight, name="fc"))
    assert e.status == "mismatch"
    assert e["fc"].verdicts == ["fc.W: worked out as 3×4, the framework holds 9×4"]


def test_a_stranger_among_the_parameters_is_not_overlooked():
    net = layers.LSTMLayer(layers.InputLayer((None, 3, 4)), 5, name="lstm")
    del net.params[net.W_in_to_cell]
    e = explain(net)
    assert e.status == "mismatch"
    assert any("kernel" in text for text in e["lstm"].verdicts)


def fingerprint(net: Any) -> str:
    found = hashlib.sha256()
    for variable in layers.get_all_params(net):
        found.update(variable.get_value().tobytes())
        found.update(str(variable.name).encode())
    for layer in layers.get_all_layers(net):
        found.update(repr(sorted(vars(layer))).encode())
        found.update(repr([(id(k), sorted(v)) for k, v in layer.params.items()]).encode())
    found.update(pickle.dumps(lasagne.random.get_rng().get_state()))
    found.update(pickle.dumps(np.random.get_state()))
    return found.hexdigest()


@pytest.fixture
def nothing_computed(monkeypatch):
    """Compiling a Theano function, evaluating a graph or performing an operation raises."""

    def refuse(*args, **kwargs):
        raise AssertionError("something was computed")

    monkeypatch.setattr(theano, "function", refuse)
    monkeypatch.setattr(theano.compile.function_module.FunctionMaker, "__init__", refuse)
    for cls in {theano.gof.graph.Variable, *type(tensor.scalar()).__mro__}:
        if "eval" in vars(cls):
            monkeypatch.setattr(cls, "eval", refuse)
    for op in (theano.tensor.Elemwise, theano.tensor.elemwise.DimShuffle, theano.tensor.basic.Dot):
        monkeypatch.setattr(op, "perform", refuse)


@pytest.mark.parametrize("inputs", [None, (2, 1, 12, 12)])
def test_explaining_leaves_the_model_as_it_was(inputs, nothing_computed):
    net = network()
    before = fingerprint(net)
    assert_verified(explain(net, inputs))
    assert fingerprint(net) == before


@pytest.mark.parametrize("verify", [False, True])
def test_nothing_is_compiled_and_nothing_evaluated(verify, request):
    nets = [make()[0] for make in SAMPLES.values()] + [lasagne_nets.resnet50(newer_layers), lasagne_nets.nin_cifar10()]
    tied = layers.DenseLayer((None, 3), 4, W=ZERO)
    nets.append(newer_layers.DenseLayer(tied, 3, W=tied.W.T))
    nets.append(newer_layers.DenseLayer(tied, 5, W=tensor.exp(layers.DenseLayer((None, 4), 5, W=ZERO).W)))
    request.getfixturevalue("nothing_computed")
    for net in nets:
        assert explain(net, verify=verify).params == layers.count_params(net)
    for compute in (lambda: theano.function([], tensor.constant(1)), lambda: (tensor.constant(1) + 1).eval()):
        with pytest.raises(AssertionError, match="something was computed"):
            compute()


@given(st.integers(0, 20), st.integers(0, 3), st.integers(1, 3))
def test_every_tensor_that_changes_its_shape_is_found_out(which, axis, more):
    """Whatever tensor of the network grows along whatever axis: the mismatch names it and both shapes."""
    net = network()
    variables = layers.get_all_params(net)
    variable = variables[which % len(variables)]
    shape = list(variable.get_value().shape)
    shape[axis % len(shape)] += more
    if variable.broadcastable[axis % len(shape)]:  # Theano fixes such an axis at 1
        return
    variable.set_value(np.zeros(shape, "float32"))
    e = explain(net)
    assert e.status == "mismatch"
    (row,) = e.mismatches
    (verdict,) = row.verdicts
    assert verdict.endswith("the framework holds " + "×".join(map(str, shape)))
    assert verdict.startswith(f"{row.path}.")


@given(st.data())
def test_every_field_of_every_law_that_is_off_is_found_out(data):
    """One number of one layer's configuration is changed behind Lasagne's back; its weights then tell."""
    net = network()
    found = {layer.name: layer for layer in layers.get_all_layers(net)}
    name, field, change = data.draw(
        st.sampled_from(
            [
                ("conv", "num_filters", lambda n: n + 1),
                ("conv", "filter_size", lambda k: (k[0] + 1, k[1])),
                ("conv", "untie_biases", lambda u: not u),
                ("norm", "axes", lambda a: (0,)),
                ("lstm", "num_units", lambda n: n - 1),
                ("lstm", "peepholes", lambda p: not p),
                ("out", "num_units", lambda n: n + 2),
            ]
        )
    )
    setattr(found[name], field, change(getattr(found[name], field)))
    e = Explanation(adapter.translate(net), adapter.report(network(), adapter.translate(network())))
    assert e.status == "mismatch"
    assert name in [row.path for row in e.mismatches]


@pytest.mark.parametrize(("sizes", "wrong"), [((9, 8), "ceil"), ((5, 9), "ceil_inside"), ((6, 6), "ceil_skipping")])
def test_a_law_that_rounds_otherwise_is_found_out(sizes, wrong, monkeypatch):
    layer = layers.MaxPool2DLayer((2, 4, *sizes), 2 if sizes[0] == 5 else 3, 2)
    e = explain(layer)
    assert_verified(e)
    law = type(e.layers[-1].spec)
    output = law.output
    monkeypatch.setattr(law, "output", lambda self, *x: output(self.replace(rounding=wrong), *x))
    assert explain(layer).status == "mismatch"
