"""Whether what was read fits the record it is to be part of: each field by the type it is declared with."""

from __future__ import annotations

import collections.abc
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, Optional, Union, get_args, get_origin, get_type_hints

from .algebra import Expr

MOST_REPEATS = 10_000
_REPEATED = ("layers",)  # a law goes through them one by one


def misfit(cls: type, fields: Mapping[str, Any]) -> Optional[str]:
    """The first field that is not what `cls` declares it to be, in words; None where all are.

    >>> from introspect.layers import Dense
    >>> misfit(Dense, {"units": 3}), misfit(Dense, {"units": "3"})
    (None, "units is '3'")
    """
    hints = _hints(cls)
    for name, value in fields.items():
        if name in hints and not _fits(value, hints[name]):
            return f"{name} is {value!r:.60}"
        if name in _REPEATED and type(value) is int and value > MOST_REPEATS:
            return f"{name} is {value!r:.60}, more than {MOST_REPEATS:,}"
    return None


@lru_cache(maxsize=1024)
def _hints(cls: type) -> Mapping[str, Any]:
    return get_type_hints(cls, None, {"Expr": Expr})


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Union:
        return any(_fits(value, option) for option in inner)
    if origin is Literal:
        return value in inner
    if origin is tuple:
        return isinstance(value, tuple) and _items_fit(value, inner)
    if origin is collections.abc.Sequence:
        return isinstance(value, tuple) and all(_fits(item, inner[0]) for item in value)
    kind = origin or hint
    if not isinstance(kind, type) or kind is object:
        return True
    if kind is int:
        return type(value) is int
    if kind is float:
        return type(value) in (int, float)
    return isinstance(value, kind)


def _items_fit(value: tuple[Any, ...], inner: tuple[Any, ...]) -> bool:
    if len(inner) == 2 and inner[1] is Ellipsis:
        return all(_fits(item, inner[0]) for item in value)
    return not inner or (len(value) == len(inner) and all(map(_fits, value, inner)))
