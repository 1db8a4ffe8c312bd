"""What is compared: the rows of a model as units of one kernel each.

A separable convolution is two units, a stack of recurrent layers one for each layer and direction, so that one model's
layer meets the other's two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Optional

from ..algebra import Dim, evaluate
from ..errors import IntrospectError
from ..explaining import Explanation
from ..layers import Conv, Dense, DepthwiseConv, Identity, Recurrent, RecurrentCell, SeparableConv, TimeDistributed
from ..layers.base import Shape, Spec, Tensor
from ..rows import LayerRow
from .forms import Form, core_of, following, form_of, layout_of

Inputs = tuple[Optional[Shape], ...]
_ROLES = {"depthwise_kernel": "kernel"}  # of a depthwise convolution, which is one with groups
BARE = "bare parameters"  # tensors of a module that only holds others
FAMILIES = {
    "depthwise_conv": "conv", "locally_connected": "conv", "instance_norm": "norm", "batch_norm": "norm", "layer_norm": "norm",
    "rms_norm": "norm", "group_norm": "norm", "recurrent_cell": "recurrent", "maxout_dense": "dense", "highway": "dense",
    "stacked_cells": "recurrent", "stepped": "recurrent", "both_ways": "recurrent",
}  # fmt: skip


class Held(NamedTuple):
    """Elements of one role, and how they are counted. `size` is None where nobody knows it."""

    size: Optional[Dim]
    trainable: bool
    buffer: bool


Ledger = dict[str, Held]


@dataclass(eq=False)
class Unit:
    """One layer, or a piece of one: its law and inputs, what it holds by role, and its shapes in the one form.

    `part` names the piece, `whole` the kind of what it was taken out of, `abreast` how many pieces work side by side.
    """

    index: int
    row: LayerRow
    spec: Spec
    inputs: Inputs
    seen: Form
    gives: Form
    layout: str
    held: Ledger = field(default_factory=dict)
    neurons: Optional[Dim] = 0
    part: str = ""
    whole: str = ""
    abreast: int = 1
    joined: tuple[LayerRow, ...] = ()  # the layers that it is made of, where they are several
    bare: bool = False  # no call applies it: its tensors are used by others
    given: Form = None  # what flows in before a dense layer flattens it

    def fed_like(self, other: Unit) -> bool:
        """Whether the same flows into both."""
        return self.seen == other.seen or (self.given is not None and self.given == other.given)

    @property
    def path(self) -> str:
        if self.joined:
            return " + ".join(row.path for row in self.joined)
        return f"{self.row.path}.{self.part}" if self.part and self.row.path else self.part or self.row.path

    @property
    def family(self) -> str:
        if self.bare or self.spec.kind == "container":
            return BARE
        kind = core_of(self.spec).kind
        return self.row.kind_name if self.spec.lawless else FAMILIES.get(kind, kind)

    def called_like(self, other: Unit) -> Ledger:
        """What it holds; the one tensor of a module without a law is called as the other's one tensor is."""
        if BARE in (self.family, other.family) and len(self.held) == len(other.held) == 1:
            return dict(zip(other.held, self.held.values()))
        return self.held

    def __repr__(self) -> str:
        return f"<{self.path} {self.spec.kind} {self.gives}>"


class _Piece(NamedTuple):
    spec: Spec
    inputs: Inputs
    output: Optional[Shape]
    roles: dict[str, str]  # the ledger's keys -> roles
    part: str = ""


def units_of(e: Explanation, padded: Callable[[LayerRow], tuple[Spec, Inputs]]) -> list[Unit]:
    """The units of a model, in execution order: every row that owns something, or whose outputs are neurons.

    `padded` gives a row's law and inputs, with the padding that may stand before it.
    """
    layout = layout_of(e.model)
    found: list[Unit] = []
    for row in e.layers:
        if not _counts(row):
            continue
        found += _units(row, padded(row), layout, len(found))
        found[-1].bare = e.model.complete and not row.called and not row.spec.weighted and row.kind not in FAMILIES
    return found


def _counts(row: LayerRow) -> bool:
    """Whether a row is a unit; a norm is one even where it owns nothing."""
    if row.kind == "input":
        return False
    owns = row.tensors or ledger_of(row.spec, row.input_shapes)
    return row.spec.weighted or bool(owns) or (FAMILIES.get(row.kind) == "norm" and not row.function)


def ledger_of(spec: Spec, inputs: Inputs) -> Ledger:
    """What a law says is owned, by role; empty where it cannot say."""
    return {key: Held(evaluate(t.size), t.trainable, t.buffer) for key, t in tensors_of(spec, inputs).items()}


def tensors_of(spec: Spec, inputs: Inputs) -> dict[str, Tensor]:
    """A law's tensors by role; none where it cannot say."""
    roles = _ROLES if type(spec) is DepthwiseConv else {}
    try:
        return {roles.get(t.key, t.key): t for t in spec.tensors(*inputs)}
    except IntrospectError:
        return {}


def _units(row: LayerRow, law: tuple[Spec, Inputs], layout: str, first: int) -> Iterator[Unit]:
    pieces = list(_pieces(row, *law))
    spread = _neurons(row, pieces)
    for i, piece in enumerate(pieces):
        x = piece.inputs[0] if piece.inputs else None
        whole = row.spec.kind if len(pieces) > 1 else ""
        seen = form_of(piece.spec, x, layout, incoming=True) if row.called else None
        gives = form_of(piece.spec, piece.output, layout) if row.called else None
        unit = Unit(first + i, row, piece.spec, piece.inputs, seen, gives, layout, part=piece.part, whole=whole)
        unit.given = form_of(Identity(), x, layout, incoming=True) if row.called else None
        unit.neurons = spread[i]
        unit.abreast = row.spec.directions if isinstance(row.spec, Recurrent) else 1
        unit.held = _held(row, piece, pieces, i)
        yield unit


