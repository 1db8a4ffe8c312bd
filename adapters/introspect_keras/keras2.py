"""Keras 2, also as tf.keras: graphs of nodes on layers, functions of TensorFlow as layers, weights as its variables."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Optional

from introspect.reported import ReportedShape

from .detecting import FUNCTIONS, framework_class, is_a, overrides
from .dialect import Graph, Node, leaves
from .kept2 import kept_inputs, shapes_in
from .keras3 import Keras3, ordered
from .ops2 import fed, function_law
from .specs import LAYERS
from .specs_attention import CALLED
from .stored import Law
from .tracing import traceable
from .tracing2 import Recorder2, trace
from .twins import shape_method

_SHAPING = ("call", "__call__", "build", "compute_output_shape", "add_weight")


class Keras2(Keras3):
    """Keras 2.x: what it says otherwise than Keras 3."""

    def _graph(self, layer: Any) -> Optional[Graph]:
        if overrides(layer, ("call", "__call__")):
            return None
        if is_a(layer, "Sequential") and not (layer.built and getattr(layer, "_graph_initialized", False)):
            return None
        if not getattr(layer, "_is_graph_network", False):
            return None
        inputs, outputs = list(leaves(layer.inputs)), list(leaves(layer.outputs))
        names = tuple(str(tensor._keras_history.layer.name) for tensor in inputs)
        return Graph(names, tuple(inputs), tuple(ordered(inputs, outputs, _made_by, _node)), tuple(outputs))

    def trace(self, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]) -> Optional[Graph]:
        return trace(self, layer, shapes, node, names) if traceable(layer) else None

    def recorder(self, layer: Any) -> Any:
        return Recorder2(self, layer)

    def _law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        return None if overrides(layer, _SHAPING) else self._class_law(layer, node)

    def _class_law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        cls = framework_class(layer)
        if cls is None:
            return None
        if cls.__name__ in FUNCTIONS:
            return function_law(layer, node) if node is not None else None
        called = CALLED.get(cls.__name__)
        if called is not None:
            return called(layer, node.arguments() if node is not None else None)
        made = LAYERS.get(cls.__name__)
        return made(layer) if made is not None else None

    def depends_on_call(self, layer: Any) -> bool:
        return super().depends_on_call(layer) or is_a(layer, *FUNCTIONS)

    def sublayers(self, layer: Any) -> list[Any]:
        if is_a(layer, "Sequential"):
            return list(layer.layers)
        return [part for part in layer._flatten_layers(recursive=False, include_self=False) if part is not layer]

    def own_weights(self, layer: Any) -> list[Any]:
        return [*layer._trainable_weights, *layer._non_trainable_weights]

    def weights(self, layer: Any) -> list[Any]:
        return list({id(v): v for v in _asked(layer, "weights")}.values())

    def trainable_weights(self, layer: Any) -> list[Any]:
        return _asked(layer, "trainable_weights") if layer.trainable else []

    def weight_name(self, layer: Any, variable: Any) -> str:
        name, own = str(variable.name).partition(":")[0], f"{layer.name}/"
        start = name.find(own)
        return name[start + len(own) :].replace("/", ".") if start >= 0 else name.replace("/", ".")

    def trained(self, containers: tuple[Any, ...], layer: Any, variables: Sequence[Any]) -> list[bool]:
        """By the flags of everything that holds the variable, inside the layer too."""
        if not variables or not self.would_train(containers, layer):
            return [False] * len(variables)
        frozen = {id(v) for part in layer._flatten_layers() if not part.trainable for v in self.own_weights(part)}
        return [bool(variable.trainable) and id(variable) not in frozen for variable in variables]

    def would_train(self, containers: tuple[Any, ...], layer: Any) -> bool:
        return all(holder.trainable for holder in (*containers, layer))

    def declared_inputs(self, layer: Any) -> Optional[list[tuple[str, ReportedShape]]]:
        graph = self.graph(layer)
        if graph is not None:
            return [(name, self.shape(tensor)) for name, tensor in zip(graph.names, graph.inputs)]
        return kept_inputs(layer)

    def shape(self, tensor: Any) -> ReportedShape:
        return tuple(None if dim is None else int(dim) for dim in tensor.shape)

    def computed(self, layer: Any, shapes: list[ReportedShape], node: Optional[Node] = None) -> Optional[list[ReportedShape]]:
        owner = next((cls for cls in type(layer).__mro__ if "compute_output_shape" in vars(cls)), None)
        if owner is None or owner.__name__ in ("Layer", "Model", "Functional", "Sequential"):
            return None  # these would build the layer to find out
        try:
            return shapes_in(layer.compute_output_shape(shapes[0] if len(shapes) == 1 else list(shapes))) or None
        except Exception:  # a layer may refuse in any way it likes; it then says nothing
            return None

    def metrics_state(self, model: Any) -> int:
        """A metric that is an attribute is tracked like a layer here, and its sums are weights."""
        tracked = [item for part in model._flatten_layers() for item in getattr(part, "_self_tracked_trackables", ())]
        state = {id(v): v for item in tracked if is_a(item, "Metric") for v in item.variables}
        return sum(prod(int(dim or 0) for dim in self.variable_shape(v)) for v in state.values())

    def taken_over(self, layer: Any, shapes: list[ReportedShape]) -> Optional[list[ReportedShape]]:
        answer = shape_method(layer)
        if answer is None:
            return None
        try:
            return shapes_in(answer(layer, shapes[0] if len(shapes) == 1 else list(shapes))) or None
        except Exception:  # a layer may refuse in any way it likes; it then says nothing
            return None

    def optimizer_slots(self, model: Any) -> int:
        return 0  # summary() counts the model alone


def _asked(layer: Any, name: str) -> list[Any]:
    """What the layer lists under `name`; where a model in it is not built, and refuses, what all others list."""
    try:
        return list(getattr(layer, name))
    except ValueError:
        parts = layer._flatten_layers(recursive=False, include_self=False)
        return [variable for part in parts for variable in _asked(part, name)]


def _made_by(tensor: Any) -> tuple[Any, Any]:
    history = tensor._keras_history
    return history.layer, history.layer._inbound_nodes[history.node_index]


def _node(layer: Any, node: Any) -> Node:
    inputs = tuple(node.keras_inputs)
    args, kwargs = tuple(node.call_args or ()), dict(node.call_kwargs or {})
    if is_a(layer, *FUNCTIONS):
        inputs = fed(layer, inputs, args, kwargs)
    return Node(layer, inputs, tuple(leaves(node.outputs)), args, kwargs)
