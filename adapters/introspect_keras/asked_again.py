"""What a layer of the user's own asked for when it was built: its `build` is run once more, on a copy, and nothing is made.

The shapes that it asks for are those of its code and its input. They are set against the weights that are there, by name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .detecting import ROOTS, is_layer, root
from .dialect import DeclaredWeight, Dialect
from .translating import named_weights

_BASES = ("Layer", "Model", "Functional", "Sequential", "Wrapper")


def asks(layer: Any) -> bool:
    """Whether the layer has a `build` that asks for something: its own, or that of the layer of Keras' which it extends."""
    owner = next(cls for cls in type(layer).__mro__ if "build" in vars(cls))
    return root(owner) not in ROOTS or owner.__name__ not in _BASES


class AskedAgain:
    """`shapes`: what was asked for each weight (by ``id``) that could be told apart."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.shapes: dict[int, tuple[int, ...]] = {}
        self._copies: list[Any] = []
        self._noted: dict[int, list[DeclaredWeight]] = {}

    def note(self, layer: Any, name: str, shape: tuple[int, ...], trainable: bool) -> None:
        """A layer asks for a variable."""
        if id(layer) in self._noted:
            self._noted[id(layer)].append((name, shape, trainable))

    def again(self, layer: Any, shapes: Callable[[Any], Sequence[Any]]) -> list[DeclaredWeight]:
        """The weights of `layer` itself as its code asks for them, where it does; `shapes` are what `build` is given."""
        own = self.dialect.own_weights(layer)
        if not own:
            return []
        copy = _unbuilt(layer)
        self._copies.append(copy)  # so that no other object gets its id
        self._noted[id(copy)] = []
        try:
            copy.build(*shapes(copy))
        except Exception:  # the user's code, on a layer that was built already
            return []
        return list(self._matched(layer, own, self._noted[id(copy)]))

    def _matched(self, layer: Any, own: list[Any], asked: list[DeclaredWeight]) -> Iterator[DeclaredWeight]:
        """Of one name there have to be as many as were asked for: others were made elsewhere, and which is not known."""
        called = [_nameless(self.dialect.weight_name(layer, variable)) for variable in own]
        wanted = Counter(name for name, _, _ in asked)
        left = sorted(asked, key=lambda one: not one[2])  # those that are trained stand first among what is there, too
        for (name, variable), key in zip(named_weights(self.dialect, layer, None, own), called):
            if wanted[key] == called.count(key):
                _, shape, flag = left.pop(next(i for i, one in enumerate(left) if one[0] == key))
                self.shapes[id(variable)] = shape
                yield name, shape, flag


def _nameless(name: str) -> str:
    """What Keras makes of no name, without its number."""
    return "variable" if re.fullmatch(r"[Vv]ariable(_\d+)?", name) else name


def _unbuilt(layer: Any) -> Any:
    """The same class and attributes; what it holds is not built again, and does not hear of it."""
    copy = object.__new__(type(layer))
    kept = {name: _resting(value) for name, value in vars(layer).items() if name not in ("build", "_tracker")}
    vars(copy).update(kept, built=False)
    return copy


def _resting(value: Any) -> Any:
    """Containers as plain ones of their own, layers as copies whose `build` does nothing."""
    if isinstance(value, dict):
        return {key: _resting(item) for key, item in value.items()}
    if isinstance(value, (list, set)):
        return (list if isinstance(value, list) else set)(map(_resting, value))
    if not is_layer(value):
        return value
    copy = object.__new__(type(value))
    vars(copy).update(vars(value), build=lambda *shapes, **more: None)
    return copy
