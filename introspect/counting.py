"""From the IR to the ledger: every tensor by role, every output, every edge, from configuration and shapes alone.

This module must never see a reported number; a test holds its imports.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from .algebra import Dim, product
from .errors import IntrospectError
from .ir import Holding, Layer, Model
from .layers.base import Connections, Shape, Spec, Tensor
from .memory import Memory
from .storage import by_key, default_layout, stored_shape

NEURONS = {
    "weighted": "outputs of weighted layers, without the batch",
    "outputs": "outputs of every call, without the batch",
    "nonlinear": "outputs of nonlinearities, without the batch",
    "channels": "channels or units of weighted layers",
}


@dataclass
class Entry:
    """One tensor of the ledger. `shape` is as stored; None, like `size`, where no law speaks of the tensor.

    `tensors`: the law's tensors behind it. `holders`: ``path.name`` of every layer that holds this very tensor.
    `unexpected`: the layer holds it although its law says it has none.
    """

    path: str
    name: str
    tensors: tuple[Tensor, ...]
    shape: Optional[Shape]
    size: Optional[Dim]
    trainable: bool
    buffer: bool
    identity: Optional[str]
    holders: list[str] = field(default_factory=list)
    unexpected: bool = False
    missing: bool = False
    tags: tuple[str, ...] = ()

    @property
    def role(self) -> str:
        return " + ".join(dict.fromkeys(t.role for t in self.tensors)) or "unknown"

    @property
    def is_bias(self) -> bool:
        return bool(self.tensors) and all(t.is_bias for t in self.tensors)


@dataclass
class Row:
    """One call, or one layer that is never called: what it owns for the first time here, and what comes out of it."""

    layer_index: int
    layer: Layer
    call: Optional[int]
    inputs: tuple[Optional[Shape], ...]
    outputs: tuple[Optional[Shape], ...]
    reported_output: bool
    entries: list[Entry]
    shared: list[Entry]
    repeated: bool = False
    claims: list[Entry] = field(default_factory=list)  # the shared tensors as this layer's own law has them
    batch: Dim = 1  # examples in the model's input

    @property
    def output(self) -> Optional[Shape]:
        return self.outputs[0] if self.outputs else None


@dataclass
class Ledger:
    """All rows in execution order, then what is never called; and all tensors, each once."""

    rows: list[Row]
    entries: list[Entry]


def count(model: Model) -> Ledger:
    """The ledger of `model`. Raises a law's error, with the path, for a configuration that cannot be."""
    books = Books()
    rows = []
    batch = batch_of(model)
    for index, call, layer, first in model.called():
        inputs, outputs = model.shapes(call.inputs), model.shapes(call.outputs)
        reported = any(model.values[i].reported for i in call.outputs)
        own, shared, claims = books.entered(layer, inputs) if first and not layer.function else ([], [], [])
        rows.append(Row(call.layer, layer, index, inputs, outputs, reported, own, shared, not first, claims, batch))
    for i in model.uncalled():
        layer = model.layers[i]
        own, shared, claims = books.entered(layer, ())
        if own or shared or not model.complete:
            rows.append(Row(i, layer, None, (), (), False, own, shared, claims=claims))
    return Ledger(rows, [entry for row in rows for entry in row.entries])


def batch_of(model: Model) -> Dim:
    """How many examples the model's (first) input holds, by what the layer that takes it calls the batch; 1 if unknown.

    Where no call takes it, as calls were only recorded, the first call speaks for it.
    """
    entrance = model.inputs[0] if model.inputs else None
    first = next((call for call in model.calls if entrance in call.inputs), None)
    if first is None:
        first = next((call for call in model.calls if call.inputs), None)
        entrance = first.inputs[0] if first else None
    x = None if entrance is None else model.values[entrance].shape
    axis = None if x is None or first is None else model.layers[first.layer].spec.batch_axis(x)
    return x[axis] if x and axis is not None else 1


def may_own(layer: Layer) -> bool:
    """Whether a layer could own a tensor; most do not."""
    return type(layer.spec).tensors is not Spec.tensors or bool(layer.holdings)


def law_tensors(layer: Layer, inputs: tuple[Optional[Shape], ...]) -> Optional[tuple[Tensor, ...]]:
    """What the law says the layer owns; None where that depends on an input nobody knows."""
    try:
        return layer.spec.tensors(*inputs)
    except IntrospectError as error:
        if any(shape is None for shape in inputs) or not inputs:
            return None
        raise error.at(layer.path) from None


class _Owned:
    """What a law says is owned, and how each holding stores its part; shared by the layers that share one spec object."""

    def __init__(self, tensors: Optional[tuple[Tensor, ...]]) -> None:
        self.undecided = tensors is None
        self.tensors = by_key(tensors or ())
        self.sizes = {key: tensor.size for key, tensor in self.tensors.items()}
        self._stored: dict[tuple[tuple[str, ...], str], Optional[_Stored]] = {}

    def stored(self, holding: Holding) -> Optional[_Stored]:
        """How `holding` stores tensors of the law; None where the law has none of them."""
        key = (holding.roles, holding.layout)
        if key not in self._stored:
            tensors = tuple(self.tensors[role] for role in holding.roles if role in self.tensors)
            self._stored[key] = _Stored.of(tensors, holding.layout) if tensors else None
        return self._stored[key]


