"""Walks a Keras model layer by layer, in execution order, with nested models taken apart.

Translating and reporting are two visitors of this one walk: their calls have the same numbers, their layers the same paths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Optional, Protocol, TypeVar

from introspect.errors import IntrospectError
from introspect.reported import ReportedShape

from .calling import by_call
from .detecting import applies_others, is_a
from .dialect import DeclaredWeight, Dialect, Graph, Node, UntraceableError, shape_of
from .given import named
from .guests import held_by
from .stored import Law

V = TypeVar("V")
F = TypeVar("F")
Declared = tuple[str, Optional[ReportedShape]]


class Visitor(Protocol[V]):
    """What is done at each step of a walk; `V` is what a visitor makes of the tensors that flow."""

    def enter(self, name: str, position: int, declared: Optional[ReportedShape]) -> V:
        """An input of the whole model."""

    def orphan(self, name: str, position: int, declared: Optional[ReportedShape]) -> V:
        """An input of a layer whose place in the data flow is unknown."""

    def constant(self, tensor: Any, reported: bool, around: Around) -> V:
        """What flows in from nowhere; `reported` where it is a weight that no law speaks of."""

    def shape(self, value: V) -> Optional[ReportedShape]:
        """The shape of what flows, as Keras writes it; None where it is not known."""

    def entering(self, name: str, position: int, declared: Optional[ReportedShape]) -> Optional[ReportedShape]:
        """The shape that an input of the whole model is going to have."""

    def declare(self, path: str, layer: Any, graph: Graph, around: Around) -> None:
        """The variables that a layer's own code asks for."""

    def apply(
        self, path: str, layer: Any, law: Optional[Law], values: tuple[V, ...], node: Optional[Node], around: Around
    ) -> tuple[V, ...]:
        """A layer is applied."""

    def steps_apart(self, path: str, layer: Any, value: V) -> V:
        """Each step of a sequence becomes an example of its own."""

    def steps_together(self, path: str, layer: Any, value: V, sequence: V, around: Around) -> V:
        """The examples become the steps of `sequence` again."""

    def host(
        self, path: str, layer: Any, values: tuple[V, ...], node: Optional[Node], around: Around
    ) -> tuple[tuple[V, ...], bool]:
        """A layer that wraps another framework's model is applied; also whether all that happens in it is known."""

    def hold(self, path: str, layer: Any, weights: list[Any], around: Around, declared: Sequence[DeclaredWeight] = ()) -> None:
        """Weights that no call accounts for: of a model or layer itself, `declared` being what its code asked for when it was
        built; or of a layer that is held and not applied.
        """


class Around:
    """What holds a layer: the containers, outermost first, and whether the layer's sublayers are visited apart.

    `fed`: what the code that applies it was given, where its sizes are in terms of theirs.
    """

    def __init__(self, containers: tuple[Any, ...], parts_apart: bool = False, fed: tuple[Any, ...] = ()) -> None:
        self.containers, self.parts_apart, self.fed = containers, parts_apart, fed


