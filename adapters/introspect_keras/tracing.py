"""What a layer's own Python code does, written down as a graph: its `call` runs once on symbolic tensors.

Nothing is built: layers answer by their laws, Keras' operations by their own shape rules, and a variable that the code asks
for is a symbolic tensor of that shape. `Declared` is its law.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import Any, Optional

from introspect.algebra import Dim
from introspect.errors import IntrospectError
from introspect.layers import StepsTogether, TimeDistributed
from introspect.reported import ReportedShape

from .asked_again import AskedAgain, asks
from .called_directly import fed, tensorflow_asks
from .calling import refilled
from .detecting import is_a, is_layer, overrides
from .dialect import Dialect, Graph, Node, UntraceableError, alike, is_constant, leaves, parted
from .guests import guest_at, held_by, knows_its_weights
from .intercepting import SEED, intercepted, names_kept, untouched
from .lending import Lent
from .masking import Masks
from .symbols import dims, flowing, flowing_kind, is_variable, symbolic_weight
from .twins import CELLS, as_returned, bound, made_like, owns_weights

_NOT_DATA = ("training", "mask")


def traceable(layer: Any) -> bool:
    """Whether what a layer does is written in Python code that is not Keras' own."""
    written = overrides(layer, ("call",)) or is_a(layer, "Lambda", *CELLS)  # a cell without a law is made of the user's
    return is_layer(layer) and written and not overrides(layer, ("__call__",))


def trace(dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]) -> Graph:
    """The graph of one call of `layer` on inputs of these shapes, called as in `node`, or as its signature asks for.

    Raises `UntraceableError`, or the `IntrospectError` of a law that refuses what flows.
    """
    return Recorder(dialect).record(layer, shapes, node, names)


