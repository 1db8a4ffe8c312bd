"""HDF5 files of others, listed by a process of its own: `listing` says why."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Optional

from introspect.errors import IntrospectError, UnreadableError
from introspect.files import parse_json

from . import listing

PATIENCE = 2 * listing.SECONDS


class Listed(NamedTuple):
    """Shapes of the datasets, and Keras' attributes of the groups, by their paths."""

    datasets: dict[str, tuple[int, ...]]
    groups: dict[str, dict[str, list[str]]]

    def attribute(self, group: str, name: str) -> Optional[list[str]]:
        return self.groups.get(group, {}).get(name)


def listed(path: str, start: int = 0, length: Optional[int] = None) -> Listed:
    """What the file holds, or `length` bytes of it from `start`. Raises `UnreadableError` for a damaged or hostile one."""
    if find_spec("h5py") is None:
        raise IntrospectError("HDF5 files are read with h5py, which is not installed", hint="pip install h5py")
    request = {"path": str(Path(path).resolve()), "start": start, "length": length, "paths": sys.path}
    command = [sys.executable, "-I", listing.__file__, json.dumps(request)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise UnreadableError("this HDF5 file takes too long to list", expected=f"at most {PATIENCE} seconds") from None
    if done.returncode != 0:
        got = f"the HDF5 library ended with {done.returncode}"
        raise UnreadableError("this HDF5 file is damaged", got=got, expected="one listed in bounded memory and time")
    answer: dict[str, Any] = parse_json(done.stdout.decode("utf-8"))
    if "error" in answer:
        raise UnreadableError("this HDF5 file is damaged", got=answer["error"])
    return Listed({name: tuple(shape) for name, shape in answer["datasets"].items()}, answer["groups"])
