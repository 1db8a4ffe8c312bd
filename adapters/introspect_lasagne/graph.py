"""The layers behind an output layer, in Lasagne's own order, each with its path.

A path is the layer's name where it has one (in a dict or a nolearn network: its key), else its class without ``Layer``:
``conv2d``, ``dense``. What would repeat gets a number: ``dense``, ``dense_1``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from .detecting import descends, is_network
from .network import network_layers

DeclaredShape = tuple[Optional[int], ...]
Source = tuple[Any, DeclaredShape]


class Node(NamedTuple):
    """One layer at its path. `sources`: what feeds it, a layer, or None where it was built on a bare shape; and that shape."""

    path: str
    layer: Any
    is_input: bool
    sources: list[Source]

    @property
    def feeds(self) -> list[tuple[int, int]]:
        """Keys of what feeds it: a layer's identity and -1 for its output, else its own and which bare input."""
        return [(id(source), -1) if source is not None else (id(self.layer), i) for i, (source, _) in enumerate(self.sources)]


def node_of(path: str, layer: Any) -> Node:
    """The layer with all that the graph asks it, once."""
    is_input = descends(layer, "lasagne", "InputLayer")
    return Node(path, layer, is_input, [] if is_input else sources_of(layer))


def sources_of(layer: Any) -> list[Source]:
    """What feeds a layer: a layer, or None where it was built on a bare shape; and that shape."""
    if hasattr(layer, "input_layers"):
        return list(zip(layer.input_layers, layer.input_shapes))
    return [(getattr(layer, "input_layer", None), getattr(layer, "input_shape", ()))]


@dataclass(frozen=True)
class Graph:
    """All layers in topological order, and those that were asked for."""

    name: str
    nodes: list[Node]
    outputs: list[Any]
    by_id: dict[int, Node] = field(default_factory=dict)

    def kept(self, layer: Any) -> Optional[DeclaredShape]:
        """The shape of its output that a layer above it was built on; None where there is none above."""
        return next((shape for node in self.nodes for source, shape in node.sources if source is layer), None)


def graph_of(model: Any) -> Graph:
    """The graph of an output layer, of several, of a dict of layers, or of a nolearn network."""
    outputs, names = _outputs(model)
    layers = all_layers(outputs)
    nodes = [node_of(path, layer) for path, layer in zip(_paths(layers, names), layers)]
    name = type(model).__name__ if not isinstance(model, (list, tuple, dict)) else "network"
    return Graph(name, nodes, outputs, {id(node.layer): node for node in nodes})


def _outputs(model: Any) -> tuple[list[Any], dict[int, str]]:
    """The output layers, and the names that layers go by other than their own."""
    if is_network(model):
        outputs, named = network_layers(model)
        return outputs, _keys(named)
    if isinstance(model, dict):
        return _unconsumed(list(model.values())), _keys(model)
    return list(model) if isinstance(model, (list, tuple)) else [model], {}


def _keys(named: Mapping[Any, Any]) -> dict[int, str]:
    return {id(layer): str(key) for key, layer in named.items()}


def _unconsumed(layers: Sequence[Any]) -> list[Any]:
    """Those that no other of `layers`, nor anything below them, takes as its input."""
    found = all_layers(layers)
    consumed = {id(source) for layer in found for source, _ in sources_of(layer) if source is not None}
    return [layer for layer in {id(layer): layer for layer in layers}.values() if id(layer) not in consumed]


def all_layers(outputs: Iterable[Any]) -> list[Any]:
    """Every layer below `outputs`, each after all it depends on: the order of ``lasagne.layers.get_all_layers``."""
    stack = list(outputs)[::-1]
    seen: set[int] = set()
    done: set[int] = set()
    found = []
    while stack:
        layer = stack[-1]
        if id(layer) not in seen:
            seen.add(id(layer))
            stack += [source for source, _ in sources_of(layer)[::-1] if source is not None]
            continue
        stack.pop()
        if id(layer) not in done:
            done.add(id(layer))
            found.append(layer)
    return found


def _paths(layers: Sequence[Any], names: Mapping[int, str]) -> list[str]:
    """A path for each layer, no two alike."""
    return unique([str(getattr(layer, "name", None) or names.get(id(layer)) or class_name(layer)) for layer in layers])


def class_name(layer: Any) -> str:
    """``conv2d`` for a ``Conv2DLayer``."""
    name = type(layer).__name__
    return (name[: -len("Layer")] if name.endswith("Layer") and name != "Layer" else name).lower()


def unique(wanted: Sequence[str]) -> list[str]:
    """`wanted` with a number behind each name that came up before.

    >>> unique(["dense", "dense", "dense_1", "dense"])
    ['dense', 'dense_1', 'dense_1_1', 'dense_2']
    """
    taken: set[str] = set()
    found = []
    for name in wanted:
        path, number = name, 0
        while path in taken:
            number += 1
            path = f"{name}_{number}"
        taken.add(path)
        found.append(path)
    return found
