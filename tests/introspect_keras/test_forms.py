"""One graph in several forms, random: Functional, Sequential, and applied by code to layers that are not built. One ledger."""

from __future__ import annotations

from typing import Any

import keras
from agreement import assert_verified
from graphs_keras import chains, graphs
from hypothesis import Phase, event, given, settings

from introspect import explain

EXAMPLES = max(settings.default.max_examples // 5, 10)


class InCode(keras.Model):
    """What another model's graph does, by code, with layers of the same configuration that nobody has built."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__(name=model.name)
        self.fresh = {
            operation.name: type(operation).from_config({**operation.get_config(), "name": operation.name})
            for operation in model.operations
            if isinstance(operation, keras.layers.Layer) and not isinstance(operation, keras.layers.InputLayer)
        }
        self.model = lambda: model  # Keras does not look for layers behind a function

    def call(self, *inputs: Any) -> Any:
        first = inputs[0] if len(inputs) == 1 else inputs
        return self.model()._run_through_graph(first, operation_fn=lambda one: self.fresh.get(one.name, one))


def ledger(e: Any) -> list[Any]:
    """What each layer owns and gives; bare operations are numbered anew by whoever applies them."""
    return [
        (row.path, row.kind, row.input_shapes, row.output_shapes, row.params, row.trainable, row.neurons, row.connections,
         [(t.name, t.role, t.shape, t.trainable) for t in row.tensors])
        for row in e.layers if row.kind != "input" and not row.function
    ]  # fmt: skip


def by_layer(e: Any) -> dict[str, Any]:
    """The same without the order of branches that do not depend on one another: what a layer owns, and all its calls."""
    found: dict[str, Any] = {}
    for path, kind, entering, leaving, params, trainable, *numbers, tensors in ledger(e):
        owned, calls = found.setdefault(path, ([], []))
        owned += [(kind, int(params), int(trainable), tensors)] if tensors else []
        calls.append(str((kind, entering, leaving, numbers)))
    return {path: (owned, sorted(calls)) for path, (owned, calls) in found.items()}


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])  # graphs take long to make smaller
@given(chains())
def test_a_chain_is_the_same_as_functional_as_sequential_and_by_code(chain: Any) -> None:
    shape, layers = chain
    sequential = explain(keras.Sequential([keras.Input(shape), *layers()]))
    x = y = keras.Input(shape)
    for layer in layers():
        y = layer(y)
    functional = explain(keras.Model(x, y))
    unbuilt = keras.Sequential(layers())
    event(f"{len(sequential.layers) - 1} layers")
    assert_verified(sequential)
    assert ledger(sequential) == ledger(functional) == ledger(explain(unbuilt, (None, *shape)))
    assert not unbuilt.built


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])  # graphs take long to make smaller
@given(graphs())
def test_a_graph_is_the_same_when_code_applies_layers_that_are_not_built(model: keras.Model) -> None:
    e, code = explain(model), InCode(model)
    shapes = [tuple(x.shape) for x in model.inputs]
    again = explain(code, shapes if len(shapes) > 1 else shapes[0])
    assert by_layer(again) == by_layer(e)
    assert again.params == e.params
    assert not code.built
