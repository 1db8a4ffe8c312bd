"""Layers that repeat code of the user's own: that code is followed once, and becomes a part of the repeating layer's law.

A cell is followed at one step. What it does there is a list of layers with laws and of operations, which `Stepped` repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from introspect.building import Builder
from introspect.errors import IntrospectError
from introspect.ir import Holding
from introspect.layers import BothWays, Container, Declared, Input, Shape, Spec, Stepped, TimeDistributed
from introspect.layers.stepped import Link
from introspect.reported import ReportedShape

from .detecting import facts, is_a, is_layer, is_second, overrides
from .dialect import DeclaredWeight, Dialect, Graph, Node, UntraceableError, alike, leaves
from .graph import Around, Walk
from .stored import Law, Stored
from .symbols import dims
from .translating import Translator, as_reported, named_weights
from .twins import REPEATING


def followable(layer: Any) -> bool:
    """Whether a layer repeats another one, in Keras' own way."""
    return is_a(layer, *REPEATING) and not overrides(layer, ("call", "__call__"))


def followed(dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node]) -> Optional[Law]:
    """The law of a layer that repeats another one, on inputs of these shapes; None where there is none.

    Raises `UntraceableError` where the code of the other one cannot be followed.
    """
    if is_a(layer, "Bidirectional"):
        return _both_ways(dialect, layer, shapes)
    if is_a(layer, "TimeDistributed"):
        return _distributed(dialect, layer, shapes[0])
    return _stepped(dialect, layer, shapes, node) if is_a(layer, "RNN") else None


def _inside(dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape]) -> Optional[Law]:
    law = dialect.law(layer, None)
    return dialect.followed(layer, shapes, None) if law is None and followable(layer) else law


def _both_ways(dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape]) -> Optional[Law]:
    there, back = (_inside(dialect, part, shapes[:1]) for part in (layer.forward_layer, layer.backward_layer))
    if there is None or back is None:
        return None
    stored = [item.within("forward", "forward_layer") for item in there.stored]
    stored += [item.within("backward", "backward_layer") for item in back.stored]
    return Law(BothWays(there.spec, back.spec, layer.merge_mode), tuple(stored), True, there.carried or back.carried)


def _distributed(dialect: Dialect, layer: Any, shape: ReportedShape) -> Optional[Law]:
    """Around another one of these; around any other layer it has a law by its configuration, or none."""
    if not followable(layer.layer):
        return None
    inner = _inside(dialect, layer.layer, [as_reported(TimeDistributed().step(dims(shape))) or ()])
    if inner is None:
        return None
    return Law(TimeDistributed(inner.spec), tuple(item.within("", "layer") for item in inner.stored), True, inner.carried)


# -- recurrence


@dataclass(frozen=True)
class Size:
    """The sizes of one state of one example. No tuple: it is not to be taken for several."""

    dims: tuple[int, ...]


def _stepped(dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node]) -> Law:
    _require_followable(layer)
    plain, spatial = (states_of(layer.cell, spatial=spatial) for spatial in (False, True))
    try:
        return _Step(dialect, layer, shapes, node, plain).law()
    except (UntraceableError, IntrospectError) as error:
        if plain == spatial or is_second(layer):  # there several axes are written in another way
            raise
        try:
            return _Step(dialect, layer, shapes, node, spatial).law()
        except (UntraceableError, IntrospectError):
            raise error from None


def _require_followable(layer: Any) -> None:
    """Raise `UntraceableError` where following the cell would not find everything that is owned."""
    if not is_layer(layer.cell):
        raise UntraceableError(f"its cell, {type(layer.cell).__name__}, is no layer")
    keras = facts(type(layer)).layer_class
    odd = next((part for part in layer.cell._flatten_layers() if facts(type(part)).layer_class is not keras), None)
    if odd is not None:
        raise UntraceableError(f"{type(odd).__name__} is of another Keras than the layer around it")
    if not layer.built and overrides(layer, ("build", "add_weight")):
        raise UntraceableError("it is not built, and what its own build makes is not known")


