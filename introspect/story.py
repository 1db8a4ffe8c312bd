"""`Explanation.why(path)`: the story of one layer's number, in plain words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Callable, Optional

from .algebra import Dim, evaluate
from .comparing.forms import following, layout_of
from .comparing.units import as_two_layers
from .conventions import alternatives, unwrapped
from .defaults import NAMES, defaults
from .errors import IntrospectError
from .layers import SeparableConv
from .layers.base import Shape, Spec, Tensor, show
from .notation import formula, working
from .working import named_inputs

if TYPE_CHECKING:
    from .explaining import Explanation
    from .rows import LayerRow

_PIPED = 120
_UNSAID = ("transposed_rule", "padding", "pool_rounding", "return_sequences")  # they own nothing


def tell(e: Explanation, path: str) -> str:
    """Why the layer at `path` has the parameters it has. Raises `KeyError` for a path that is not there."""
    row = e[path]
    parts = [_head(row), *_tensors(row), *_shapes(row), *_law(row)]
    parts += [*_otherwise(row), *_elsewhere(row, NAMES.get(e.model.framework, ""), layout_of(e.model)), *_doubts(e, row)]
    columns = shutil.get_terminal_size((_PIPED, 24)).columns
    return "\n".join(line for part in parts for line in _wrapped(part, columns))


def _wrapped(line: str, columns: int) -> list[str]:
    return [line] if len(line) <= columns else wrap(line, columns, subsequent_indent="    ", break_on_hyphens=False)


def _doubts(e: Explanation, row: LayerRow) -> Iterator[str]:
    """What the framework says against it."""
    if e.verified and row.verdicts:
        yield ""
        yield from row.verdicts


def _head(row: LayerRow) -> str:
    name = f"{row.path} ({row.kind_name})"
    if row.repeated:
        return f"{name} is the same layer again: its parameters are counted where it is called first."
    if not row.params:
        return f"{name} owns nothing" + (
            f" of its own: it is tied to {', '.join(row.shared)}, counted there." if row.shared else "."
        )
    if row.opaque_params:
        return f"{name}: {row.params} parameters, {row.opaque_params:,} of them as the framework reports, without a law."
    worked = [text for text in (row.params.formula, row.params.working) if text and text != str(row.params)]
    return " = ".join([f"{name}: {row.params} parameters", *worked])


def _tensors(row: LayerRow) -> Iterator[str]:
    """A line for each tensor."""
    if row.tensors:
        yield ""
    lines = [[t.name, t.role, "?" if t.shape is None else show(t.shape), _size(t.size), _remark(t)] for t in row.tensors]
    widths = [max((len(line[i]) for line in lines), default=0) for i in range(4)]
    for name, role, shape, size, remark in lines:
        cells = [name.ljust(widths[0]), role.ljust(widths[1]), shape.ljust(widths[2]), size.rjust(widths[3]), remark]
        yield ("  " + "  ".join(cells)).rstrip()


def _size(size: Optional[Dim]) -> str:
    if size is None:
        return "unknown"
    value = evaluate(size)
    return f"{value:,}" if isinstance(value, int) else formula(value)


def _remark(tensor: Any) -> str:
    said = ["a buffer, not among the parameters" if tensor.buffer else "" if tensor.trainable else "not trained"]
    if len(tensor.holders) > 1:
        said.append(f"held by {len(tensor.holders)} layers, counted once")
    return "; ".join(text for text in said if text)


def _shapes(row: LayerRow) -> Iterator[str]:
    x = row.input_shapes[0] if row.input_shapes else None
    if x is None or row.output_shape is None:
        return
    worked = [text for text in dict.fromkeys(row.shape_workings) if " = " in text]
    yield ""
    yield f"In comes {show(x)}, out goes {show(row.output_shape)}" + (f": {', '.join(worked)}." if worked else ".")


_LAWS: dict[str, Callable[[Any, Shape], str]] = {
    "conv": lambda spec, x: (
        f"Each of the {spec.filters} filters spans all input channels"
        + (f" of its group, a {spec.groups}th of them" if spec.groups > 1 else "")
        + (", and has one bias." if spec.bias == "shared" else ", and has a bias for each position." if spec.bias else ".")
    ),
    "dense": lambda spec, x: (
        f"Each of the {spec.units} units sees every input feature" + (", and has one bias." if spec.bias else ".")
    ),
    "depthwise_conv": lambda spec, x: "Each channel has filters of its own, which see nothing else.",
    "separable_conv": lambda spec, x: (
        "Each channel is filtered alone, then 1×1 filters mix the channels; there is one bias, at the end."
    ),
    "recurrent": lambda spec, x: (
        f"Each of the {spec.gates} gates has a kernel over the input, one over the hidden state, and "
        f"{('no bias', 'one bias', 'two biases')[spec.bias_sets]}; time steps share them."
    ),
    "embedding": lambda spec, x: "A vector for each index of the vocabulary, the padding's included.",
    "batch_norm": lambda spec, x: "A scale and a shift for each channel are learned; a running mean and variance are kept.",
    "layer_norm": lambda spec, x: "A scale and a shift for each normalised location.",
}


def _law(row: LayerRow) -> Iterator[str]:
    spec = unwrapped(row.spec)
    if spec.kind in _LAWS and row.tensors:
        yield _LAWS[spec.kind](spec, ())


def _otherwise(row: LayerRow) -> Iterator[str]:
    """The conventions at work, and what the number would be if one were filled in otherwise."""
    own = _counted(row.spec, row.input_shapes)
    if not own or row.repeated or not row.tensors:
        return
    found: dict[str, list[str]] = {}
    for entry, law in alternatives(row.spec, row.input_shapes):
        total = _counted(following(law), row.input_shapes)
        if entry.code not in _UNSAID and total is not None and total[0] != own[0]:
            chosen = f"  {entry.states(unwrapped(row.spec))}: {entry.because}"
            found.setdefault(chosen, []).append(f"{total[0]:,} with {entry.states(unwrapped(law))}")
    if found:
        yield ""
        yield "Conventions at work, and what it would be otherwise:"
        for chosen, numbers in found.items():
            yield chosen
            yield f"    {', '.join(numbers)}"


def _elsewhere(row: LayerRow, own: str, layout: str) -> Iterator[str]:
    """What other frameworks say for the same layer, unless told otherwise."""
    here = _counted(row.spec, row.input_shapes)
    if here is None or not row.tensors:
        return
    told: dict[str, list[str]] = {}
    for default, law in defaults(row.spec, row.input_shapes, layout):
        number = _counted(following(law), row.input_shapes)
        if default.framework != own and number is not None:
            said = "the same" if number == here else _worked(following(law), row.input_shapes)
            note = f" ({default.note})" if default.note and number != here else ""
            told.setdefault(said + note, []).append(default.framework)
    if isinstance(row.spec, SeparableConv):
        both = sum(n for law, x in as_two_layers(row.spec, row.input_shapes) for n, _ in [_counted(law, (x,)) or (0, 0)])
        told[f"{both:,}"] = ["As two layers, each with its bias"]
    if told:
        yield ""
        yield "The same layer elsewhere, by default:"
        yield from (f"  {', '.join(names)}: {said}" for said, names in told.items())


def _tensors_of(spec: Spec, inputs: Sequence[Optional[Shape]]) -> tuple[Tensor, ...]:
    try:
        return spec.tensors(*inputs)
    except IntrospectError:
        return ()


def _counted(spec: Spec, inputs: Sequence[Optional[Shape]]) -> Optional[tuple[int, int]]:
    """Parameters and trainable ones by a law; None where they are no numbers."""
    held = [t for t in _tensors_of(spec, inputs) if not t.buffer]
    total = evaluate(sum((t.size for t in held), 0))
    trainable = evaluate(sum((t.size for t in held if t.trainable), 0))
    return (total, trainable) if held and isinstance(total, int) and isinstance(trainable, int) else None


def _worked(spec: Spec, inputs: Sequence[Optional[Shape]]) -> str:
    """``6,400 = 4·32·(16 + 32 + 2)``, and how much of it is trained, if not all."""
    found = _counted(spec, inputs)
    if found is None:
        return ""
    named = _tensors_of(spec.named(), named_inputs(spec, tuple(inputs), [None] * len(inputs)))
    text = working(sum((t.size for t in named if not t.buffer), 0))
    number = f"{found[0]:,}"
    parts = [number if text.replace(",", "") == str(found[0]) else f"{number} = {text}"]
    return parts[0] + ("" if found[0] == found[1] else f", {found[1]:,} of them trained")
