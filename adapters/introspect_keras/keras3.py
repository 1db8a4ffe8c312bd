"""Keras 3 (and tf.keras as it is today): graphs of `Operation` nodes, weights as `Variable`s."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Optional

from introspect.reported import ReportedShape

from .called_directly import function_law
from .calling import refilled
from .detecting import framework_class, is_a, is_layer, overrides
from .dialect import Graph, Node, fed_to, leaves, parameters, parameters_of, parted
from .following import followable, followed
from .guests import knows_its_weights, of_jax, place_in_tree
from .kinds import Kinds
from .measuring import trace
from .open_sizes import Size
from .ops import OPERATIONS
from .specs import LAYERS
from .specs_adapted import adapted
from .specs_attention import CALLED
from .stored import Law
from .tracing import Recorder, traceable
from .twins import REPEATING, makes_weights, shape_method

_SHAPING = ("call", "__call__", "build", "compute_output_shape", "compute_output_spec", "add_weight")


class Keras3:
    """Keras 3.x."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._graphs: dict[int, tuple[Any, Optional[Graph]]] = {}
        self._laws: dict[int, tuple[Any, Optional[Law]]] = {}
        self._followed: dict[Any, tuple[Any, Optional[Law]]] = {}
        self._kinds = Kinds()
        self._singly: dict[type, bool] = {}  # by class: whether the law is the layer's alone

    def graph(self, layer: Any) -> Optional[Graph]:
        if not is_a(layer, "Functional", "Sequential"):
            return None
        if id(layer) not in self._graphs:
            self._graphs[id(layer)] = (layer, self._graph(layer))
        return self._graphs[id(layer)][1]

    def _graph(self, layer: Any) -> Optional[Graph]:
        if overrides(layer, ("call", "__call__")):
            return None
        if is_a(layer, "Sequential"):
            inner = getattr(layer, "_functional", None)
            return None if inner is None else self.graph(inner)
        if not is_a(layer, "Functional"):
            return None
        return graph_between(list(layer.inputs), list(layer.outputs))

    def chain(self, layer: Any) -> Optional[list[Any]]:
        if not is_a(layer, "Sequential", "Pipeline") or overrides(layer, ("call", "__call__")) or self.graph(layer) is not None:
            return None
        return list(layer.layers)

    def follows(self, layer: Any) -> bool:
        return traceable(layer)

    def trace(self, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]) -> Optional[Graph]:
        return trace(self, layer, shapes, node, names) if traceable(layer) else None

    def law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        found = self._laws.get(id(layer))
        if found is None:
            cls = type(layer)
            if cls not in self._singly:
                self._singly[cls] = not self.depends_on_call(layer)
            if not self._singly[cls]:
                return self._law(layer, node)
            found = self._laws[id(layer)] = (layer, self._kinds.law(layer, self._law))
        return found[1]

    def followable(self, layer: Any) -> bool:
        return followable(layer)

    def followed(self, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node]) -> Optional[Law]:
        if not is_a(layer, *REPEATING) or not shapes:
            return None
        key = (id(layer), tuple(shapes), None if node is None else len(node.args))
        if key not in self._followed:
            self._followed[key] = (layer, followed(self, layer, shapes, node))
        return self._followed[key][1]

    def recorder(self, layer: Any) -> Any:
        return Recorder(self)

    def depends_on_call(self, layer: Any) -> bool:
        """Whether the law is not the layer's alone."""
        return not is_layer(layer) or is_a(layer, *CALLED)

    def _law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        own = framework_class(layer) is not None and overrides(layer, _SHAPING)
        return None if own else self._class_law(layer, node)

    def base_law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        return None if makes_weights(layer) else self._class_law(layer, node)

    def _class_law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        """The law of Keras' own class that an object is of, or whose class it extends."""
        cls = framework_class(layer)
        if cls is None:
            return function_law(layer, node)
        if not is_layer(layer):
            operation = OPERATIONS.get(cls.__name__)
            return operation(layer, node) if operation is not None and node is not None else None
        called = CALLED.get(cls.__name__)
        if called is not None:
            return adapted(layer, called(layer, node.arguments() if node is not None else None))
        made = LAYERS.get(cls.__name__)
        return adapted(layer, made(layer)) if made is not None else None

    def sublayers(self, layer: Any) -> list[Any]:
        if not is_layer(layer):
            return []
        if is_a(layer, "Sequential"):
            return list(layer.layers)
        return list(getattr(layer, "_layers", []))

    def own_weights(self, layer: Any) -> list[Any]:
        return [*getattr(layer, "_trainable_variables", []), *getattr(layer, "_non_trainable_variables", [])]

    def weights(self, layer: Any) -> list[Any]:
        if not getattr(layer, "_layers", True):
            return self.own_weights(layer)
        return list(layer.weights)

    def weight_name(self, layer: Any, variable: Any) -> str:
        if of_jax(layer):
            return place_in_tree(layer, variable)
        path, own = str(getattr(variable, "path", variable.name)), str(getattr(layer, "path", "") or "")
        if own and path.startswith(f"{own}/"):
            return path[len(own) + 1 :].replace("/", ".")
        return str(variable.name)

    def trained(self, containers: tuple[Any, ...], layer: Any, variables: Sequence[Any]) -> list[bool]:
        """Keras 3 asks the model that is looked at and the variable; a container in between has set its variables' flags."""
        asked = bool((containers[0] if containers else layer).trainable)
        return [asked and bool(variable.trainable) for variable in variables]

    def would_train(self, containers: tuple[Any, ...], layer: Any) -> bool:
        return bool((containers[0] if containers else layer).trainable) and bool(layer.trainable)

    def declared_inputs(self, layer: Any) -> Optional[list[tuple[str, ReportedShape]]]:
        graph = self.graph(layer)
        if graph is not None:
            return [(name, self.shape(tensor)) for name, tensor in zip(graph.names, graph.inputs)]
        first = (getattr(layer, "_layers", None) or [None])[0] if is_a(layer, "Sequential") else None
        if first is not None and is_a(first, "InputLayer"):
            return [(str(first.name), _plain(first.batch_shape))]
        return self._built_on(layer)

    def _built_on(self, layer: Any) -> Optional[list[tuple[str, ReportedShape]]]:
        """The shapes in the layer's build configuration."""
        shapes = list((getattr(layer, "_build_shapes_dict", None) or {}).values())
        if len(shapes) != 1 or shapes[0] is None:
            return None
        (shape,) = shapes
        several = isinstance(shape, (list, tuple)) and bool(shape) and all(isinstance(s, (list, tuple)) for s in shape)
        if not isinstance(shape, (list, tuple)):
            return None
        listed = list(shape) if several else [shape]
        names = ["input"] if len(listed) == 1 else [f"input_{i + 1}" for i in range(len(listed))]
        return [(name, _plain(s) if getattr(layer, "stateful", False) else _open(s)) for name, s in zip(names, listed)]

    def shape(self, tensor: Any) -> ReportedShape:
        return _plain(tensor.shape)

    def variable_shape(self, variable: Any) -> ReportedShape:
        return _plain(variable.shape)

    def computed(self, layer: Any, shapes: list[ReportedShape], node: Optional[Node] = None) -> Optional[list[ReportedShape]]:
        if not is_layer(layer):
            return None
        spread = is_a(layer, *CALLED) and not is_a(layer, "Attention", "AdditiveAttention")
        given: Any = shapes if spread else [shapes[0] if len(shapes) == 1 and not is_a(layer, "Merge") else shapes]
        named: dict[str, Any] = {}
        try:
            if node is not None and (node.args or node.kwargs):
                given, named = _as_handed_on(layer, shapes, node)
            return _flattened(layer.compute_output_shape(*given, **named))
        except Exception:  # a layer may refuse in any way it likes; it then says nothing
            return None

    def taken_over(self, layer: Any, shapes: list[ReportedShape]) -> Optional[list[ReportedShape]]:
        answer = shape_method(layer)
        if answer is None:
            return None
        try:
            return _flattened(answer(layer, *(shapes[:1] if is_a(layer, *REPEATING) else shapes)))
        except Exception:  # a layer may refuse in any way it likes; it then says nothing
            return None

    def count_params(self, layer: Any) -> Optional[int]:
        if not self.built(layer):
            return None
        try:
            return int(layer.count_params())
        except ValueError:  # a part of it is not built
            return None

    def totals(self, model: Any) -> tuple[Optional[int], Optional[int]]:
        params = self.count_params(model)
        if params is None:
            return None, None
        return params, sum(prod(int(dim or 0) for dim in self.variable_shape(v)) for v in self.trainable_weights(model))

    def trainable_weights(self, layer: Any) -> list[Any]:
        return list(layer.trainable_weights)

    def metrics_state(self, model: Any) -> int:
        return 0

    def optimizer_slots(self, model: Any) -> int:
        variables = getattr(getattr(model, "optimizer", None), "variables", None)
        return sum(prod(v.shape) for v in variables) if isinstance(variables, (list, tuple)) else 0

    def built(self, layer: Any) -> bool:
        return bool(getattr(layer, "built", False)) or knows_its_weights(layer)


