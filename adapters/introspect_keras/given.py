"""The shapes that a model is explained on: what the caller gives, laid over what the model declares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Optional

from introspect.algebra import Dim
from introspect.errors import ShapeError
from introspect.inputs import Inputs, InputShape, named_shape, parse_inputs
from introspect.layers import Shape
from introspect.layers.base import show
from introspect.reported import ReportedShape


def wanted(inputs: Any, names: Sequence[str]) -> list[Optional[Shape]]:
    """A shape, or None, for each input called `names`. Raises an `IntrospectError` where they do not fit those."""
    if inputs is None:
        return [None] * len(names)
    given = parse_inputs(inputs, channels="last")
    if isinstance(given, dict):
        strangers = [name for name in given if name not in names]
        if strangers:
            raise ShapeError("the model has no such input", got=", ".join(strangers), expected=", ".join(names))
        return [_one(given[name]) if name in given else None for name in names]
    found = [_one(item) for item in (given if isinstance(given, tuple) else (given,))]
    if len(found) != len(names):
        raise ShapeError("the model has another number of inputs", got=len(found), expected=f"{len(names)}: {', '.join(names)}")
    return [*found]


def spoken_of(inputs: Any) -> tuple[str, ...]:
    """What the caller calls the inputs; numbers where they have no names, nothing where there are none."""
    if inputs is None:
        return ()
    given = parse_inputs(inputs)
    if isinstance(given, dict):
        return tuple(given)
    count = len(given) if isinstance(given, tuple) else 1
    return ("input",) if count == 1 else tuple(f"input_{i + 1}" for i in range(count))


def named(names: Sequence[str]) -> bool:
    """Whether these are names of the caller's, and not the numbers that stand for them."""
    return bool(names) and not any(name == "input" or re.fullmatch(r"input_\d+", name) for name in names)


def _one(item: Inputs) -> Shape:
    if not isinstance(item, InputShape):
        raise ShapeError("an input is one shape, not several", got=item)
    return item.shape


def settle(given: Optional[Shape], declared: Optional[ReportedShape], position: int, path: str) -> Optional[Shape]:
    """The shape of the input at `position`: a declared size stands, an open one is filled in, the rest gets a name.

    Raises `ShapeError` where the two contradict one another.
    """
    if declared is None:
        return given if given is None else tuple(_size(dim, path) for dim in given)
    named = _named(declared, position)
    if given is None:
        return named
    if len(given) != len(declared):
        raise ShapeError("the input has another number of axes", got=show(given), expected=show(named), path=path)
    if any(isinstance(g, int) and d is not None and g != d for g, d in zip(given, declared)):
        raise ShapeError("the model declares another input", got=show(given), expected=show(named), path=path)
    return tuple(_size(g, path) if d is None else d for g, d in zip(given, declared))


def _size(dim: Dim, path: str) -> Dim:
    if isinstance(dim, int) and dim < 0:
        raise ShapeError("a size cannot be negative", got=dim, path=path)
    return dim


def _named(shape: ReportedShape, position: int) -> Shape:
    """Names for open axes: the batch is common to all inputs, everything else belongs to one input."""
    channels = "first" if len(shape) > 3 and shape[-1] is None and shape[1] is not None else "last"
    names = named_shape((None,) * len(shape), channels)
    suffix = "" if position == 0 else f"_{position + 1}"
    marked = [f"{name}{suffix}" if i else str(name) for i, name in enumerate(names)]
    return named_shape(tuple(name if dim is None else dim for name, dim in zip(marked, shape)))
