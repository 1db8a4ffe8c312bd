"""One number of one model, and what it would be in a revision: only what is reached by it is counted again.

A *quantity* is what is counted (parameters, neurons, …), a *scope* where: the whole model, a layer, a block, one tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Callable, Optional

from ..algebra import Dim, unknowns
from ..counting import NEURONS, Entry, Row, connections, count, neurons
from ..errors import InputNeededError, IntrospectError
from ..ir import Call, Model
from ..layers.base import Spec
from .revising import Reviser, Revision, Specs

if TYPE_CHECKING:
    from ..explaining import Explanation
    from ..rows import TensorRow

OWNED: Mapping[str, Callable[[Entry], bool]] = {
    "params": lambda e: not e.buffer,
    "trainable": lambda e: not e.buffer and e.trainable,
    "non_trainable": lambda e: not e.buffer and not e.trainable,
    "buffers": lambda e: e.buffer,
    "weights": lambda e: not e.buffer and not e.is_bias,
    "biases": lambda e: not e.buffer and e.is_bias,
}
OF_CALLS = ("neurons", *(f"neurons:{name}" for name in NEURONS), "connections", "bias_connections")
OUTPUT = "output:"  # and which axis of what comes out, the batch left out
QUANTITIES = (*OWNED, "neurons", "connections", "bias_connections", "output")
WORDS = {
    "params": "parameters", "trainable": "trainable parameters", "non_trainable": "parameters that are not trained",
    "buffers": "elements of state", "weights": "weights", "biases": "biases", "neurons": "neurons",
    "connections": "connections", "bias_connections": "connections from a bias",
}  # fmt: skip

_REFUSALS = (IntrospectError, ZeroDivisionError, TypeError, ValueError, IndexError)  # or no use for a term without a value


@dataclass(frozen=True)
class Scope:
    """`layers`: indices of the layers meant, None for all. `tensor`: the one tensor of them that is meant."""

    layers: Optional[frozenset[int]] = None
    tensor: str = ""
    name: str = ""

    def holds(self, layer: int) -> bool:
        return self.layers is None or layer in self.layers

    def wants(self, entry: Entry) -> bool:
        return not self.tensor or self.tensor in (entry.name, *(t.key for t in entry.tensors))


def find_scope(model: Model, at: Optional[str]) -> Scope:
    """The layer, block or tensor at a path. Raises `IntrospectError` naming near ones."""
    if not at:
        return Scope(name=model.name)
    exact = frozenset(i for i, layer in enumerate(model.layers) if layer.path == at)
    below = frozenset(i for i, layer in enumerate(model.layers) if layer.path.startswith(at + "."))
    if exact or below:
        return Scope(exact | below, name=at)
    path, _, tensor = at.rpartition(".")
    ledger = count(model)
    rows = [row for row in ledger.rows if row.layer.path == path]
    if any(tensor in (e.name, *(t.key for t in e.tensors)) for row in rows for e in row.entries):
        return Scope(frozenset(row.layer_index for row in rows), tensor, at)
    from difflib import get_close_matches

    paths = [layer.path for layer in model.layers]
    tensors = [f"{entry.path}.{entry.name}" for entry in ledger.entries]
    blocks = dict.fromkeys(path.rpartition(".")[0] for path in paths if "." in path)
    near = get_close_matches(at, [*paths, *blocks, *tensors], 3) or paths[:5]
    raise IntrospectError("there is no such layer", got=at, expected=f"a path of the model, such as {', '.join(near)}")


@dataclass
class Change:
    """A row as it is and as it would be; None where there is none."""

    before: Optional[Row]
    after: Optional[Row]


@dataclass
class Recount:
    """What a revision makes of the quantity, and the rows behind the difference."""

    value: Dim
    changes: list[Change] = field(default_factory=list)
    by_layer: dict[int, Dim] = field(default_factory=dict)  # what each layer adds more than before


class Tally:
    """The quantity of a scope of a model, row by row."""

    def __init__(self, explanation: Explanation, quantity: str = "params", scope: Optional[Scope] = None) -> None:
        if quantity not in OWNED and quantity not in OF_CALLS and not quantity.startswith(OUTPUT):
            raise IntrospectError("nothing of that name is counted", got=quantity, expected=", ".join(QUANTITIES))
        self.explanation, self.model = explanation, explanation.model
        self.quantity, self.scope = quantity, scope or Scope(name=explanation.model.name)
        self.reviser = Reviser(self.model)
        self.rows = self.rows_of(self.model)
        self.batch = next((row.batch for row in self.rows), 1)
        self.spent = 0  # what recounting has cost, in rows

    def over(self, quantity: str, scope: Optional[Scope] = None) -> Tally:
        """The same model, another quantity or scope."""
        twin = object.__new__(Tally)
        twin.__dict__.update({k: v for k, v in self.__dict__.items() if k not in ("_amounts", "total")})
        twin.quantity, twin.scope = quantity, scope or self.scope
        return twin

    @property
    def owned(self) -> bool:
        """Whether the quantity counts what layers own, rather than what their calls do."""
        return self.quantity in OWNED

    @cached_property
    def carried(self) -> dict[tuple[str, str], TensorRow]:
        """The tensors of which no law speaks, as the framework reports them."""
        return {(t.path, t.name): t for t in self.explanation.tensors if t.opaque and isinstance(t.size, int)}

    def rows_of(self, model: Model) -> list[Row]:
        """The ledger of a revision: what is reported of tensors without a law, and no tensor that a revised law has not."""
        rows = count(model).rows
        for row in rows:
            if any(entry.size is None for entry in row.entries):
                row.entries = [
                    entry for entry in row.entries if not entry.unexpected or (entry.path, entry.name) in self.carried
                ]
                for entry in row.entries:
                    found = self.carried.get((entry.path, entry.name)) if entry.size is None else None
                    if found is not None:
                        entry.trainable, entry.buffer = found.trainable, found.buffer
        return rows

    @cached_property
    def total(self) -> int:
        """The number. Raises `InputNeededError` where it is not known."""
        value: Dim = 0
        for row in self.rows:
            amount = self.before(row)
            if amount is None or (self.quantity not in OWNED and not self.model.complete):
                raise InputNeededError(
                    f"the {WORDS.get(self.quantity, self.quantity)} of this model are not known", path=row.layer.path or None,
                    expected="a full input shape", hint="diagnose(model, claim, inputs=(1, 3, 224, 224))",
                )  # fmt: skip
            value = value + amount
        if not isinstance(value, int):
            names = ", ".join(unknowns(value))
            raise InputNeededError("this number depends on the input", got=value, expected=f"an input shape without {names}")
        return value

    def amount(self, row: Row, own: Optional[frozenset[str]] = None) -> Optional[Dim]:
        """What a row adds. `own`: the identities that belong here, where other layers are not looked at."""
        if not self.scope.holds(row.layer_index):
            return 0
        if not self.owned:
            return self._of_call(row)
        value: Dim = 0
        for entry in row.entries:
            if self.counts(entry) and (own is None or entry.identity is None or entry.identity in own):
                size = self.size(entry)
                if size is None:
                    return None
                value = value + size
        return value

    def counts(self, entry: Entry) -> bool:
        """Whether the quantity counts a tensor."""
        return self.scope.wants(entry) and OWNED[self.quantity](entry)

    def size(self, entry: Entry) -> Optional[Dim]:
        """A tensor's elements: by its law, else as the framework reports it."""
        if entry.size is not None:
            return entry.size
        found = self.carried.get((entry.path, entry.name))
        return None if found is None else found.size

    def _of_call(self, row: Row) -> Optional[Dim]:
        if self.quantity.startswith("neurons"):
            return neurons(row, self.quantity.partition(":")[2] or "weighted")
        if self.quantity.startswith(OUTPUT):
            return _along(row, int(self.quantity[len(OUTPUT) :]))
        found = connections(row)
        if found is None:
            return None
        return found.edges if self.quantity == "connections" else found.bias_edges

    @cached_property
    def _by_call(self) -> dict[int, Row]:
        return {row.call: row for row in self.rows if row.call is not None}

    @cached_property
    def _uncalled(self) -> dict[int, Row]:
        return {row.layer_index: row for row in self.rows if row.call is None}

    @cached_property
    def _own(self) -> dict[int, frozenset[str]]:
        """The identities that each layer is the first to hold."""
        found: dict[int, set[str]] = {}
        for row in self.rows:
            found.setdefault(row.layer_index, set()).update(e.identity for e in row.entries if e.identity)
        return {layer: frozenset(ids) for layer, ids in found.items()}

    @cached_property
    def _owners(self) -> frozenset[int]:
        """The layers that a law, or the framework, gives any tensor."""
        layers = enumerate(self.model.layers)
        return frozenset(i for i, layer in layers if layer.holdings or type(layer.spec).tensors is not Spec.tensors)

    @cached_property
    def tied(self) -> dict[str, set[int]]:
        """Tensors that several layers hold, by identity, with these layers."""
        found: dict[str, set[int]] = {}
        for i, layer in enumerate(self.model.layers):
            for holding in layer.holdings:
                found.setdefault(holding.identity, set()).add(i)
        return {identity: layers for identity, layers in found.items() if len(layers) > 1}

    def on(self, model: Model) -> int:
        """The quantity of a revision, counted as a whole."""
        value: Dim = 0
        for row in self.rows_of(model):
            amount = self.amount(row)
            if amount is None:
                raise InputNeededError("this revision cannot be counted", path=row.layer.path or None)
            value = value + amount
        return int(value)

    def applies(self, specs: Specs) -> bool:
        """Whether the model can be built with other laws."""
        try:
            self.reviser.revise(specs)
        except _REFUSALS:
            return False
        return True

    def recount(self, specs: Specs) -> Optional[Recount]:
        """What the quantity would be with other laws; None where they cannot be applied, or tied tensors would part."""
        try:
            revision = self.reviser.revise(specs)
            return self._recounted(revision)
        except _REFUSALS:
            return None

    def _recounted(self, revision: Revision) -> Optional[Recount]:
        calls = self.reviser.calls_of
        layers = sorted({self.model.calls[i].layer for i in revision.calls} | set(revision.specs))
        if self.owned:
            layers = [i for i in layers if i in self._owners]
        reached = () if self.owned else revision.calls
        wanted = sorted({*reached, *(calls[i][0] for i in layers if i in calls)})
        self.spent += 3 * len(layers) + 5
        result = Recount(self.total)
        for row in self._sub_rows(revision, layers, wanted):
            before = self._uncalled.get(row.layer_index) if row.call is None else self._by_call[row.call]
            if row.repeated is False and before is not None and before.repeated:
                row.entries = []
            was = self.before(before) if before is not None else 0
            now = self.amount(row, self._own.get(row.layer_index, frozenset()) if before is not None else None)
            if was is None or now is None:
                return None
            if was != now:
                result.value = result.value + now - was
                result.changes.append(Change(before, row))
                result.by_layer[row.layer_index] = result.by_layer.get(row.layer_index, 0) + now - was
        return None if self._parted(revision) else result

    def before(self, row: Row) -> Optional[Dim]:
        """What a row of the model as it is adds."""
        if id(row) not in self._amounts:
            self._amounts[id(row)] = self.amount(row)
        return self._amounts[id(row)]

    @cached_property
    def _amounts(self) -> dict[int, Optional[Dim]]:
        return {}

    def _sub_rows(self, revision: Revision, layers: list[int], calls: list[int]) -> Iterable[Row]:
        """Rows of the calls that are reached alone, as if there were no others."""
        place = {layer: i for i, layer in enumerate(layers)}
        values = revision.model.values if revision.shapes else self.model.values
        small = replace(
            self.model,
            layers=tuple(revision.layer(i) for i in layers),
            calls=tuple(Call(place[c.layer], c.inputs, c.outputs) for c in (self.model.calls[i] for i in calls)),
            values=values,
        )
        for row in self.rows_of(small):
            row.layer_index = layers[row.layer_index]
            row.call = None if row.call is None else calls[row.call]
            row.batch = self.batch
            yield row

    def _parted(self, revision: Revision) -> bool:
        """Whether layers that share a tensor would want it in different sizes."""
        touched = {i for i in revision.specs for h in self.model.layers[i].holdings if h.identity in self.tied}
        if not touched:
            return False
        rows = count(revision.model).rows
        return any(claim.size != entry.size for row in rows for claim, entry in zip(row.claims, row.shared))


def _along(row: Row, axis: int) -> Optional[Dim]:
    """One axis of what comes out of a layer's first call."""
    if row.call is None or row.repeated:
        return 0
    shape = None if row.output is None else row.layer.spec.per_example(row.output)
    return None if shape is None or axis >= len(shape) else shape[axis]
