"""What the versions of Keras say in different words: a model's graph, its layers' weights and their input shapes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, Protocol

from introspect.errors import ConfigurationError
from introspect.reported import ReportedShape

from .detecting import framework_class, is_layer, overrides, version_of
from .stored import Law

DeclaredWeight = tuple[str, tuple[int, ...], bool]  # a name, a shape, and whether training changes it


class Arguments(NamedTuple):
    """What a layer was called with: the name of the argument that each tensor came in, and everything that is no tensor."""

    names: tuple[str, ...]
    values: dict[str, Any]


@dataclass(eq=False)
class Node:
    """One application of a layer, as Keras recorded it; inputs and outputs are Keras' own symbolic tensors.

    `args` and `kwargs` are the whole call, where that is known. `inner`: what the layer's parts did in this call.
    `recorded`: the outputs' shapes are Keras' own. `beside`: masks that flow in and change no shape. `law`: of Keras' own
    `call`, where that of the layer's class has called it.
    """

    layer: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    inner: Optional[Graph] = None
    recorded: bool = True
    beside: tuple[Any, ...] = ()
    law: Optional[Law] = None

    def arguments(self) -> Optional[Arguments]:
        """The call by the names in the layer's signature; None where it is not known."""
        if not self.args and not self.kwargs:
            return None
        tensors = {id(tensor) for tensor in self.inputs}
        names: list[str] = []
        values: dict[str, Any] = {}
        for name, value in [*zip(parameters(self.layer), self.args), *sorted(self.kwargs.items())]:
            found = [place for place, leaf in places(name, value) if id(leaf) in tensors]
            names += found
            if not found:
                values[name] = value
        return Arguments(tuple(names), values)


@dataclass(frozen=True)
class Graph:
    """A graph model: the tensors that enter with their names, the nodes in execution order, the tensors that leave.

    `weights`: the variables that a layer's code asks for when it is built. `held`: which of the tensors (by ``id``) stand for
    weights that are there and no law speaks of.
    """

    names: tuple[str, ...]
    inputs: tuple[Any, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Any, ...]
    weights: tuple[DeclaredWeight, ...] = ()
    held: frozenset[int] = frozenset()


def is_constant(value: Any) -> bool:
    """Whether an argument is an array of numbers that is nobody's weight."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        return False
    return not any(cls.__name__ in ("Variable", "KerasVariable", "Parameter", "KerasTensor") for cls in type(value).__mro__)


def fed_to(tensors: tuple[Any, ...], args: Any, kwargs: Any) -> tuple[Any, ...]:
    """An operation's inputs: symbolic tensors, and the arrays between them."""
    known = {id(tensor) for tensor in tensors}
    return tuple(leaf for leaf in leaves((args, kwargs)) if id(leaf) in known or is_constant(leaf))


_MASKS = {"DotProductAttention": ("bias", "mask")}  # of operations; of layers it is the argument called so


