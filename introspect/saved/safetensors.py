"""Safetensors: eight bytes of length, a JSON header, the data. The header says it all; no data is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import UnreadableError
from ..files import Name, open_regular, parse_json, reading
from .tensors import Contents, Stored, checked, fits

LARGEST_HEADER = 100_000_000  # the format's own limit
MOST_SHARDS = 10_000
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


def contents(path: Name) -> Contents:
    """The tensors that the header of one file lists."""
    with reading(path), open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        header, start = _header(file, size)
        header.pop("__metadata__", None)
        tensors = {name: _stored(name, entry) for name, entry in header.items()}
        _covered(header, size - start)
    return Contents("safetensors", list(tensors.values()))


def _header(file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """The header, and where the data begins."""
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, LARGEST_HEADER):
        got, most = f"a header of {length:,} bytes in a file of {size:,}", f"at most {LARGEST_HEADER:,}, within the file"
        raise UnreadableError("this safetensors file is cut off, or none", got=got, expected=most)
    try:
        text = file.read(length).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError("the header of a safetensors file is no text", got=f"byte {error.start + 8}") from None
    header = parse_json(text, "header")
    if not isinstance(header, dict):
        raise UnreadableError("the header of a safetensors file is damaged", got=type(header).__name__, expected="an object")
    return header, 8 + length


def _stored(name: str, entry: Any) -> Stored:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise UnreadableError(f"the entry of {name[:80]!r} is damaged", expected="dtype, shape and data_offsets")
    bits = _BITS.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if bits is None:
        raise UnreadableError(f"{name[:80]!r} is of an unknown kind", got=entry["dtype"], expected=", ".join(_BITS))
    begin, end = _offsets(name, entry["data_offsets"])
    shape = checked(entry["shape"], name)
    fits(name, shape, bits, end - begin)
    return Stored(name, shape)


def _offsets(name: str, given: Any) -> tuple[int, int]:
    if (
        not isinstance(given, list)
        or len(given) != 2
        or not all(type(n) is int for n in given)
        or not 0 <= given[0] <= given[1]
    ):
        raise UnreadableError(f"{name[:80]!r} has no place in the file", got=str(given)[:80], expected="[begin, end]")
    return given[0], given[1]


def _covered(header: dict[str, Any], data: int) -> None:
    """The tensors lie side by side, and fill what follows the header."""
    reached = 0
    for begin, end in sorted(entry["data_offsets"] for entry in header.values()):
        if begin != reached:
            raise UnreadableError("the tensors of a safetensors file overlap, or leave a gap", got=begin, expected=reached)
        reached = end
    if reached != data:
        got, expected = f"{data:,} bytes of data", f"{reached:,}, which the header claims"
        raise UnreadableError("a safetensors file is not as long as it claims", got=got, expected=expected)


def shards(path: Name, index: dict[str, Any]) -> dict[str, list[str]]:
    """The files of a model in several, each with the tensors that its index says are in it. All lie beside the index."""
    places = index["weight_map"]
    found: dict[str, list[str]] = {}
    for name, shard in places.items() if isinstance(places, dict) else ():
        if not isinstance(shard, str) or Path(shard).name != shard or "\\" in shard or "\0" in shard:
            raise UnreadableError("the index names a file that is not beside it", got=str(shard)[:80], path=os.fspath(path))
        found.setdefault(shard, []).append(name)
    if not 0 < len(found) <= MOST_SHARDS:
        raise UnreadableError("the index names no files, or too many", got=len(found), path=os.fspath(path))
    return found
