"""Keras 1: graphs of nodes on layers, weights as shared variables of Theano or variables of TensorFlow.

Its symbolic tensors are no identities: a layer that changes nothing hands on the very tensor it was given. What flows is
therefore told apart by layer, node and position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Optional

from introspect.reported import ReportedShape

from .detecting import framework_class, is_a, is_layer, overrides
from .dialect import Graph, Node, UntraceableError
from .specs_keras1 import LAYERS
from .stored import Law

_SHAPING = ("call", "__call__", "build", "get_output_shape_for")


@dataclass(frozen=True)
class Tensor:
    """The output at `position` of the node `node` of `layer`."""

    layer: Any
    node: int
    position: int


class Keras1:
    """Keras 1.x."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._tensors: dict[tuple[int, int, int], Tensor] = {}
        self._graphs: dict[int, tuple[Any, Optional[Graph]]] = {}
        self._counts: dict[int, tuple[Any, int]] = {}

    def graph(self, layer: Any) -> Optional[Graph]:
        if id(layer) not in self._graphs:
            self._graphs[id(layer)] = (layer, self._graph(layer))
        return self._graphs[id(layer)][1]

    def _graph(self, layer: Any) -> Optional[Graph]:
        if not is_a(layer, "Container", "Sequential") or overrides(layer, ("call", "__call__")):
            return None
        if is_a(layer, "Sequential"):
            if not layer.outputs:
                return None
            outputs = [self._tensor(*layer.outputs[0]._keras_history)]
            inputs, nodes = self._between(None, outputs)
        else:
            outputs = self._ends(layer, "output")
            inputs, nodes = self._between(self._ends(layer, "input"), outputs)
        names = tuple(str(tensor.layer.name) for tensor in inputs)
        return Graph(names, tuple(inputs), tuple(nodes), tuple(outputs))

    def _ends(self, model: Any, side: str) -> list[Tensor]:
        layers, nodes = getattr(model, f"{side}_layers"), getattr(model, f"{side}_layers_node_indices")
        return [self._tensor(*end) for end in zip(layers, nodes, getattr(model, f"{side}_layers_tensor_indices"))]

    def _tensor(self, layer: Any, node: int, position: int) -> Tensor:
        return self._tensors.setdefault((id(layer), node, position), Tensor(layer, node, position))

    def _between(self, inputs: Optional[list[Tensor]], outputs: list[Tensor]) -> tuple[list[Tensor], list[Node]]:
        """The nodes, each after those it depends on; the inputs are those given, or whatever nothing leads to."""
        sources = list(inputs or ())
        known = {id(tensor) for tensor in sources}
        found: list[Node] = []
        stack = list(reversed(outputs))
        while stack:
            tensor = stack[-1]
            node = nodes_of(tensor.layer)[tensor.node]
            fed = [self._tensor(*end) for end in zip(node.inbound_layers, node.node_indices, node.tensor_indices)]
            missing = [t for t in fed if id(t) not in known]
            if id(tensor) in known:
                stack.pop()
            elif not fed:
                sources.append(tensor)
                known.add(id(tensor))
            elif missing:
                stack.extend(reversed(missing))
            else:
                made = tuple(self._tensor(tensor.layer, tensor.node, i) for i in range(len(node.output_tensors)))
                found.append(Node(tensor.layer, tuple(fed), made))
                known.update(id(t) for t in made)
        return sources, found

    def chain(self, layer: Any) -> Optional[list[Any]]:
        return None  # a Sequential of Keras 1 connects its layers as they are added

    def follows(self, layer: Any) -> bool:
        return False

    def trace(self, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]) -> Optional[Graph]:
        return None

    def law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        cls = framework_class(layer)
        if cls is None or overrides(layer, _SHAPING):
            return None
        made = LAYERS.get(cls.__name__)
        return made(layer) if made is not None else None

    def taken_over(self, layer: Any, shapes: list[ReportedShape]) -> Optional[list[ReportedShape]]:
        return None

    def base_law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        return None

    def followable(self, layer: Any) -> bool:
        return False

    def followed(self, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node]) -> Optional[Law]:
        return None

    def recorder(self, layer: Any) -> Any:
        raise UntraceableError("code is not read in this version of Keras")

    def sublayers(self, layer: Any) -> list[Any]:
        if is_a(layer, "Merge"):
            return []  # its branches are inputs, not parts
        parts = [getattr(layer, name, None) for name in ("layer", "forward_layer", "backward_layer")]
        found = list(getattr(layer, "layers", None) or []) + [part for part in parts if is_layer(part)]
        return list({id(part): part for part in found}.values())

    def own_weights(self, layer: Any) -> list[Any]:
        return []  # of containers only, and those make none

    def weights(self, layer: Any) -> list[Any]:
        trainable, other = getattr(layer, "trainable_weights", []), getattr(layer, "non_trainable_weights", [])
        return list({id(v): v for v in [*trainable, *other]}.values())

    def weight_name(self, layer: Any, variable: Any) -> str:
        name, own = str(variable.name), f"{layer.name}_"
        return name[len(own) :] if name.startswith(own) else name

    def trained(self, containers: tuple[Any, ...], layer: Any, variables: Sequence[Any]) -> list[bool]:
        asked = self.would_train(containers, layer)
        trainable = {id(v) for v in getattr(layer, "trainable_weights", [])} if asked else ()
        return [id(variable) in trainable for variable in variables]

    def would_train(self, containers: tuple[Any, ...], layer: Any) -> bool:
        return all(getattr(holder, "trainable", True) for holder in (*containers, layer))

    def declared_inputs(self, layer: Any) -> Optional[list[tuple[str, ReportedShape]]]:
        graph = self.graph(layer)
        if graph is not None:
            return [(name, self.shape(tensor)) for name, tensor in zip(graph.names, graph.inputs)]
        nodes = nodes_of(layer)
        if nodes:
            shapes = nodes[0].input_shapes
            return [("input" if len(shapes) == 1 else f"input_{i + 1}", _plain(s)) for i, s in enumerate(shapes)]
        shape = getattr(layer, "batch_input_shape", None)
        return None if shape is None else [("input", _plain(shape))]

    def shape(self, tensor: Any) -> ReportedShape:
        return _plain(nodes_of(tensor.layer)[tensor.node].output_shapes[tensor.position])

    def variable_shape(self, variable: Any) -> ReportedShape:
        if hasattr(variable, "get_value"):
            return _plain(variable.get_value(borrow=True).shape)
        return _plain(variable.get_shape().as_list())

    def computed(self, layer: Any, shapes: list[ReportedShape], node: Optional[Node] = None) -> Optional[list[ReportedShape]]:
        try:
            answer = layer.get_output_shape_for(shapes[0] if len(shapes) == 1 else list(shapes))
        except Exception:  # a layer may refuse in any way it likes; it then says nothing
            return None
        if answer is None:
            return None
        return [_plain(one) for one in answer] if isinstance(answer, list) else [_plain(answer)]

    def count_params(self, layer: Any) -> Optional[int]:
        """`count_params()` of Keras 1 leaves out what is not trainable: no count of a layer that has such weights."""
        if not self.built(layer) or getattr(layer, "non_trainable_weights", []):
            return None
        if id(layer) not in self._counts:  # on Theano a function is compiled for every weight that is counted
            self._counts[id(layer)] = (layer, int(layer.count_params()))
        return self._counts[id(layer)][1]

    def totals(self, model: Any) -> tuple[Optional[int], Optional[int]]:
        trainable = sum(prod(int(dim or 0) for dim in self.variable_shape(v)) for v in self.trainable_weights(model))
        sequential = is_a(model, "Sequential")  # asking one that is not compiled would compile and change it
        return (None if sequential and not model.built else self.count_params(model)), trainable

    def trainable_weights(self, layer: Any) -> list[Any]:
        graph = self.graph(layer)
        if graph is None:
            return list(getattr(layer, "trainable_weights", []))
        if not getattr(layer, "trainable", True):
            return []
        found = [v for node in graph.nodes for v in self.trainable_weights(node.layer)]
        return list({id(v): v for v in found}.values())

    def metrics_state(self, model: Any) -> int:
        return 0

    def optimizer_slots(self, model: Any) -> int:
        return 0

    def built(self, layer: Any) -> bool:
        return bool(getattr(layer, "built", False))


def nodes_of(layer: Any) -> list[Any]:
    """A layer's applications; Keras 2 came to hide them."""
    found: list[Any] = getattr(layer, "_inbound_nodes", None) or getattr(layer, "inbound_nodes", None) or []
    return found


def _plain(shape: Any) -> ReportedShape:
    return tuple(None if dim is None else int(dim) for dim in shape)
