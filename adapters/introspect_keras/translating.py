"""From a Keras model to the IR: configurations, recorded graphs and input shapes, never a weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Optional

from introspect.algebra import Dim, evaluate, unknown
from introspect.building import Builder
from introspect.counting import law_tensors
from introspect.errors import InputNeededError, IntrospectError, ShapeError
from introspect.ir import Alike, Holding, Holdings, Identities, Layer, Model
from introspect.layers import Container, Declared, Opaque, Shape, Spec, StepsApart, StepsTogether
from introspect.layers.base import show
from introspect.reported import ReportedShape

from .detecting import is_function, is_layer, recurs
from .dialect import DeclaredWeight, Dialect, Graph, Node, dialect_of, shape_of, without_rank
from .given import settle, spoken_of, wanted
from .graph import Around, Walk, said
from .guests import guest_at, keys_of
from .open_sizes import Size, holds_size, names_of, opened
from .specs_adapted import refused_when_run
from .stored import Law, Stored

FRAMEWORK = "keras"
Place = tuple[tuple[str, ...], str]  # the law's tensors in a variable, and how they lie
NOTHING: Mapping[str, Place] = {}


def translate(model: Any, inputs: Any = None) -> Model:
    """`model` in the IR. `inputs` fills in, and must not contradict, the shapes that the model declares."""
    dialect = dialect_of(model)
    builder = Builder(FRAMEWORK, dialect.version, str(model.name))
    visitor = Translator(dialect, builder)
    walk: Walk[int] = Walk(dialect, model, visitor)
    names = spoken_of(inputs)
    visitor.given = wanted(inputs, [name for name, _ in walk.declared(names)])
    outputs = walk.run(names)
    for path, why in walk.stopped:
        builder.notes.append(f"{path}: its own code cannot be followed ({why})")
    for path in walk.opened:
        builder.notes.append(
            f"{path or model.name}: its layers are applied by code that is not read; their parameters are complete, on the "
            "shapes that they were built on, and how often and in which order they are applied is unknown"
        )
    builder.notes += refused_when_run(model)
    return builder.finish(outputs, complete=walk.complete)


class Translator:
    """Makes a layer of the IR at each path, and a call at each application."""

    def __init__(self, dialect: Dialect, builder: Builder) -> None:
        self.dialect, self.builder = dialect, builder
        self.given: list[Optional[Shape]] = []
        self._layers: dict[str, int] = {}
        self._identities = Identities()
        self._alike: dict[Any, tuple[Alike, Optional[Law]]] = {}  # the law holds on to what its id in the key stands for
        self._variables: list[Any] = []  # and these to what theirs do

    def enter(self, name: str, position: int, declared: Optional[ReportedShape]) -> int:
        shape = settle(self.given[position], declared, position, name)
        if shape is None:
            raise InputNeededError(
                "the model does not declare its input",
                path=name,
                expected="a shape with the batch",
                hint="explain(model, inputs)",
            )
        return self.builder.input(shape, name, "InputLayer")

    def constant(self, tensor: Any, reported: bool, around: Around) -> int:
        known = self._in_terms_of(around.fed, tensor.shape)
        return self.builder.value(known or settle(None, shape_of(self.dialect, tensor), 0, "constant"), reported)

    def shape(self, value: int) -> Optional[ReportedShape]:
        return as_reported(self.builder.shape(value))

    def entering(self, name: str, position: int, declared: Optional[ReportedShape]) -> Optional[ReportedShape]:
        return as_reported(settle(self.given[position], declared, position, name))

    def declare(self, path: str, layer: Any, graph: Graph, around: Around) -> None:
        if path not in self._layers:
            holders = (*around.containers, layer)
            trainable = all(self.dialect.would_train((), holder) for holder in holders)
            alike = Alike(Holding(name, "", (name,), "", flag and trainable) for name, _, flag in graph.weights)
            held = self._owning(alike, [(path, name) for name, _, _ in graph.weights])
            self._layers[path] = self.builder.layer(path, Declared(graph.weights), held, type(layer).__name__)

    def orphan(self, name: str, position: int, declared: Optional[ReportedShape]) -> int:
        return self.builder.value(settle(None, declared, position, name))

    def apply(
        self, path: str, layer: Any, law: Optional[Law], values: tuple[int, ...], node: Optional[Node], around: Around
    ) -> tuple[int, ...]:
        flowing = self.builder.values
        shapes = [flowing[value].shape for value in values]
        try:
            check_inputs(layer, shapes)
        except IntrospectError as error:
            raise error.at(path) from None
        if law is not None and around.fed and holds_size(law.spec):
            law = replace(law, spec=opened(law.spec, self._sizes(around.fed)))
        index = self._layer(path, layer, law, shapes, around)
        if law is not None and not law.carried:
            return self.builder.call(index, values)
        if law is not None and all(shape is not None for shape in shapes):
            return self.builder.carry(index, values, law.spec.outputs(*[shape for shape in shapes if shape is not None]))
        outputs = said(self.dialect, layer, [as_reported(shape) for shape in shapes], node)
        made = node.outputs if node is not None and around.fed else ()  # only code that is followed has sizes in such terms
        known = [self._in_terms_of(around.fed, tensor.shape) for tensor in made]
        carried = [_carried(shape, shapes) for shape in outputs]
        return self.builder.carry(
            index, values, [sized or shape for sized, shape in zip_longest(known[: len(carried)], carried)]
        )

    def _in_terms_of(self, fed: tuple[int, ...], shape: Any) -> Optional[Shape]:
        """A shape that code came to, where it is in terms of what the code was given."""
        if without_rank(shape) or not any(isinstance(dim, Size) for dim in shape):
            return None
        return tuple(unknown() if dim is None else dim for dim in opened(tuple(shape), self._sizes(fed)))

    def _sizes(self, fed: tuple[int, ...]) -> dict[str, Dim]:
        """The open sizes of what code was given, by their names."""
        shapes = [self.builder.shape(value) for value in fed]
        found = names_of([as_reported(shape) for shape in shapes])
        return {name: (shapes[i] or ())[axis] for name, i, axis in found}

    def steps_apart(self, path: str, layer: Any, value: int) -> int:
        if f"{path}.steps" not in self._layers:
            self._layers[f"{path}.steps"] = self.builder.layer(f"{path}.steps", StepsApart(), function=True)
        return self.builder.call(self._layers[f"{path}.steps"], (value,))[0]

    def steps_together(self, path: str, layer: Any, value: int, sequence: int, around: Around) -> int:
        if path not in self._layers:
            self._layers[path] = self.builder.layer(path, StepsTogether(), (), type(layer).__name__)
        return self.builder.call(self._layers[path], (value, sequence))[0]

    def host(
        self, path: str, layer: Any, values: tuple[int, ...], node: Optional[Node], around: Around
    ) -> tuple[tuple[int, ...], bool]:
        shapes = [self.builder.shape(value) for value in values]
        guest, order = guest_at(path, layer, shapes, node)
        asked = self.dialect.would_train(around.containers, layer)
        made = guest.embed(self.builder, [values[i] for i in order], lambda own: self._of_guest(own, asked))
        if guest.outputs() is not None:
            return made, True
        outputs = said(self.dialect, layer, [as_reported(shape) for shape in shapes], node)
        return tuple(self.builder.value(_carried(shape, shapes), reported=True) for shape in outputs), False

    def _of_guest(self, holdings: Sequence[Holding], asked: bool) -> Sequence[Holding]:
        alike = Alike(one._replace(identity="", trainable=bool(one.trainable) and asked) for one in holdings)
        return self._owning(alike, [one.identity for one in holdings])

    def hold(self, path: str, layer: Any, weights: list[Any], around: Around, declared: Sequence[DeclaredWeight] = ()) -> None:
        if path not in self._layers:
            places: dict[str, Place] = {name: ((name,), "") for name, _, _ in declared}
            held = self._held(layer, None, weights, around, places)
            spec = Declared(tuple(declared)) if declared else Container()
            self._layers[path] = self.builder.layer(path, spec, held, type(layer).__name__)

    def _layer(self, path: str, layer: Any, law: Optional[Law], shapes: list[Optional[Shape]], around: Around) -> int:
        place, n = path, 1
        while place in self._layers and law is not None and not self._is_by(law, self._layers[place]):
            n += 1
            place = f"{path}:{n}"  # the same layer, called in another way: an embedding that is read backwards
        found = self._layers.get(place)
        if found is None:
            kind = type(layer).__name__
            spec: Spec = law.spec if law is not None else Opaque(kind)
            holdings = self._holdings(path, layer, law, shapes, around)
            found = self._layers[place] = self.builder.layer(place, spec, holdings, kind, function=is_function(layer))
        return found

    def _is_by(self, law: Law, layer: int) -> bool:
        spec = self.builder.layers[layer].spec
        return spec is law.spec or spec == law.spec

    def _holdings(
        self, path: str, layer: Any, law: Optional[Law], shapes: list[Optional[Shape]], around: Around
    ) -> Sequence[Holding]:
        if not is_layer(layer):
            return ()
        built = self.dialect.built(layer)
        if not built and (law is None or type(law.spec) is Opaque):  # how many it will make is unknown, and so not nothing
            return self._owning(Alike([Holding("weights", "")]), [(path, "weights")])
        if law is not None and (law.deep or not built):
            return self._partly_held(path, layer, law, shapes, around)
        weights = weights_of(self.dialect, layer, around)
        if not weights and (law is None or not law.stored):
            return ()  # most layers own nothing
        return self._held(layer, law, weights, around)

    def _held(
        self, layer: Any, law: Optional[Law], weights: list[Any], around: Around, declared: Mapping[str, Place] = NOTHING
    ) -> Sequence[Holding]:
        """The variables that a layer has made; `declared` are those that no law but its own code speaks of."""
        named = named_weights(self.dialect, layer, law, weights)
        variables = [variable for _, variable in named]
        trained = self.dialect.trained(around.containers, layer, variables)
        key = (id(law), tuple([name for name, _ in named]), tuple(trained), tuple(declared))
        found = self._alike.get(key)
        if found is None:
            places = {**{item.name: (item.roles, item.layout) for item in (law.stored if law else ())}, **declared}
            made = [Holding(name, "", *places.get(name, ((), "")), flag) for (name, _), flag in zip(named, trained)]
            found = self._alike[key] = Alike(made), law
        self._variables += variables
        return self._owning(found[0], keys_of(variables))

    def _owning(self, alike: Alike, keys: Sequence[Any]) -> Sequence[Holding]:
        if not alike:
            return ()
        start = len(self._identities.keys)
        self._identities.keys += keys
        return Holdings(alike, start, self._identities)

    def _partly_held(self, path: str, layer: Any, law: Law, shapes: list[Optional[Shape]], around: Around) -> Sequence[Holding]:
        """What a layer and the layers inside have made, and then what those of them that are not built will make."""
        start = len(self._identities.keys)
        weights = weights_of(self.dialect, layer, around) if self.dialect.built(layer) else []
        made = self._held(layer, law, weights, around)
        found = [*(made.alike if isinstance(made, Holdings) else ())]
        for item in self._missing(path, layer, law, shapes):
            inside = () if item.owner is None else (layer, *item.holders)
            flag = self.dialect.would_train((*around.containers, *inside), layer if item.owner is None else item.owner)
            found.append(Holding(item.name, "", item.roles, item.layout, flag))
            self._identities.keys.append(item.place(layer))
        return Holdings(Alike(found), start, self._identities) if found else ()

    def _missing(self, path: str, layer: Any, law: Law, shapes: list[Optional[Shape]]) -> Iterator[Stored]:
        """The variables that are still to be made, by the law."""
        keys = {tensor.key for tensor in law_tensors(Layer(path, law.spec), tuple(shapes)) or ()}
        for item in law.stored:
            made = item.of(layer) is not None or self.dialect.built(layer if item.owner is None else item.owner)
            if not made and set(item.roles) <= keys:
                yield item


def weights_of(dialect: Dialect, layer: Any, around: Around) -> list[Any]:
    """The variables that belong to a layer, those of parts that are visited apart left out."""
    return dialect.own_weights(layer) if around.parts_apart else dialect.weights(layer)


def named_weights(dialect: Dialect, layer: Any, law: Optional[Law], weights: list[Any]) -> list[tuple[str, Any]]:
    """The layer's variables under names that are unique within it: those of the law first, then all others."""
    found = law.held_by(layer) if law is not None else []
    seen = {id(variable) for _, variable in found}
    others = [variable for variable in weights if id(variable) not in seen]
    taken = {name for name, _ in found} if others else set()
    for variable in others:
        name, n = dialect.weight_name(layer, variable), 1
        while name in taken:
            n += 1
            name = f"{dialect.weight_name(layer, variable)}_{n}"
        taken.add(name)
        found.append((name, variable))
    return found


