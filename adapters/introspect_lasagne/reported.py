"""What Lasagne says itself: shapes of the variables' values, tags, its own totals, and output shapes. Nothing is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from introspect.ir import Layer, Model
from introspect.layers import Opaque
from introspect.reported import Reported, ReportedLayer, ReportedOutput, ReportedShape, ReportedTensor

from .detecting import computes_shape, is_network
from .graph import Graph, Node, graph_of
from .network import built, learnable, network_layers
from .parameters import held, trainable
from .specs import rule_for
from .translating import entrances, open_dim, version

_Key = tuple[int, int]  # a layer's identity, and which of its inputs; -1 is its output


def report(model: Any, translated: Model, *, full: bool = True) -> Reported:
    """Sizes of all variables, and with `full` Lasagne's totals and output shapes."""
    places = {layer.path: layer for layer in translated.layers}
    carried = {path for path, layer in places.items() if any(not h.roles for h in layer.holdings)}
    if not full and not carried:
        return Reported(source=_source())
    net = built(model) if is_network(model) else None
    graph = graph_of(model if net is None else net)
    trained = trainable([node.layer for node in graph.nodes])
    if not full:
        opaque = [node for node in graph.nodes if node.path in carried]
        return Reported(tuple(_layer(node, places[node.path], trained) for node in opaque), source=_source())
    notes: list[str] = []
    outputs = _outputs(graph, translated, notes)
    layers = tuple(_layer(node, places[node.path], trained) for node in graph.nodes)
    theirs = None if net is None else _learnable(net, graph, notes)
    trained_total = _count(graph, notes, trainable=True) if theirs is None else theirs
    return Reported(layers, outputs, _count(graph, notes), trained_total, _source(theirs is not None), tuple(notes))


def _source(nolearn: bool = False) -> str:
    asked = f"Lasagne {version()}: get_params, count_params and get_output_shape"
    return f"{asked}; nolearn: Neural Network with N learnable parameters" if nolearn else asked


def _learnable(net: Any, graph: Graph, notes: list[str]) -> Optional[int]:
    """nolearn's number where it speaks of the layers that the outputs need; None, and a note, where of others too."""
    theirs = learnable(net)
    idle = [str(name) for name, layer in network_layers(net)[1].items() if id(layer) not in graph.by_id]
    if theirs is None or not idle:
        return theirs
    notes.append(
        f"nolearn counts {theirs:,} learnable parameters, those of layers that no output needs among them: {', '.join(idle)}"
    )
    return None


def _layer(node: Node, translated: Layer, trained: set[int]) -> ReportedLayer:
    rule = rule_for(node.layer)
    lawful = rule is not None and not isinstance(translated.spec, Opaque)
    tensors = [
        ReportedTensor(one.name, tuple(int(n) for n in one.variable.get_value(borrow=True).shape), id(one.variable) in trained)
        for one in held(node.layer, rule.roles_of(node.layer, translated.spec) if rule is not None and lawful else ())
    ]
    return ReportedLayer(node.path, tuple(tensors))


def _count(graph: Graph, notes: list[str], **tags: bool) -> Optional[int]:
    import lasagne

    try:
        return int(lasagne.layers.count_params(graph.outputs, **tags))
    except Exception as error:
        notes.append(f"count_params{tags or ''} fails: {type(error).__name__}: {error}")
        return None


def _outputs(graph: Graph, translated: Model, notes: list[str]) -> tuple[ReportedOutput, ...]:
    """Each layer's output shape: as Lasagne keeps it, or worked out anew by its own methods where other inputs were given."""
    calls = {translated.layers[call.layer].path: i for i, call in enumerate(translated.calls)}
    fed = {path: _open(translated, calls[path]) for path, *_ in entrances(graph) if path in calls}
    declared = {path: tuple(shape) for path, _, _, shape in entrances(graph)}
    asked = {path: shape for path, shape in fed.items() if shape is not None}
    anew = any(shape != declared[path] for path, shape in asked.items())
    shapes: dict[_Key, Optional[ReportedShape]] = {}
    for path, layer, i, shape in entrances(graph):
        shapes[id(layer), i] = asked.get(path) if anew else _plain(shape)
    found = [ReportedOutput(calls[path], (shapes[id(layer), i],)) for path, layer, i, _ in entrances(graph)]
    for node in graph.nodes:
        if not node.is_input:
            said = _kept(graph, node, anew, notes) if computes_shape(node.layer) else _said(node, shapes, anew, notes)
            shapes[id(node.layer), -1] = said
            found.append(ReportedOutput(calls[node.path], (shapes[id(node.layer), -1],)))
    return tuple(found)


def _open(translated: Model, call: int) -> Optional[ReportedShape]:
    (value,) = translated.shapes(translated.calls[call].outputs)
    return None if value is None else tuple(open_dim(dim) for dim in value)


def _said(node: Node, shapes: dict[_Key, Optional[ReportedShape]], anew: bool, notes: list[str]) -> Optional[ReportedShape]:
    try:
        if not anew:
            return _plain(node.layer.output_shape)
        fed = [shapes[key] for key in node.feeds]
        if any(shape is None for shape in fed):
            return None
        return _plain(node.layer.get_output_shape_for(fed if hasattr(node.layer, "input_layers") else fed[0]))
    except Exception as error:  # Lasagne 0.1 cannot calculate with an open dimension
        notes.append(f"{node.path}: Lasagne does not say its output's shape: {type(error).__name__}: {error}")
        return None


def _kept(graph: Graph, node: Node, anew: bool, notes: list[str]) -> Optional[ReportedShape]:
    kept = None if anew else graph.kept(node.layer)
    if kept is None:
        notes.append(f"{node.path}: Lasagne would have to compute to say its output's shape")
    return None if kept is None else _plain(kept)


def _plain(shape: Sequence[Any]) -> ReportedShape:
    return tuple(None if dim is None else int(dim) for dim in shape)
