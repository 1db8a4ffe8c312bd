"""Numbers that are not a Lasagne network's, and why."""

from __future__ import annotations

from document_000_lasagne import TABLE, TOTAL, bare
from lasagne import layers

from introspect import diagnose


def test_document_000_is_right_row_by_row() -> None:
    net = bare()
    assert diagnose(net, TOTAL).right
    found = diagnose(net, {**{path: params for path, _, _, params, _, _ in TABLE if params}, "": TOTAL})
    assert found.right, str(found)
    assert len(found.parts) == 5


def test_a_forgotten_map_and_an_untied_bias() -> None:
    net = bare()
    forgotten = diagnose(net, (3 * 3 + 1) * 32, "conv2d2").reasons[0]
    assert (forgotten.code, forgotten.working) == ("input_channels_forgotten", "(3·3 + 1)·32 = 320")
    image = layers.InputLayer((None, 1, 28, 28))
    untied = layers.Conv2DLayer(image, 32, 5, untie_biases=True, name="conv")
    first = diagnose(untied, 832, "conv").reasons[0]
    assert first.code == "untied_bias"


def test_other_frameworks_recurrent_layers() -> None:
    net = layers.LSTMLayer(layers.InputLayer((None, 9, 16)), 32, name="lstm")
    assert diagnose(net, 6_432).right
    assert diagnose(net, 6_368).reasons[0].code in ("trainable_only", "initial_states")
    assert "peepholes" in diagnose(net, 6_336).reasons[0].code