class Recorder:
    """Follows one call. A frame is the list of the nodes that the code of one layer has made so far."""

    asked_for: tuple[str, ...] = ("shape", "initializer", "dtype", "trainable")  # the arguments of `add_weight`, in order

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.keras: Any = sys.modules.get("keras")  # tf.keras has itself elsewhere
        self._frames: list[list[Node]] = []
        self._inside: list[Any] = []
        self._made: list[Any] = []  # layers whose variables were symbolic here
        self._stand_ins: dict[int, Any] = {}
        self._twins: dict[int, Any] = {}
        self._called: set[int] = set()  # layers (by ``id``)
        self._weights: dict[int, list[tuple[str, tuple[int, ...], bool]]] = {}
        self._asked = AskedAgain(dialect)
        self._lent = Lent(self._weight_tensor)
        self._masks = Masks(self._is_tensor)

    def record(self, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]) -> Graph:
        with self.names_put_back():
            tensors = tuple(self._tensor(shape, self._dtype(node, i)) for i, shape in enumerate(shapes))
            args, kwargs = self._call_of(layer, tensors, node, names)
            for mine, theirs in zip(tensors, node.inputs if node is not None else ()):
                self._masks.give(mine, partial(self._mask_like, getattr(theirs, "_keras_mask", None), mine))
            kwargs = {**kwargs, **self._masks.asked_for(layer, args, kwargs)}
            return self._graph_of(layer, tensors, lambda: self._through(layer, args, kwargs))[1]

    def _mask_like(self, mask: Any, tensor: Any) -> Any:
        """A mask that Keras made, for a tensor whose sizes may be known by now."""
        if mask is None:
            return None
        sizes = [size if mine is None else mine for size, mine in zip_longest(mask.shape, tensor.shape[: len(mask.shape)])]
        return self._tensor(sizes, "bool")

    def entry(self, shape: ReportedShape, dtype: str) -> Any:
        """A tensor for `one_step`."""
        return self._tensor(shape, dtype)

    def one_step(self, cell: Any, tensors: Sequence[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Graph]:
        """What the code of a cell, the user's or Keras' own, returns, and its graph. `tensors`: those in the arguments."""
        fed = tuple(tensors)
        with self.names_put_back():
            return self._graph_of(cell, fed, lambda: self._framed(cell, fed, lambda: self._own_code(cell, fed, args, kwargs)))

    def asked_apart(self, layer: Any) -> list[str]:
        """The layers within `layer` that asked for weights, though nobody called them."""
        called = self._called | {id(layer)}
        return [part.name for part in layer._flatten_layers() if id(part) in self._weights and id(part) not in called]

    def _graph_of(self, layer: Any, tensors: tuple[Any, ...], run: Any) -> tuple[Any, Graph]:
        """What `run` returns and its graph, with nothing left behind."""
        every = list({id(part): part for part in (layer, *layer._flatten_layers())}.values())
        with untouched(every), self._taking_over():
            try:
                result, graph = run()
            except IntrospectError:
                raise
            except UntraceableError:
                raise
            except Exception as error:  # the model's own code, or Keras', cannot go on
                raise UntraceableError(f"{type(error).__name__}: {error}") from error
            finally:
                self._lent.taken_back()
        for made in self._made:
            if all(made is not part for part in (*every, *self._twins.values())):
                made.built = False  # it lives in this graph only, and nothing of it was built
        if graph is None:
            raise UntraceableError("it applies no layer that is known")
        held = self._held()
        return result, Graph((), tensors, graph.nodes, graph.outputs, graph.weights, held)

    def names_put_back(self) -> Any:
        """A block after which Keras gives out the names that it would have given out before it."""
        return names_kept()

    @contextmanager
    def _taking_over(self) -> Iterator[None]:
        scope = self.keras.StatelessScope(initialize_variables=False)
        random = [sys.modules["keras.src.backend"].random, sys.modules["keras.src.random.seed_generator"]]
        tensorflow = sys.modules.get("tensorflow")
        random += [tensorflow.random] if tensorflow is not None else []
        asked = tensorflow_asks(self.keras, self.operation)
        with scope, asked, intercepted(self, self.keras.layers.Layer, self.keras.Operation, random):
            yield

    def _twin(self, layer: Any) -> Any:
        """What the layer's code is run on: the same class and attributes, symbolic tensors in the place of its weights.

        The layer itself keeps its weights, as another thread may be using it.
        """
        if id(layer) not in self._twins:
            twin = made_like(layer, lambda args, kwargs: self._base_call(layer, args, kwargs))
            vars(twin).update({name: self._symbolic_weights(value) for name, value in vars(layer).items() if name != "build"})
            self._twins[id(layer)] = twin
        return self._twins[id(layer)]

    def _symbolic_weights(self, value: Any) -> Any:
        if is_variable(value):
            return self._stand_in(value)
        if isinstance(value, list) and value and all(is_variable(item) for item in value):
            return [self._stand_in(item) for item in value]
        return value

    def _stand_in(self, variable: Any) -> Any:
        found = self._stand_ins.get(id(variable))
        if found is None:
            shape = self._asked.shapes.get(id(variable))
            if shape is None:
                shape = tuple(variable.shape)  # no law speaks of it: its shape is the framework's, and marked as such
            found = self._stand_ins[id(variable)] = self._weight_tensor(shape, variable.dtype)
        return found

    def _held(self) -> frozenset[int]:
        """The stand-ins of weights of which nothing is known but what they are."""
        return frozenset(id(tensor) for key, tensor in self._stand_ins.items() if key not in self._asked.shapes)

    # -- what the interception asks for

    def layer(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        args, kwargs = self._symbolic(args), self._symbolic(kwargs)
        if traceable(layer):
            kwargs = {**kwargs, **self._masks.asked_for(layer, args, kwargs)}
        self._called.add(id(layer))
        try:
            result, inner = self._through(layer, args, kwargs)
        except IntrospectError as error:
            raise error.at(".".join(part.name for part in (*self._inside[1:], layer))) from None
        self._note(layer, args, kwargs, result, inner, recorded=knows_its_weights(layer))
        self._masks.hand_on(layer, args, kwargs, result)
        return result

    def operation(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        args = _keyed(operation, args)
        result = operation.compute_output_spec(*args, **kwargs)
        self._note(operation, args, kwargs, result, None, recorded=True)
        return result

    def loss(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        return  # no number of the model's depends on it

    def drawn(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Random numbers without drawing any: as many as are asked for, or as many as there were before."""
        if function == SEED:  # of a layer that is made on the way
            return 1
        first = args[0] if args else next(iter(kwargs.values()))
        if function in ("dropout", "shuffle"):
            return first
        if function == "categorical":
            number = args[1] if len(args) > 1 else kwargs["num_samples"]
            return self._tensor((first.shape[0], number), "int64")
        sizes = [
            size if isinstance(size, int) else None for size in (first if isinstance(first, (list, tuple)) else map(int, first))
        ]
        kind = "int32" if function == "randint" else self.keras.config.floatx()
        return self._tensor(sizes, getattr(kwargs.get("dtype"), "name", kwargs.get("dtype")) or kind)

    def weight(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = {**dict(zip(self.asked_for, args)), **kwargs}
        shape = given.get("shape") or ()
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        if any(not isinstance(dim, int) for dim in shape):
            raise UntraceableError(f"{layer.name} asks for a weight of an open size {shape}")
        name = str(given.get("name") or "variable")
        self._asked.note(layer, name, shape, given.get("trainable", True) in (None, True))
        self._made.append(layer)
        stand_in = self._weight_tensor(shape, given.get("dtype") or "float32")
        trainable = given.get("trainable", True) in (None, True) and bool(layer.trainable)
        own = self._weights.setdefault(self._original(layer), [])
        taken = sum(1 for other, _, _ in own if other.rpartition("_")[0] == name or other == name)
        own.append((f"{name}_{taken + 1}" if taken else name, shape, trainable))
        return stand_in

    def _original(self, layer: Any) -> int:
        """The ``id`` of the layer that a twin stands for."""
        return next((key for key, twin in self._twins.items() if twin is layer), id(layer))

    # -- following

    def _through(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Optional[Graph]]:
        """What comes out of a layer, and what its parts did."""
        fed = tuple(leaf for leaf in leaves((args, kwargs)) if self._is_tensor(leaf))
        graph, chain = self.dialect.graph(layer), self.dialect.chain(layer)
        if graph is not None:
            return self._framed(layer, fed, lambda: self._replay(layer, graph, fed))
        if chain is not None:
            return self._framed(layer, fed, lambda: self._one_by_one(chain, args[0] if len(args) == 1 else list(fed)))
        fed = parted(layer, fed, args, kwargs)[0]
        node = Node(layer, fed, (), args, kwargs)
        if held_by(layer) is not None:
            shapes = guest_at(layer.name, layer, [dims(tensor.shape) for tensor in fed], node)[0].outputs()
            if shapes is not None:
                return self._results(layer, shapes), None
        law = self.dialect.law(layer, node)
        if law is None and self.dialect.followable(layer):
            law = self.dialect.followed(layer, [tuple(tensor.shape) for tensor in fed], node)
        if law is not None:
            entering = [dims(tensor.shape) for tensor in fed]
            made = self._results(layer, law.spec.outputs(*entering))
            if not layer.built and not self.dialect.sublayers(layer):
                self._lent.to(layer, law, entering)
            return as_returned(layer, args, kwargs, made), None
        if is_a(layer, "TimeDistributed") and len(fed[0].shape) > 2:
            return self._at_every_step(layer, fed[0]), None
        if traceable(layer):
            return self._framed(layer, fed, lambda: self._own_code(layer, fed, args, kwargs))
        computed = self.dialect.computed(layer, [tuple(tensor.shape) for tensor in fed], node)
        if computed is None and knows_its_weights(layer):
            return layer.compute_output_spec(*args, **kwargs), None
        if computed is None:
            raise UntraceableError(f"nobody says what comes out of {layer.name} ({type(layer).__name__})")
        return self._results(layer, computed), None

    def _at_every_step(self, layer: Any, sequence: Any) -> Any:
        """What the layer inside gives for one step, for all of them; what it does there is followed by who goes through it."""
        x = dims(sequence.shape)
        step = self._results(layer.layer, [TimeDistributed().step(x)])
        self._called.add(id(layer.layer))
        self._frames.append([])
        try:
            made, _ = self._through(layer.layer, (step,), {})
        finally:
            self._frames.pop()
        return self._results(layer, [StepsTogether().output(dims(tensor.shape), x) for tensor in leaves(made)][:1])

    def _framed(self, layer: Any, fed: tuple[Any, ...], run: Any) -> tuple[Any, Graph]:
        self._frames.append([])
        self._inside.append(layer)
        try:
            result = run()
        finally:
            nodes = self._frames.pop()
            self._inside.pop()
        made = tuple(leaf for leaf in leaves(result) if self._is_tensor(leaf))
        held = self._held()
        return result, Graph((), fed, tuple(nodes), made, tuple(self._weights.get(id(layer), ())), held)

    def _base_call(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What Keras' own `call` of a layer gives to that of a class of the user's."""
        args, kwargs = self._symbolic(args), self._symbolic(kwargs)
        named = bound(layer, args, kwargs)
        fed = tuple(leaf for leaf in leaves(tuple(named.values())) if self._is_tensor(leaf))
        node = Node(layer, fed, (), (), named)
        law = self.dialect.base_law(layer, node)
        if law is None:
            law = self.dialect.followed(layer, [tuple(tensor.shape) for tensor in fed], node)
        if law is None:
            raise UntraceableError(f"there is no law for what it takes over from {type(layer).__mro__[1].__name__}")
        made = self._results(layer, law.spec.outputs(*(dims(tensor.shape) for tensor in fed)))
        result = as_returned(layer, args, kwargs, made)
        found = tuple(leaf for leaf in leaves(result) if self._is_tensor(leaf))
        self._frames[-1].append(replace(node, outputs=found, recorded=False, law=law))
        return result

    def _own_code(self, layer: Any, fed: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if layer.built and asks(layer) and id(layer) not in self._weights:
            self._weights[id(layer)] = self._asked.again(layer, lambda twin: self._built_on(twin, args, fed))
        twin = self._twin(layer)
        if not layer.built and asks(layer) and (owns_weights(layer) or overrides(layer, ("build",))):
            twin.build(*self._built_on(twin, args, fed))
        signature = inspect.signature(layer.call).parameters
        if "training" in signature and "training" not in kwargs and len(args) <= list(signature).index("training"):
            kwargs = {**kwargs, "training": False}
        accepted = {k: v for k, v in kwargs.items() if k in signature or k not in _NOT_DATA}
        return twin.call(*args, **accepted)

    def _built_on(self, twin: Any, args: tuple[Any, ...], fed: tuple[Any, ...]) -> list[Any]:
        """What `build` is given: a shape for each argument that it needs, a nest of them where the first input is one."""
        required = _required(twin.build)
        if required == 1 and args and isinstance(args[0], (list, tuple, dict)):
            return [refilled(args[0], {id(tensor): tuple(tensor.shape) for tensor in fed})]
        return [tuple(tensor.shape) for tensor in fed[:required]]

    def _replay(self, layer: Any, graph: Graph, fed: tuple[Any, ...]) -> Any:
        flowing = {id(tensor): mine for tensor, mine in zip(graph.inputs, fed)}
        for node in graph.nodes:
            answer = self.layer if is_layer(node.layer) else self.operation
            result = answer(node.layer, refilled(node.args, flowing), refilled(node.kwargs, flowing))
            made = [leaf for leaf in leaves(result) if self._is_tensor(leaf)]
            flowing.update((id(tensor), mine) for tensor, mine in zip(node.outputs, made))
        struct = getattr(layer, "_outputs_struct", None)
        if struct is not None:
            return refilled(struct, flowing)
        outputs = [flowing[id(tensor)] for tensor in graph.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def _one_by_one(self, chain: list[Any], value: Any) -> Any:
        for part in chain:
            value = self.layer(part, (value,), {})
        return value

    def _note(self, layer: Any, args: Any, kwargs: Any, result: Any, inner: Optional[Graph], recorded: bool) -> None:
        fed = tuple(leaf for leaf in leaves((args, kwargs)) if self._is_tensor(leaf))
        if recorded:
            fed = self._flowing(layer, fed, args, kwargs)
        made = tuple(leaf for leaf in leaves(result) if self._is_tensor(leaf))
        for leaf in made:
            flowing(leaf)
        fed, beside = parted(layer, fed, args, kwargs)
        self._frames[-1].append(Node(layer, fed, made, args, kwargs, inner, recorded, beside))

    def _flowing(self, operation: Any, tensors: tuple[Any, ...], args: Any, kwargs: Any) -> tuple[Any, ...]:
        """What an operation is given that a law of it may ask for."""
        return fed(operation, tensors, args, kwargs)

    # -- tensors

    def _tensor(self, shape: Sequence[Optional[int]], dtype: Any) -> Any:
        return flowing(self.keras.KerasTensor(tuple(shape), dtype=dtype))

    def _size(self, dim: Dim) -> Optional[int]:
        """What a law says, as Keras writes it."""
        return dim if isinstance(dim, int) else None

    def _weight_tensor(self, shape: tuple[int, ...], dtype: Any) -> Any:
        return symbolic_weight(flowing_kind(self.keras.KerasTensor))(shape, str(dtype))

    def _dtype_of(self, value: Any) -> str:
        return str(self.keras.backend.standardize_dtype(value.dtype))

    def _is_tensor(self, value: Any) -> bool:
        return isinstance(value, self.keras.KerasTensor)

    def _dtype(self, node: Optional[Node], i: int) -> Any:
        return "float32" if node is None or i >= len(node.inputs) else getattr(node.inputs[i], "dtype", "float32")

    def _symbolic(self, value: Any) -> Any:
        """Arrays among a layer's arguments as symbolic tensors of their shape."""
        if isinstance(value, dict):
            return {key: self._symbolic(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            return alike(value, (self._symbolic(item) for item in value))
        if not is_constant(value):
            return value
        return self._tensor(tuple(value.shape), self._dtype_of(value))

    def _results(self, layer: Any, shapes: Sequence[Sequence[Optional[Dim]]]) -> Any:
        dtype = getattr(layer, "compute_dtype", None) or "float32"
        found = [self._tensor(tuple(None if dim is None else self._size(dim) for dim in shape), dtype) for shape in shapes]
        return found[0] if len(found) == 1 else found

    def _call_of(
        self, layer: Any, tensors: tuple[Any, ...], node: Optional[Node], names: Sequence[str]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The call of `node` on other tensors; without one, whatever the signature of the layer's `call` takes."""
        if node is not None and (node.args or node.kwargs):
            mine = {id(tensor): new for tensor, new in zip(node.inputs, tensors)}
            return refilled(node.args, mine), refilled(node.kwargs, mine)
        parameters = {k: p for k, p in inspect.signature(layer.call).parameters.items() if k not in _NOT_DATA}
        if names and set(names) <= set(parameters):
            return (), dict(zip(names, tensors))
        if names:
            return (dict(zip(names, tensors)),), {}
        return (tensors if len(tensors) == 1 or _required(layer.call) > 1 else (list(tensors),)), {}


def _keyed(operation: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """``x[None]`` as ``x[(None,)]``: a single new axis is not in what Keras says of symbolic tensors."""
    alone = type(operation).__name__ == "GetItem" and len(args) == 2 and (args[1] is None or args[1] is Ellipsis)
    return (args[0], (args[1],)) if alone else args


def _required(function: Any) -> int:
    """How many arguments without a default a function takes by position."""
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    given = inspect.signature(function).parameters.items()
    return sum(1 for name, p in given if p.kind in plain and p.default is p.empty and name not in _NOT_DATA)
