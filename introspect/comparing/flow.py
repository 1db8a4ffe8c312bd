"""Where a value comes from: the units behind it, and what is passed on the way."""

from __future__ import annotations

from typing import NamedTuple, Optional

from ..explaining import Explanation
from ..layers import Pad
from ..layers.base import Shape, Spec
from ..layers.window import Windowed
from ..rows import LayerRow
from .units import Inputs, Unit, units_of


class Origin(NamedTuple):
    """What feeds a unit: other units, inputs of the model, and the rows passed on the way from there, in order."""

    units: list[Unit]
    entries: list[LayerRow]
    passed: list[LayerRow]


class Flow:
    """The units of one model, and how values get from one to another."""

    def __init__(self, e: Explanation) -> None:
        self._calls, self._values = e.model.calls, e.model.values
        self._producer = {out: i for i, call in enumerate(self._calls) for out in call.outputs}
        self._row = {row.call: row for row in e.layers if row.call is not None}
        self._readers: dict[int, list[LayerRow]] = {}
        for i, call in enumerate(self._calls):
            for value in call.inputs:
                self._readers.setdefault(value, []).append(self._row[i])
        self._pieces: dict[int, list[Unit]] = {}
        self.units: list[Unit] = []
        self.settle(units_of(e, self.padded))

    def settle(self, units: list[Unit]) -> None:
        """From now on, these are the units."""
        self.units, self._pieces = units, {}
        for unit in units:
            for row in unit.joined or (unit.row,):
                self._pieces.setdefault(-1 if row.call is None else row.call, []).append(unit)

    def reader(self, unit: Unit) -> str:
        """The kind of the layer that reads what a unit gives; of the next unit, where no calls are known."""
        if unit.row.call is None:
            following = self.units[unit.index + 1 : unit.index + 2]
            return following[0].spec.kind if following and not unit.row.called else ""
        if unit not in self._ends(unit.row.call):
            return ""
        kinds = {row.kind for out in self._calls[unit.row.call].outputs for row in self._readers.get(out, ())}
        return kinds.pop() if len(kinds) == 1 else ""

    def _ends(self, call: int) -> list[Unit]:
        """The pieces of a layer that its output comes out of: the last one, or the last two directions."""
        pieces = self._pieces.get(call, [])
        return pieces[-pieces[-1].abreast :] if pieces else []

    def sliced_from(self, unit: Unit) -> Optional[int]:
        """The value of which a unit is given a part of the channels; None where it is given something whole."""
        if unit.row.call is None or unit.part:
            return None
        before = self._producer.get(self._calls[unit.row.call].inputs[0])
        return (
            None
            if before is None or self._row[before].kind not in ("slice", "split", "index")
            else self._calls[before].inputs[0]
        )

    def shape(self, value: int) -> Optional[Shape]:
        """The shape of a value."""
        return self._values[value].shape

    def origin(self, unit: Unit) -> Origin:
        """What feeds a unit; the pieces before it, for a piece of a layer."""
        pieces = [] if unit.row.call is None else self._pieces[unit.row.call]
        at = pieces.index(unit) if unit in pieces else 0
        level = at - at % unit.abreast
        if level:
            return Origin(pieces[level - unit.abreast : level], [], [])
        found = Origin([], [], [])
        waiting = [] if unit.row.call is None else list(self._calls[unit.row.call].inputs)
        seen: set[int] = set()
        while waiting:
            index = self._producer.get(waiting.pop())
            if index is None or index in seen:
                continue
            seen.add(index)
            if index in self._pieces:
                found.units.extend(self._ends(index))
            elif self._row[index].kind == "input":
                found.entries.append(self._row[index])
            else:
                found.passed.append(self._row[index])
                waiting += self._calls[index].inputs
        found.passed.sort(key=lambda row: row.call or 0)
        return found

    def padded(self, row: LayerRow) -> tuple[Spec, Inputs]:
        """A layer's law and inputs, with the padding that is a layer of its own before it."""
        spec, inputs = row.spec, row.input_shapes
        before = self._row.get(self._producer.get(self._calls[row.call].inputs[0], -1)) if row.call is not None else None
        if before is None or not isinstance(before.spec, Pad) or not before.input_shapes:
            return spec, inputs
        return fused(spec, inputs, before.spec, before.input_shapes[0])


def fused(spec: Spec, inputs: Inputs, pad: Pad, x: Optional[Shape]) -> tuple[Spec, Inputs]:
    """A window's law with a padding layer's zeros as its own; as it was, where that cannot be said.

    >>> from ..layers import Conv
    >>> law, (x,) = fused(Conv((3, 3), (2, 2), ((0, 0), (0, 0))), ((1, 8, 10, 10),), Pad(((1, 1), (1, 1)), 2), (1, 8, 8, 8))
    >>> law.padding, x
    (((1, 1), (1, 1)), (1, 8, 8, 8))
    """
    padding = getattr(spec, "padding", "")
    first = spec.channels_first() if isinstance(spec, Windowed) else False
    takes = isinstance(spec, Windowed) and spec.kind != "transposed_conv" and not isinstance(padding, str)
    if not takes or pad.mode != "constant" or x is None or len(pad.amounts) != spec.rank():  # type: ignore[attr-defined]
        return spec, inputs
    if pad.axis % len(x) != (2 if first else 1):
        return spec, inputs
    summed = tuple((before + p[0], after + p[1]) for (before, after), p in zip(pad.amounts, padding))
    return spec.replace(padding=summed), (x, *inputs[1:])