class _Stored(NamedTuple):
    """One stored tensor, of one or more of the law's."""

    tensors: tuple[Tensor, ...]
    shape: Shape
    size: Dim
    share: Dim  # elements of each of `tensors`
    trainable: bool

    @classmethod
    def of(cls, tensors: tuple[Tensor, ...], layout: str) -> _Stored:
        shape = stored_shape(layout or default_layout(tensors[0]), tensors)
        size = product(shape)
        return cls(tensors, shape, size, size // len(tensors), all(t.trainable for t in tensors))


_OWNED = Memory()


class Books:
    """Enters layers one after another: which tensors are new, and which an earlier layer holds already."""

    def __init__(self) -> None:
        self._seen: dict[str, Entry] = {}
        self._laws: dict[Any, _Owned] = {}

    def entered(self, layer: Layer, inputs: tuple[Optional[Shape], ...]) -> tuple[list[Entry], list[Entry], list[Entry]]:
        """The tensors `layer` is the first to hold, those it shares with an earlier one, and how its own law has the latter."""
        own: list[Entry] = []
        shared: list[Entry] = []
        claims: list[Entry] = []
        if not may_own(layer):
            return own, shared, claims
        law = self._law(layer, inputs)
        left = dict(law.sizes)
        for holding in layer.holdings:
            stored = law.stored(holding)
            for tensor in stored.tensors if stored else ():
                left[tensor.key] -= stored.share  # type: ignore[union-attr]
            entry = _entry(layer, holding, stored, law.undecided)
            earlier = self._seen.setdefault(holding.identity, entry)
            earlier.holders.append(f"{layer.path}.{holding.name}" if layer.path else holding.name)
            if earlier is entry:
                own.append(entry)
            else:
                shared.append(earlier)
                claims.append(entry)
        own += [_unheld(layer, law.tensors[key], n) for key, n in left.items() if not (isinstance(n, int) and n == 0)]
        return own, shared, claims

    def _law(self, layer: Layer, inputs: tuple[Optional[Shape], ...]) -> _Owned:
        key = (id(layer.spec), inputs, type(layer.spec).tensors)  # the model holds on to its specs
        found: Optional[_Owned] = _OWNED.said(key) or self._laws.get(key)
        if found is None:
            found = self._laws[key] = _Owned(law_tensors(layer, inputs))
            if inputs:
                _OWNED.keep(key, [layer.spec], inputs, found)
        return found


def _entry(layer: Layer, holding: Holding, stored: Optional[_Stored], undecided: bool) -> Entry:
    if stored is None:
        unexpected = bool(holding.roles) and not undecided
        return Entry(layer.path, holding.name, (), None, None, bool(holding.trainable), holding.buffer,
                     holding.identity, [], unexpected, tags=holding.tags)  # fmt: skip
    trainable = stored.trainable and holding.trainable is not False
    return Entry(layer.path, holding.name, stored.tensors, stored.shape, stored.size, trainable,
                 stored.tensors[0].buffer, holding.identity, tags=holding.tags)  # fmt: skip


def _unheld(layer: Layer, tensor: Tensor, size: Dim) -> Entry:
    return Entry(layer.path, tensor.key, (tensor,), tensor.shape, size, tensor.trainable, tensor.buffer, None,
                 [f"{layer.path}.{tensor.key}" if layer.path else tensor.key], missing=bool(layer.holdings))  # fmt: skip


def neurons(row: Row, definition: str = "weighted") -> Optional[Dim]:
    """Neurons of one row by one of the definitions in `NEURONS`; None where that is not known."""
    spec = row.layer.spec
    if row.call is None or spec.kind == "input":
        return 0
    if definition != "outputs" and _could_be_anything(row):
        return None
    counted = {"weighted": spec.weighted, "channels": spec.weighted, "nonlinear": spec.nonlinear, "outputs": True}
    if not counted[definition]:
        return 0
    if row.output is None:
        return None
    return spec.channels_of(row.output) if definition == "channels" else outputs(row)


def _could_be_anything(row: Row) -> bool:
    """Whether a layer owns tensors and no law says what it does with them, or how much."""
    return row.layer.spec.hides or (row.layer.spec.lawless and bool(row.layer.holdings))


def outputs(row: Row) -> Optional[Dim]:
    """Elements that come out of one call for one example; an axis that the batch was folded into counts with the example."""
    if row.output is None:
        return None
    whole = product(row.output)
    share = whole // row.batch
    return share if share * row.batch == whole else product(row.layer.spec.per_example(row.output))


def connections(row: Row) -> Optional[Connections]:
    """Edges of one call, for one example; None where an input's shape, or what the layer does, is not known."""
    if row.call is not None and (_could_be_anything(row) or not row.layer.spec.edges_known):
        return None
    if row.call is None or not row.layer.spec.weighted:
        return Connections()
    if any(shape is None for shape in row.inputs):
        return None
    found = row.layer.spec.connections(*[shape for shape in row.inputs if shape is not None])
    times = repeats(row)
    return found if times == 1 else Connections(found.edges * times, found.bias_edges * times)


def repeats(row: Row) -> Dim:
    """How often a layer is applied to one example because other axes were folded into the batch."""
    elements, alone = outputs(row), product(row.layer.spec.per_example(row.output or ()))
    if elements is None or elements == alone:
        return 1
    times = elements // alone
    return times if times * alone == elements else 1
