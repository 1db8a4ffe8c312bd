"""A Lasagne model in the IR: one layer and one call for each Lasagne layer, from configuration and input shapes alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional, Union

from introspect.algebra import Dim, evaluate, symbol, unknown
from introspect.building import Builder
from introspect.errors import ConfigurationError, InputNeededError, IntrospectError
from introspect.inputs import Inputs, InputShape, named_shape, parse_inputs
from introspect.ir import Holding, Model
from introspect.layers import Opaque, Shape, Spec
from introspect.layers.base import require_rank, settled

from .detecting import computes_shape
from .graph import DeclaredShape, Graph, Node, graph_of
from .parameters import expressions, held, tags, trainable
from .specs import Rule, rule_for, shapes_rank

Entrance = tuple[str, Any, int, DeclaredShape]


def version() -> str:
    """Lasagne's version, if it is loaded."""
    return str(getattr(sys.modules.get("lasagne"), "__version__", ""))


def entrances(graph: Graph) -> list[Entrance]:
    """Where data enters: path, layer, which of its inputs (-1: the layer is an input itself), and the declared shape."""
    found: list[Entrance] = []
    for node in graph.nodes:
        if node.is_input:
            found.append((node.path, node.layer, -1, tuple(node.layer.shape)))
        bare = [(i, shape) for i, (source, shape) in enumerate(node.sources) if source is None]
        found += [(f"{node.path}.input{i or ''}", node.layer, i, tuple(shape)) for i, shape in bare]
    return found


def declared_shape(declared: DeclaredShape, number: int) -> Shape:
    """A declared shape with its open dimensions as unknowns, which are not those of another input: ``H``, then ``H_2``.

    >>> declared_shape((None, 3, None, None), 0), declared_shape((None, 3, None, 7), 1)
    ((N, 3, H, W), (N, 3, H_2, 7))
    """
    named = named_shape(declared)
    if number == 0:
        return named
    return tuple(dim if i == 0 or isinstance(dim, int) else symbol(f"{dim}_{number + 1}") for i, dim in enumerate(named))


class Tensors:
    """The variables of one model: which of them are trained, and who held each first, which is their identity."""

    def __init__(self, trained: set[int]) -> None:
        self.trained = trained
        self.first_held: dict[int, str] = {}

    def holdings(self, node: Node, roles: Mapping[str, tuple[str, str]]) -> list[Holding]:
        """What a layer holds, with the `roles` that its law has for the names."""
        found = []
        for one in held(node.layer, roles):
            role, layout = roles.get(one.name, ("", ""))
            if one.order is not None:
                role, layout = (role, reordered(layout, one.order)) if layout else ("", "")
            key = id(one.variable)
            identity = self.first_held.setdefault(key, f"{node.path}.{one.name}")
            filed = tags(node.layer, one.variable)
            found.append(Holding(one.name, identity, (role,) if role else (), layout, key in self.trained, tags=filed))
        return found


def translate(model: Any, inputs: Any = None) -> Model:
    """The model in the IR. Raises a law's error, with the path, where a layer cannot be applied."""
    graph = graph_of(model)
    builder = Builder("lasagne", version(), graph.name)
    values: dict[tuple[int, int], int] = {}
    places = entrances(graph)
    shapes = _given(places, inputs)
    tensors = Tensors(trainable([node.layer for node in graph.nodes]))
    declared = {path: declared_shape(shape, number) for number, (path, _, _, shape) in enumerate(places)}
    for path, layer, i, _ in places:
        if i >= 0:
            values[id(layer), i] = builder.input(shapes.get(path, declared[path]), path, "input")
    for node in graph.nodes:
        if node.is_input:
            shape = shapes.get(node.path, declared[node.path])
            values[id(node.layer), -1] = builder.input(shape, node.path, type(node.layer).__name__)
        else:
            values[id(node.layer), -1] = _apply(builder, graph, node, [values[key] for key in node.feeds], tensors)
    return builder.finish([values[id(layer), -1] for layer in graph.outputs])


def _apply(builder: Builder, graph: Graph, node: Node, inputs: Sequence[int], tensors: Tensors) -> int:
    """Add one layer and its call; returns the value that comes out."""
    shapes = [builder.shape(value) for value in inputs]
    rule, kind_name = rule_for(node.layer), type(node.layer).__name__
    spec = _spec(rule, node, shapes)
    if rule is None or spec is None:
        index = builder.layer(node.path, Opaque(kind_name), tensors.holdings(node, {}), kind_name)
        said = kept_shape(graph, node, shapes) if computes_shape(node.layer) else said_shape(node.layer, shapes)
        return builder.carry(index, inputs, (said,))[0]
    if expressions(node.layer):
        index = builder.layer(node.path, Opaque(kind_name, spec), tensors.holdings(node, {}), kind_name)
    else:
        index = builder.layer(node.path, spec, tensors.holdings(node, rule.roles_of(node.layer, spec)), kind_name)
    return builder.call(index, inputs)[0]