def graph_between(inputs: list[Any], outputs: list[Any]) -> Graph:
    """The nodes between two sets of tensors, each after those it depends on."""
    names = tuple(str(tensor._keras_history.operation.name) for tensor in inputs)
    return Graph(names, tuple(inputs), tuple(ordered(inputs, outputs, _made_by, _node)), tuple(outputs))


def _made_by(tensor: Any) -> tuple[Any, Any]:
    history = tensor._keras_history
    return history.operation, history.operation._inbound_nodes[history.node_index]


def ordered(
    inputs: list[Any],
    outputs: list[Any],
    made_by: Callable[[Any], tuple[Any, Any]],
    read: Callable[[Any, Any], Node],
) -> list[Node]:
    """The nodes between two sets of tensors. `made_by`: the layer and Keras' node behind a tensor; `read`: ours of those."""
    known = {id(tensor) for tensor in inputs}
    found: list[Node] = []
    stack: list[Any] = list(reversed(outputs))
    while stack:
        top = stack.pop()
        if type(top) is Node:  # it lay below all that it depends on
            found.append(top)
            known.update(map(id, top.outputs))
        elif id(top) not in known:
            node = read(*made_by(top))
            stack.append(node)
            needed = (*node.inputs, *node.beside)
            stack += [t for t in reversed(needed) if id(t) not in known and hasattr(t, "_keras_history")]
    return found


