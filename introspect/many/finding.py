"""What a target holds when it is many: names, and a way to make each.

A mapping (name to model, factory, or factory and input), a list of factories, a registry (``list_models`` beside ``get_model``,
and what else goes by such names), or a module of which all is asked for.
"""

from __future__ import annotations

import enum
import inspect
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Callable, Optional

from ..errors import IntrospectError
from ..ir import Model
from ..registry import adapters
from ..targets import locate

LISTINGS = ("list_models", "list_names", "available_models", "model_names", "names")
BUILDERS = ("get_model_builder", "model_entrypoint")
"""What gives the factory of a name: preferred, since a factory's signature says what it can be told."""
_READ_AT_ONCE = (dict, OrderedDict, MappingProxyType)  # other mappings may import something for each of their items
MAKERS = ("get_model", "create_model", "build_model", "make_model", "make", "create", "build", "get")


@dataclass(frozen=True)
class Entry:
    """One of many: a model, or what makes it, and its own input where it comes with one."""

    factory: Any
    inputs: Any = None
    may_be_no_model: bool = False
    """Whether it was found by looking through a module, and not named as a model by anybody."""


@dataclass(frozen=True)
class Zoo:
    """What a target holds."""

    target: str
    names: tuple[str, ...]
    entry: Callable[[str], Entry]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """The inputs that models come with."""
    everything: bool = False
    """Whether it is all of a module, if need be."""
    passed_over: tuple[str, ...] = ()
    """Public callables of a module that cannot be called without arguments."""


def owned(found: Any) -> bool:
    """Whether `found` is one model: of the IR, or known to an adapter."""
    return isinstance(found, Model) or any(adapter.owns(found) for adapter in adapters().values())


def is_many(found: Any) -> bool:
    """Whether this is a collection of models, or of what makes them: not one model that is written as a collection."""
    return not owned(found) and _collected("", found) is not None


def find(target: str, everything: bool = False) -> Zoo:
    """What `target` holds. `everything`: also all of a module.

    Raises `IntrospectError` where there is nothing in it, or it is one model.
    """
    found = locate(target)
    if callable(found) and not isinstance(found, type) and not owned(found) and not is_many(found) and ":" in target:
        found = found()
    zoo = None if owned(found) else _found(target, found, everything)
    if zoo is None:
        raise IntrospectError(
            "this is not many models", got=f"{target}: {type(found).__name__}",
            expected="a mapping of names to models or factories, a list of factories, a registry, or --all and a module",
        )  # fmt: skip
    if not zoo.names:
        raise IntrospectError("there is no model in it", got=target)
    return replace(zoo, everything=everything)


def _found(target: str, found: Any, everything: bool) -> Optional[Zoo]:
    zoo = _collected(target, found)
    if zoo is not None or not everything:
        return zoo
    made, others = _public_callables(found)
    return Zoo(target, tuple(made), made.__getitem__, passed_over=tuple(others))


def _collected(target: str, found: Any) -> Optional[Zoo]:
    """A mapping, a list or a registry; None for anything else, and where something in it makes no model."""
    if type(found) in _READ_AT_ONCE:
        return _all_of(target, dict(zip(_names_of(found, str), found.items())))
    if isinstance(found, (list, tuple)):
        return _all_of(target, dict(zip(_names_of(found, lambda one: type(one).__name__), [("", one) for one in found])))
    if not isinstance(found, type) and hasattr(found, "keys") and hasattr(found, "__getitem__"):
        keys = list(found.keys())
        by_name = dict(zip(_names_of(keys, str), keys))
        return Zoo(target, tuple(by_name), lambda name: _entry(by_name[name], found[by_name[name]]))
    registry = _registry(found)
    return None if registry is None else Zoo(target, registry[0], lambda name: Entry(registry[1](name)))


def _all_of(target: str, items: dict[str, tuple[Any, Any]]) -> Optional[Zoo]:
    try:
        entries = {name: _entry(*item) for name, item in items.items()}
    except IntrospectError:
        return None
    return Zoo(target, tuple(entries), entries.__getitem__, {name: entry.inputs for name, entry in entries.items()})


def _names_of(found: Sequence[Any], otherwise: Callable[[Any], str]) -> list[str]:
    """The functions' and classes' own names where they tell them apart, with the place where they do not."""
    names = [str(getattr(one, "__name__", None) or otherwise(one)) for one in found]
    often = Counter(names)
    return [name if often[name] == 1 else f"{name}[{i}]" for i, name in enumerate(names)]


def _entry(key: Any, value: Any) -> Entry:
    """A model, a factory, either of them with its input; or a class that takes its key, a configuration."""
    if isinstance(value, tuple) and len(value) == 2 and _makes(value[0]) and not callable(value[1]):
        return Entry(*value)
    if not _makes(value):
        raise IntrospectError("this makes no model", got=f"{type(value).__name__} for {key}")
    return Entry(value if isinstance(key, (str, int)) or owned(value) else _Configured(key, value))


def _makes(value: Any) -> bool:
    return owned(value) or callable(value)


@dataclass(frozen=True)
class _Configured:
    """A model's class and its configuration, or the class of that with all its defaults."""

    configuration: Any
    cls: Any

    def __call__(self) -> Any:
        given = self.configuration() if isinstance(self.configuration, type) else self.configuration
        return self.cls(given)


def _registry(found: Any) -> Optional[tuple[tuple[str, ...], Callable[[str], Any]]]:
    """The names that something lists, and what gives the factory of one; None where it is no registry."""
    listing = _first(found, LISTINGS)
    builder, maker = _first(found, BUILDERS), _first(found, MAKERS)
    if listing is None or not (callable(builder) or callable(maker)):
        return None
    names = listing() if callable(listing) and _without_arguments(listing) else listing
    if not isinstance(names, (list, tuple, set, frozenset)) or not all(isinstance(name, str) for name in names):
        return None
    return tuple(names), builder if callable(builder) else partial(partial, maker)


def _first(found: Any, names: tuple[str, ...]) -> Any:
    return next((getattr(found, name) for name in names if hasattr(found, name)), None)


def _without_arguments(function: Any) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C, and silent
        return False
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def _public_callables(found: Any) -> tuple[dict[str, Entry], list[str]]:
    """What a module or class offers of its own, and the names among it that want arguments."""
    made: dict[str, Entry] = {}
    others: list[str] = []
    for name, value in _offered(found):
        if _without_arguments(value):
            made[name] = Entry(value, may_be_no_model=True)
        else:
            others.append(name)
    return made, others


def _offered(found: Any) -> Iterator[tuple[str, Any]]:
    """The public callables: those in ``__all__``, else those from the module's own package, each once."""
    chosen = getattr(found, "__all__", None)
    package = str(getattr(found, "__module__", None) or getattr(found, "__name__", "")).partition(".")[0]
    seen: set[int] = set()
    for name in chosen if chosen is not None else [name for name in dir(found) if not name.startswith("_")]:
        value = getattr(found, name, None)
        if not callable(value) or id(value) in seen:
            continue
        if isinstance(value, type) and issubclass(value, (enum.Enum, BaseException)):
            continue
        if chosen is None and str(getattr(value, "__module__", "")).partition(".")[0] != package:
            continue
        seen.add(id(value))
        yield name, value
