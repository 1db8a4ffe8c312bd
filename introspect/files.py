"""Reading what somebody else may have written, in bounded memory and time, and writing whole files or none.

Only regular files are opened: a pipe or a device would never end. JSON is strict: what two readers could take for two things
(a key twice, NaN, half a surrogate pair) is refused, with its line.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate
from math import isfinite
from pathlib import Path
from typing import Any, BinaryIO, Callable, NoReturn, Optional, Union

from .errors import IntrospectError, UnreadableError

LARGEST_TEXT = 256 * 2**20
DEEPEST = 100  # lists and objects within one another
LONGEST_NUMBER = 1000  # digits
MOST = 10_000_000  # lists and objects
_PIECE = 2**20
Name = Union[str, "os.PathLike[str]"]

_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
_OUTSIDE_BRACKETS = re.compile(r"[^\[\]{}]+")
_DIGITS = re.compile(rf"[0-9]{{{LONGEST_NUMBER + 1}}}")
_TOKEN = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]|-?Infinity|NaN|-?[0-9][-+.0-9eE]*', re.DOTALL
)  # never goes back: a string that is not closed is one up to the end
_COLON = re.compile(r"[ \t\r\n]*:")
_ESCAPES = re.compile(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F])")


def open_regular(path: Name) -> BinaryIO:
    """A regular file, open for reading bytes. Raises `UnreadableError` for anything else; a pipe is not waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise UnreadableError("this file cannot be read", got=_reason(error), path=os.fspath(path)) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        got = "a folder" if os.path.isdir(path) else "a pipe or a device"
        raise UnreadableError("this is not a file", got=got, expected="a regular file", path=os.fspath(path))
    return os.fdopen(handle, "rb")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def read_text(path: Name, limit: int = LARGEST_TEXT) -> str:
    """A file's text. Raises `UnreadableError` where it is longer than `limit` bytes, or is not UTF-8."""
    with reading(path), open_regular(path) as file:
        longer = os.fstat(file.fileno()).st_size > limit
        data = b"" if longer else read_at_most(file, limit + 1)
    if longer or len(data) > limit:
        raise UnreadableError(
            "this file is too large to be read as text", expected=f"at most {limit:,} bytes", path=os.fspath(path)
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        got = f"byte 0x{data[error.start]:02x}"
        raise UnreadableError("this is not UTF-8 text", got=got, path=f"{os.fspath(path)}:{line}") from None


def read_at_most(file: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes; no room is taken for what is not there."""
    found = []
    while size > 0:
        found.append(file.read(min(size, _PIECE)))
        if not found[-1]:
            break
        size -= len(found[-1])
    return b"".join(found)


@contextmanager
def reading(path: Name) -> Iterator[None]:
    """Says of which file it is that an error within speaks."""
    try:
        yield
    except IntrospectError as error:
        name = os.fspath(path)
        if error.path is not None and name not in error.path:
            error.path = f"{name}: {error.path}"  # a place within the file
        raise error.at(name) from None
    except OSError as error:
        raise UnreadableError("this file cannot be read", got=_reason(error), path=os.fspath(path)) from None


def read_json(path: Name, limit: int = LARGEST_TEXT) -> Any:
    """What a JSON file says. Raises `UnreadableError` naming the file, the line and the column."""
    return parse_json(read_text(path, limit), os.fspath(path))


def parse_json(text: str, where: str = "") -> Any:
    """What JSON text says; `where` is what an error calls it.

    >>> parse_json('{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}

    Raises `UnreadableError` naming line and column, also for a key given twice, NaN, half a surrogate pair, a number of more
    than `LONGEST_NUMBER` digits, and lists within lists deeper than `DEEPEST`.
    """
    _measure(text, where)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float)
    except json.JSONDecodeError as error:
        _refuse(text, error.pos, where, error.msg)
    except _Twice as error:
        _refuse(text, _second(text), where, f"the key {error.args[0]!r} a second time")
    except _NoNumber as error:
        _refuse(text, _first(text, error.args[0].__eq__), where, error.args[0], "a finite number")
    except (ValueError, RecursionError) as error:  # an interpreter's own, lower limits
        _refuse(text, 0, where, str(error))


def _measure(text: str, where: str) -> None:
    """Refuse what would take too much to read, before any of it is."""
    bare = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])  # what stands outside the strings
    brackets = _OUTSIDE_BRACKETS.sub("", bare)
    if len(brackets) > 2 * MOST:
        _refuse(text, 0, where, f"{len(brackets) // 2:,} lists and objects", f"at most {MOST:,}")
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > DEEPEST:
        _refuse(text, _too_deep(text), where, "one more list or object within another", f"at most {DEEPEST}")
    if _DIGITS.search(bare):
        found = _first(text, lambda token: bool(_DIGITS.search(token)) and token[0] != '"')
        _refuse(text, found, where, f"a number of more than {LONGEST_NUMBER:,} digits")
    for match in _ESCAPES.finditer(text) if "\\u" in text else ():
        if match[1]:
            _refuse(text, match.start(), where, "half a surrogate pair", "text")


def _refuse(text: str, position: int, where: str, got: str, expected: Optional[str] = None) -> NoReturn:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    place = f"{where}:{line}:{column}" if where else f"line {line}, column {column}"
    raise UnreadableError("this is not JSON that can be read", got=got, expected=expected, path=place) from None


class _Twice(Exception):
    pass


class _NoNumber(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise _Twice(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return found


def _no_number(text: str) -> NoReturn:
    raise _NoNumber(text)


def _float(text: str) -> float:
    value = float(text)
    return value if isfinite(value) else _no_number(text)


def _first(text: str, wanted: Callable[[str], bool]) -> int:
    """Where the first token stands that is `wanted`."""
    return next((token.start() for token in _TOKEN.finditer(text) if wanted(token[0])), 0)


def _too_deep(text: str) -> int:
    """Where the first bracket stands that is one too many."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += _STEP.get(token[0], 0)
        if depth > DEEPEST:
            return token.start()
    return 0


def _second(text: str) -> int:
    """Where the first key stands that its object has already. The text is JSON apart from that."""
    keys: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            keys.append(set())
        elif token[0] in "]}":
            keys.pop()
        elif token[0][0] == '"' and _COLON.match(text, token.end()):
            key = json.loads(token[0])
            if key in keys[-1]:
                return token.start()
            keys[-1].add(key)
    return 0


def write_atomically(path: Name, text: str) -> None:
    """Write `text` to `path`: whole, or not at all. An existing file keeps its mode, a link its target.

    Two who write at once leave one of the two texts. Raises `IntrospectError` where it cannot be written.
    """
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".introspect-{secrets.token_hex(8)}.tmp")
    try:
        data = text.encode("utf-8")
        _write(beside, data)
        if target.exists():
            os.chmod(beside, stat.S_IMODE(target.stat().st_mode))
        os.replace(beside, target)
    except (OSError, ValueError) as error:
        raise IntrospectError("this file cannot be written", got=_reason(error), path=os.fspath(path)) from None
    finally:
        with suppress(OSError):
            beside.unlink()
    with suppress(OSError):  # some file systems, and some folders, do not let it
        _settle(target.parent)


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)  # less the umask
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Ask the disk to keep the new name, too, where it can be asked."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
