"""What a whole model owns, counted once for all layers that hold alike.

A deep model repeats a few layers many times: its totals need no row for each. Nothing is left out by that: an error of a law is
raised here as :func:`~introspect.counting.count` would raise it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple, Optional

from .counting import Books, Entry, may_own
from .ir import Holdings, Layer, Model
from .layers.base import Shape
from .memory import Memory

_ENTRIES = Memory()  # what layers own that hold alike and share nothing: of these, only the sizes and kinds count


class Owned(NamedTuple):
    """A tensor, and how many layers own one like it; the entry is that of the first."""

    entry: Entry
    times: int


def owned(model: Model) -> Optional[list[Owned]]:
    """All tensors of `model`, each once, those of layers alike together; None where no layers share what they hold.

    Raises a law's error, with the path, for a configuration that cannot be.
    """
    tied = _tied(model)
    if tied is None:
        return None
    books = Books()
    groups: dict[Any, tuple[list[Entry], list[Layer]]] = {}
    for layer, inputs in _first_uses(model):
        holdings = layer.holdings
        if type(holdings) is not Holdings or holdings.alike.lawless or (tied and not tied.isdisjoint(holdings.keys)):
            key: Any = id(layer)
        else:
            key = (id(layer.spec), id(holdings.alike), inputs, type(layer.spec).tensors)
        group = groups.get(key)
        if group is None:
            entries: Optional[list[Entry]] = _ENTRIES.said(key)
            if entries is None:
                entries = _entries(books, layer, inputs)
                if any(entry.size is None for entry in entries):
                    key = id(layer)  # what no law says of one layer need not be so of another
                elif type(key) is tuple and inputs:
                    _ENTRIES.keep(key, (layer.spec, holdings.alike), inputs, entries)  # type: ignore[attr-defined]
            group = groups[key] = entries, []
        group[1].append(layer)
    return [Owned(entry, len(layers)) for entries, layers in groups.values() for entry in entries]


def _entries(books: Books, layer: Layer, inputs: tuple[Optional[Shape], ...]) -> list[Entry]:
    held = layer.holdings.by_keys() if isinstance(layer.holdings, Holdings) else layer.holdings
    return books.entered(Layer.of(layer.path, layer.spec, held, layer.kind_name, False), inputs)[0]


def _first_uses(model: Model) -> Iterator[tuple[Layer, tuple[Optional[Shape], ...]]]:
    """The layers that may own something, in the order of their first calls, with what flows in; then those never called."""
    layers, values = model.layers, model.values
    seen = bytearray(len(layers))
    for index, inputs, _ in model.calls:
        if not seen[index]:
            seen[index] = 1
            layer = layers[index]
            if not layer.function and may_own(layer):
                yield layer, (values[inputs[0]].shape,) if len(inputs) == 1 else model.shapes(inputs)
    if 0 in seen:
        yield from ((layers[index], ()) for index in model.uncalled())


def _tied(model: Model) -> Optional[frozenset[Any]]:
    """What tells those tensors apart that several layers hold; None where the layers do not share what they hold."""
    every = [layer.holdings for layer in model.layers]
    shared = [held for held in every if type(held) is Holdings]
    if len(set(map(attrgetter("identities"), shared))) != 1 or any(held for held in every if type(held) is not Holdings):
        return None
    keys = shared[0].identities.keys
    if len(set(keys)) == len(keys):
        return frozenset()
    return frozenset(key for key, number in Counter(keys).items() if number > 1)