def _held(row: LayerRow, piece: _Piece, pieces: list[_Piece], i: int) -> Ledger:
    """What the ledger counts at this piece; what no law speaks of is counted at the first."""
    claimed = {key for other in pieces for key in other.roles}
    found: Ledger = {}
    for tensor in row.tensors:
        keys = tensor.keys or (tensor.name,)
        for key in keys:
            if key in piece.roles or (key not in claimed and i == 0):
                role = piece.roles.get(key, key)
                before = found.get(role)
                share = None if tensor.size is None else evaluate(tensor.size) // len(keys)
                if before is not None:
                    share = None if share is None or before.size is None else before.size + share
                found[role] = Held(share, tensor.trainable, tensor.buffer)
    return found


def _neurons(row: LayerRow, pieces: list[_Piece]) -> list[Optional[Dim]]:
    """The row's neurons are its last piece's, or shared out between two directions."""
    value = row.neurons.value
    spread: list[Optional[Dim]] = [0] * len(pieces)
    spec = row.spec
    if isinstance(spec, Recurrent) and spec.bidirectional and spec.merge == "concat" and isinstance(value, int):
        spread[-2:] = [value // 2, value - value // 2]
    else:
        spread[-1] = value
    return spread


def _pieces(row: LayerRow, spec: Spec, inputs: Inputs) -> Iterator[_Piece]:
    if isinstance(spec, TimeDistributed) and type(spec.inner) is Dense and spec.inner.leading_axes is None:
        spec = spec.inner
    x = inputs[0] if inputs else None
    if isinstance(spec, SeparableConv) and x is not None:
        yield from _separable(spec, x, row.output_shape)
    elif isinstance(spec, Recurrent) and not isinstance(spec, RecurrentCell) and (spec.layers > 1 or spec.bidirectional):
        yield from _stack(spec, x, row)
    else:
        roles = _ROLES if type(spec) is DepthwiseConv else {}
        keys = [key for t in row.tensors for key in t.keys]
        yield _Piece(spec, inputs, row.output_shape, {key: roles.get(key, key) for key in keys})


def as_conv(spec: Spec, x: Optional[Shape]) -> Spec:
    """A depthwise convolution is one with as many groups as channels."""
    if type(spec) is not DepthwiseConv:
        return spec
    try:
        c_in = evaluate(spec.input_channels(x))
    except IntrospectError:
        return spec
    if not isinstance(c_in, int):
        return spec
    shared = ("kernel_size", "stride", "padding", "dilation", "bias", "channels", "activation", "padding_mode", "unbatched")
    filters = c_in * spec.depth_multiplier
    return Conv(**{name: getattr(spec, name) for name in shared}, in_channels=spec.in_channels, filters=filters, groups=c_in)


def as_two_layers(spec: SeparableConv, inputs: Inputs) -> list[tuple[Spec, Shape]]:
    """A separable convolution as a depthwise one and a 1×1 one, each with the bias it has, and what flows into each."""
    x = inputs[0] if inputs else None
    if x is None:
        return []
    first, second = _separable(spec, x, None)
    return [(first.spec.replace(bias=spec.bias), x), (second.spec, second.inputs[0] or ())]


def _separable(spec: SeparableConv, x: Shape, output: Optional[Shape]) -> Iterator[_Piece]:
    names = ("kernel_size", "stride", "padding", "dilation", "channels", "in_channels", "padding_mode", "unbatched")
    fields = {name: getattr(spec, name) for name in names}
    depthwise = DepthwiseConv(**fields, bias=None, depth_multiplier=spec.depth_multiplier)
    middle = depthwise.output(x)
    ones = (1,) * spec.rank()
    pointwise = Conv(
        ones, ones, ((0, 0),) * spec.rank(), bias=spec.bias, channels=spec.channels, filters=spec.filters,
        unbatched=spec.unbatched,
    )  # fmt: skip
    yield _Piece(depthwise, (x,), middle, _ROLES, "depthwise")
    yield _Piece(pointwise, (middle,), output, {"pointwise_kernel": "kernel", "bias": "bias"}, "pointwise")


def _stack(spec: Recurrent, x: Optional[Shape], row: LayerRow) -> Iterator[_Piece]:
    for layer in range(spec.layers):
        fed = x if layer == 0 or x is None else (*x[:-1], spec.width * spec.directions)
        last = layer == spec.layers - 1
        one = spec.replace(
            layers=1, bidirectional=False, input_size=spec.input_size if layer == 0 else spec.width * spec.directions,
            return_sequences=spec.return_sequences or not last, states=None,
        )  # fmt: skip
        for direction in range(spec.directions):
            part = spec.part(layer, direction)
            roles = {f"{part}.{key}": key for key in tensors_of(one, (fed,))}
            yield _Piece(one, (fed,), _output(following(one), fed), roles, part)


def _output(spec: Spec, x: Optional[Shape]) -> Optional[Shape]:
    try:
        return None if x is None else spec.output(x)
    except IntrospectError:
        return None