def parted(layer: Any, fed: tuple[Any, ...], args: Any, kwargs: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What flows into a layer or operation of Keras' own: what it computes with, and masks, which change no shape."""
    if len(fed) < 2 or (len(args) < 2 and not kwargs):  # nothing is a mask in the first place
        return fed, ()
    cls = framework_class(layer)
    names = ("mask",) if is_layer(layer) else _MASKS.get(cls.__name__ if cls is not None else "", ())
    if not names or overrides(layer, ("call",)):
        return fed, ()
    given = [*zip(parameters(layer), args), *kwargs.items()]
    masks = {id(leaf) for name, value in given if name in names for leaf in leaves(value)}
    return tuple(x for x in fed if id(x) not in masks), tuple(x for x in fed if id(x) in masks)


_parameters: dict[Any, tuple[str, ...]] = {}
_MOST = 1024


def parameters(layer: Any) -> tuple[str, ...]:
    """The names of the parameters of a layer's ``call``."""
    return parameters_of(layer.call)


def parameters_of(function: Any) -> tuple[str, ...]:
    """The names of the parameters of a function; of a method, which is one for many layers, they are remembered."""
    code = getattr(function, "__func__", None)
    if code is None:
        return tuple(inspect.signature(function).parameters)
    if code not in _parameters:
        if len(_parameters) >= _MOST:
            _parameters.clear()
        _parameters[code] = tuple(inspect.signature(function).parameters)
    return _parameters[code]


def places(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of an argument, each with its name, and its keys where it is in a dict: ``data.bounding_boxes.labels``."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from places(f"{name}.{key}", value[key])
    else:
        yield from ((name, leaf) for leaf in leaves(value))


def leaves(value: Any) -> Iterator[Any]:
    """Whatever a nest of lists, tuples and dicts holds, in the order in which Keras flattens it."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def alike(nest: Any, items: Iterable[Any]) -> Any:
    """The items as a tuple or a list, whichever `nest` is; its own class may follow what it holds."""
    return tuple(items) if isinstance(nest, tuple) else list(items)


class UntraceableError(Exception):
    """The code of a layer cannot be followed; the message says why."""


class Dialect(Protocol):
    """One version of Keras."""

    version: str

    def graph(self, layer: Any) -> Optional[Graph]:
        """The graph inside `layer`, if it is a graph model."""

    def chain(self, layer: Any) -> Optional[list[Any]]:
        """The layers that `layer` applies one after another, where there is no graph of them yet."""

    def follows(self, layer: Any) -> bool:
        """Whether what `layer` does is written in code of its own, which `trace` follows."""

    def trace(self, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]) -> Optional[Graph]:
        """What the own code of `layer` does with inputs of these shapes; None where there is no code to follow.

        Raises `UntraceableError` where it cannot be followed.
        """

    def law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        """The law of a layer or operation, from its configuration."""

    def base_law(self, layer: Any, node: Optional[Node]) -> Optional[Law]:
        """The law of Keras' own class that the class of `layer` extends; None where the user's makes the variables itself."""

    def followable(self, layer: Any) -> bool:
        """Whether `layer` repeats another one, whose code `followed` follows where it is the user's own."""

    def followed(self, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node]) -> Optional[Law]:
        """The law of such a layer on inputs of these shapes. Raises `UntraceableError` where code cannot be followed."""

    def recorder(self, layer: Any) -> Any:
        """What follows the code of `layer`."""

    def sublayers(self, layer: Any) -> list[Any]:
        """The layers that `layer` holds."""

    def own_weights(self, layer: Any) -> list[Any]:
        """The variables that `layer` itself made, its sublayers' left out."""

    def weights(self, layer: Any) -> list[Any]:
        """All weights of `layer`: no optimizer slots, no metrics, no seeds."""

    def weight_name(self, layer: Any, variable: Any) -> str:
        """What a variable is called within `layer`."""

    def trained(self, containers: tuple[Any, ...], layer: Any, variables: Sequence[Any]) -> list[bool]:
        """Whether training changes each of `variables` of `layer`, by the flags of all that holds it."""

    def would_train(self, containers: tuple[Any, ...], layer: Any) -> bool:
        """Whether training would change what `layer` is going to make."""

    def declared_inputs(self, layer: Any) -> Optional[list[tuple[str, ReportedShape]]]:
        """Names and shapes of the inputs that the configuration of `layer` declares or that it was built on."""

    def shape(self, tensor: Any) -> ReportedShape:
        """The shape of a symbolic tensor."""

    def variable_shape(self, variable: Any) -> ReportedShape:
        """The actual shape of a variable."""

    def computed(self, layer: Any, shapes: list[ReportedShape], node: Optional[Node] = None) -> Optional[list[ReportedShape]]:
        """What the shape method of `layer` answers, called as in `node`; None where it has none or refuses."""

    def taken_over(self, layer: Any, shapes: list[ReportedShape]) -> Optional[list[ReportedShape]]:
        """The same of the class of Keras' own that the layer's class extends."""

    def count_params(self, layer: Any) -> Optional[int]:
        """Keras' own count for a layer or model; None while it is not built."""

    def totals(self, model: Any) -> tuple[Optional[int], Optional[int]]:
        """Keras' own counts for the whole model, all parameters and the trainable ones, where it has them."""

    def trainable_weights(self, layer: Any) -> list[Any]:
        """The weights that Keras says training changes."""

    def built(self, layer: Any) -> bool:
        """Whether the layer has made its weights."""

    def metrics_state(self, model: Any) -> int:
        """How many numbers of `count_params()` are the state of metrics that are attributes of the model."""

    def optimizer_slots(self, model: Any) -> int:
        """How many numbers of the optimizer's `summary()` adds to its total."""


def shape_of(dialect: Dialect, tensor: Any) -> Optional[ReportedShape]:
    """The shape of a symbolic tensor; None where not even the number of its axes is known, as behind Python code in Keras 2."""
    return None if without_rank(getattr(tensor, "shape", None)) else dialect.shape(tensor)


def without_rank(shape: Any) -> bool:
    """Whether this is TensorFlow's shape of an unknown number of axes."""
    return getattr(shape, "rank", 0) is None


def dialect_of(model: Any) -> Dialect:
    """The dialect of the version of Keras that `model` is made of. Raises `ConfigurationError` where nobody speaks it."""
    package, version = version_of(model)
    if package == "keras" and version.startswith("1."):
        from .keras1 import Keras1

        return Keras1(version)
    if package == "keras" and version.startswith("3."):
        from .keras3 import Keras3

        return Keras3(version)
    if package == "keras" and version.startswith(("2.0.", "2.1.", "2.2.", "2.3.")):
        from .multibackend import MultiBackend

        return MultiBackend(version)
    if version.startswith("2."):
        from .keras2 import Keras2

        return Keras2(version)
    raise ConfigurationError("this version of Keras cannot be read", got=f"{package} {version}", expected="Keras 1, 2 or 3")
