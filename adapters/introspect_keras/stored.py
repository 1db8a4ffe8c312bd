"""A layer's law together with where the layer keeps the law's tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Optional

from introspect.errors import ConfigurationError
from introspect.layers import Spec
from introspect.layers.window import Padding


@dataclass(frozen=True)
class Stored:
    """One variable: its name within the layer, the law's tensors in it, how they lie, and the attribute that holds it."""

    name: str
    roles: tuple[str, ...]
    layout: str = ""
    attribute: str = ""

    def of(self, layer: Any) -> Any:
        """The variable, or None. Looks it up without going through properties, which may compute on the weights."""
        holder: Any = layer
        *steps, last = (self.attribute or self.name).split(".")
        for step in steps:
            holder = _item(holder, int(step)) if step.isdigit() else getattr(holder, step, None)
        held = getattr(holder, "__dict__", {})
        return held.get(f"_{last}", held.get(last))


def _item(items: Any, index: int) -> Any:
    return items[index] if items is not None and index < len(items) else None


@dataclass(frozen=True)
class Law:
    """A spec and the variables that it accounts for."""

    spec: Spec
    stored: tuple[Stored, ...] = ()

    def shared(self, laws: dict[tuple[Spec, tuple[Stored, ...]], Law]) -> Law:
        """The law of an earlier layer that is configured alike: what it comes to is worked out once, by its spec's identity."""
        return laws.setdefault((self.spec, self.stored), self)


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