def states_of(cell: Any, *, spatial: bool) -> list[Any]:
    """The states that a cell declares, as a nest of sizes; always a list, as ``RNN`` hands them on.

    `spatial`: several numbers in the place of one are the axes of one state, and not as many states.
    """
    declared = cell.state_size
    several = isinstance(declared, (list, tuple)) and not hasattr(declared, "as_list")
    return [_sizes(size, spatial) for size in (declared if several else [declared])]


def _sizes(size: Any, spatial: bool) -> Any:
    if hasattr(size, "as_list"):  # TensorFlow's own way to write a shape
        return Size(tuple(size.as_list()))
    if isinstance(size, int):
        return Size((size,))
    if not isinstance(size, (list, tuple)):
        raise UntraceableError(f"its cell declares a state of the size {size!r}")
    numbers = all(isinstance(n, int) for n in size)
    return Size(tuple(size)) if spatial and numbers else [_sizes(item, spatial) for item in size]


class _Step:
    """One step of the cell of `layer`, followed with `states`."""

    def __init__(
        self, dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], states: list[Any]
    ) -> None:
        self.dialect, self.layer, self.cell, self.states = dialect, layer, layer.cell, states
        self.entrance, constants = _arguments(layer, node)
        self.node = node
        self.spec = Stepped(
            states=tuple(size.dims for size in leaves(states)),
            sequences=len(list(leaves(self.entrance))),
            constants=constants,
            return_sequences=bool(layer.return_sequences),
            return_state=bool(layer.return_state),
            time_major=bool(getattr(layer, "time_major", False)),
        )
        self.entering = self.spec.entering([dims(shape) for shape in shapes])

    def law(self) -> Law:
        graph, results = self._graph()
        builder = Builder("keras", self.dialect.version, str(self.cell.name))
        keeper = _Keeper(self.dialect, builder)
        walk: Walk[int] = Walk(self.dialect, self.cell, keeper)
        values = [builder.value(shape) for shape in self.entering]
        made = walk.through(graph, tuple(values))
        if walk.stopped:
            raise UntraceableError(": ".join(walk.stopped[0]))
        if not walk.complete or len(made) < len(graph.outputs):
            raise UntraceableError(f"what {self.cell.name} does at one step is not known")
        steps = _Steps(builder, values)
        numbers = tuple(steps.number(value) for value in made)
        owned = tuple((_within(path, self.cell), spec) for path, spec in keeper.owned)
        links = tuple((_within(name, self.cell), spec, read) for name, spec, read in steps.links)
        spec = self.spec.replace(links=links, results=numbers[:results], next_states=numbers[results:], owned=owned)
        return Law(spec, tuple(self._stored(keeper)), True, steps.carried)

    def _graph(self) -> tuple[Graph, int]:
        """What one step does, and how many of the tensors that leave it are the output."""
        recorder = self.dialect.recorder(self.cell)
        tensors = [recorder.entry(as_reported(shape) or (), self._dtype(i)) for i, shape in enumerate(self.entering)]
        left = iter(tensors)
        args = (_filled(self.entrance, left), _filled(self.states, left))
        constants = list(left)
        result, graph = recorder.one_step(self.cell, tensors, args, {"constants": constants} if constants else {})
        apart = recorder.asked_apart(self.cell)
        if apart:
            raise UntraceableError(f"the weights of {', '.join(apart)} are used by code that is not its own")
        if not isinstance(result, (list, tuple)) or len(result) != 2:
            raise UntraceableError(f"{self.cell.name} does not return an output and its states")
        return graph, len(list(leaves(result[0])))

    def _dtype(self, i: int) -> str:
        """What a number is enters as one; all else as what the cell computes in."""
        given = self.node.inputs if self.node is not None else ()
        name = str(getattr(getattr(given[i], "dtype", ""), "name", getattr(given[i], "dtype", ""))) if i < len(given) else ""
        whole = i < self.spec.sequences and name.startswith(("int", "uint", "bool"))
        return name if whole else str(getattr(self.cell, "compute_dtype", None) or "float32")

    def _stored(self, keeper: _Keeper) -> Iterator[Stored]:
        for path, law, owner, holders in keeper.kept:
            for item in law.stored:
                placed = item.within(_within(path, self.cell), "")
                own = item.owner is not None
                yield replace(
                    placed,
                    attribute=item.attribute or item.name,
                    owner=item.owner if own else owner,
                    holders=(*holders, owner, *item.holders) if own else holders,
                )


