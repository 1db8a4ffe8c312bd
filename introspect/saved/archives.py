"""Zip files of others: the list of members is held to what can be, and a member is read up to a limit."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from ..errors import IntrospectError, UnreadableError
from ..files import Name, open_regular, reading

LARGEST_LIST = 16 * 2**20  # bytes that name the members
_HEADER = 30  # bytes before a member's name
_DENSEST = 1032  # no deflated byte stands for more


class _Sparing:
    """A file that is not asked for much at a time: a zip's end may claim a list of any length."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.seek, self.tell, self.seekable = file, file.seek, file.tell, file.seekable
        self.listed = False

    def read(self, size: int = -1) -> bytes:
        if self.listed:
            return self._file.read(size)
        data = self._file.read(LARGEST_LIST + 1 if size < 0 else min(size, LARGEST_LIST + 1))
        if len(data) > LARGEST_LIST:
            raise UnreadableError("a zip file has too long a list of members", expected=f"at most {LARGEST_LIST:,} bytes")
        return data


class Archive:
    """A zip file whose members are what they seem: named once, side by side, no larger than they can be."""

    def __init__(self, zipped: zipfile.ZipFile, size: int) -> None:
        self._zipped = zipped
        self.sizes: dict[str, int] = {}
        reached = 0
        for member in sorted(zipped.infolist(), key=lambda m: m.header_offset):
            self._check(member, reached, size)
            reached = member.header_offset + _HEADER + len(member.orig_filename.encode()) + member.compress_size
            self.sizes[member.filename] = member.file_size

    def _check(self, member: zipfile.ZipInfo, reached: int, size: int) -> None:
        name = member.filename
        wrong = (
            "it is named twice" if name in self.sizes
            else "its name leads out of the archive" if name.startswith("/") or ".." in name.replace("\\", "/").split("/")
            else "it is compressed in a way that no framework uses" if member.compress_type not in (0, zipfile.ZIP_DEFLATED)
            else "it is encrypted" if member.flag_bits & 1
            else "it overlaps another" if member.header_offset < reached
            else "it lies outside the file" if member.header_offset + _HEADER + member.compress_size > size
            else "it claims to be larger than it can be" if member.file_size > _DENSEST * member.compress_size + _DENSEST
            else "it claims two sizes" if member.compress_type == 0 and member.file_size != member.compress_size
            else ""
        )  # fmt: skip
        if wrong:
            raise UnreadableError("a member of this zip file is not what it seems", got=f"{name[:80]!r}: {wrong}")

    def __contains__(self, name: str) -> bool:
        return name in self.sizes

    def place(self, name: str) -> tuple[int, int]:
        """Where in the file a member's data begins, and its length. Raises `UnreadableError` where it is compressed."""
        member, file = self._zipped.getinfo(name), self._zipped.fp
        if member.compress_type != 0 or file is None:
            raise UnreadableError(f"the member {name[:80]!r} is compressed", expected="one that is stored as it is")
        file.seek(member.header_offset)
        header = file.read(_HEADER)
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        return member.header_offset + _HEADER + lengths, member.file_size

    def start(self, name: str, limit: int) -> bytes:
        """The first `limit` bytes of a member, or all of it."""
        if name not in self.sizes:
            raise UnreadableError("a member of this zip file is missing", expected=name[:80])
        with _damage(f"the member {name[:80]!r} is damaged"), self._zipped.open(name) as member:
            return member.read(limit)

    def read(self, name: str, limit: int) -> bytes:
        """A whole member. Raises `UnreadableError` where it is larger than `limit` bytes."""
        data = self.start(name, limit + 1)
        if len(data) > limit:
            raise UnreadableError(f"the member {name[:80]!r} is too large", expected=f"at most {limit:,} bytes")
        return data

    def text(self, name: str, limit: int) -> str:
        """A whole member that is UTF-8 text."""
        try:
            return self.read(name, limit).decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableError(f"the member {name[:80]!r} is no text", got=f"byte {error.start}") from None


@contextmanager
def opened(path: Name) -> Iterator[Archive]:
    """The archive at `path`. Raises `UnreadableError` for a damaged or hostile one."""
    with reading(path), open_regular(path) as file:
        with _damage("this zip file is damaged"):
            sparing = _Sparing(file)
            zipped = zipfile.ZipFile(sparing)
            sparing.listed = True
        yield Archive(zipped, os.fstat(file.fileno()).st_size)


@contextmanager
def _damage(culprit: str) -> Iterator[Any]:
    """What the libraries raise over damaged data is of a dozen kinds."""
    try:
        yield
    except IntrospectError:
        raise
    except Exception as error:
        raise UnreadableError(culprit, got=f"{type(error).__name__}: {error}"[:200]) from None