def _spec(rule: Optional[Rule], node: Node, shapes: Sequence[Optional[Shape]]) -> Optional[Spec]:
    if rule is None:
        return None
    try:
        return rule.make(node.layer, shapes_rank(node.layer, shapes))
    except (AttributeError, TypeError) as error:
        hint = "register an adapter for this fork's layers, or leave the layer to its own shape method"
        raise ConfigurationError("this layer's configuration cannot be read", got=error, hint=hint, path=node.path) from error


def reordered(layout: str, order: Sequence[Any]) -> str:
    """How a variable is laid out that a layer takes with its axes in another `order`.

    >>> reordered("in out", (1, 0))
    'out in'
    """
    axes = layout.split()
    return " ".join(axes[order.index(i)] for i in range(len(axes)))


def said_shape(layer: Any, shapes: Sequence[Optional[Shape]]) -> Optional[Shape]:
    """What the layer's own shape method says comes out of inputs of these shapes; None where it says nothing."""
    if any(shape is None for shape in shapes) or not shapes:
        return None
    asked = [tuple(open_dim(dim) for dim in shape or ()) for shape in shapes]
    try:
        return _taken(layer.get_output_shape_for(asked if hasattr(layer, "input_layers") else asked[0]), shapes)
    except Exception:  # a method that is somebody else's: what it cannot say is not known
        return None


def kept_shape(graph: Graph, node: Node, shapes: Sequence[Optional[Shape]]) -> Optional[Shape]:
    """What a layer above has kept of a shape that only computing would give; None where none has, or other inputs flow."""
    kept = graph.kept(node.layer)
    flowing = [None if shape is None else tuple(open_dim(dim) for dim in shape) for shape in shapes]
    return None if kept is None or flowing != [tuple(shape) for _, shape in node.sources] else _taken(kept, shapes)


def _taken(said: Iterable[Any], shapes: Sequence[Optional[Shape]]) -> Shape:
    """A shape of Lasagne's as one of ours; an open batch is that of the (first) input."""
    batch = (shapes[0] or (None,))[0]
    return tuple(_said(dim, batch if i == 0 else None) for i, dim in enumerate(said))


def open_dim(dim: Dim) -> Optional[int]:
    """A dimension as Lasagne writes it: None where it is not known."""
    value = evaluate(dim)
    return value if isinstance(value, int) else None


def _said(dim: Any, batch: Optional[Dim]) -> Dim:
    if dim is not None:
        return int(dim)
    return unknown() if batch is None or isinstance(batch, int) else batch


def _given(places: Sequence[Entrance], inputs: Any) -> dict[str, Shape]:
    """The shapes that the user gave instead of the declared ones, by path. Raises `ShapeError` where the two disagree."""
    if inputs is None:
        return {}
    asked = _by_path(parse_inputs(inputs), [path for path, *_ in places])
    declared = {path: shape for path, _, _, shape in places}
    return {path: _fitting(path, shape, declared[path]) for path, shape in asked.items()}


def _by_path(given: Inputs, paths: Sequence[str]) -> dict[str, Shape]:
    if isinstance(given, InputShape):
        given = (given,)
    named = given if isinstance(given, dict) else dict(zip(paths, given))
    strangers = [path for path in named if path not in paths]
    if strangers or (not isinstance(given, dict) and len(given) != len(paths)):
        got = ", ".join(strangers) or f"{len(given)} shapes"
        raise InputNeededError("these are not the model's inputs", got=got, expected=", ".join(paths))
    return {path: _shape(path, one) for path, one in named.items()}


def _shape(path: str, one: Union[InputShape, Any]) -> Shape:
    if isinstance(one, InputShape):
        return one.shape
    raise InputNeededError("one input has one shape", got=one, path=path)


def _fitting(path: str, shape: Shape, declared: DeclaredShape) -> Shape:
    try:
        require_rank(shape, (len(declared),), "the input layer")
        return tuple(settled(dim, size, f"axis {i} of the input") for i, (dim, size) in enumerate(zip(shape, declared)))
    except IntrospectError as error:
        raise error.at(path) from None