class Walk(Generic[V]):
    """One walk over `model`. `complete` says afterwards whether all calls were known."""

    def __init__(self, dialect: Dialect, model: Any, visitor: Visitor[V]) -> None:
        self.dialect, self.model, self.visitor = dialect, model, visitor
        self.complete = True
        self.opened: list[str] = []  # paths of the layers whose inner calls are unknown
        self._paths: dict[int, tuple[str, Any]] = {}
        self._taken: set[str] = set()
        self._noted: set[int] = set()
        self.stopped: list[tuple[str, str]] = []  # paths of these layers, and why
        self._stopped: dict[int, str] = {}  # why a layer's code could not be followed
        self._fed: tuple[V, ...] = ()  # what the code that is being gone through was given

    def run(self, names: Sequence[str]) -> tuple[V, ...]:
        """Visit everything; returns what leaves the model. `names`: what the caller calls the inputs, if there are any."""
        known = self.graph(self.model) is not None or self.dialect.chain(self.model) is not None
        if known or self.dialect.law(self.model, None) is not None or self.dialect.followable(self.model):
            return self._apply(self.model, self._enter(names), "", None, ())
        traced = self._traced_root(names)
        if traced is not None:
            return self._in_code(self.model, traced, self._enter(names), "", None, ())
        if self._is_composite(self.model):
            self._open(self.model, self._root_path(), ())
            return ()
        return self._apply(self.model, self._enter(names), "", None, ())

    def _enter(self, names: Sequence[str]) -> tuple[V, ...]:
        declared = self.declared(names)
        self._taken.update(name for name, _ in declared)
        return tuple(self.visitor.enter(name, i, shape) for i, (name, shape) in enumerate(declared))

    def declared(self, names: Sequence[str]) -> list[Declared]:
        """The model's inputs; as many of unknown shape where nothing is declared."""
        found: list[Declared] = list(self.dialect.declared_inputs(self.model) or ())
        if not found or (names and self.dialect.follows(self.model)):  # what such a model was built on binds nobody
            return [(name, None) for name in names or ("input",)]
        return found

    def _traced_root(self, names: Sequence[str]) -> Optional[Graph]:
        declared = self.declared(names)
        shapes = [self.visitor.entering(name, i, shape) for i, (name, shape) in enumerate(declared)]
        called = [name for name, _ in declared]
        return self._traced(self.model, shapes, None, "", called if named(called) else ())

    def _traced(
        self, layer: Any, shapes: list[Optional[ReportedShape]], node: Optional[Node], prefix: str, names: Sequence[str] = ()
    ) -> Optional[Graph]:
        """What a layer's own code does; None where there is none, or it cannot be followed."""
        return self._where_followed(layer, shapes, prefix, lambda known: self.dialect.trace(layer, known, node, names))

    def _followed(self, layer: Any, shapes: list[Optional[ReportedShape]], node: Optional[Node], prefix: str) -> Optional[Law]:
        """The law of a layer that repeats code of the user's own."""
        return self._where_followed(layer, shapes, prefix, lambda known: self.dialect.followed(layer, known, node))

    def _where_followed(
        self, layer: Any, shapes: list[Optional[ReportedShape]], prefix: str, follow: Callable[[list[ReportedShape]], F]
    ) -> Optional[F]:
        """What `follow` finds; None, and why it stopped is noted, where the code cannot be followed."""
        known = [shape for shape in shapes if shape is not None]
        if len(known) < len(shapes) or id(layer) in self._stopped:
            return None
        try:
            return follow(known)
        except UntraceableError as error:
            self._stopped[id(layer)] = str(error).strip().partition("\n")[0]
            self.stopped.append((f"{prefix}{layer.name}", self._stopped[id(layer)]))
        except IntrospectError as error:
            if error.path:
                error.path = f"{self._inner_prefix(layer, prefix)}{error.path}"
            raise
        return None

    def graph(self, layer: Any) -> Optional[Graph]:
        """The graph inside a layer, if there is one."""
        return self.dialect.graph(layer)

    def _apply(
        self, layer: Any, values: tuple[V, ...], prefix: str, node: Optional[Node], containers: tuple[Any, ...]
    ) -> tuple[V, ...]:
        graph, chain = node.inner if node is not None else None, None
        if graph is None and applies_others(layer):
            graph, chain = self.graph(layer), self.dialect.chain(layer)
        if graph is None and chain is None:
            law = node.law if node is not None and node.law is not None else self._law(layer, node, prefix)
            if law is None and held_by(layer) is not None:
                return self._host(layer, values, prefix, node, containers)
            if law is None and self.dialect.followable(layer):
                law = self._followed(layer, [self.visitor.shape(value) for value in values], node, prefix)
                if law is None and self._has_steps(layer, values):
                    return self._step_by_step(layer, values, prefix, containers)
            elif law is None:
                traced = self._traced(layer, [self.visitor.shape(value) for value in values], node, prefix)
                if traced is not None:
                    return self._in_code(layer, traced, values, prefix, node, containers)
            return self._leaf(layer, law, values, prefix, node, containers)
        return self._taken_apart(layer, graph, chain, values, prefix, node, containers)

    def _in_code(
        self,
        layer: Any,
        graph: Graph,
        values: tuple[V, ...],
        prefix: str,
        node: Optional[Node],
        containers: tuple[Any, ...],
    ) -> tuple[V, ...]:
        """Through what the code of `layer` did with `values`."""
        outside, self._fed = self._fed, values
        try:
            return self._taken_apart(layer, graph, None, values, prefix, node, containers)
        finally:
            self._fed = outside

    def _law(self, layer: Any, node: Optional[Node], prefix: str) -> Optional[Law]:
        try:
            return self.dialect.law(layer, node)
        except IntrospectError as error:
            raise error.at(self.path(layer, prefix)) from None

    def _has_steps(self, layer: Any, values: tuple[V, ...]) -> bool:
        """Whether a layer applies another one to every step of its input."""
        shape = self.visitor.shape(values[0]) if is_a(layer, "TimeDistributed") and values else None
        return shape is not None and len(shape) > 2

    def _step_by_step(self, layer: Any, values: tuple[V, ...], prefix: str, containers: tuple[Any, ...]) -> tuple[V, ...]:
        """The layer inside, on all steps as examples of their own."""
        path, around = self.path(layer, prefix), Around(containers)
        apart = self.visitor.steps_apart(path, layer, values[0])
        made = self._apply(layer.layer, (apart,), self._inner_prefix(layer, prefix), None, (*containers, layer))
        return (self.visitor.steps_together(path, layer, made[0], values[0], around),)

    def through(self, graph: Graph, values: tuple[V, ...]) -> tuple[V, ...]:
        """Visit what the model's own code did by this graph of it; returns what leaves."""
        return self._taken_apart(self.model, graph, None, values, "", None, ())

    def _host(
        self, layer: Any, values: tuple[V, ...], prefix: str, node: Optional[Node], containers: tuple[Any, ...]
    ) -> tuple[V, ...]:
        made, whole = self.visitor.host(self.path(layer, prefix), layer, values, node, Around(containers))
        self.complete = self.complete and whole
        return made

    def _taken_apart(
        self,
        layer: Any,
        graph: Optional[Graph],
        chain: Optional[list[Any]],
        values: tuple[V, ...],
        prefix: str,
        node: Optional[Node],
        containers: tuple[Any, ...],
    ) -> tuple[V, ...]:
        inner = self._inner_prefix(layer, prefix)
        around = (*containers, layer)
        if graph is not None:
            values = self._run_graph(graph, values, inner, around)
        for part in chain or ():
            values = self._apply(part, values, inner, None, around)
        self._rest(layer, graph, prefix, containers)
        return values

    def _run_graph(self, graph: Graph, values: tuple[V, ...], prefix: str, containers: tuple[Any, ...]) -> tuple[V, ...]:
        flowing = {id(tensor): value for tensor, value in zip(graph.inputs, values)}
        for node in graph.nodes:
            for tensor in node.inputs:
                if id(tensor) not in flowing:  # it comes from nowhere in this graph: a constant, or a weight
                    flowing[id(tensor)] = self.visitor.constant(
                        tensor, id(tensor) in graph.held, Around(containers, fed=self._fed)
                    )
            fed = tuple([flowing[id(tensor)] for tensor in node.inputs])
            made = self._apply(node.layer, fed, prefix, node, containers)
            for tensor, value in zip(node.outputs, made):
                flowing[id(tensor)] = value
        return tuple(flowing[id(tensor)] for tensor in graph.outputs if id(tensor) in flowing)

    def _leaf(
        self,
        layer: Any,
        law: Optional[Law],
        values: tuple[V, ...],
        prefix: str,
        node: Optional[Node],
        containers: tuple[Any, ...],
    ) -> tuple[V, ...]:
        path = self.path(layer, prefix)
        composite = law is None and self._is_composite(layer)
        made = self.visitor.apply(path, layer, law, values, node, Around(containers, composite, self._fed))
        if composite:
            self._parts(layer, path, (*containers, layer))
        return made

    def _is_composite(self, layer: Any) -> bool:
        """Whether a layer without a law is made of layers with one that own something."""
        return self.dialect.law(layer, None) is None and any(self._has_law(part) for part in self.dialect.sublayers(layer))

    def _has_law(self, layer: Any) -> bool:
        if not self.dialect.weights(layer):
            return False
        if held_by(layer) is not None:
            return True
        if self.graph(layer) is not None or self.dialect.chain(layer) is not None:
            return True
        return self.dialect.law(layer, None) is not None or self._is_composite(layer)

    def _parts(self, layer: Any, path: str, containers: tuple[Any, ...]) -> None:
        """The sublayers of a layer that applies them in a way nobody has said."""
        if id(layer) in self._noted:
            return
        self._noted.add(id(layer))
        self.complete = False
        self.opened.append(path)
        prefix = "" if layer is self.model else f"{path}."
        for part in self.dialect.sublayers(layer):
            self._stray(part, prefix, containers)

    def _open(self, layer: Any, path: str, containers: tuple[Any, ...]) -> None:
        own = self.dialect.own_weights(layer)
        if own:
            self.visitor.hold(path, layer, own, Around(containers))
        self._parts(layer, path, (*containers, layer))

    def _stray(self, layer: Any, prefix: str, containers: tuple[Any, ...]) -> None:
        """A layer whose place in the data flow is unknown, on the shape that it was built on."""
        if id(layer) in self._paths or id(layer) in self._noted or is_a(layer, "InputLayer"):
            return
        declared = self.dialect.declared_inputs(layer)
        chain = None if self.graph(layer) is not None else self.dialect.chain(layer)
        if chain is not None and not declared:
            self._noted.add(id(layer))
            for part in chain:
                self._stray(part, self._inner_prefix(layer, prefix), (*containers, layer))
        elif chain is None and self.graph(layer) is None and self._is_composite(layer):
            self._open(layer, self.path(layer, prefix), containers)
        else:
            inputs: list[Declared] = list(declared or ()) or [("input", None)]
            values = tuple(self.visitor.orphan(name, i, shape) for i, (name, shape) in enumerate(inputs))
            self._apply(layer, values, prefix, None, containers)

    def _rest(self, layer: Any, graph: Optional[Graph], prefix: str, containers: tuple[Any, ...]) -> None:
        """What a graph model holds beside its graph."""
        if id(layer) in self._noted:
            return
        self._noted.add(id(layer))
        own = self.dialect.own_weights(layer)
        if own:
            declared = graph.weights if graph is not None else ()
            self.visitor.hold(self._own_path(layer, prefix), layer, own, Around(containers), declared)
        elif graph is not None and graph.weights:
            self.visitor.declare(self._own_path(layer, prefix), layer, graph, Around(containers))
        if graph is None:
            return
        applied = {id(node.layer) for node in graph.nodes}
        for part in self.dialect.sublayers(layer):
            if id(part) in applied or id(part) in self._paths:
                continue
            weights = self.dialect.weights(part)
            if weights:
                path = self.path(part, self._inner_prefix(layer, prefix))
                self.visitor.hold(path, part, weights, Around((*containers, layer)))

    def _own_path(self, layer: Any, prefix: str) -> str:
        return self._root_path() if layer is self.model else self.path(layer, prefix)

    def _root_path(self) -> str:
        return str(self.model.name)

    def _inner_prefix(self, layer: Any, prefix: str) -> str:
        return "" if layer is self.model else f"{self.path(layer, prefix)}."

    def path(self, layer: Any, prefix: str) -> str:
        """Where a layer was met first; a name is never given twice."""
        found = self._paths.get(id(layer))
        if found is None:
            wanted = f"{prefix}{layer.name}"
            path, n = wanted, 1
            while path in self._taken:
                n += 1
                path = f"{wanted}_{n}"
            self._taken.add(path)
            found = self._paths[id(layer)] = (path, layer)
        return found[0]


