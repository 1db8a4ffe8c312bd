"""No law may escape being broken: together the frameworks' samples reach every law there is. Needs all three."""

from __future__ import annotations

from importlib import import_module

from introspect import explain
from introspect.layers import Spec

OWN_NOTHING_AND_CHANGE_NOTHING = {"container", "input", "opaque"}
NEVER_HELD = {
    "declared",  # what code that is not built asks for: tests of subclassed Keras models compare it once it is built
    "frozen",  # a quantised recurrence, whose weights nobody can ask for
    "quantize",  # runs on numbers alone; tests of quantised models compare it
    "created",  # by functions of TensorFlow that are given a shape: tests of tf.keras 2 compare it
    "fourier_features",  # a layer of tf.keras 2 alone, whose tests compare it
    "computed",  # a weight that no law speaks of, in a layer that is opaque for it; tests of parametrizations compare the rest
}
ONLY_IN_KERAS_1 = {"highway", "maxout_dense"}  # broken in the environment that has it


def test_every_law_is_broken_somewhere() -> None:
    reached = set()
    for framework in ("torch", "keras", "lasagne"):
        for make in import_module(f"samples_{framework}").SAMPLES.values():
            model, inputs = make()
            reached |= {row.kind for row in explain(model, inputs, verify=False).layers}
    laws = {kind for kind, law in Spec.registry.items() if law.__module__.startswith("introspect.layers")}
    assert laws - reached - OWN_NOTHING_AND_CHANGE_NOTHING - NEVER_HELD == ONLY_IN_KERAS_1
