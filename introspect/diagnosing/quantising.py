"""Numbers of a model before it was quantised, or made low-rank; and of one after it, counted as it lies there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Optional

from ..algebra import evaluate
from ..counting import Entry, Row
from ..errors import IntrospectError
from ..layers import Quantized
from ..layers.base import Spec
from . import costs
from .edits import Edit, Piece, gathered
from .tally import Tally
from .workings import Terms

_WRAPPERS = {
    "quantized": "what stands beside quantised kernels is left out: their scales, zero points and the like",
    "low_rank": "the kernels of low rank beside others are left out",
}
_BLOCK = 128  # how many places share a scale where nobody says otherwise


def quantised(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """Slips of somebody who has the same model in other bits."""
    for kind, text in _WRAPPERS.items():
        beside = [(row, entry) for row in tally.rows for entry in _beside(tally, row, kind)]
        yield from _edit(f"{kind}_left_out", text, costs.QUANTISED, beside, partial(_taken, terms, beside))
    yield from _in_bytes(tally, terms)
    yield from _would_be(tally)


def _edit(code: str, text: str, cost: float, held: list[tuple[Row, Entry]], pieces: partial[list[Piece]]) -> Iterator[Edit]:
    if held:
        delta = sum(piece.value for piece in pieces())
        yield Edit(code, text, cost, delta, (), frozenset(row.layer_index for row, _ in held), pieces=pieces)


def _beside(tally: Tally, row: Row, kind: str) -> Iterator[Entry]:
    """What a row owns only because of a wrapper of this kind."""
    bare = _without(row.layer.spec, kind)
    if bare is row.layer.spec or not tally.scope.holds(row.layer_index):
        return
    try:
        keys = {tensor.key for tensor in bare.tensors(*row.inputs)}
    except IntrospectError:
        return
    yield from (entry for entry in row.entries if entry.tensors and tally.counts(entry) and entry.tensors[0].key not in keys)


def _without(spec: Spec, kind: str) -> Spec:
    """The law without the wrappers of a kind; the very same where there is none."""
    inner = getattr(spec, "inner", None)
    if not isinstance(inner, Spec):
        return spec
    bare = _without(inner, kind)
    return bare if spec.kind == kind else spec if bare is inner else spec.replace(inner=bare)


def _taken(terms: Terms, held: list[tuple[Row, Entry]]) -> list[Piece]:
    return gathered(Piece(terms.tensor(row, entry), -1) for row, entry in held)


def _in_bytes(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """The bytes of packed numbers, as the framework counts them."""
    every = [(row, entry) for row in tally.rows if tally.scope.holds(row.layer_index) for entry in row.entries]
    held = [(row, entry) for row, entry in every if tally.counts(entry) and any(t.packed for t in entry.tensors)]
    bytes_ = sum(int(evaluate(tensor.elements)) for _, entry in held for tensor in entry.tensors)

    def pieces() -> list[Piece]:
        return [*_taken(terms, held), Piece(bytes_)]

    text = "of the numbers of four bits the bytes are counted that they lie in, two in each"
    yield from _edit("packed", text, costs.PACKED_NOW, held, partial(pieces))


def _would_be(tally: Tally) -> Iterator[Edit]:
    """The same model once all its kernels that can be are quantised: in bytes of eight bits, or of two numbers of four."""
    rows = [row for row in tally.rows if row.entries and tally.scope.holds(row.layer_index) and row.call is not None]
    if any(row.layer.spec.kind == "quantized" for row in rows):
        return
    for scheme, block, text in (
        ("int8", None, "every kernel that can be is quantised to eight bits, with its scales beside it"),
        ("int4", _BLOCK, "every kernel that can be is quantised to four bits and counted in bytes, with what stands beside it"),
    ):
        found = {row.layer_index: _more(row, scheme, block) for row in rows}
        more = {index: amount for index, amount in found.items() if amount}
        if more:
            delta = sum(more.values())
            yield Edit("quantized", text, costs.QUANTISED, delta, (), frozenset(more),
                       pieces=partial(list, [Piece(abs(delta), 1 if delta > 0 else -1)]))  # fmt: skip


def _more(row: Row, scheme: str, block: Optional[int]) -> int:
    """How much more a row counts with its kernels quantised; nothing where there are none, or nobody says how."""
    held = {tensor.key for entry in row.entries for tensor in entry.tensors}
    try:
        law = row.layer.spec
        for tensor in row.layer.spec.tensors(*row.inputs):
            if tensor.role.endswith(("kernel", "embedding")) and tensor.key in held:
                law = Quantized(law, tensor.key, scheme, block=block, packed="column" if scheme == "int4" else "")
        after = law.tensors(*row.inputs)
    except IntrospectError:
        return 0
    if law is row.layer.spec:
        return 0
    before = sum(int(evaluate(tensor.size)) for tensor in row.layer.spec.tensors(*row.inputs) if tensor.key in held)
    return sum(int(evaluate(tensor.elements)) for tensor in after) - before
