"""Keras 2.0 to 2.3, a package of its own on several backends: graphs as Keras 1 records them, layers as tf.keras 2 has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from introspect.reported import ReportedShape

from .detecting import framework_class, is_a, is_layer, overrides
from .dialect import Graph, Node
from .kept2 import shapes_in
from .keras1 import Keras1, nodes_of
from .specs import LAYERS
from .specs_multibackend import OLDER
from .stored import Law

_SHAPING = ("call", "__call__", "build", "compute_output_shape", "add_weight")
_MODELS = ("Container", "Network", "Sequential")  # `Network` since 2.2


class MultiBackend(Keras1):
    """Keras 2.0 to 2.3: what it says otherwise than Keras 1."""

    def _graph(self, layer: Any) -> Optional[Graph]:
        if not is_a(layer, *_MODELS) or overrides(layer, ("call", "__call__")):
            return None
        if not layer.outputs or not getattr(layer, "_is_graph_network", True):
            return None
        outputs = [self._tensor(*tensor._keras_history) for tensor in layer.outputs]
        inputs, nodes = self._between([self._tensor(*tensor._keras_history) for tensor in layer.inputs], outputs)
        return Graph(tuple(str(tensor.layer.name) for tensor in inputs), tuple(inputs), tuple(nodes), tuple(outputs))

    def chain(self, layer: Any) -> Optional[list[Any]]:
        if not is_a(layer, "Sequential") or overrides(layer, ("call", "__call__")) or self.graph(layer) is not None:
            return None
        return list(layer.layers)

    def law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        cls = framework_class(layer)
        if cls is None or overrides(layer, _SHAPING):
            return None
        made = OLDER.get(cls.__name__) or LAYERS.get(cls.__name__)
        return made(layer) if made is not None else None

    def sublayers(self, layer: Any) -> list[Any]:
        if is_a(layer, "Merge"):
            return []  # its branches are inputs, not parts
        held = [*_listed(layer, "layers"), *_listed(layer, "_layers"), *_listed(layer, "cells")]
        held += [getattr(layer, name, None) for name in ("layer", "forward_layer", "backward_layer", "cell")]
        return list({id(part): part for part in held if is_layer(part)}.values())

    def declared_inputs(self, layer: Any) -> Optional[list[tuple[str, ReportedShape]]]:
        found = super().declared_inputs(layer)
        if found == [("input", (None, None))] and is_a(layer, "Embedding") and not nodes_of(layer):
            return None  # it says so of itself, and takes any number of axes
        return found

    def own_weights(self, layer: Any) -> list[Any]:
        return [*getattr(layer, "_trainable_weights", ()), *getattr(layer, "_non_trainable_weights", ())]

    def weight_name(self, layer: Any, variable: Any) -> str:
        name, own = str(variable.name), f"{layer.name}/"
        return (name[len(own) :] if name.startswith(own) else name).partition(":")[0].replace("/", ".")

    def trained(self, containers: tuple[Any, ...], layer: Any, variables: Sequence[Any]) -> list[bool]:
        """By the flags of the models around it, and the layer's own list: the first versions forget a frozen layer's parts."""
        asked = all(holder.trainable for holder in containers)
        trainable = {id(v) for v in layer.trainable_weights} if asked else ()
        return [id(variable) in trainable for variable in variables]

    def computed(self, layer: Any, shapes: list[ReportedShape], node: Optional[Node] = None) -> Optional[list[ReportedShape]]:
        if is_a(layer, *_MODELS):
            return None  # it would write down what it found
        try:
            return shapes_in(layer.compute_output_shape(shapes[0] if len(shapes) == 1 else list(shapes))) or None
        except Exception:  # a layer may refuse in any way it likes; it then says nothing
            return None

    def count_params(self, layer: Any) -> Optional[int]:
        if not self.built(layer):
            return None
        if id(layer) not in self._counts:  # on Theano a function is compiled for every weight that is counted
            self._counts[id(layer)] = (layer, int(layer.count_params()))
        return self._counts[id(layer)][1]

    def totals(self, model: Any) -> tuple[Optional[int], Optional[int]]:
        asked = self.built(model) or self.graph(model) is not None  # else it lists the weights it has so far
        return super().totals(model) if asked else (None, None)

    def trainable_weights(self, layer: Any) -> list[Any]:
        return list(layer.trainable_weights)


def _listed(layer: Any, name: str) -> list[Any]:
    found = getattr(layer, name, None)
    return list(found) if isinstance(found, (list, tuple)) else []
