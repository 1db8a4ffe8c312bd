"""Where the two roads meet: the ledger worked out on paper against what the framework reports, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Optional

from .algebra import Dim, evaluate
from .counting import Entry, Ledger, Row
from .layers.base import Shape, show
from .reported import Reported, ReportedLayer, ReportedOutput, ReportedShape, ReportedTensor

VERIFIED, MISMATCH, UNREPORTED, OPAQUE = "verified", "mismatch", "unreported", "opaque"
INCOMPLETE = "incomplete"
_WORST_FIRST = (MISMATCH, OPAQUE, UNREPORTED, VERIFIED)


@dataclass(frozen=True)
class Verdict:
    """One comparison: `text` says in words what does not agree, or why nothing could be compared."""

    status: str
    text: str = ""


@dataclass
class Judged:
    """A row with its verdicts, the numbers carried through for tensors without a law, and the bytes that packed ones take."""

    row: Row
    tensors: dict[int, Verdict] = field(default_factory=dict)
    output: Optional[Verdict] = None
    others: list[Verdict] = field(default_factory=list)
    carried: dict[int, ReportedTensor] = field(default_factory=dict)
    nbytes: dict[int, int] = field(default_factory=dict)

    @property
    def verdicts(self) -> list[Verdict]:
        return [*self.tensors.values(), *([self.output] if self.output else []), *self.others]

    @property
    def status(self) -> str:
        return worst(verdict.status for verdict in self.verdicts)


def worst(statuses: Iterable[str]) -> str:
    """The status that weighs most; `verified` when there is nothing to hold against it."""
    found = set(statuses)
    return next((status for status in _WORST_FIRST if status in found), VERIFIED)


def verify(ledger: Ledger, reported: Reported) -> list[Judged]:
    """One judged row for each row of the ledger, in order."""
    layers = {layer.path: layer for layer in reported.layers}
    outputs = {output.call: output for output in reported.outputs}
    samples = dict(reported.samples)
    return [_judge(row, layers.get(row.layer.path), outputs, samples) for row in ledger.rows]


def _judge(row: Row, layer: Optional[ReportedLayer], outputs: dict[int, ReportedOutput], samples: Mapping[str, Dim]) -> Judged:
    judged = Judged(row)
    held = {tensor.name: tensor for tensor in layer.tensors} if layer else {}
    for i, entry in enumerate(row.entries):
        tensor = held.get(entry.name)
        judged.tensors[i] = judge_tensor(entry, tensor, layer is not None and layer.whole)
        if entry.size is None and tensor is not None:
            judged.carried[i] = tensor
        if tensor is not None and tensor.nbytes is not None:
            judged.nbytes[i] = tensor.nbytes
    if layer is not None and not row.repeated:
        judged.others += _strangers(row, held)
        judged.others += _own_count(row, layer)
        judged.others += _claims(row, held)
    judged.output = _judge_output(row, outputs.get(row.call) if row.call is not None else None, samples)
    return judged


def judge_tensor(entry: Entry, held: Optional[ReportedTensor], layer_reported: bool) -> Verdict:
    """One tensor of the ledger against the one the framework holds under its name."""
    where = f"{entry.path}.{entry.name}" if entry.path else entry.name
    if entry.missing:
        return Verdict(MISMATCH, f"{where}: the configuration asks for {show(entry.shape or ())}, the framework holds none")
    if held is None:
        if layer_reported and entry.shape is not None:
            return Verdict(MISMATCH, f"{where}: worked out as {show(entry.shape)}, the framework holds none")
        return Verdict(UNREPORTED, f"{where}: the framework does not say (not built yet)")
    if entry.unexpected:
        return Verdict(MISMATCH, f"{where}: the configuration has no such tensor, the framework holds {_shown(held.shape)}")
    if entry.shape is None:
        return Verdict(OPAQUE, f"{where}: no law for this tensor; {_amount(held)} as the framework reports")
    if not agree(entry.shape, held.shape):
        return Verdict(MISMATCH, f"{where}: worked out as {show(entry.shape)}, the framework holds {_shown(held.shape)}")
    if entry.buffer == held.buffer and entry.trainable != held.trainable:
        words = {True: "trainable", False: "not trainable"}
        return Verdict(
            MISMATCH, f"{where}: worked out as {words[entry.trainable]}, the framework has it {words[held.trainable]}"
        )
    return Verdict(VERIFIED)


def agree(expected: Shape, got: ReportedShape) -> bool:
    """Whether two shapes agree axis by axis; an axis that one side leaves open agrees with anything.

    >>> agree((64, 32, 5, 5), (64, 32, 5, 5)), agree((64, 32), (64, 32, 1)), agree((3,), (None,))
    (True, False, True)
    """
    return len(expected) == len(got) and all(_dims_agree(e, g) for e, g in zip(expected, got))


def _dims_agree(expected: Dim, got: Optional[int]) -> bool:
    value = evaluate(expected)
    return not isinstance(value, int) or got is None or value == got


def _strangers(row: Row, held: dict[str, ReportedTensor]) -> list[Verdict]:
    """Tensors that the framework holds and the translation never mentioned."""
    mentioned = {holding.name for holding in row.layer.holdings}
    return [
        Verdict(MISMATCH, f"{row.layer.path}.{name}: the framework holds {_shown(tensor.shape)}, which nothing accounts for")
        for name, tensor in held.items()
        if name not in mentioned
    ]


def _claims(row: Row, held: dict[str, ReportedTensor]) -> list[Verdict]:
    """Tensors counted at an earlier layer that do not have the shape which this layer needs them in."""
    return [
        Verdict(
            MISMATCH,
            f"{claim.path}.{claim.name}: worked out as {show(claim.shape)}, the framework holds {_shown(tensor.shape)}",
        )
        for claim, tensor in ((claim, held.get(claim.name)) for claim in row.claims)
        if tensor is not None and claim.shape is not None and not agree(claim.shape, tensor.shape)
    ]


def _own_count(row: Row, layer: ReportedLayer) -> list[Verdict]:
    """The framework's own count for the layer (shared tensors included) against the sizes worked out."""
    entries = [*row.entries, *row.shared]
    if layer.params is None or any(entry.size is None for entry in entries):
        return []
    ours = evaluate(sum((entry.size for entry in entries if not entry.buffer), 0))  # type: ignore[misc]
    if not isinstance(ours, int) or ours == layer.params:
        return []
    return [Verdict(MISMATCH, f"{row.layer.path}: worked out as {ours:,} parameters, the framework counts {layer.params:,}")]


