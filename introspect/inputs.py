"""What a user may give as `inputs`, in one form: shapes with the batch, open dimensions as named unknowns."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields, is_dataclass
from numbers import Integral
from typing import Any, Optional, Union

from .algebra import Dim, Expr, symbol
from .errors import IntrospectError
from .layers.base import Shape

_SPATIAL_NAMES = {1: ("T",), 2: ("H", "W"), 3: ("D", "H", "W")}


@dataclass(frozen=True)
class InputShape:
    """One input: its shape, and its dtype and the example itself where the user gave them."""

    shape: Shape
    dtype: Any = None
    example: Any = None


Inputs = Union[InputShape, "tuple[Inputs, ...]", "dict[str, Inputs]"]
_AS_THEY_ARE = (bool, str, type(None))  # what a nest may hold besides shapes: flags and options


def parse_inputs(inputs: Any, channels: str = "first") -> Inputs:
    """Shapes, examples, specs, and tuples, lists, dicts or dataclasses of them. `channels` says how open dimensions are named.

    Within a dict, or beside a shape, flags and options stay what they are.

    >>> parse_inputs((1, 3, "H", None)).shape
    (1, 3, H, W)
    >>> [one.shape for one in parse_inputs([(2, 3), (2, 4)])]
    [(2, 3), (2, 4)]

    Raises `IntrospectError` for anything else, saying what may be given.
    """
    if isinstance(inputs, InputShape):
        return inputs
    if isinstance(inputs, dict):
        return {str(name): _parse_item(value, channels) for name, value in inputs.items()}
    if hasattr(inputs, "shape") and hasattr(inputs, "dtype"):
        return InputShape(named_shape(tuple(inputs.shape), channels), inputs.dtype, inputs)
    if isinstance(inputs, (tuple, list)) and inputs and all(_is_dim(item) for item in inputs):
        return InputShape(named_shape(tuple(inputs), channels))
    if isinstance(inputs, (tuple, list)) and inputs:
        return tuple(_parse_item(item, channels) for item in inputs)
    if is_dataclass(inputs) and not isinstance(inputs, type):
        return _parse_fields(inputs, channels)  # type: ignore[no-any-return]
    raise IntrospectError(
        "these inputs cannot be read",
        got=repr(inputs)[:120],
        expected='a shape with batch such as (1, 3, 224, 224) or ("N", 3, "H", "W"), an example, or a tuple or dict of these',
    )


def _parse_item(item: Any, channels: str) -> Any:
    if isinstance(item, _AS_THEY_ARE) or (isinstance(item, Integral) and not hasattr(item, "shape")):
        return item
    found = parse_inputs(item, channels)
    return list(found) if isinstance(item, list) and isinstance(found, tuple) else found


def _parse_fields(inputs: Any, channels: str) -> Any:
    """A copy of a dataclass with its fields read; it is not initialised anew."""
    twin = copy.copy(inputs)
    for field in fields(inputs):
        object.__setattr__(twin, field.name, _parse_item(getattr(inputs, field.name), channels))
    return twin


def _is_dim(item: Any) -> bool:
    return item is None or (isinstance(item, (Integral, str, Expr)) and not isinstance(item, bool))


def named_shape(shape: tuple[Any, ...], channels: str = "first") -> Shape:
    """`shape` with its open dimensions as unknowns: `N` for the batch, then by position ``T``, ``H``, ``W``, ``D``.

    >>> named_shape((None, None, None, 3), channels="last")
    (N, H, W, 3)
    """
    return tuple(_dim(dim, i, len(shape), channels) for i, dim in enumerate(shape))


def _dim(dim: Any, i: int, rank: int, channels: str) -> Dim:
    if isinstance(dim, str):
        return symbol(dim)
    if dim is not None:
        if not isinstance(dim, Expr) and int(dim) < 0:
            raise IntrospectError("a dimension cannot be negative", got=int(dim), expected="0 or more; None for an open one")
        return dim if isinstance(dim, Expr) else int(dim)
    return symbol("N" if i == 0 else _position_name(i, rank, channels))


def _position_name(i: int, rank: int, channels: str) -> str:
    spatial: Optional[tuple[str, ...]] = _SPATIAL_NAMES.get(rank - 2)
    if spatial is None or (rank == 3 and i == 1):
        return "T" if i == 1 else f"D{i}"
    names = ("N", "C", *spatial) if channels == "first" and rank > 3 else ("N", *spatial, "C")
    return names[i]