def _node(layer: Any, node: Any) -> Node:
    called = node.arguments
    fed = tuple(called.keras_tensors)
    if not is_layer(layer):
        fed = fed_to(fed, called.args, called.kwargs)
    data, beside = parted(layer, fed, called.args, called.kwargs)
    return Node(layer, data, tuple(node.outputs), called.args, called.kwargs, beside=beside)


def _as_handed_on(layer: Any, shapes: list[ReportedShape], node: Node) -> tuple[list[Any], dict[str, Any]]:
    """What Keras asks a shape method with: the first argument's shapes, or those of each argument by its name."""
    taken = [name for name in parameters_of(layer.compute_output_shape) if name not in ("args", "kwargs")]
    of = {id(tensor): shape for tensor, shape in zip(node.inputs, shapes)}
    called = [*zip(parameters(layer), node.args), *node.kwargs.items()]
    fed = {name: refilled(value, of) for name, value in called if any(id(leaf) in of for leaf in leaves(value))}
    named = {f"{name}_shape": shape for name, shape in fed.items() if f"{name}_shape" in taken}
    return ([], named) if named and len(taken) > 1 else ([next(iter(fed.values()))], {})


def _plain(shape: Any) -> ReportedShape:
    return tuple(None if dim is None or isinstance(dim, Size) else int(dim) for dim in shape)


def _open(shape: Any) -> ReportedShape:
    """What a layer was built on, whatever the batch: that binds nobody."""
    return (None, *_plain(shape)[1:]) if shape else ()


def _flattened(answer: Any) -> Optional[list[ReportedShape]]:
    """One shape or a nest of shapes as a list."""
    if answer is None:
        return None
    if isinstance(answer, dict):
        answer = [answer[key] for key in sorted(answer)]
    if all(dim is None or isinstance(dim, int) for dim in answer):
        return [_plain(answer)]
    found: list[ReportedShape] = []
    for part in answer:
        inner = _flattened(part)
        if inner is None:
            return None
        found += inner
    return found