def _judge_output(row: Row, reported: Optional[ReportedOutput], samples: Mapping[str, Dim]) -> Optional[Verdict]:
    """None where there is nothing to compare: a layer that is never called."""
    if row.call is None:
        return None
    path = row.layer.path
    if row.reported_output:
        return Verdict(OPAQUE, f"{path}: no law for its output; the shape is the framework's")
    if row.output is None:
        return Verdict(UNREPORTED, f"{path}: its output's shape is not known")
    if reported is None or all(shape is None for shape in reported.shapes):
        return Verdict(UNREPORTED, f"{path}: the framework does not report its output's shape")
    for worked_out, theirs in zip(row.outputs, reported.shapes):
        ours = None if worked_out is None else tuple(evaluate(dim, samples) for dim in worked_out)
        if ours is not None and theirs is not None and not agree(ours, theirs):
            return Verdict(MISMATCH, f"{path}: output worked out as {show(ours)}, the framework gives {_shown(theirs)}")
    if len(row.outputs) != len(reported.shapes):
        return Verdict(MISMATCH, f"{path}: {len(row.outputs)} outputs worked out, the framework gives {len(reported.shapes)}")
    return Verdict(VERIFIED)


def _amount(held: ReportedTensor) -> str:
    return "unknown" if held.size is None else f"{held.size:,}"


def _shown(shape: ReportedShape) -> str:
    return "×".join("?" if dim is None else str(dim) for dim in shape) or "scalar"


def overall(judged: Iterable[Judged], reported: Optional[Reported]) -> str:
    """`verified`, `mismatch` or `incomplete` for the whole model.

    A bare function on which the framework is silent does not count: what it gives is checked at the next layer.
    """
    rows = list(judged)
    status = worst(row.status for row in rows if not (row.row.layer.function and row.status == UNREPORTED))
    if status == MISMATCH:
        return MISMATCH
    return VERIFIED if status == VERIFIED and reported is not None else INCOMPLETE
