"""`explain(model)`: every number with its working, and beside it what the framework says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any, Callable, Optional

from .algebra import Dim
from .collection import collection_paused
from .counting import NEURONS, Entry, Ledger, count
from .counts import Count, total
from .errors import IntrospectError
from .ir import Model
from .notation import formula
from .registry import adapter_for
from .rendering.printed import Printed
from .reported import Reported, ReportedTensor
from .rows import LayerRow, TensorRow
from .totals import Owned, owned
from .verifying import INCOMPLETE, MISMATCH, OPAQUE, UNREPORTED, Judged, overall, verify
from .working import Workings, closed_formula

_INPUT_NEEDED = "an input shape: explain(model, inputs)"


class Explanation(Printed):
    """A model's ledger, its workings and its verdicts. Made by :func:`explain`; prints as a table.

    `model` is the translated model, `reported` what the framework said about it (None: nobody was asked).
    """

    def __init__(self, model: Model, reported: Optional[Reported] = None, *, verified: bool = True) -> None:
        self.model, self.reported, self.verified = model, reported, verified and reported is not None
        self._owned_tensors = owned(model) or [Owned(entry, 1) for entry in self._ledger.entries]
        self._workings = Workings(model)
        self._sums: dict[str, Optional[Dim]] = {}

    @cached_property
    def _ledger(self) -> Ledger:
        return count(self.model)

    @cached_property
    def _judged(self) -> list[Judged]:
        return verify(self._ledger, self.reported or Reported())

    @cached_property
    def layers(self) -> list[LayerRow]:
        """A row for each call, in execution order, then the layers that are never called but own something."""
        return [LayerRow(judged, self._workings, self.verified) for judged in self._judged]

    @cached_property
    def tensors(self) -> list[TensorRow]:
        """The ledger: a row for each tensor, shared ones once."""
        return [tensor for row in self.layers for tensor in row.tensors]

    @property
    def params(self) -> Count:
        """All parameters, those without a law as the framework reports them; buffers are not among them."""
        return self._owned("params", lambda t: not t.buffer, self._closed_formula)

    @property
    def trainable(self) -> Count:
        """Parameters that training changes."""
        return self._owned("trainable", lambda t: not t.buffer and t.trainable)

    @property
    def non_trainable(self) -> Count:
        """Parameters that training leaves alone."""
        return self._owned("non_trainable", lambda t: not t.buffer and not t.trainable)

    @property
    def buffers(self) -> Count:
        """Elements of state that the framework does not call parameters."""
        return self._owned("buffers", lambda t: t.buffer)

    @property
    def weights(self) -> Count:
        """Parameters without the biases."""
        return self._owned("weights", lambda t: not t.buffer and not t.is_bias)

    @property
    def biases(self) -> Count:
        """The biases alone."""
        return self._owned("biases", lambda t: not t.buffer and t.is_bias)

    @cached_property
    def neurons(self) -> Count:
        """Neurons by the default definition: the outputs of weighted layers, without the batch."""
        return self.count_neurons("weighted")

    @cached_property
    def connections(self) -> Count:
        """Edges without weight sharing, those of biases left out: the multiply–accumulates of the weighted layers."""
        return self._calls(row.connections for row in self.layers)

    @cached_property
    def bias_connections(self) -> Count:
        """Edges from a bias."""
        return self._calls(row.bias_connections for row in self.layers)

    def count_neurons(self, definition: str = "weighted") -> Count:
        """Neurons by a definition of `introspect.NEURONS`: weighted, outputs, nonlinear or channels.

        Raises `ValueError` for any other name.
        """
        if definition not in NEURONS:
            raise ValueError(f"no such definition of neurons: {definition!r}; there are {', '.join(NEURONS)}")
        return self._calls(row.count_neurons(definition) for row in self.layers)

    @property
    def packed_bytes(self) -> int:
        """Bytes that the tensors which the framework keeps packed (quantised) take; their sizes are those they stand for."""
        return sum(tensor.nbytes or 0 for tensor in self.tensors)

    @property
    def opaque_params(self) -> int:
        """How many of `params` are the framework's numbers, no law speaking of them."""
        return sum(row.opaque_params for row in self.layers)

    @cached_property
    def status(self) -> str:
        """`verified`, `mismatch`, or `incomplete` where something is opaque, unreported or unknown."""
        if not self.verified or not self.model.complete:
            found = overall(self._judged, self.reported)
            return MISMATCH if found == MISMATCH and self.verified else INCOMPLETE
        return MISMATCH if self.notes_on_totals else overall(self._judged, self.reported)

    @cached_property
    def notes_on_totals(self) -> list[str]:
        """In words: where the model-wide numbers that the framework reports are not ours."""
        if self.reported is None or not self.verified:
            return []
        pairs = (("parameters", self.params, self.reported.params), ("trainable", self.trainable, self.reported.trainable))
        return [
            f"the whole model: worked out as {ours} {what}, the framework reports {theirs:,}"
            for what, ours, theirs in pairs
            if theirs is not None and ours.known and ours != theirs
        ]

    @property
    def mismatches(self) -> list[LayerRow]:
        """Rows on which the two roads disagree."""
        return [row for row in self.layers if row.status == MISMATCH]

    @property
    def opaque(self) -> list[LayerRow]:
        """Rows that carry a number or shape that no law gives."""
        return [row for row in self.layers if row.status == OPAQUE]

    @property
    def unreported(self) -> list[LayerRow]:
        """Rows on which the framework is silent."""
        return [row for row in self.layers if row.status == UNREPORTED]

    def __getitem__(self, path: str) -> LayerRow:
        """The (first) row of the layer at `path`. Raises `KeyError` naming near ones."""
        for row in self.layers:
            if row.path == path:
                return row
        from difflib import get_close_matches

        near = get_close_matches(path, [row.path for row in self.layers])
        raise KeyError(f"no layer at {path!r}" + (f"; there is {', '.join(near)}" if near else ""))

    def why(self, path: str) -> str:
        """Why the layer at `path` has its parameters: its tensors, the conventions at work, what other frameworks would say.

        Raises `KeyError` naming near paths.
        """
        from .story import tell

        return tell(self, path)

    @staticmethod
    def from_json(text: str) -> Explanation:
        """The explanation that `to_json` wrote; no framework is needed. Raises `UnreadableError` for anything else."""
        from .rendering.json import read

        return read(text)

    def __repr__(self) -> str:
        return f"<Explanation of {self.model.name}: {self.params} parameters, {self.status}>"

    def _owned(self, name: str, wanted: Callable[[Entry], bool], written: Optional[Callable[[], str]] = None) -> Count:
        """The sum over the tensors that are `wanted`; row by row only where the framework's numbers are carried in.

        The sum is kept, and not the count, which holds on to this object: it would go only when Python looks for cycles.
        """

        def by_rows() -> Count:
            return total([getattr(row, name) for row in self.layers], _INPUT_NEEDED, written)

        if name not in self._sums:
            self._sums[name] = self._sum(wanted)
        value = self._sums[name]
        return by_rows() if value is None else Count(value, working=lambda: by_rows().working, formula=written)

    def _sum(self, wanted: Callable[[Entry], bool]) -> Optional[Dim]:
        """The elements of the tensors that are `wanted`; None where somebody does not know a size."""
        value: Dim = 0
        for entry, times in self._owned_tensors:
            found = entry if entry.size is not None else self._filled_in(entry)
            if found.size is None:
                return None
            if wanted(found):
                value = value + found.size * times
        return value

    def _filled_in(self, entry: Entry) -> Entry:
        """A tensor of which no law speaks, with what the framework says of it."""
        tensor = self._carried.get((entry.path, entry.name))
        return replace(entry, size=tensor.size, trainable=tensor.trainable, buffer=tensor.buffer) if tensor else entry

    @cached_property
    def _carried(self) -> dict[tuple[str, str], ReportedTensor]:
        """What the framework says of its tensors, by a layer's path and a tensor's name."""
        layers = self.reported.layers if self.reported else ()
        return {(layer.path, tensor.name): tensor for layer in layers for tensor in layer.tensors}

    def _closed_formula(self) -> str:
        """One formula for the whole model, in the names of its hyper-parameters; numbers for what no law gives."""
        terms = closed_formula(self.model, self._ledger.rows)
        carried = [self.opaque_params] if self.opaque_params else []
        return " + ".join(formula(term, spelled=True) for term in [*terms, *carried] if term != 0) or "0"

    def _calls(self, counts: Iterable[Count]) -> Count:
        """A sum over calls, which is unknown while the calls are."""
        if not self.model.complete:
            return Count(None, why_unknown=_INPUT_NEEDED)
        found = list(counts)
        reasons = [count.why_unknown for count in found if count.value is None]
        return total(found, reasons[0] if reasons else "")