def as_reported(shape: Optional[Shape]) -> Optional[ReportedShape]:
    """A shape as Keras writes it: None for what is not a number."""
    if shape is None:
        return None
    numbers = [evaluate(dim) for dim in shape]
    return tuple(dim if isinstance(dim, int) else None for dim in numbers)


def _carried(shape: Optional[ReportedShape], inputs: list[Optional[Shape]]) -> Optional[Shape]:
    """Keras' shape with a name for what it leaves open: the batch is the inputs', anything else is unknown."""
    if shape is None:
        return None
    batch = next((x[0] for x in inputs if x), unknown())
    return tuple((batch if i == 0 else unknown()) if dim is None else int(dim) for i, dim in enumerate(shape))


def check_inputs(layer: Any, shapes: list[Optional[Shape]]) -> None:
    """Raise `ShapeError` where the layer's own `input_spec` refuses an input."""
    if recurs(layer) and getattr(layer, "stateful", False):  # other layers of tf.keras 2 call themselves so, too
        first = next(iter(shapes), None)
        if first and not isinstance(first[0], int):
            raise ShapeError(
                "a layer that keeps its states has to know the batch", got=show(first), expected="a number of examples"
            )
    specs = getattr(layer, "input_spec", None)
    if not specs:
        return
    for spec, shape in zip(specs if isinstance(specs, (list, tuple)) else [specs], shapes):
        if spec is not None and shape is not None:
            _check_input(spec, shape)


def _check_input(spec: Any, shape: Shape) -> None:
    exact: Any = getattr(spec, "ndim", None)
    least: Optional[int] = getattr(spec, "min_ndim", None)
    if isinstance(exact, str):  # Keras 1 writes "3+" for at least three
        exact, least = None, int(exact.rstrip("+"))
    most = getattr(spec, "max_ndim", None)
    if (exact or least or len(shape)) > len(shape) or (exact or most or len(shape)) < len(shape):
        wanted = f"{exact} axes" if exact else f"{least or 0} axes or more" if least else f"at most {most} axes"
        raise ShapeError("the layer cannot take this input", got=f"{len(shape)} axes {show(shape)}", expected=wanted)
    sizes = getattr(spec, "axes", None) or {}
    declared = getattr(spec, "shape", None)
    for axis, size in ({**dict(enumerate(declared)), **sizes} if declared else sizes).items():
        if not -len(shape) <= axis < len(shape):
            raise ShapeError("the layer cannot take this input", got=show(shape), expected=f"an axis {axis}")
        if isinstance(size, int) and isinstance(shape[axis], int) and shape[axis] != size:
            raise ShapeError("the layer was built on another input", got=show(shape), expected=f"{size} along axis {axis}")
