"""What a whole model owns, counted once for all layers that hold alike.

A deep model repeats a few layers many times: its totals need no row for each. Nothing is left out by that: an error of a law is
raised here as :func:`~introspect.counting.count` would raise it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple, Optional

from .counting import Books, Entry, may_own
from .ir import Holdings, Layer, Model
from .layers.base import Shape


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
    entries: dict[Any, list[Entry]] = {}
    times: Counter[Any] = Counter()
    for layer, inputs in _first_uses(model):
        holdings = layer.holdings
        alike = isinstance(holdings, Holdings) and not holdings.alike.lawless and tied.isdisjoint(holdings.keys)
        key = (id(layer.spec), id(holdings.alike), inputs) if alike else (id(layer),)  # type: ignore[attr-defined]
        if key not in entries:
            told_apart = holdings.by_keys() if isinstance(holdings, Holdings) else holdings
            entries[key] = books.entered(replace(layer, holdings=told_apart), inputs)[0]
        times[key] += 1
    return [Owned(entry, times[key]) for key, found in entries.items() for entry in found]


def _first_uses(model: Model) -> Iterator[tuple[Layer, tuple[Optional[Shape], ...]]]:
    """The layers that may own something, in the order of their first calls, with what flows in; then those never called."""
    seen = bytearray(len(model.layers))
    for index, inputs, _ in model.calls:
        if not seen[index]:
            seen[index] = 1
            layer = model.layers[index]
            if not layer.function and may_own(layer):
                yield layer, model.shapes(inputs)
    for index in model.uncalled() if 0 in seen else ():
        yield model.layers[index], ()


def _tied(model: Model) -> Optional[frozenset[Any]]:
    """What tells those tensors apart that several layers hold; None where the layers do not share what they hold."""
    held = [layer.holdings for layer in model.layers if layer.holdings]
    if not held or any(type(holdings) is not Holdings for holdings in held):
        return None
    keys = [key for holdings in held for key in holdings.keys]  # type: ignore[attr-defined]
    if len(set(keys)) == len(keys):
        return frozenset()
    return frozenset(key for key, number in Counter(keys).items() if number > 1)
