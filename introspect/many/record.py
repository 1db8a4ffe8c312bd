"""The file of lines that a run leaves and the next one goes on from: whole lines only, whenever and however the run ends."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ..errors import IntrospectError
from ..files import LARGEST_TEXT, open_regular, read_text, reading, write_atomically
from .asking import as_json
from .line import FAILED, START, Line, read_line, still_holds
from .worker import Job

_START = START.encode()
_NEW = 0o666  # less the umask


class Record:
    """The lines of a file, and its end, where new ones go. Made by :func:`recording`."""

    def __init__(self, path: str, handle: int) -> None:
        self.path, self._handle = path, handle
        self.lines, rest = read_lines(path)
        self.dropped = bool(rest)
        if rest:
            os.truncate(handle, os.fstat(handle).st_size - rest)

    def kept(self, jobs: Iterable[Job]) -> dict[str, Line]:
        """Which jobs need not be done again, and their lines. A failure is tried again; so is what was made with other
        versions, another input, or checked less.
        """
        last = {(line.target, line.name): line for line in self.lines}
        found = {job.name: (job, last.get((job.target, job.name))) for job in jobs}
        return {name: line for name, (job, line) in found.items() if line is not None and _answers(line, job)}

    def append(self, line: Line) -> None:
        """The line at the end of the file, in one write."""
        data = f"{line.to_json()}\n".encode()
        if os.write(self._handle, data) != len(data):
            raise IntrospectError("this file cannot be written to its end", path=self.path, hint="is the disk full?")
        self.lines.append(line)

    def tidy(self) -> None:
        """Leave out lines in whose place later ones have come."""
        last = {(line.target, line.name): line for line in self.lines}
        if len(last) < len(self.lines):
            self.lines = [line for line in self.lines if last[line.target, line.name] is line]
            write_atomically(self.path, "".join(f"{line.to_json()}\n" for line in self.lines))


def _answers(line: Line, job: Job) -> bool:
    same = line.input == as_json(job.inputs) and line.verify == job.verify
    return same and line.status != FAILED and still_holds(line.versions)


@contextmanager
def recording(path: str) -> Iterator[Record]:
    """The record at `path`, and nobody else writing to it; superseded lines are gone at the end.

    Raises `UnreadableError` for a file that is not ours, which is left as it is.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0), _NEW)
    except OSError as error:
        raise IntrospectError("this file cannot be written", got=error.strerror, path=path) from None
    try:
        _lock(handle, path)
        record = Record(path, handle)
        try:
            yield record
        finally:
            record.tidy()
    finally:
        os.close(handle)


def _lock(handle: int, path: str) -> None:
    try:
        import fcntl
    except ImportError:  # not on this system
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise IntrospectError("another run writes to this file", path=path, hint="another --output") from None
    if os.fstat(handle).st_ino != os.stat(path).st_ino:
        raise IntrospectError("another run has just ended with this file", path=path, hint="once more")


def read_lines(path: str) -> tuple[list[Line], int]:
    """The whole lines of a file, and how many bytes follow them that are the beginning of another.

    Raises `UnreadableError` naming the file and the line of the first that is not ours.
    """
    with reading(path), open_regular(path) as file:
        data = file.read(LARGEST_TEXT + 1)
    whole, newline, rest = data.rpartition(b"\n")
    try:
        texts = whole.decode("utf-8").split("\n") if newline else []
    except UnicodeDecodeError:
        texts = read_text(path).split("\n")  # which says where
    lines = [read_line(text, f"{path}:{i}") for i, text in enumerate(texts, 1)]
    if rest[: len(_START)] != _START[: len(rest)]:
        read_line(rest.decode("utf-8", "replace"), f"{path}:{len(lines) + 1}")  # it is none of ours, and this says so
    return lines, len(rest)
