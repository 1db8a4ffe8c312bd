"""What laws have said, kept from one model to the next: a law is a pure function of its configuration and of what flows in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Optional

from .layers.base import Shape, Spec

_NUMBERS = {int}
_MOST = 1 << 14  # results, after which everything is forgotten


_all: list[Memory] = []


class Memory(dict[Any, Any]):
    """Results by keys in which the ids of some objects stand; these are held, so that their ids stay their own. The law's own
    functions are in the key, too: a law that was changed since has not spoken yet.

    Only what numbers alone say is kept: an unknown dimension belongs to its model.
    """

    def __init__(self) -> None:
        super().__init__()
        _all.append(self)
        self._held: dict[int, Any] = {}

    def keep(self, key: Any, held: Sequence[Any], shapes: Iterable[Optional[Shape]], result: Any) -> None:
        """Remember a result, if all of `shapes`, which it depends on or consists of, are numbers."""
        if not all(shape is not None and _NUMBERS.issuperset(map(type, shape)) for shape in shapes):
            return
        if len(self) >= _MOST:
            self.clear()
        self._held.update((id(one), one) for one in held)
        self[key] = result

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._held = {}


def forget() -> None:
    """Forget what all laws have said: needed by who changes what laws are made of, as tests do."""
    for memory in _all:
        memory.clear()


_laws: dict[Spec, Spec] = {}


def interned(law: Spec) -> Spec:
    """One object for equal laws: what is remembered of a law is remembered by its identity."""
    if len(_laws) >= _MOST:
        _laws.clear()
    return _laws.setdefault(law, law)
