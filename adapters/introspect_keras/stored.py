"""A layer's law together with where the layer keeps the law's tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from typing import Any, Optional

from introspect.errors import ConfigurationError
from introspect.layers import Spec
from introspect.layers.window import Padding


@dataclass(frozen=True)
class Stored:
    """One variable: its name within the layer, the law's tensors in it, how they lie, and the attribute that holds it.

    `owner`: the layer deeper inside that the attribute is one of, where that is known; `holders` are what holds that one.
    `variable`: what is to be found, where no attribute says it.
    """

    name: str
    roles: tuple[str, ...]
    layout: str = ""
    attribute: str = ""
    owner: Any = field(default=None, compare=False)
    holders: tuple[Any, ...] = field(default=(), compare=False)
    variable: Any = field(default=None, compare=False)

    def of(self, layer: Any) -> Any:
        """The variable, or None. Looks it up without going through properties, which may compute on the weights."""
        if self.variable is not None:
            return self.variable
        holder, last = self._place(layer)
        return _held(getattr(holder, "__dict__", {}), last)

    @property
    def inside(self) -> bool:
        """Whether a layer inside holds the variable."""
        return self.owner is not None or "." in (self.attribute or self.name)

    def holder(self, layer: Any) -> Any:
        """The layer that holds the variable: `layer`, or one inside it; None where that is not made yet."""
        return self._place(layer)[0]

    def place(self, layer: Any) -> tuple[int, str]:
        """What tells the variable apart before it is made: the object that is going to hold it, where that is there yet."""
        holder, last = self._place(layer)
        return (id(layer), self.name) if holder is None else (id(holder), last)

    def _place(self, layer: Any) -> tuple[Any, str]:
        holder: Any = layer if self.owner is None else self.owner
        steps, last = _way(self.attribute or self.name)
        for step in steps:
            holder = _item(holder, int(step)) if step.isdigit() else getattr(holder, step, None)
        return holder, last

    def within(self, part: str, holder: str) -> Stored:
        """As the layer around this one keeps it: under the name `part`, at its attribute `holder`."""
        key, place = f"{part}." if part else "", self.attribute or self.name
        roles = tuple(f"{key}{role}" for role in self.roles)
        return replace(self, name=f"{key}{self.name}", roles=roles, attribute=place if self.owner else f"{holder}.{place}")


@lru_cache(maxsize=1024)
def _way(attribute: str) -> tuple[list[str], str]:
    *steps, last = attribute.split(".")
    return steps, last


def _held(attributes: Mapping[str, Any], name: str) -> Any:
    """What is held under a name, or behind the property of that name."""
    hidden = f"_{name}"
    return attributes[hidden] if hidden in attributes else attributes.get(name)


def _item(items: Any, index: int) -> Any:
    return items[index] if items is not None and index < len(items) else None


@dataclass(frozen=True)
class Law:
    """A spec and the variables that it accounts for.

    `deep`: these belong to layers inside, which may be built or not, each for itself. `carried`: what comes out has the shape
    that the framework has given somewhere on the way.
    """

    spec: Spec
    stored: tuple[Stored, ...] = ()
    deep: bool = False
    carried: bool = False

    @cached_property
    def _near(self) -> Optional[list[tuple[str, str]]]:
        """The variables' names and attributes; None where some are not the layer's own."""
        if any(item.inside for item in self.stored):
            return None
        return [(item.name, item.attribute or item.name) for item in self.stored]

    def held_by(self, layer: Any) -> list[tuple[str, Any]]:
        """The variables that are there, by their names."""
        if self._near is None:
            found = [(item.name, item.of(layer)) for item in self.stored]
        else:
            attributes = vars(layer)
            found = [(name, _held(attributes, last)) for name, last in self._near]
        return [(name, variable) for name, variable in found if variable is not None and hasattr(variable, "name")]

    def shared(self, laws: dict[Law, Law]) -> Law:
        """The law of an earlier layer that is configured alike: what it comes to is worked out once, by its spec's identity."""
        known = laws.setdefault(self, self)
        singly = any(item.owner is not None for item in self.stored)  # an owner is of this layer alone
        return replace(self, spec=known.spec) if singly else known


CHANNELS = {"channels_first": "first", "channels_last": "last"}
Table = dict[str, Callable[[Any], Optional[Law]]]


@cache
def plain(*names: str) -> tuple[Stored, ...]:
    """Variables that store the law's tensor of the same name in the law's own order."""
    return tuple(Stored(name, (name,)) for name in names)


def chosen(options: dict[Any, Any], value: Any, what: str) -> Any:
    """``options[value]``, or a `ConfigurationError`."""
    if value not in options:
        raise ConfigurationError(f"unknown {what}", got=value, expected=", ".join(map(str, options)))
    return options[value]


def sliding_padding(padding: Any, rank: int) -> Padding:
    """What a window of `rank` axes is padded by."""
    options: dict[Any, Padding] = {"valid": ((0, 0),) * rank, "same": "same", "causal": "causal"}
    found: Padding = chosen(options, padding, "padding")
    return found


def name_of(function: Any) -> Optional[str]:
    """What an activation is called; None where there is none."""
    if function is None:
        return None
    name = getattr(function, "__name__", None) or getattr(function, "name", None) or type(function).__name__
    return None if name == "linear" else str(name)


def pairs(value: Any) -> tuple[tuple[int, int], ...]:
    """``((before, after), ...)`` as plain tuples."""
    return tuple((int(before), int(after)) for before, after in value)
