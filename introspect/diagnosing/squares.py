"""A layer's outputs that no window gives: whether one side of the square of its maps was mistaken, and for what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import isqrt
from typing import Any, Optional

from ..algebra import symbol
from ..conventions import unwrapped
from ..counting import Row
from ..layers.window import Windowed
from . import costs
from .edits import Edit, Piece
from .naming import name_of
from .solving import Curve
from .tally import Tally
from .unknowns import unknowns

_SPREAD = {"kernel": 4, "stride": 2, "input": 16}


@dataclass(frozen=True)
class Maps:
    """The one layer that a quantity is about: `maps` squares of `side`·`side`."""

    row: Row
    maps: int
    side: int

    @classmethod
    def of(cls, tally: Tally) -> Optional[Maps]:
        """None where it is not about the outputs of one layer, or these are no squares."""
        rows = [row for row in tally.rows if tally.amount(row)] if tally.quantity.startswith("neurons") else []
        spec = unwrapped(rows[0].layer.spec) if len(rows) == 1 else None
        if spec is None or not isinstance(spec, Windowed) or spec.rank() != 2 or rows[0].output is None:
            return None
        y = rows[0].output
        sides = {dim for dim in spec.spatial(y) if isinstance(dim, int)}
        maps = spec.channels_of(y)
        if len(sides) != 1 or not isinstance(maps, int) or maps * next(iter(sides)) ** 2 != tally.amount(rows[0]):
            return None
        return cls(rows[0], maps, next(iter(sides)))


def mistaken(tally: Tally, claimed: int) -> Iterator[tuple[Edit, ...]]:
    """One side taken for another number; with the side as it is, or as it is at another padding or resolution."""
    maps = Maps.of(tally)
    if maps is None:
        return
    ways: list[tuple[tuple[Edit, ...], int]] = [((), maps.side)]
    for curve in (Curve(tally, unknown) for unknown in unknowns(tally)):
        if curve.unknown.code == "resolution":
            for x in curve.unknown.trials():
                side = isqrt((curve.at(x) or 0) // maps.maps)
                edit = curve.edit(x) if side and abs(x - curve.unknown.now) <= _SPREAD["input"] else None
                ways += [((edit,), side)] if edit is not None else []
    for others, side in ways:
        other, rest = divmod(claimed, maps.maps * side)
        if rest == 0 and 0 < other != side and claimed != maps.maps * side * side:
            yield (*others, _edit(tally, maps, side, other, others))


def _edit(tally: Tally, maps: Maps, side: int, other: int, others: tuple[Edit, ...]) -> Edit:
    whole = symbol("maps", maps.maps) * symbol("side", side) * symbol("other", other)
    meaning = _meaning(tally, maps, other)
    where = f"in {name_of(maps.row.layer)}" + (f"; {meaning}" if meaning else "")
    text = f"one side of the square is mistaken: {maps.maps} maps of {side}×{other}, not of {side}×{side}, {where}"
    cost = costs.ONE_SIDE + (0.0 if meaning else 1.5)
    delta = maps.maps * side * other - tally.total - sum(edit.delta for edit in others)
    return Edit("one_side", text, cost, delta, (maps.row.layer.path,), pieces=partial(list, [Piece(whole)]), whole=True)


def _meaning(tally: Tally, maps: Maps, other: int) -> str:
    """What else in the model is this number."""
    groups = {getattr(unwrapped(layer.spec), "groups", 1) for layer in tally.model.layers} - {1}
    if maps.maps % other == 0 and maps.maps // other in groups:
        n = maps.maps // other
        return f"{other} = {maps.maps}/{n} is the number of maps in one of {n} groups: those on one of {n} GPUs"
    found = [name_of(row.layer) for row in tally.rows if row.output and other in row.layer.spec.per_example(row.output)]
    if found:
        return f"{other} is a size of what comes out of {found[0]}"
    return f"{other} is half of the {maps.maps} maps" if 2 * other == maps.maps else ""


def windows_near(tally: Tally, claimed: int) -> list[str]:
    """What the sizes near the given ones give, in sentences: that none yields the claim, and why none can."""
    maps = Maps.of(tally)
    if maps is None:
        return []
    said = []
    whole, rest = divmod(claimed, maps.maps)
    if rest or isqrt(whole) ** 2 != whole:
        number = f"{claimed:,}/{maps.maps} = {whole:,}" + (f" and {rest} over" if rest else "")
        said.append(f"no square fits: {number}, which is {'no whole number' if rest else 'no square number'}")
    sides, ranges = _reachable(maps, claimed)
    if sides and all(maps.maps * side**2 != claimed for side in sides):
        below, above = isqrt(whole), isqrt(whole) + 1
        near = ", ".join(f"{maps.maps}·{n}·{n} = {maps.maps * n * n:,}" for n in dict.fromkeys((below, above, maps.side)))
        said.append(f"no {ranges} gives it: {near}")
    return said


def _reachable(maps: Maps, claimed: int) -> tuple[set[int], str]:
    """Every side that a window and an input near the given ones give."""
    spec: Any = unwrapped(maps.row.layer.spec)
    kernel = getattr(spec, "kernel_size", None) or getattr(spec, "pool_size", None)
    x = maps.row.inputs[0] if maps.row.inputs else None
    if kernel is None or x is None or not all(isinstance(n, int) for n in spec.spatial(x)):
        return set(), ""
    k, s, n = kernel[0], spec.stride[0], int(spec.spatial(x)[0])
    kernels = range(max(1, k - _SPREAD["kernel"]), k + _SPREAD["kernel"] + 1)
    strides = range(max(1, s - _SPREAD["stride"]), s + _SPREAD["stride"] + 1)
    inputs = range(max(1, n - _SPREAD["input"]), n + _SPREAD["input"] + 1)
    paddings = range(k // 2 + 1)
    found = {
        (m + 2 * p - kk) // ss + 1 for kk in kernels for ss in strides for m in inputs for p in paddings if m + 2 * p >= kk
    }
    words = (
        f"kernel of {kernels[0]} to {kernels[-1]}, stride of {strides[0]} to {strides[-1]}, padding of 0 to {paddings[-1]} "
        f"and input of {inputs[0]} to {inputs[-1]}"
    )
    return found, words
