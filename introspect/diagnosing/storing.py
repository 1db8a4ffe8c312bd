"""Numbers that are right of what is stored, not of the model: packed by two, spread over devices, in one layer or in two."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..algebra import Dim, evaluate, exact_div, symbol
from ..conventions import unwrapped
from ..counting import Entry, Row
from . import costs
from .edits import Edit, Piece, gathered
from .naming import in_places
from .quantising import quantised
from .tally import Tally
from .workings import Terms

_DEVICES = (2, 4, 8, 16, 32, 64)


def stored(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """Slips of somebody who looked at what is stored."""
    if tally.quantity != "params" or tally.scope.tensor:
        return
    yield from _packed(tally, terms)
    yield from quantised(tally, terms)
    yield from _sharded(tally)
    yield from _in_two_layers(tally, terms)


def _packed(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """Kernels of dense layers packed, two numbers of four bits in a byte; those of the head often stay as they are."""
    kernels = [
        (row, entry)
        for row in tally.rows
        for entry in row.entries
        if tally.scope.holds(row.layer_index) and unwrapped(row.layer.spec).kind == "dense" and entry.role == "kernel"
    ]
    for held, which in ((kernels, "all dense layers"), (kernels[:-1], "all dense layers but the last")):
        sizes = [tally.size(entry) for _, entry in held]
        if len(held) < 2 or not all(isinstance(size, int) and size % 2 == 0 for size in sizes):
            continue
        delta = -sum(int(size) for size in sizes if size is not None) // 2
        touched = frozenset(row.layer_index for row, _ in held)
        text = f"the kernels of {which} are stored packed, two numbers of four bits in one element"
        yield Edit("packed", text, costs.PACKED, delta, (), touched, pieces=partial(_halves, terms, held))


def _halves(terms: Terms, held: list[tuple[Row, Entry]]) -> list[Piece]:
    return gathered(Piece(_half(terms.tensor(row, entry)), -1) for row, entry in held)


def _half(size: Dim) -> Dim:
    return size // 2 if isinstance(size, int) else exact_div(size, 2)


def _sharded(tally: Tally) -> Iterator[Edit]:
    """One device's share of the whole model."""
    every = frozenset(row.layer_index for row in tally.rows)
    for n in _DEVICES if tally.scope.layers is None else ():
        if tally.total % n == 0:
            whole = exact_div(symbol("total", tally.total), n)
            text = f"one of {n} devices holds this share of it"
            yield Edit("sharded", text, costs.SHARDED, tally.total // n - tally.total, (), every,
                       pieces=partial(list, [Piece(whole)]), whole=True)  # fmt: skip


def _in_two_layers(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """A separable convolution written as two layers, of which the first has a bias of its own as well."""
    rows = [row for row in tally.rows if unwrapped(row.layer.spec).kind == "separable_conv" and tally.amount(row)]
    found = []
    for row in rows:
        middle = [dim for t in terms.workings.tensors(row).values() for name, dim in t.axes if name == "middle"]
        found += [(row, middle[0])] if middle and getattr(unwrapped(row.layer.spec), "bias", None) else []
    if found:
        pieces = gathered(Piece(middle) for _, middle in found)
        text = f"a bias between the two halves of a separable convolution {in_places([row.layer for row, _ in found])}"
        delta = sum(int(evaluate(middle)) for _, middle in found)
        touched = frozenset(row.layer_index for row, _ in found)
        yield Edit("separable_middle_bias", text, costs.CONVENTION, delta, tuple(row.layer.path for row, _ in found), touched,
                   pieces=partial(list, pieces))  # fmt: skip