def explain(model: Any, inputs: Any = None, *, verify: bool = True) -> Explanation:
    """Every parameter, neuron and connection of `model`, worked out and set against what its framework reports.

    `model`: a live PyTorch, Keras or Lasagne model, or a :class:`~introspect.ir.Model`. It is left as it is.
    `inputs`: a shape with batch (``(1, 3, 224, 224)``, ``(None, 1, 28, 28)``, ``("N", 3, "H", "W")``), an example
    tensor, or a tuple or dict of these for several inputs. Not needed where the model declares its input.
    `verify`: False counts on paper only and asks the framework nothing but the sizes that no law knows.

    Raises `NoAdapterError` for an object of an unknown kind, `ShapeError` (with the layer's path) where the framework would
    refuse the input too.
    """
    if isinstance(model, Model):
        return Explanation(model)
    adapter = adapter_for(model)
    with collection_paused():
        translated = adapter.translate(model, inputs)
        return Explanation(translated, adapter.report(model, translated, inputs, full=verify), verified=verify)


def explained(model: Any, inputs: Any = None, *, verify: bool = True) -> Explanation:
    """The explanation of `model`, which may be one already. Raises `IntrospectError` where that is given inputs again."""
    if not isinstance(model, Explanation):
        return explain(model, inputs, verify=verify)
    if inputs is not None:
        raise IntrospectError("an explanation has its inputs already", got=inputs, hint="give them to explain(model, inputs)")
    return model


__all__ = ["Explanation", "LayerRow", "TensorRow", "explain", "explained"]
