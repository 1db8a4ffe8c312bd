"""What a reader sees of a row of the ledger: its counts with their workings, and the verdict."""

from __future__ import annotations

from functools import cached_property
from typing import Callable, Optional

from . import counting
from .algebra import Dim, evaluate, spelled_out
from .counting import Entry
from .counts import Count, total
from .layers.base import Shape, show
from .notation import formula, working
from .reported import ReportedTensor
from .verifying import OPAQUE, UNREPORTED, Judged, Verdict, worst
from .working import Workings, in_terms

_NO_SHAPE = "the shape of this layer's input"


class TensorRow:
    """One tensor: `name` and `path` of its first holder, `role`, `shape` as stored, `size`, `holders`, `status`.

    `nbytes`: the bytes it takes where the framework keeps it packed; None where it is stored as it is.
    """

    def __init__(self, entry: Entry, verdict: Verdict, carried: Optional[ReportedTensor], nbytes: Optional[int] = None) -> None:
        self.nbytes = nbytes
        self._entry, self._carried = entry, carried
        self.path, self.name, self.role = entry.path, entry.name, entry.role
        self.trainable = carried.trainable if carried else entry.trainable
        self.buffer = carried.buffer if carried else entry.buffer
        self.is_bias = entry.is_bias
        self.keys = tuple(t.key for t in entry.tensors)
        self.status, self.verdict = verdict.status, verdict.text

    @property
    def holders(self) -> list[str]:
        """``path.name`` of every layer that holds this tensor; more than one means that it is tied."""
        return self._entry.holders

    @property
    def tags(self) -> tuple[str, ...]:
        """What else the framework files it under, in its own words (Lasagne's ``regularizable``)."""
        return self._entry.tags

    @property
    def opaque(self) -> bool:
        """Whether no law speaks of it; its size is then the framework's."""
        return self._entry.size is None

    @property
    def shape(self) -> Optional[Shape]:
        """As stored; the framework's where no law speaks of it, None where nobody does."""
        if self._entry.shape is not None:
            return self._entry.shape
        if self._carried is None or self._carried.size is None:
            return None
        return tuple(dim for dim in self._carried.shape if dim is not None)

    @property
    def size(self) -> Optional[Dim]:
        """Elements; None where nobody knows."""
        if self._entry.size is not None:
            return self._entry.size
        return self._carried.size if self._carried else None

    def __repr__(self) -> str:
        return f"<{self.path}.{self.name} {self.role} {show(self.shape) if self.shape is not None else '?'}>"