def _arguments(layer: Any, node: Optional[Node]) -> tuple[Any, int]:
    """The sequences that a recurrent layer is called with, as a nest, and how many inputs are the same at every step."""
    first = None if node is None else node.args[0] if node.args else node.kwargs.get("inputs")
    if node is None or not is_second(layer) or first is None:
        return 0, 0
    if isinstance(first, list):  # the sequences, then states, then constants
        return first[0], int(getattr(layer, "_num_constants", None) or 0)
    return first, 0


def _filled(nest: Any, tensors: Iterator[Any]) -> Any:
    """The nest with the next tensor in the place of each leaf."""
    if isinstance(nest, dict):
        made = {key: _filled(nest[key], tensors) for key in sorted(nest)}
        return {key: made[key] for key in nest}
    if isinstance(nest, (list, tuple)):
        return alike(nest, (_filled(item, tensors) for item in nest))
    return next(tensors)


def _within(path: str, cell: Any) -> str:
    """The path of a layer within a cell; nothing for the cell itself."""
    return "" if path == cell.name else path


class _Keeper(Translator):
    """Notes which layers have which tensors, in place of taking hold of them."""

    def __init__(self, dialect: Dialect, builder: Builder) -> None:
        super().__init__(dialect, builder)
        self.kept: list[tuple[str, Law, Any, tuple[Any, ...]]] = []
        self.owned: list[tuple[str, Spec]] = []

    def _holdings(
        self, path: str, layer: Any, law: Optional[Law], shapes: list[Optional[Shape]], around: Around
    ) -> Sequence[Holding]:
        if law is not None:
            self.kept.append((path, law, layer, around.containers))
        elif is_layer(layer) and (not self.dialect.built(layer) or self.dialect.weights(layer)):
            raise UntraceableError(f"there is no law for {path} ({type(layer).__name__})")
        return ()

    def steps_apart(self, path: str, layer: Any, value: int) -> int:
        raise UntraceableError(f"{path} applies a layer without a law step by step")

    def hold(self, path: str, layer: Any, weights: list[Any], around: Around, declared: Sequence[DeclaredWeight] = ()) -> None:
        found = dict(named_weights(self.dialect, layer, None, weights))
        self._own(path, layer, around, declared, found)

    def declare(self, path: str, layer: Any, graph: Graph, around: Around) -> None:
        self._own(path, layer, around, graph.weights, {})

    def _own(self, path: str, layer: Any, around: Around, declared: Sequence[DeclaredWeight], made: Mapping[str, Any]) -> None:
        """What the code of the user's asks for; `made`: the variables, where they are there."""
        if path in self._applied():
            return
        stored = [Stored(name, (name,), variable=made.get(name)) for name, _, _ in declared]
        spec = Declared(tuple(declared)) if declared else Container()
        self.owned.append((path, spec))
        self.kept.append((path, Law(spec, tuple(stored)), layer, around.containers))

    def _applied(self) -> set[str]:
        return {path for path, *_ in self.kept}


class _Steps:
    """The calls that were made of a cell's code, as the links of `Stepped`."""

    def __init__(self, builder: Builder, entering: list[int]) -> None:
        self.builder, self.links, self.carried = builder, list[Link](), False
        self._numbers = {value: i for i, value in enumerate(entering)}
        for call in builder.calls:
            read = tuple(self.number(value) for value in call.inputs)
            if any(builder.values[value].reported for value in call.outputs):
                self.carried = True
                for value in call.outputs:
                    self.number(value)
                continue
            layer = builder.layers[call.layer]
            self.links.append((layer.path, layer.spec, read))
            for value in call.outputs:
                self._numbers[value] = len(self._numbers)

    def number(self, value: int) -> int:
        """The number of a value; one that no law gives is a link of its own that reads nothing."""
        if value not in self._numbers:
            shape = self.builder.shape(value)
            if shape is None:
                raise UntraceableError("nobody says what comes out of an operation in its cell")
            self.links.append(("", Input(shape), ()))
            self._numbers[value] = len(self._numbers)
        return self._numbers[value]