def said(
    dialect: Dialect, layer: Any, shapes: list[Optional[ReportedShape]], node: Optional[Node]
) -> list[Optional[ReportedShape]]:
    """What Keras says comes out of a layer on such inputs: by the graph it recorded, or by the layer's shape method."""
    recorded: Optional[list[Optional[ReportedShape]]] = [shape_of(dialect, t) for t in node.outputs] if node else None
    if recorded is not None and node is not None and node.recorded and shapes == [shape_of(dialect, t) for t in node.inputs]:
        return recorded
    known = [shape for shape in shapes if shape is not None]
    computed = _computed(dialect, layer, known, node) if len(known) == len(shapes) else None
    if computed is not None and (recorded is None or node is None or not node.recorded or _agree(computed, recorded)):
        return list(computed)
    return recorded if recorded is not None and node is not None and node.recorded else [None] * max(len(recorded or ()), 1)


def _computed(dialect: Dialect, layer: Any, shapes: list[ReportedShape], node: Optional[Node]) -> Optional[list[ReportedShape]]:
    """By the layer's shape methods; by that of the whole call where more came in than one tensor."""
    if node is not None and node.law is not None:
        return dialect.taken_over(layer, shapes)
    found = by_call(layer, shapes, node) if node is not None and _is_called_with_more(node) else None
    return found if found is not None else dialect.computed(layer, shapes, node)


def _is_called_with_more(node: Node) -> bool:
    """Whether the call of a node that Keras did not record says more than the one tensor that it is on."""
    more = len(node.inputs) > 1 or len(node.args) > 1 or any(name not in ("training", "mask") for name in node.kwargs)
    return more and not node.recorded


def _agree(computed: list[ReportedShape], recorded: list[Optional[ReportedShape]]) -> bool:
    """Whether shapes may be those that were recorded on inputs which were more open."""
    if len(computed) != len(recorded):
        return False
    pairs = [(a, b) for a, b in zip(computed, recorded) if b is not None]
    return all(len(a) == len(b) and all(n is None or m is None or m == n for m, n in zip(a, b)) for a, b in pairs)
