"""Masks as Keras hands them on: whoever makes one says so by `compute_mask`, and whoever asks for one by an argument.

A mask is made once code of the user's own asks for it: that of a layer of Keras' own changes no shape.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .detecting import is_second, overrides
from .dialect import leaves

Making = Callable[[], Any]


class Masks:
    """The masks of the tensors that were met, by the tensor's ``id``; each with what makes it, until it was made."""

    def __init__(self, is_tensor: Callable[[Any], bool]) -> None:
        self._is_tensor = is_tensor
        self._making: dict[int, list[Making]] = {}
        self._made: dict[int, Any] = {}
        self._tensors: list[Any] = []  # so that no other object gets the id of one

    def give(self, tensor: Any, making: Making) -> None:
        """`tensor` has this mask, where nobody has given it one before."""
        self._tensors.append(tensor)
        self._making.setdefault(id(tensor), []).append(making)

    def of(self, value: Any) -> Any:
        """A nest of tensors' masks; None where there is none at all."""
        if isinstance(value, (list, tuple)):
            found = [self.of(item) for item in value]
            return None if all(mask is None for mask in found) else found
        if isinstance(value, dict):
            by_name = {key: self.of(item) for key, item in value.items()}
            return None if all(mask is None for mask in by_name.values()) else by_name
        if id(value) not in self._made:
            every = (making() for making in self._making.get(id(value), ()))
            self._made[id(value)] = next((mask for mask in every if mask is not None), None)
        return self._made[id(value)]

    def asked_for(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The masks that the layer's ``call`` has arguments for and was not given."""
        signature = inspect.signature(layer.call)
        try:
            given = dict(signature.bind_partial(*args, **kwargs).arguments)
        except TypeError:
            return {}
        fed = {name: value for name, value in given.items() if any(map(self._is_tensor, leaves(value)))}
        first = len(fed) == 1 or (is_second(layer) and len(fed) > 0)
        wanted = {"mask": next(iter(fed.values()))} if first else {f"{name}_mask": value for name, value in fed.items()}
        open_to = [name for name in list(signature.parameters)[len(args) :] if given.get(name) is None]
        free = {name: value for name, value in wanted.items() if name in open_to}
        found = {name: self.of(value) for name, value in free.items()}
        return {name: mask for name, mask in found.items() if mask is not None}

    def hand_on(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """What comes out of a layer that supports masking has the mask that it says."""
        if not (getattr(layer, "supports_masking", False) or overrides(layer, ("compute_mask",))):
            return
        first = args[0] if args else next(iter(kwargs.values()), None)
        given = kwargs.get("mask")
        made: list[Any] = []

        def making(place: int) -> Making:
            def make() -> Any:
                if not made:
                    made.append(layer.compute_mask(first, self.of(first) if given is None else given))
                masks = made[0] if isinstance(made[0], (list, tuple)) else [made[0]]
                return masks[place] if place < len(masks) else None

            return make

        for place, tensor in enumerate(leaf for leaf in leaves(result) if self._is_tensor(leaf)):
            self.give(tensor, making(place))
