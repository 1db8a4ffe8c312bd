"""What the text and Markdown tables say alike: one line a row, the totals, and the findings in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..counting import NEURONS
from ..counts import Count
from ..layers.base import show
from ..rows import LayerRow
from ..verifying import INCOMPLETE, MISMATCH, OPAQUE, UNREPORTED, VERIFIED

if TYPE_CHECKING:
    from ..explaining import Explanation

MARKS = {VERIFIED: "✓", MISMATCH: "✗", OPAQUE: "?", UNREPORTED: "·"}
_MOST_TERMS = 8  # more summands than this are no help to a reader


class Line(NamedTuple):
    """One row of the table as text."""

    path: str
    kind: str
    output: str
    working: str
    params: str
    neurons: str
    status: str


class Total(NamedTuple):
    """One of the model's totals: its name, its number, and what is to be said of it."""

    name: str
    number: str
    remark: str


def tensors_alone(e: Explanation) -> bool:
    """Whether there is nothing to show but tensors: no law, and no call."""
    return not e.model.complete and not e.model.calls and all(layer.spec.lawless for layer in e.model.layers)


def lines(e: Explanation, definition: str = "weighted") -> list[Line]:
    """The table, a line a row."""
    if tensors_alone(e):
        return [_line_of_tensors(row) for row in e.layers]
    whole = _in_parts(e) if e.model.complete else frozenset()
    return [_line(row, e.model.complete, definition, whole) for row in e.layers]


def _in_parts(e: Explanation) -> frozenset[str]:
    """The paths of what was applied by applying its parts: the model's own, and those of whatever holds a called layer."""
    called = [row.path.split(".") for row in e.layers if row.called]
    return frozenset((e.model.name, "", *(".".join(path[:n]) for path in called for n in range(1, len(path)))))


def _line_of_tensors(row: LayerRow) -> Line:
    said = [f"{tensor.name} {show(tensor.shape) if tensor.shape is not None else '?'}" for tensor in row.tensors]
    shown = ", ".join(said[:_MOST_TERMS]) + (f" and {len(said) - _MOST_TERMS:,} more" if len(said) > _MOST_TERMS else "")
    tied = f"tied to {', '.join(row.shared)}" if row.shared else ""
    status = OPAQUE if row.status == VERIFIED else row.status  # what is tied is counted elsewhere, and by no law there
    return Line(row.path, row.kind_name, "", "; ".join(filter(None, (shown, tied))), _params(row), "", status)


def _line(row: LayerRow, complete: bool, definition: str, whole: frozenset[str]) -> Line:
    return Line(
        row.path,
        row.kind_name,
        _output(row, complete, whole),
        _working(row),
        _params(row),
        _neurons(row, definition),
        row.status,
    )


def _output(row: LayerRow, complete: bool, whole: frozenset[str]) -> str:
    if not row.called:
        return "in parts" if row.path in whole else "never called" if complete else "?"
    if row.output_shape is None:
        return "?"
    shape = show(row.spec.per_example(row.output_shape))
    return shape if len(row.output_shapes) == 1 else f"{shape} (+{len(row.output_shapes) - 1} more)"


def _working(row: LayerRow) -> str:
    if row.repeated:
        return "the same layer again" if row.owns_something else ""
    said = []
    if row.params:
        opaque = row.opaque_params
        worked = row.params.working
        said.append("as reported" if opaque and opaque == row.params else worked)
        if row.params.value is None:
            said = ["depends on the input"]
    if row.shared:
        said.append(f"tied to {', '.join(row.shared)}")
    return "; ".join(said)


def _params(row: LayerRow) -> str:
    return str(row.params) if row.params or not row.repeated else ""


def _neurons(row: LayerRow, definition: str) -> str:
    if not row.called:
        return ""
    counted = row.count_neurons(definition)
    if counted or definition == "channels":
        return str(counted)
    return f"({row.units})" if row.units else ""


