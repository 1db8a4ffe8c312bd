"""Which modules are alike as far as their own code can see: on equal arguments they make the same calls.

Alike are modules of one class whose plain attributes, tensors' names and children are alike. What holds anything else (an
object of the user's, a tensor that no module registers) is like no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

import torch
from torch import nn

from introspect.ir import Alike

from .kinds import Kind
from .skeleton import Place, own_names
from .surroundings import depends_on_globals

_ATOMS = frozenset({
    type(None), bool, int, float, complex, str, bytes, type(...), torch.dtype, torch.device, torch.layout, torch.Size,
    torch.memory_format, BuiltinFunctionType,
})  # fmt: skip


class Entered(NamedTuple):
    """A module's layer in the builder, its kind, and what it holds: one object for all that are configured alike."""

    layer: int
    kind: Kind
    alike: Alike


WALKED = ("forward", "_compiled_call_impl")  # what the walk gives a twin of its own


class NotPlainError(Exception):
    """Something that cannot be told by its value."""


def plain(value: Any) -> Any:
    """Equal for values that no code can tell apart. Raises `NotPlainError` for what may change, or is told by its identity."""
    kind = type(value)
    if kind in _ATOMS or isinstance(value, type):
        return kind, value
    if kind in (tuple, list):
        return kind, tuple([plain(item) for item in value])
    if kind is dict:
        return kind, tuple([(plain(key), plain(item)) for key, item in value.items()])
    if kind is FunctionType and value.__closure__ is None:
        return kind, value
    raise NotPlainError


def attributes(state: Mapping[str, Any]) -> Any:
    """What a module's code finds beside tensors and children. Raises `NotPlainError`."""
    return tuple([(name, plain(state[name])) for name in own_names(state) if name not in WALKED])


class Inside(NamedTuple):
    """A module and all below it, each once, in a fixed order: ids, and the indices of their layers (-1: is none).

    `again`: at which of them one stands that was there before.
    """

    modules: Sequence[nn.Module]
    ids: Sequence[int]
    layers: Sequence[int]
    again: tuple[int, ...] = ()


class Outlines:
    """The modules of one model. `number`: by a module's id, equal for modules alike."""

    def __init__(self, placed: Sequence[Place], entered: Mapping[int, Entered]) -> None:
        self._entered = entered
        self._modules = [module for _, module in placed]
        self._ids = [id(module) for module in self._modules]
        self._layers = [entered[i].layer if i in entered else -1 for i in self._ids]
        self._positions = {i: position for position, i in enumerate(self._ids)}
        self._sizes = [1] * len(placed)  # how many stand below one without having stood elsewhere before; 0: some have
        self._numbers: dict[Any, int] = {}
        self._dependent: dict[type, bool] = {}
        self.number: dict[int, int] = {}
        self.attributes: dict[int, Any] = {}  # of those whose code runs
        for position in range(len(placed) - 1, -1, -1):  # children before their parents
            one = self._ids[position]
            entry = entered.get(one)
            leaf = entry is not None and entry.kind.runs and not self._modules[position]._modules
            key = id(entry.alike) if leaf else self._outline(position)  # type: ignore[union-attr]
            self.number[one] = self._numbers.setdefault(key, len(self._numbers))
        self._times = Counter(self.number.values())

    def repeated(self, module: nn.Module) -> bool:
        """Whether there is another module like this one."""
        return self._times[self.number[id(module)]] > 1

    def module(self, one: int) -> nn.Module:
        """The module of an id."""
        return self._modules[self._positions[one]]

    def inside(self, module: nn.Module) -> Inside:
        """What stands below a module."""
        start = self._positions[id(module)]
        stop = start + self._sizes[start]
        if start < stop:
            return Inside(self._modules[start:stop], self._ids[start:stop], self._layers[start:stop])
        found, again = _below(module)
        ids = [id(one) for one in found]
        return Inside(found, ids, [self._layers[self._positions[i]] for i in ids], tuple(again))

    def _outline(self, position: int) -> Any:
        """Equal for modules alike."""
        module, entered = self._modules[position], self._entered.get(self._ids[position])
        state = module.__dict__
        children = self._children(state["_modules"], position) if state["_modules"] else None
        if entered is not None and entered.kind.runs:
            return id(entered.alike), children
        try:
            own = self.attributes[id(module)] = attributes(state)
        except NotPlainError:
            return object()
        if any(name in state for name in WALKED) or self._depends(type(module)):
            return object()
        return type(module), own, entered and id(entered.alike), children

    def _depends(self, cls: type) -> bool:
        found = self._dependent.get(cls)
        if found is None:
            found = self._dependent[cls] = depends_on_globals(cls)
        return found

    def _children(self, children: Mapping[str, Any], position: int) -> Any:
        """Their names and numbers; one that stands at an earlier place, too, is like itself only."""
        found: list[Any] = []
        after = position + 1  # where the next child stands, unless it, or one below the last, has stood somewhere before
        for name, child in children.items():
            number = None if child is None else self.number.get(id(child), ("itself", id(child)))
            found += (name, number)
            if child is not None and after:
                place = self._positions[id(child)]
                after = after + self._sizes[place] if place == after and self._sizes[place] else 0
        self._sizes[position] = max(after - position, 0)
        return tuple(found)


def _below(module: nn.Module) -> tuple[list[nn.Module], list[int]]:
    """The module and all below it, each once; and at which of them one stands that was there before."""
    found: list[nn.Module] = []
    again: list[int] = []
    positions: dict[int, int] = {}
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if id(one) in positions:
            again.append(positions[id(one)])
            continue
        positions[id(one)] = len(found)
        found.append(one)
        children = one.__dict__["_modules"]
        if children:
            waiting += [child for child in children.values() if child is not None]
    return found, again
