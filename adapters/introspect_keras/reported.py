"""What Keras says about its own model: weights as held, `count_params`, and the shapes its graph recorded."""

from __future__ import annotations

from math import prod
from typing import Any, Optional

from introspect.ir import Model
from introspect.reported import Reported, ReportedLayer, ReportedOutput, ReportedShape, ReportedTensor

from .detecting import is_layer
from .dialect import Dialect, Node, dialect_of
from .graph import Around, Walk, said
from .translating import as_reported, named_weights, weights_of

Flowing = Optional[ReportedShape]


def report(model: Any, translated: Model, *, full: bool = True) -> Reported:
    """Everything Keras says; with ``full=False`` only the tensors that no law speaks of."""
    dialect = dialect_of(model)
    visitor = Reporter(dialect, model, translated)
    Walk(dialect, model, visitor).run(len(translated.inputs))
    if not full:
        return Reported(tuple(_without_law(visitor.layers, translated)), source=f"Keras {dialect.version}")
    params, trainable = dialect.totals(model)
    return Reported(
        layers=tuple(visitor.layers.values()),
        outputs=tuple(visitor.outputs),
        params=params,
        trainable=trainable,
        source=f"Keras {dialect.version}: weights, count_params() and the shapes of its graph",
        notes=_optimizer_note(model, params),
    )


def _optimizer_note(model: Any, params: Optional[int]) -> tuple[str, ...]:
    """Why `summary()` prints another total once the model was trained."""
    variables = getattr(getattr(model, "optimizer", None), "variables", None)
    slots = sum(prod(variable.shape) for variable in variables) if isinstance(variables, (list, tuple)) else 0
    if not slots or params is None:
        return ()
    parts = f"{params:,} belong to the model and {slots:,} to its optimizer, which is not counted here"
    return (f"summary() prints {params + slots:,} as its total: {parts}",)


def _without_law(layers: dict[str, ReportedLayer], translated: Model) -> list[ReportedLayer]:
    lawless = {layer.path: {h.name for h in layer.holdings if not h.roles} for layer in translated.layers}
    found = []
    for path, layer in layers.items():
        tensors = tuple(t for t in layer.tensors if t.name in lawless.get(path, ()))
        if tensors:
            found.append(ReportedLayer(path, tensors))
    return found


class Reporter:
    """Follows the shapes that Keras itself gives, and lists the weights of each layer met."""

    def __init__(self, dialect: Dialect, model: Any, translated: Model) -> None:
        self.dialect, self.translated = dialect, translated
        self.layers: dict[str, ReportedLayer] = {}
        self.outputs: list[ReportedOutput] = []
        self._calls = 0
        self._trainable = {id(v) for v in dialect.trainable_weights(model)}

    def enter(self, name: str, position: int, declared: Flowing) -> Flowing:
        shape = as_reported(self.translated.values[self.translated.inputs[position]].shape)
        self._came_out([declared if declared is not None else shape])
        return shape

    def orphan(self, name: str, position: int, declared: Flowing) -> Flowing:
        return declared

    def apply(
        self, path: str, layer: Any, values: tuple[Flowing, ...], node: Optional[Node], around: Around
    ) -> tuple[Flowing, ...]:
        shapes = said(self.dialect, layer, list(values), node)
        self._came_out(shapes)
        if path not in self.layers and is_layer(layer) and self.dialect.built(layer):
            law = None if around.parts_apart else self.dialect.law(layer, node)
            names = named_weights(self.dialect, layer, law, weights_of(self.dialect, layer, around))
            params = None if around.parts_apart else self.dialect.count_params(layer)
            self.layers[path] = ReportedLayer(path, self._tensors(names), params)
        return tuple(shapes)

    def hold(self, path: str, layer: Any, weights: list[Any], around: Around) -> None:
        names = named_weights(self.dialect, layer, None, weights)
        self.layers.setdefault(path, ReportedLayer(path, self._tensors(names)))

    def _came_out(self, shapes: list[Flowing]) -> None:
        self.outputs.append(ReportedOutput(self._calls, tuple(shapes)))
        self._calls += 1

    def _tensors(self, names: list[tuple[str, Any]]) -> tuple[ReportedTensor, ...]:
        return tuple(
            ReportedTensor(name, self.dialect.variable_shape(variable), id(variable) in self._trainable)
            for name, variable in names
        )
