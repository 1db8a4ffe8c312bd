"""What a class's code reads and writes beside its arguments and its module: the globals by which one call may tell another."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

_FIXED = (ModuleType, type, BuiltinFunctionType, bool, int, float, str, bytes, type(None), type(...))
_KNOWN = ("torch", "torchvision", "math", "builtins")  # packages whose functions remember nothing of a call


def depends_on_globals(cls: Any) -> bool:
    """Whether code of this class, or a function that it calls by name, writes a global, or reads one that may change."""
    waiting = list(_methods(cls))
    seen: set[Any] = set()
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        names, writes = _names(function.__code__)
        values = [function.__globals__[name] for name in names if name in function.__globals__]
        if writes or not all(isinstance(value, (*_FIXED, FunctionType)) or _is_known(value) for value in values):
            return True
        waiting += [value for value in values if isinstance(value, FunctionType) and not _is_known(value)]
    return False


def _methods(cls: Any) -> Iterator[FunctionType]:
    for base in cls.__mro__:
        if not _is_known(base):
            for value in base.__dict__.values():
                if isinstance(value, (staticmethod, classmethod)):
                    value = value.__func__
                if isinstance(value, property):
                    value = value.fget
                if isinstance(value, FunctionType) and value.__name__ != "__init__":
                    yield value


def _is_known(value: Any) -> bool:
    return str(getattr(value, "__module__", None)).partition(".")[0] in _KNOWN


@lru_cache(maxsize=1024)
def _names(code: Any) -> tuple[tuple[str, ...], bool]:
    """The globals that some code reads, and whether it writes one, or an attribute of one; functions inside it included."""
    read: list[str] = []
    writes = False
    before = ""
    for one in dis.get_instructions(code):
        if one.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read.append(str(one.argval))
        writes |= one.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") or (one.opname == "STORE_ATTR" and "LOAD_FAST" not in before)
        before = one.opname
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names, also = _names(constant)
            read += names
            writes |= also
    return tuple(read), writes
