"""Finds the adapter that owns a model, without importing any framework.

Built-in adapters stand in a table; others announce themselves through the entry-point group `introspect.adapters`
(``name = "package:adapter"``) or :func:`register`, and are on the same footing.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Optional, Protocol

from .errors import NoAdapterError
from .ir import Model
from .reported import Reported

GROUP = "introspect.adapters"
BUILT_IN = {  # asked in this order: on its torch backend a Keras layer is a torch module too
    "keras": "introspect_keras:adapter",
    "lasagne": "introspect_lasagne:adapter",
    "torch": "introspect_torch:adapter",
}


class Adapter(Protocol):
    """What a framework's adapter offers. Importing it must not import the framework.

    Two more methods are optional, for ``introspect demo``: ``demonstration(seconds)``, a small trained model and its input, and
    ``counterpart()``, the same model untrained (or None), to be compared with it. Another is, where many models are made one
    after the other: ``unallocated()``, context managers within which a model is made without memory for it, the best first.
    For saved files: ``opened(path, kind, trust=..., inputs=...)``, an explanation, or a live model where the file is trusted.
    """

    name: str
    """The framework's name, which is also the name of the extra that installs it."""

    roots: tuple[str, ...]
    """Root packages whose classes mark a model as this framework's."""

    def owns(self, model: Any) -> bool:
        """Whether `model` is this framework's; looks at classes along the MRO only."""

    def translate(self, model: Any, inputs: Any = None) -> Model:
        """The model in the IR, from configuration and input shapes; never from a weight."""

    def report(self, model: Any, translated: Model, inputs: Any = None, *, full: bool = True) -> Reported:
        """What the framework itself says, given what `translate` was. `full=False`: only the tensors that no law speaks of."""


_registered: dict[str, Adapter] = {}


def register(adapter: Adapter) -> None:
    """Add an adapter for this process. Raises `TypeError` when it lacks a part of the protocol."""
    missing = [part for part in ("name", "roots", "owns", "translate", "report") if not hasattr(adapter, part)]
    if missing:
        raise TypeError(f"{adapter!r} is no adapter: it lacks {', '.join(missing)}")
    _registered[adapter.name] = adapter


def adapters() -> dict[str, Adapter]:
    """All adapters by name: registered ones, announced ones, built-in ones."""
    found = dict(_registered)
    for name, target in {**_announced(), **BUILT_IN}.items():
        if name not in found:
            found[name] = _load(target)
    return found


def adapter_for(model: Any) -> Adapter:
    """The adapter that owns `model`.

    Raises `NoAdapterError` naming the class, and the extra to install or how to register an adapter.
    """
    known = adapters()
    for adapter in known.values():
        if adapter.owns(model):
            return adapter
    raise _no_adapter(model, known)


def _load(target: str) -> Adapter:
    module, _, attribute = target.partition(":")
    adapter: Adapter = getattr(import_module(module), attribute)
    return adapter


def _announced() -> dict[str, str]:
    return _announced_on(tuple(sys.path))


@lru_cache(maxsize=1)
def _announced_on(path: tuple[str, ...]) -> dict[str, str]:
    """Reading what every installed package announces takes longer than counting: once for each search path."""
    points = entry_points()
    group = points.select(group=GROUP) if hasattr(points, "select") else points.get(GROUP, ())
    return {point.name: point.value for point in group if point.name not in BUILT_IN}


def _no_adapter(model: Any, known: dict[str, Adapter]) -> NoAdapterError:
    cls = type(model)
    roots = {base.__module__.partition(".")[0] for base in cls.__mro__} - {"builtins"}
    owner: Optional[Adapter] = next((a for a in known.values() if roots & set(a.roots)), None)
    if owner is not None:
        hint = f"pass a whole model or layer; for {owner.name} itself: pip install 'introspect-nn[{owner.name}]'"
    else:
        hint = (
            f"install the extra for its framework (pip install 'introspect-nn[{'|'.join(BUILT_IN)}]'), or register an "
            f"adapter: introspect.register(adapter), or the entry-point group {GROUP!r}"
        )
    return NoAdapterError(
        "no adapter knows this object", got=f"{cls.__module__}.{cls.__qualname__}",
        expected=f"a model of {', '.join(known)}", hint=hint,
    )  # fmt: skip
