"""Where the baseline of a check stands: a folder for each test module, a file for each check, named after the test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Optional
from urllib.parse import quote

FOLDER = "baselines"
_SAFE = "+=,@"  # in a file's name, beside letters, digits and _.-~
_LONGEST = 100  # of the test's part and of the check's: a file system takes 255 bytes for a name


@dataclass(frozen=True)
class Place:
    """Where one test keeps its baselines: the `folder` of its module, and the `stem` that their names begin with."""

    folder: Path
    stem: str

    def file(self, name: Optional[str] = None) -> Path:
        """The baseline of the check called `name`."""
        return self.folder / f"{self.stem}{'' if name is None else f'-{_safe(str(name))}'}.json"

    def owns(self, path: Path) -> bool:
        """Whether a file may be a baseline of this test."""
        return path.parent == self.folder and (path.stem == self.stem or path.stem.startswith(f"{self.stem}-"))


def place_of(nodeid: str, module: Path, common: Optional[Path], root: Path) -> Place:
    """The place of a test by its id and its file; `common` is the one folder for all baselines, where there is one.

    >>> here = Path("/p/tests")
    >>> place_of("tests/test_a.py::TestB::test_c[3x3/same]", here / "test_a.py", None, Path("/p")).file("head").as_posix()
    '/p/tests/baselines/test_a/TestB.test_c-3x3%2Fsame-head.json'
    >>> place_of("tests/test_a.py::test_c", here / "test_a.py", Path("/p/pinned"), Path("/p")).file().as_posix()
    '/p/pinned/tests/test_a/test_c.json'
    """
    return Place(folder_of(module, common, root), _stem(nodeid))


def folder_of(module: Path, common: Optional[Path], root: Path) -> Path:
    """The folder of a test module's baselines: beside it, or where it would be within `common`."""
    if common is None:
        return module.parent / FOLDER / module.stem
    parts = Path(os.path.relpath(module.with_suffix(""), root)).parts
    return common.joinpath(*(part for part in parts if part != os.pardir))


def _stem(nodeid: str) -> str:
    """A test's name as the front of a file's: its class, its function, and its parameters behind a hyphen."""
    name, bracket, parameters = nodeid.partition("::")[2].partition("[")
    readable = name.replace("::", ".") + (f"-{parameters[:-1]}" if bracket else "")
    return _safe(readable)


def _safe(text: str) -> str:
    """`text` with what has no place in a file's name written as %XX; what is too long is cut, and told apart by a digest."""
    safe = quote(text, safe=_SAFE)
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}~{sha256(text.encode()).hexdigest()[:8]}"


def shown(path: Path, started: Path) -> str:
    """A path as somebody who is in the folder `started` would write it."""
    return str(path.relative_to(started)) if started in path.parents else str(path)
