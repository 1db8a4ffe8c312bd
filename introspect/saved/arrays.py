"""NumPy's ``.npy`` and ``.npz``: the header of each array says its shape; no data is read, objects are refused."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

from ..errors import UnreadableError
from ..files import Name, open_regular, reading
from .archives import Archive
from .tensors import Contents, Stored, checked, fits

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # NumPy's own limit
_MOST = LONGEST_HEADER + 12
_ONE = re.compile(r"[<>|=]?([?bBhHiIlLqQefdgFDGcSUmMV])(\d{0,9})")
_WIDTHS = {"U": 32}  # bits for each unit of the number that follows, where it is not 8
_LONG = re.compile(r"(?<=\d)L\b")  # as Python 2 wrote them


def of_one(path: Name) -> Contents:
    """The one array of an ``.npy``."""
    with reading(path), open_regular(path) as file:
        start, size = file.read(_MOST), os.fstat(file.fileno()).st_size
        return Contents("npy", [_stored(Path(path).stem, start, size)])


def of_many(archive: Archive) -> Contents:
    """The arrays of an ``.npz``, by their names in it."""
    arrays = [name for name in archive.sizes if name.endswith(".npy")]
    found = [_stored(name[:-4], archive.start(name, _MOST), archive.sizes[name]) for name in arrays]
    separator = "/" if any("/" in tensor.name for tensor in found) else "."
    alone = [t if separator in t.name else t._replace(name=f"{t.name}{separator}array") for t in found]  # a row of its own
    return Contents("npz", alone, separator=separator)


def _stored(name: str, start: bytes, size: int) -> Stored:
    header, length = _header(name, start)
    shape = checked(header.get("shape"), name)
    fits(name, shape, _bits(name, header.get("descr")), size - length)
    return Stored(name, shape, buffer=False)


def _header(name: str, start: bytes) -> tuple[dict[str, Any], int]:
    """What the header says, and how long it is."""
    digits = 2 if start[6:7] == b"\x01" else 4
    begin = 8 + digits
    length = int.from_bytes(start[8:begin], "little")
    if start[:6] != MAGIC or start[6:7] not in (b"\x01", b"\x02", b"\x03") or begin + length > min(len(start), _MOST):
        raise UnreadableError(f"{name[:80]!r} is no array, or is cut off", expected="an .npy as NumPy writes it")
    try:
        found = ast.literal_eval(_LONG.sub("", start[begin : begin + length].decode("utf-8")).strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):  # UnicodeDecodeError is a ValueError
        found = None
    if not isinstance(found, dict):
        raise UnreadableError(f"the header of the array {name[:80]!r} is damaged", expected="shape, descr and fortran_order")
    return found, begin + length


def _bits(name: str, descr: Any) -> int:
    if isinstance(descr, str) and "O" in descr:
        raise UnreadableError(
            f"the array {name[:80]!r} holds Python objects", got=f"dtype {descr[:20]!r}: pickled, so that reading runs code",
            expected="numbers", hint="save the arrays one by one: numpy.savez(path, *values)",
        )  # fmt: skip
    match = _ONE.fullmatch(descr) if isinstance(descr, str) else None
    if match is None or not match[2]:
        raise UnreadableError(
            f"the array {name[:80]!r} holds no numbers", got=f"dtype {str(descr)[:80]}", expected="one number each"
        )
    return int(match[2]) * _WIDTHS.get(match[1], 8)