class LayerRow:
    """One call (or one layer that is never called): what it owns for the first time here, and what comes out."""

    def __init__(self, judged: Judged, workings: Workings, verified: bool) -> None:
        self._judged, self._row, self._workings, self._verified = judged, judged.row, workings, verified
        self.path = self._row.layer.path
        self.kind = self._row.layer.spec.kind
        self.kind_name = self._row.layer.kind_name
        self.spec = self._row.layer.spec
        self.function = self._row.layer.function
        self.call = self._row.call  # index among the model's calls
        self.called = self.call is not None
        self.repeated = self._row.repeated
        self.output_shape = self._row.output
        self.output_shapes = self._row.outputs
        self.input_shapes = self._row.inputs

    @cached_property
    def tensors(self) -> list[TensorRow]:
        """The tensors this row is the first to hold."""
        judged = self._judged
        return [
            TensorRow(e, judged.tensors[i], judged.carried.get(i), judged.nbytes.get(i))
            for i, e in enumerate(self._row.entries)
        ]

    @property
    def owns_something(self) -> bool:
        """Whether its law gives the layer any tensor."""
        return bool(self._workings.tensors(self._row))

    @property
    def shared(self) -> list[str]:
        """Names of tensors it holds that an earlier layer holds already: counted there."""
        return [f"{entry.path}.{entry.name}" for entry in self._row.shared]

    @property
    def status(self) -> str:
        """verified, mismatch, opaque or unreported."""
        if self._verified:
            return self._judged.status
        return OPAQUE if any(t.opaque for t in self.tensors) or self._row.reported_output else UNREPORTED

    @property
    def verdicts(self) -> list[str]:
        """In words: what does not agree, or why nothing could be compared."""
        return [v.text for v in self._judged.verdicts if v.text]

    @property
    def params_status(self) -> str:
        """The status of the tensors alone."""
        return worst([t.status for t in self.tensors] + [v.status for v in self._judged.others])

    @cached_property
    def params(self) -> Count:
        """Parameters that belong here; those of a layer called before, or tied to one, are counted there."""
        return self._count(lambda t: not t.buffer)

    @cached_property
    def weights(self) -> Count:
        """Parameters without the biases."""
        return self._count(lambda t: not t.buffer and not t.is_bias)

    @cached_property
    def biases(self) -> Count:
        """The biases alone."""
        return self._count(lambda t: not t.buffer and t.is_bias)

    @cached_property
    def trainable(self) -> Count:
        """Parameters that training changes."""
        return self._count(lambda t: not t.buffer and t.trainable)

    @cached_property
    def non_trainable(self) -> Count:
        """Parameters that training leaves alone."""
        return self._count(lambda t: not t.buffer and not t.trainable)

    @cached_property
    def buffers(self) -> Count:
        """Elements of state that the framework does not call parameters."""
        return self._count(lambda t: t.buffer)

    @property
    def opaque_params(self) -> int:
        """How many of the parameters are the framework's number."""
        return sum(int(t.size or 0) for t in self.tensors if t.opaque and not t.buffer)

    @cached_property
    def neurons(self) -> Count:
        """By the default definition; 0 for a layer that is not weighted."""
        return self.count_neurons("weighted")

    def count_neurons(self, definition: str) -> Count:
        """By one of the definitions in `introspect.NEURONS`."""
        return Count(counting.neurons(self._row, definition), why_unknown=self._why_unknown)

    @property
    def _why_unknown(self) -> str:
        lacking = self.spec.lawless or not self.spec.edges_known
        return f"a law for {self.kind_name} ({self.path})" if lacking else _NO_SHAPE

    @cached_property
    def units(self) -> Count:
        """Elements that come out for one example, whatever the layer."""
        return Count(counting.outputs(self._row), why_unknown=_NO_SHAPE)

    @cached_property
    def connections(self) -> Count:
        """Edges without weight sharing, those of biases left out."""
        found = counting.connections(self._row)
        if found is None:
            return Count(None, why_unknown=self._why_unknown)
        return Count(found.edges, lambda: self._workings.connections(self._row) if found.edges else 0)

    @cached_property
    def bias_connections(self) -> Count:
        """Edges from a bias."""
        found = counting.connections(self._row)
        return Count(None if found is None else found.bias_edges, why_unknown=self._why_unknown)

    @cached_property
    def shape_formulas(self) -> tuple[str, ...]:
        """The output's dimensions, batch excluded, in the names of the hyper-parameters."""
        return tuple(formula(spelled_out(dim)) for dim in self._named_output())

    @cached_property
    def shape_workings(self) -> tuple[str, ...]:
        """How each dimension of the output, batch excluded, comes about: ``(28 + 2·0 − 5)/1 + 1 = 24``."""
        return tuple(_worked(dim) for dim in self._named_output())

    def _named_output(self) -> Shape:
        named = self._workings.output(self._row)
        return () if named is None else self.spec.per_example(named)

    def _count(self, wanted: Callable[[TensorRow], bool]) -> Count:
        chosen = [t for t in self.tensors if wanted(t)]
        parts = [Count(t.size, why_unknown=_NO_SHAPE) for t in chosen]
        summed = total(parts, _NO_SHAPE)
        if summed.value is None:
            return summed
        return Count(summed.value, lambda: self._expression(chosen))

    def worked(self, tensor: TensorRow) -> Count:
        """The size of one of its tensors, with the working."""
        return Count(tensor.size, lambda: self._expression([tensor]), why_unknown=_NO_SHAPE)

    def _expression(self, chosen: list[TensorRow]) -> Dim:
        return in_terms([(t.keys, t.size or 0) for t in chosen], self._workings.tensors(self._row))

    def __repr__(self) -> str:
        return f"<{self.path} {self.kind}: {self.params} parameters, {self.status}>"


def _worked(dim: Dim) -> str:
    text = working(spelled_out(dim))
    value = str(evaluate(dim)) if isinstance(evaluate(dim), int) else formula(evaluate(dim))
    return value if text == value else f"{text} = {value}"
