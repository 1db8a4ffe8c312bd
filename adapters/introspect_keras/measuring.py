"""Code that computes with sizes which are open: followed on two sets of numbers in their place.

What is the same on both sets is as written; a number that remembers what it stands for is that; anything else depends on the
sizes in a way that nobody can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Optional
from weakref import WeakKeyDictionary

from introspect.algebra import Dim, evaluate, symbol
from introspect.errors import IntrospectError
from introspect.layers import Spec
from introspect.reported import ReportedShape

from .called_directly import fed
from .detecting import is_layer
from .dialect import Dialect, Graph, Node, UntraceableError, is_constant, leaves, parted
from .open_sizes import BATCH, OpenSizeError, Size, dim_of, name_of, names_of, opened
from .tracing import Recorder

_BATCHES = (22, 26)
_STEP = 336  # divisible by most patches, windows and heads; no loop over it takes long


_KNOWN: WeakKeyDictionary[Any, dict[type, bool]] = WeakKeyDictionary()  # of each dialect, by the class of layers that it met


def trace(dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]) -> Graph:
    """The graph of one call of `layer`, as in `tracing`: with open sizes as None, and where that fails or an operation has no
    law then, with numbers in their place.
    """
    if all(None not in shape for shape in shapes):
        return Recorder(dialect).record(layer, shapes, node, names)
    known = _KNOWN.setdefault(dialect, {}).get(type(layer))
    if known is not None:  # what went for one layer of a class is tried first for the next
        with suppress(UntraceableError, IntrospectError):
            return _measured_as(dialect, layer, shapes, node, names, shared=known)
    try:
        found = Recorder(dialect).record(layer, shapes, node, names)
    except UntraceableError as error:
        try:
            return _measured(dialect, layer, shapes, node, names)
        except OpenSizeError:
            raise
        except (UntraceableError, IntrospectError):
            raise error from None
    if not _lawless(dialect, found):
        return found
    try:
        measured = _measured(dialect, layer, shapes, node, names)
    except (UntraceableError, IntrospectError):
        return found
    return measured if _lawless(dialect, measured) < _lawless(dialect, found) else found


def _measured(
    dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str]
) -> Graph:
    """Each open size on its own; where that fails, those that stand at the same place of several inputs as one."""
    shared = False
    try:
        found = _measured_as(dialect, layer, shapes, node, names, shared=False)
    except (UntraceableError, IntrospectError):
        if len({axis for _, _, axis in names_of(shapes)}) == len(list(names_of(shapes))):
            raise
        shared = True
        found = _measured_as(dialect, layer, shapes, node, names, shared=True)
    if not _lawless(dialect, found):
        _KNOWN.setdefault(dialect, {})[type(layer)] = shared
    return found


def _measured_as(
    dialect: Dialect, layer: Any, shapes: Sequence[ReportedShape], node: Optional[Node], names: Sequence[str], *, shared: bool
) -> Graph:
    first, second = (Measured(dialect, run, shapes, shared) for run in (0, 1))
    with first.names_put_back():
        one = first.record(layer, first.sized, node, names)
        return _Both(dialect, first, second).graph(one, second.record(layer, second.sized, node, names))


def _lawless(dialect: Dialect, graph: Graph) -> int:
    """How many operations in a graph have no law."""
    own = sum(1 for node in graph.nodes if not is_layer(node.layer) and dialect.law(node.layer, node) is None)
    return own + sum(_lawless(dialect, node.inner) for node in graph.nodes if node.inner is not None)


class Measured(Recorder):
    """Follows one call on numbers: `run` says which. `shared`: sizes at the same place of several inputs are one."""

    def __init__(self, dialect: Dialect, run: int, shapes: Sequence[ReportedShape], shared: bool) -> None:
        super().__init__(dialect)
        self.numbers: dict[str, int] = {}
        self._first = {axis: i for _, i, axis in reversed(list(names_of(shapes)))} if shared else {}
        for i, (name, _, _) in enumerate(names_of(shapes)):
            self.numbers[name] = _BATCHES[run] if name == BATCH else _STEP * (i + 1 + run)
        self.bases = {number: Size.of(number, symbol(name)) for name, number in self.numbers.items()}
        self.sized = [
            tuple(self._in_place_of(dim, i, axis) for axis, dim in enumerate(shape)) for i, shape in enumerate(shapes)
        ]

    def _in_place_of(self, dim: Optional[int], i: int, axis: int) -> int:
        return self.bases[self.numbers[name_of(self._first.get(axis, i), axis)]] if dim is None else dim

    def operation(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = super().operation(operation, args, kwargs)
        node = self._frames[-1][-1]
        law = self.dialect.law(operation, node)
        known = None if law is None else self._worked_out(law.spec, node)
        met = self.bases if known is not None else {**self.bases, **self._met(node)}
        for i, tensor in enumerate(node.outputs):
            made = known[i] if known is not None and i < len(known) else tuple(met.get(n, n) for n in tensor.shape)
            if tuple(made) == tuple(tensor.shape):
                set_shape(tensor, tuple(made))
        return result

    def _worked_out(self, spec: Spec, node: Node) -> Optional[list[tuple[Any, ...]]]:
        try:
            found = opened(spec).outputs(*(self._dims(tensor.shape) for tensor in node.inputs))
        except IntrospectError:
            return None
        return [tuple(self._size(dim) for dim in shape) for shape in found]

    def _met(self, node: Node) -> dict[int, int]:
        return {int(size): size for tensor in node.inputs for size in tensor.shape if isinstance(size, Size)}

    def _tensor(self, shape: Sequence[Optional[int]], dtype: Any) -> Any:
        made = super()._tensor(shape, dtype)
        set_shape(made, tuple(self.bases.get(n, n) if type(n) is int else n for n in shape))
        return made

    def _dims(self, shape: Sequence[Optional[int]]) -> tuple[Dim, ...]:
        return tuple(dim_of(self.bases.get(n, n)) if type(n) is int else dim_of(n) for n in map(_plain, shape))

    def _size(self, dim: Dim) -> Optional[int]:
        number = evaluate(dim, self.numbers)
        return Size.of(number, dim) if isinstance(number, int) else None


def _plain(number: Any) -> Any:
    return number if isinstance(number, Size) else int(number)


def set_shape(tensor: Any, shape: tuple[Any, ...]) -> None:
    """Keras makes plain numbers of a shape; newer ones keep it under another name."""
    vars(tensor)["_shape" if "_shape" in vars(tensor) else "shape"] = shape


class _Both:
    """Lays what was followed on one set of numbers over what was on another."""

    def __init__(self, dialect: Dialect, first: Measured, second: Measured) -> None:
        self.dialect, self.first, self.second = dialect, first, second
        self._arrays: dict[int, tuple[Any, Any]] = {}
        self._done: set[int] = set()

    def graph(self, a: Graph, b: Graph) -> Graph:
        if len(a.nodes) != len(b.nodes) or len(a.outputs) != len(b.outputs) or a.weights != b.weights:
            raise OpenSizeError("what it does depends on an open size")
        for one, other in zip(a.nodes, b.nodes):
            self._node(one, other)
        self._tensors((*a.inputs, *a.outputs), (*b.inputs, *b.outputs))
        return a

    def _node(self, a: Node, b: Node) -> None:
        if type(a.layer) is not type(b.layer) or (a.inner is None) != (b.inner is None):
            raise OpenSizeError("what it does depends on an open size")
        if a.inner is not None and b.inner is not None:
            self.graph(a.inner, b.inner)
        elif a.layer is not b.layer:
            self._own(a, b)
        self._tensors(a.outputs, b.outputs)
        a.args, a.kwargs = self.merged(a.args, b.args), self.merged(a.kwargs, b.kwargs)
        symbolic = tuple(leaf for leaf in leaves((a.args, a.kwargs)) if hasattr(leaf, "record_history"))
        given = fed(a.layer, symbolic, a.args, a.kwargs) if not is_layer(a.layer) else symbolic
        a.inputs, a.beside = parted(a.layer, given, a.args, a.kwargs)

    def _own(self, a: Node, b: Node) -> None:
        """What an operation, or a layer made on the way, was made with."""
        if not is_layer(a.layer):
            for name, value in vars(a.layer).items():
                if isinstance(value, (int, list, tuple)):
                    vars(a.layer)[name] = self.merged(value, vars(b.layer).get(name))
            return
        one, other = self.dialect.law(a.layer, a), self.dialect.law(b.layer, b)
        if one is not None and other is not None and one.spec != other.spec:
            raise OpenSizeError(f"{a.layer.name} is made for an open size")

    def _tensors(self, a: Sequence[Any], b: Sequence[Any]) -> None:
        for one, other in zip(a, b):
            if id(one) not in self._done:
                self._done.add(id(one))
                set_shape(one, self.merged(tuple(one.shape), tuple(other.shape)))

    def merged(self, a: Any, b: Any) -> Any:
        """What both runs have alike; None for a number that is neither the same in both nor a known size."""
        if isinstance(a, bool) or isinstance(b, bool):
            return a
        if isinstance(a, int) and isinstance(b, int):
            return self._number(a, b)
        if isinstance(a, dict) and isinstance(b, dict):
            return {key: self.merged(value, b.get(key)) for key, value in a.items()}
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
            return type(a)(self.merged(one, other) for one, other in zip(a, b))
        if isinstance(a, slice) and isinstance(b, slice):
            return slice(*(self.merged(getattr(a, end), getattr(b, end)) for end in ("start", "stop", "step")))
        if hasattr(a, "record_history"):
            self._tensors((a,), (b,))
            return a
        return self._array(a, b) if is_constant(a) and is_constant(b) else a

    def _number(self, a: int, b: int) -> Optional[int]:
        if isinstance(a, Size) or isinstance(b, Size):
            same = dim_of(self.first.bases.get(a, a)) == dim_of(self.second.bases.get(b, b))
            return a if same else None
        if a == b:
            return a
        for name, number in self.first.numbers.items():
            if a * self.second.numbers[name] == b * number and a % number == 0:
                return Size.of(a, symbol(name) * (a // number))
        return None

    def _array(self, a: Any, b: Any) -> Any:
        """An array of numbers by its shape alone; what is as long on both sets stays what it is."""
        shapes = tuple(map(int, a.shape)), tuple(map(int, b.shape))
        if shapes[0] == shapes[1]:
            return a
        if id(a) not in self._arrays:
            made = self.first.keras.KerasTensor(shapes[0], dtype="float32")
            set_shape(made, self.merged(*shapes))
            self._done.add(id(made))
            self._arrays[id(a)] = (made, a)
        return self._arrays[id(a)][0]
