"""What Keras says about its own model: weights as held, `count_params`, and the shapes its graph recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from math import prod
from typing import Any, NamedTuple, Optional

from introspect.ir import Model, lawless
from introspect.layers import Shape
from introspect.reported import Reported, ReportedLayer, ReportedOutput, ReportedShape, ReportedTensor

from .detecting import is_layer
from .dialect import DeclaredWeight, Dialect, Graph, Node, dialect_of, shape_of
from .given import settle
from .graph import Around, Walk, said
from .guests import counted_again, guest_at, note_on_counting_again
from .packed import packed_shape
from .stored import Law, Stored
from .translating import as_reported, named_weights, weights_of
from .twins import step_of

_SOURCES = "weights, count_params() and the shapes of its graph"


class Flowing(NamedTuple):
    """A shape as Keras gives it, and the translated value that it belongs to."""

    shape: Optional[ReportedShape]
    value: Optional[int] = None


def report(model: Any, translated: Model, *, full: bool = True) -> Reported:
    """Everything Keras says; with ``full=False`` only the tensors that no law speaks of."""
    dialect = dialect_of(model)
    if not full and not any(lawless(layer.holdings) for layer in translated.layers):
        return Reported(source=f"Keras {dialect.version}")
    visitor = Reporter(dialect, model, translated, full)
    Walk(dialect, model, visitor).run(entrances(translated))
    if not full:
        return Reported(tuple(_without_law(visitor.layers, translated)), source=f"Keras {dialect.version}")
    params, trainable = dialect.totals(model) if visitor.heard_of_all() else (None, None)
    missed = sum(visitor.missed.values())
    state = dialect.metrics_state(model)
    again, again_trained = (0, 0) if params is None else counted_again(dialect.weights(model))
    return Reported(
        layers=tuple(visitor.layers.values()),
        outputs=tuple(visitor.outputs),
        params=None if params is None else params + missed - again - state,
        trainable=None if trainable is None else trainable - again_trained,
        source="; ".join(dict.fromkeys((f"Keras {dialect.version}: {_SOURCES}", *(one.source for one in visitor.guests)))),
        notes=(
            *_optimizer_note(dialect, model, params),
            *_packed_note(params, missed),
            *(_built_in_part_note(dialect, model) if params is None else ()),
            *_unbuilt_note(dialect, model, visitor),
            *([note_on_counting_again(params or 0, again)] if again else ()),
            *([f"count_params() says {params:,}: {state:,} of these are sums that metrics keep"] if state and params else ()),
            *(note for one in visitor.guests for note in one.notes),
        ),
        samples=tuple(sorted({pair for one in visitor.guests for pair in one.samples})),
    )


def entrances(translated: Model) -> tuple[str, ...]:
    """What the model's inputs are called."""
    return tuple(translated.layers[call.layer].path for call in translated.calls[: len(translated.inputs)])


def _unbuilt_note(dialect: Dialect, model: Any, visitor: Reporter) -> tuple[str, ...]:
    """Why Keras counts less while the layers in a cell are not built."""
    paths = [path for path, layer in visitor.layers.items() if not layer.whole]
    said = dialect.count_params(model) if paths else None
    if said is None:
        return ()
    return (f"count_params() says {said:,}: some of what is inside {', '.join(paths)} is not built before it computes",)


def _optimizer_note(dialect: Dialect, model: Any, params: Optional[int]) -> tuple[str, ...]:
    """Why `summary()` prints another total once the model was trained."""
    slots = dialect.optimizer_slots(model)
    if not slots or params is None:
        return ()
    trained = dialect.totals(model)[1] or 0
    parts = f"{trained:,} trainable + {params - trained:,} non-trainable + {slots:,} of the optimizer"
    return (f"summary() prints {params + slots:,} as its total: {parts}, which is no part of the model",)


def _built_in_part_note(dialect: Dialect, model: Any) -> tuple[str, ...]:
    """Why Keras counts less of a model that says it is built."""
    counted = dialect.totals(model)[0]
    return () if counted is None else (f"count_params() says {counted:,}: it counts what is built, and some layers are not",)


