"""Document 000, word for word: the author's nolearn network, before and after it is initialised."""

from __future__ import annotations

import document_000_lasagne as document
import lasagne
import pytest
from lasagne import layers
from lasagne.updates import momentum
from nolearn.lasagne import NeuralNet
from nolearn.lasagne.handlers import PrintLayerInfo

from introspect import explain


def network() -> NeuralNet:
    return NeuralNet(
        layers=[
            ("input", layers.InputLayer),
            ("conv2d1", layers.Conv2DLayer),
            ("maxpool1", layers.MaxPool2DLayer),
            ("conv2d2", layers.Conv2DLayer),
            ("maxpool2", layers.MaxPool2DLayer),
            ("dense", layers.DenseLayer),
            ("output", layers.DenseLayer),
        ],
        input_shape=(None, 1, 28, 28),
        conv2d1_num_filters=32,
        conv2d1_filter_size=(5, 5),
        conv2d1_nonlinearity=lasagne.nonlinearities.rectify,
        maxpool1_pool_size=(2, 2),
        conv2d2_num_filters=32,
        conv2d2_filter_size=(3, 3),
        conv2d2_nonlinearity=lasagne.nonlinearities.rectify,
        maxpool2_pool_size=(2, 2),
        dense_num_units=256,
        dense_nonlinearity=lasagne.nonlinearities.rectify,
        output_nonlinearity=lasagne.nonlinearities.softmax,
        output_num_units=10,
        update=momentum,
        update_learning_rate=0.01,
        update_momentum=0.9,
        max_epochs=10,
        verbose=1,
    )


@pytest.fixture(scope="module", params=["new", "initialised"])
def net(request):
    found = network()
    if request.param == "initialised":
        found.initialize()
    return found


@pytest.fixture(scope="module")
def explained(net):
    return explain(net)


@document.rows
def test_a_row_of_the_table(explained, path, shape, units, params, working, axis):
    document.assert_row(explained, path, shape, units, params, working, axis)


def test_the_whole(explained):
    document.assert_whole(explained)


def test_nolearns_own_table_says_the_same(capsys):
    net = network()
    net.initialize()
    PrintLayerInfo()(net)
    printed = capsys.readouterr().out
    assert f"{document.TOTAL} learnable parameters" in printed
    for path, shape, *_ in document.TABLE:
        assert any(line.split()[1:] == [path, "x".join(map(str, shape))] for line in printed.splitlines() if path in line)
