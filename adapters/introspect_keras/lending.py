"""What a layer that is not built yet would hold, lent to it while code is followed: code may use a layer's weights itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from introspect.ir import Shape
from introspect.storage import by_key, default_layout, stored_shape

from .stored import Law

_MISSING = object()


class Lent:
    """The attributes that were set, so that they can be taken back. `make` makes a symbolic weight of a shape."""

    def __init__(self, make: Callable[[tuple[int, ...], Any], Any]) -> None:
        self._make = make
        self._before: list[tuple[dict[str, Any], str, Any]] = []

    def to(self, layer: Any, law: Law, inputs: Sequence[Shape]) -> None:
        """As after its first call: it is built, and each attribute of its own that the law speaks of has that shape."""
        owned = by_key(law.spec.tensors(*inputs))
        for item in law.stored:
            name, tensors = item.attribute or item.name, [owned[role] for role in item.roles if role in owned]
            if "." in name or len(tensors) < len(item.roles):
                continue
            shape = stored_shape(item.layout or default_layout(tensors[0]), tensors)
            if all(isinstance(size, int) for size in shape):
                weight = self._make(tuple(map(int, shape)), "float32")
                self._set(layer, f"_{name}", weight)
                self._set(layer, name, weight)
        self._set(layer, "built", True)

    def _set(self, layer: Any, name: str, value: Any) -> None:
        attributes = vars(layer)
        self._before.append((attributes, name, attributes.get(name, _MISSING)))
        attributes[name] = value

    def taken_back(self) -> None:
        """Every attribute is what it was."""
        for attributes, name, value in reversed(self._before):
            if value is _MISSING:
                attributes.pop(name, None)
            else:
                attributes[name] = value
        self._before.clear()
