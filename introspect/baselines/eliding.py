"""A layer's line says what its tensors do not: which conventions were chosen is read off the tensors that there are.

Among the choices that the table of conventions offers, and that leave what comes out as it is, the nearest one that gives the
tensors recorded is the one meant. So a bias that is added is one more line, and no other line changes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from heapq import nsmallest
from typing import Any, NamedTuple, Optional

from ..conventions import Convention, alternatives, conventions, rewrapped, unwrapped
from ..counting import Entry, count
from ..errors import IntrospectError
from ..ir import Call, Holding, Layer, Model, Value
from ..layers.base import Shape, Spec

Inputs = tuple[Optional[Shape], ...]
_AWAY, _BACK = 2, 3  # conventions that are chosen otherwise at once, from the law and back to it
_MOST = 150  # laws looked at
_TRIED = 8  # shortest laws that are tried


class Seen(NamedTuple):
    """One tensor of a layer, as a baseline has it. `flags`: trainable and buffer; None where another layer counts it."""

    keys: tuple[str, ...]
    shape: Optional[Shape]
    flags: Optional[tuple[bool, bool]]


class Record(NamedTuple):
    """What is recorded of a layer's tensors: what it holds, and each tensor by name."""

    holdings: tuple[Holding, ...]
    tensors: dict[str, Seen]

    def fits(self, spec: Spec, inputs: Inputs) -> bool:
        """Whether a law gives exactly these tensors."""
        try:
            if {tensor.key for tensor in spec.tensors(*inputs)} != self.keys():
                return False
        except IntrospectError:
            pass  # it depends on what nobody knows, or it refuses
        try:
            entries = _entries(Layer("", spec, self.holdings), inputs)
        except IntrospectError:
            return False
        return len(entries) == len(self.tensors) and all(self._is(entry) for entry in entries)

    def near(self, spec: Spec, inputs: Inputs) -> bool:
        """Whether a law gives not far more tensors than there are: a few conventions take away no more than most of them."""
        try:
            return len(spec.tensors(*inputs)) <= 8 * (len(self.keys()) + 2)
        except IntrospectError:
            return True

    def keys(self) -> set[str]:
        """The law's tensors that are recorded."""
        return {key for seen in self.tensors.values() for key in seen.keys}

    def _is(self, entry: Entry) -> bool:
        seen, keys = self.tensors.get(entry.name), tuple(tensor.key for tensor in entry.tensors)
        if seen is None or seen.keys != keys or seen.shape != entry.shape:
            return False
        return seen.flags is None or seen.flags == (entry.trainable, entry.buffer)

    def key(self) -> Any:
        """What two records have in common that ask the same of a law."""
        held = tuple(h._replace(identity="", tags=()) for h in self.holdings)
        return held, tuple(sorted(self.tensors.items()))


def _entries(layer: Layer, inputs: Inputs) -> list[Entry]:
    """The tensors of one layer, whoever else may hold them."""
    call = Call(0, tuple(range(len(inputs))), ())
    return count(Model("", "", "", (layer,), (call,), tuple(Value(x) for x in inputs))).entries


class Elision:
    """Leaves out and finds again what tensors say of a law. Equal questions are answered once."""

    def __init__(self) -> None:
        self._found: dict[Any, Spec] = {}
        self._reduced: dict[Any, Spec] = {}

    def found(self, written: Spec, inputs: Inputs, record: Record) -> Spec:
        """The law that is meant by `written` and the tensors recorded: the nearest one that gives them, else itself."""
        key = written, inputs, record.key()
        if key not in self._found:
            near = variants(written, inputs, _BACK)
            self._found[key] = next((law for law in near if record.fits(law, inputs)), written)
        return self._found[key]

    def reduced(self, spec: Spec, inputs: Inputs, record: Record) -> Spec:
        """What to write of `spec`: the shortest law by which it is found again."""
        key = spec, inputs, record.key()
        if key not in self._reduced:
            tried = _shortest(spec, inputs)
            self._reduced[key] = next((law for law in tried if self.found(law, inputs, record) == spec), spec)
        return self._reduced[key]


def _shortest(spec: Spec, inputs: Inputs) -> Iterator[Spec]:
    """Laws with little to be written, the shortest first."""
    bare = _bare(spec)
    if _gives(bare, inputs) == _gives(spec, inputs):
        yield bare
    yield from nsmallest(_TRIED, variants(spec, inputs, _AWAY), key=_length)


def _bare(spec: Spec) -> Spec:
    """`spec` with every convention that the table has for it as it is by default."""
    inner = unwrapped(spec)
    named = {name for convention in conventions(spec) if not convention.shape_only for name in convention.fields}
    defaults = {field.name: field.default for field in dataclasses.fields(inner) if field.name in named}
    return rewrapped(spec, {name: value for name, value in defaults.items() if value is not dataclasses.MISSING})


def _length(spec: Spec) -> tuple[int, str]:
    """How many fields are to be written; of equally short laws, always the same one is the first."""
    fields = dataclasses.fields(unwrapped(spec))
    return sum(1 for field in fields if getattr(unwrapped(spec), field.name) != field.default), repr(spec)


def variants(spec: Spec, inputs: Inputs, steps: int) -> Iterator[Spec]:
    """`spec`, then what it is with one convention chosen otherwise, with two, ...; nothing that gives another output."""
    seen, gives = {spec}, _gives(spec, inputs)
    ring: list[tuple[Spec, frozenset[str]]] = [(spec, frozenset())]
    yield spec
    for _ in range(steps):
        ring = list(_next(ring, inputs, seen, gives))
        yield from (law for law, _ in ring)


def _next(
    ring: list[tuple[Spec, frozenset[str]]], inputs: Inputs, seen: set[Spec], gives: Any
) -> Iterator[tuple[Spec, frozenset[str]]]:
    for spec, chosen in ring:
        for convention, law in _choices(spec, inputs):
            if convention.code in chosen or law in seen or len(seen) > _MOST:
                continue
            seen.add(law)
            if _gives(law, inputs) == gives:
                yield law, chosen | {convention.code}


def _choices(spec: Spec, inputs: Inputs) -> list[tuple[Convention, Spec]]:
    return [(convention, law) for convention, law in alternatives(spec, inputs) if not convention.shape_only]


def _gives(spec: Spec, inputs: Inputs) -> Optional[tuple[Shape, ...]]:
    """What comes out; None where that is not known, or where the law refuses."""
    if not inputs or any(x is None for x in inputs):
        return None
    try:
        return spec.outputs(*[x for x in inputs if x is not None])
    except IntrospectError:
        return None