def _packed_note(params: Optional[int], missed: int) -> tuple[str, ...]:
    """Why Keras counts fewer numbers than its packed tensors stand for."""
    if not missed or params is None:
        return ()
    return (f"count_params() says {params:,}: of the numbers of four bits it counts the bytes that they are stored in",)


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

    def __init__(self, dialect: Dialect, model: Any, translated: Model, full: bool = True) -> None:
        self.dialect, self.translated, self.full = dialect, translated, full
        self.guests: list[Reported] = []  # what other frameworks say of their parts
        self.layers: dict[str, ReportedLayer] = {}
        self.outputs: list[ReportedOutput] = []
        self.missed: dict[int, int] = {}  # numbers of a packed variable that Keras does not count
        self._calls = 0
        self._trainable = {id(v) for v in dialect.trainable_weights(model)}

    def enter(self, name: str, position: int, declared: Optional[ReportedShape]) -> Flowing:
        shape = self.entering(name, position, declared)
        self._came_out([declared if declared is not None else shape])
        return Flowing(shape, self.translated.inputs[position])

    def entering(self, name: str, position: int, declared: Optional[ReportedShape]) -> Optional[ReportedShape]:
        inputs = self.translated.inputs
        return as_reported(self.translated.values[inputs[position]].shape) if position < len(inputs) else None

    def orphan(self, name: str, position: int, declared: Optional[ReportedShape]) -> Flowing:
        return Flowing(declared)

    def constant(self, tensor: Any, reported: bool, around: Around) -> Flowing:
        return Flowing(shape_of(self.dialect, tensor))

    def shape(self, value: Flowing) -> Optional[ReportedShape]:
        """As it was translated: both roads follow a layer's own code on the same shapes."""
        return value.shape if value.value is None else as_reported(self.translated.values[value.value].shape)

    def declare(self, path: str, layer: Any, graph: Graph, around: Around) -> None:
        return  # what is not built is not held

    def apply(
        self, path: str, layer: Any, law: Optional[Law], values: tuple[Flowing, ...], node: Optional[Node], around: Around
    ) -> tuple[Flowing, ...]:
        entering = [self.shape(value) if value.shape is None else value.shape for value in values]
        shapes = said(self.dialect, layer, entering, node)
        made = self.translated.calls[self._calls].outputs
        self._came_out(shapes)
        if path not in self.layers and is_layer(layer) and self._says_something(layer, law):
            whole = law is None or not law.deep or not any(self._unbuilt(layer, law))
            names = named_weights(self.dialect, layer, law, weights_of(self.dialect, layer, around))
            params = None if around.parts_apart else self.params_of(layer)
            tensors = self._tensors(names, layer)
            missed = sum(self.missed.get(id(variable), 0) for _, variable in names)
            self.layers[path] = ReportedLayer(path, tensors, params + missed if params is not None and whole else None, whole)
        return tuple(Flowing(shape, value) for shape, value in zip_longest(shapes[: len(made)] if made else shapes, made))

    def steps_apart(self, path: str, layer: Any, value: Flowing) -> Flowing:
        return self._one_output(None if value.shape is None else step_of(layer, value.shape))

    def steps_together(self, path: str, layer: Any, value: Flowing, sequence: Flowing, around: Around) -> Flowing:
        return self._one_output(said(self.dialect, layer, [sequence.shape], None)[0])

    def _one_output(self, shape: Optional[ReportedShape]) -> Flowing:
        """What comes out of a call of one output."""
        (made,) = self.translated.calls[self._calls].outputs
        self._came_out([shape])
        return Flowing(shape, made)

    def host(
        self, path: str, layer: Any, values: tuple[Flowing, ...], node: Optional[Node], around: Around
    ) -> tuple[tuple[Flowing, ...], bool]:
        guest, order = guest_at(path, layer, [self._translated(value) for value in values], node)
        self.guests.append(guest.report(self._calls, full=self.full))
        self.layers.update((one.path, one) for one in self.guests[-1].layers if one.path not in self.layers)
        self.outputs += self.guests[-1].outputs
        made = guest.leaving(self.translated, self._calls, [values[i] for i in order])
        self._calls += len(guest.calls())
        shapes = said(self.dialect, layer, [value.shape for value in values], node)
        if guest.outputs() is None:
            return tuple(Flowing(shape) for shape in shapes), False
        return tuple(self._from_guest(one, shape) for one, shape in zip_longest(made, shapes[: len(made)])), True

    def heard_of_all(self) -> bool:
        """Whether all that is to hold something holds it; Keras counts the rest of a model that is built in part."""
        heard = {path for path, layer in self.layers.items() if layer.whole}
        held = {one.identity for layer in self.translated.layers if layer.path in heard for one in layer.holdings}
        return all(one.identity in held for layer in self.translated.layers for one in layer.holdings)

    def _from_guest(self, one: Any, shape: Optional[ReportedShape]) -> Flowing:
        """What a guest gives, in the shape that Keras was told of, where it was."""
        if isinstance(one, Flowing):
            return one
        return Flowing(as_reported(self.translated.values[one].shape) if shape is None else shape, one)

    def _translated(self, value: Flowing) -> Optional[Shape]:
        return settle(None, value.shape, 0, "input") if value.value is None else self.translated.values[value.value].shape

    def _says_something(self, layer: Any, law: Optional[Law]) -> bool:
        if self.dialect.built(layer):
            return True
        return law is not None and law.deep and any(item.of(layer) is not None for item in law.stored)

    def _unbuilt(self, layer: Any, law: Law) -> Iterator[Stored]:
        """The variables that are still to be made by layers inside."""
        for item in law.stored:
            if item.of(layer) is None and not self.dialect.built(layer if item.owner is None else item.owner):
                yield item

    def hold(self, path: str, layer: Any, weights: list[Any], around: Around, declared: Sequence[DeclaredWeight] = ()) -> None:
        names = named_weights(self.dialect, layer, None, weights)
        self.layers.setdefault(path, ReportedLayer(path, self._tensors(names)))

    def params_of(self, layer: Any) -> Optional[int]:
        """The framework's own count for a layer."""
        return self.dialect.count_params(layer)

    def _came_out(self, shapes: list[Optional[ReportedShape]]) -> None:
        self.outputs.append(ReportedOutput(self._calls, tuple(shapes)))
        self._calls += 1

    def _tensors(self, names: list[tuple[str, Any]], layer: Any = None) -> tuple[ReportedTensor, ...]:
        return tuple(self._tensor(name, variable, layer, self.dialect.variable_shape(variable)) for name, variable in names)

    def _tensor(self, name: str, variable: Any, layer: Any, shape: ReportedShape) -> ReportedTensor:
        trainable = id(variable) in self._trainable
        stands_for = packed_shape(layer, variable, shape)
        if stands_for is None:
            return ReportedTensor(name, shape, trainable)
        stored = prod(dim or 0 for dim in shape)
        self.missed[id(variable)] = prod(dim or 0 for dim in stands_for) - stored
        return ReportedTensor(name, stands_for, trainable, nbytes=stored)