def shape_lines(e: Explanation) -> list[tuple[str, str, str]]:
    """Path, output and working of every shape that had to be worked out."""
    found = []
    for row in e.layers:
        worked = [text for text in dict.fromkeys(row.shape_workings) if " = " in text]
        if (worked and not row.function) or (worked and row.kind == "pool"):
            found.append((row.path, _output(row, True, frozenset()), ", ".join(worked)))
    return found


def totals(e: Explanation, definition: str = "weighted") -> list[Total]:
    """The model's numbers, each with a remark."""
    alone = tensors_alone(e)
    found = [Total("parameters", str(e.params), _sum(e.params))]
    if not alone:
        found.append(Total("trainable", str(e.trainable), f"weights {e.weights}, biases {e.biases}"))
    if e.non_trainable:
        found.append(Total("non-trainable", str(e.non_trainable), ""))
    if e.packed_bytes:
        found.append(Total("packed", f"{e.packed_bytes:,} bytes", "what the quantised tensors take, as they are stored"))
    if e.buffers:
        found.append(Total("buffers", str(e.buffers), "state, not among the parameters"))
    if e.opaque_params and not alone:
        share = f"{e.opaque_params:,} of the parameters are the framework's number: no law speaks of them"
        found.append(Total("opaque", f"{e.opaque_params:,}", share))
    if alone:
        return [*found, Total("neurons", "unknown", "tensors alone do not say what is done with them")]
    found.append(Total("neurons", str(e.count_neurons(definition)), _meaning(e, definition)))
    found.append(Total("connections", str(e.connections), f"edges from a bias apart: {e.bias_connections}"))
    return found


def _sum(count: Count) -> str:
    terms = count.working.count(" + ") + 1
    return f"= {count.working}" if count.known and 1 < terms <= _MOST_TERMS else ""


def _meaning(e: Explanation, definition: str) -> str:
    if not e.model.complete:
        return "give an input: explain(model, inputs)"
    return f"{NEURONS[definition]}; those in parentheses are not counted"


def verdict(e: Explanation) -> str:
    """The last word, in one sentence."""
    source = e.reported.source if e.reported else ""
    if not e.verified:
        return "not verified: worked out on paper alone"
    if e.status == VERIFIED:
        return f"verified: every tensor and every output shape agrees with {source}"
    if e.status == MISMATCH:
        return f"mismatch: what was worked out is not what {source} says"
    assert e.status == INCOMPLETE
    if tensors_alone(e):
        return f"incomplete: tensors alone, {len(e.tensors):,} with the shapes that {source} gives; no law speaks of them"
    checked = sum(1 for t in e.tensors if t.status == VERIFIED)
    return f"incomplete: {checked} of {len(e.tensors)} tensors verified against {source}, no mismatch"


def findings(e: Explanation) -> list[tuple[str, list[str]]]:
    """Headings with sentences: what does not agree, what has no law, what was not said."""
    sections = [
        ("Mismatches", [text for row in e.mismatches for text in row.verdicts] + e.notes_on_totals),
        ("No law, numbers as the framework reports them", _lawless(e)),
        ("Notes", list(dict.fromkeys([*e.model.notes, *(e.reported.notes if e.reported else ())]))),
    ]
    if not e.verified:
        sections = [s for s in sections if s[0] != "Mismatches"]
    return [(heading, sentences) for heading, sentences in sections if sentences]


def _lawless(e: Explanation) -> list[str]:
    return [] if tensors_alone(e) else [text for row in e.opaque for text in row.verdicts]


def title(e: Explanation) -> str:
    """The model's name, its framework and what it takes."""
    shapes = [row.output_shape for row in e.layers if row.kind == "input" and row.output_shape is not None]
    taken = " and ".join(show(shape) for shape in shapes)
    framework = f"{e.model.framework} {e.model.version}".strip()
    return " · ".join(part for part in (e.model.name, framework, f"input {taken}" if taken else "") if part)
