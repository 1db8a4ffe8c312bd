"""Makes a model from its factory: without pretrained weights, and without memory for it where its framework can."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from ..registry import adapters
from .finding import owned

UNTRAINED = {"weights": None, "weights_backbone": None, "pretrained": False, "pretrained_backbone": False}
"""What zoos call the arguments that would have weights downloaded, and what leaves the weights out."""

DEVICE = "meta"  # what a framework's own complaint speaks of, where values are asked for that nothing was allocated for


def make(factory: Any) -> Any:
    """What `factory` makes, or itself where it is a model already.

    Where a framework's way of making models without memory does not suit the factory, the next one is tried, and the ordinary
    way last, which may take all the memory there is: not where the factory fails in the same words each time, of its own.
    """
    if owned(factory) or not callable(factory):
        return factory
    told = untrained(factory)
    errors: list[Exception] = []
    for unallocated in _ways():
        try:
            with unallocated:
                return factory(**told)
        except Exception as error:
            errors.append(error)
    if len(errors) > 1 and len({repr(error) for error in errors}) == 1 and DEVICE not in str(errors[0]):
        raise errors[0]
    return factory(**told)


def untrained(factory: Any) -> dict[str, Any]:
    """Those arguments of a factory that keep it from fetching weights, where leaving them out would not.

    >>> def resnet(*, weights="imagenet", progress=True, pretrained=False): ...
    >>> untrained(resnet)
    {'weights': None}
    """
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):  # written in C, and silent
        return {}
    named = {name: p.default for name, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return {
        name: value
        for name, value in UNTRAINED.items()
        if name in named and named[name] is not inspect.Parameter.empty and named[name] is not value
    }


def _ways() -> Iterator[AbstractContextManager[Any]]:
    for adapter in adapters().values():
        yield from getattr(adapter, "unallocated", list)()
