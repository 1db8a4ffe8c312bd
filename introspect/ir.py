"""The one form every model is translated into: layers that own tensors, calls that produce values.

Parameters belong to layers, neurons belong to calls. Nothing here counts, and nothing here knows a framework.
What there are many of is a named tuple: quick to make, and nothing that the garbage collector has to follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Optional

from .algebra import Dim
from .layers.base import Shape, Spec

__all__ = ["Alike", "Call", "Dim", "Holding", "Holdings", "Identities", "Layer", "Model", "Shape", "Spec", "Value"]


class Holding(NamedTuple):
    """One tensor as the framework stores it: what it is, how it is laid out, and which object it is.

    `name`: the framework's name for it, within the layer (``weight``, ``W``, ``kernel``).
    `roles`: the keys of the law's tensors it stores; several are stacked along an axis called ``set``; none
    means that no law speaks of this tensor (a bare parameter).
    `layout`: the stored axes, in order, by the law's names: ``out in kh kw``; ``(gate out) in`` is one axis holding two;
    an axis of the law that is left out is stored as separate tensors.
    `identity`: equal for two holdings of one and the same tensor, in this model.
    `trainable`: what the configuration says; None leaves it to the law.
    `tags`: what else the framework files it under, in its own words (Lasagne's ``regularizable``).
    """

    name: str
    identity: str
    roles: tuple[str, ...] = ()
    layout: str = ""
    trainable: Optional[bool] = None
    buffer: bool = False
    tags: tuple[str, ...] = ()


class Identities:
    """The identities of one model's tensors. `keys`: of all that are held, in order; equal for one and the same tensor."""

    def __init__(self) -> None:
        self.keys: list[Any] = []

    @cached_property
    def by_key(self) -> Mapping[Any, str]:
        """Every identity; no key is added once the first is asked for."""
        return {key: f"t{i}" for i, key in enumerate(dict.fromkeys(self.keys))}


class Alike(tuple):  # type: ignore[type-arg]
    """Holdings without their identities: one object for all layers that hold the same."""

    @cached_property
    def lawless(self) -> bool:
        """Whether there is one of which no law speaks."""
        return not all(holding.roles for holding in self)


class Holdings(Sequence[Holding]):
    """A layer's holdings, made when somebody looks at them; equal to the tuple of them.

    `alike`: all but the identities, the keys of which are those of `identities` from `start` on.
    """

    __slots__ = ("_made", "_start", "alike", "identities")

    def __init__(self, alike: Alike, start: int, identities: Identities) -> None:
        self.alike, self._start, self.identities = alike, start, identities
        self._made: Optional[tuple[Holding, ...]] = None

    @property
    def keys(self) -> Sequence[Any]:
        """What tells the tensors apart, in order."""
        return self.identities.keys[self._start : self._start + len(self.alike)]

    def by_keys(self) -> tuple[Holding, ...]:
        """The holdings, each with its key for an identity: what only has to tell them apart needs no numbers."""
        return tuple([one._replace(identity=key) for one, key in zip(self.alike, self.keys)])

    def _all(self) -> tuple[Holding, ...]:
        if self._made is None:
            names = self.identities.by_key
            self._made = tuple([one._replace(identity=names[key]) for one, key in zip(self.alike, self.keys)])
        return self._made

    def __len__(self) -> int:
        return len(self.alike)

    def __iter__(self) -> Iterator[Holding]:
        return iter(self._all())

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, Holdings) else other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


def lawless(holdings: Sequence[Holding]) -> bool:
    """Whether there is a tensor among them of which no law speaks."""
    return holdings.alike.lawless if type(holdings) is Holdings else not all(one.roles for one in holdings)


@dataclass(frozen=True)
class Layer:
    """A layer, at its path in the model, with its law's configuration and the tensors it holds.

    `kind_name` is the framework's own class name; `function` marks a bare function applied in the model's code.
    """

    path: str
    spec: Spec
    holdings: Sequence[Holding] = ()
    kind_name: str = ""
    function: bool = False

    @classmethod
    def of(cls, path: str, spec: Spec, holdings: Sequence[Holding], kind_name: str, function: bool) -> Layer:
        """The same as calling the class, where many are made: a frozen dataclass sets its fields one by one."""
        made = object.__new__(cls)
        made.__dict__.update(path=path, spec=spec, holdings=holdings, kind_name=kind_name, function=function)
        return made


class Value(NamedTuple):
    """What flows between calls. `shape` is None where nothing is known; `reported` where no law produced it."""

    shape: Optional[Shape] = None
    reported: bool = False


class Call(NamedTuple):
    """One application of ``model.layers[layer]`` to ``model.values[i]`` for `i` in `inputs`."""

    layer: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """A whole model. `complete` says whether the calls are all of them (False: parameters only, shapes unknown)."""

    framework: str
    version: str
    name: str
    layers: tuple[Layer, ...]
    calls: tuple[Call, ...] = ()
    values: tuple[Value, ...] = ()
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()

    def shapes(self, ids: tuple[int, ...]) -> tuple[Optional[Shape], ...]:
        """The shapes of the values called `ids`."""
        return tuple([self.values[i].shape for i in ids])

    def called(self) -> Iterator[tuple[int, Call, Layer, bool]]:
        """Each call with its index, its layer, and whether it is that layer's first."""
        seen: set[int] = set()
        for index, call in enumerate(self.calls):
            yield index, call, self.layers[call.layer], call.layer not in seen
            seen.add(call.layer)

    def uncalled(self) -> list[int]:
        """Indices of the layers no call applies, in the order the model holds them."""
        used = {call.layer for call in self.calls}
        return [i for i in range(len(self.layers)) if i not in used]
