"""``numpy.savez`` of a network's values, as Lasagne's own examples do it, against the network itself."""

from __future__ import annotations

from pathlib import Path

import lasagne
import numpy as np
import pytest

from introspect import compare, explain, saved
from introspect.errors import UnreadableError


def network(units: int = 7) -> lasagne.layers.Layer:
    net = lasagne.layers.InputLayer((None, 2, 12, 12), name="in")
    net = lasagne.layers.Conv2DLayer(net, 4, 3, name="conv")
    return lasagne.layers.DenseLayer(net, units, name="out")


def test_the_values_of_a_network_are_its_parameters(tmp_path: Path) -> None:
    net = network()
    np.savez(tmp_path / "model.npz", *lasagne.layers.get_all_param_values(net))
    e = saved.load(tmp_path / "model.npz")
    assert e.params == lasagne.layers.count_params(net) == explain(net).params
    assert [row.path for row in e.layers] == ["arr_0", "arr_1", "arr_2", "arr_3"]
    found = compare(net, e)
    assert found.same, str(found)
    assert "paired, in order" in str(found)
    assert not compare(network(8), e).same
    np.savez_compressed(tmp_path / "packed.npz", *lasagne.layers.get_all_param_values(net))
    assert saved.load(tmp_path / "packed.npz").params == e.params


def test_a_list_of_values_in_one_array_is_a_pickle(tmp_path: Path) -> None:
    values = np.empty(4, dtype=object)
    values[:] = lasagne.layers.get_all_param_values(network())
    np.savez(tmp_path / "model.npz", values)
    with pytest.raises(UnreadableError, match=r"model\.npz: the array 'arr_0' holds Python objects"):
        saved.load(tmp_path / "model.npz")
