"""What laws have said, kept from one model to the next: a law is a pure function of its configuration and of what flows in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Optional

from .layers.base import Shape, Spec

_NUMBERS = {int}
_MOST = 1 << 12  # results, after which everything is forgotten


class Memory:
    """Results by keys in which the ids of some objects stand; each result holds these, so that their ids stay their own. The
    law's own functions are in the key, too: a law that was changed since has not spoken yet.

    Only what numbers alone say is kept: an unknown dimension belongs to its model.
    """

    def __init__(self) -> None:
        self._results: dict[Any, tuple[Any, Sequence[Any]]] = {}
        _every.append(self)

    def said(self, key: Any) -> Any:
        """What was remembered under `key`; None where nothing was."""
        found = self._results.get(key)
        return None if found is None else found[0]

    def keep(self, key: Any, held: Sequence[Any], shapes: Iterable[Optional[Shape]], result: Any) -> None:
        """Remember a result, if all of `shapes`, which it depends on or consists of, are numbers."""
        if not all(shape is not None and _NUMBERS.issuperset(map(type, shape)) for shape in shapes):
            return
        if len(self._results) >= _MOST:
            self._results.clear()
        self._results[key] = result, held

    def clear(self) -> None:
        """Forget everything."""
        self._results.clear()


_every: list[Memory] = []


def forget() -> None:
    """Forget what all laws have said: needed by who changes what laws are made of, as tests do."""
    for memory in _every:
        memory.clear()


_laws: dict[Spec, Spec] = {}


def interned(law: Spec) -> Spec:
    """One object for equal laws: what is remembered of a law is remembered by its identity."""
    if len(_laws) >= _MOST:
        _laws.clear()
    return _laws.setdefault(law, law)
