"""What lies in an HDF5 file: names, shapes and a few attributes; no data is read. Run as a script, in a process of its own.

A damaged file can make the HDF5 library itself crash, hang or ask for any amount of memory: here that ends this process alone.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

MEMORY = 4 * 2**30
SECONDS = 60
MOST = 1_000_000
LONGEST = 1000
WANTED = ("model_config", "keras_version", "backend", "layer_names", "weight_names")


class Window:
    """Part of a file, as a file: a member of a zip that is stored as it is."""

    def __init__(self, path: str, start: int, length: int) -> None:
        self._file = open(path, "rb")  # noqa: SIM115  (this process is short)
        self._start, self._length, self._at = start, length, 0

    def read(self, size: int = -1) -> bytes:
        left = max(self._length - self._at, 0)
        self._file.seek(self._start + self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._length)[whence]
        return self._at

    def tell(self) -> int:
        return self._at


def limit() -> None:
    """Bound this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def texts(value: Any) -> list[str]:
    """An attribute as text: one, or a list of them."""
    items = value.tolist() if hasattr(value, "tolist") else value
    listed = [items] if isinstance(items, (str, bytes)) else items
    return [item.decode("utf-8") if isinstance(item, bytes) else str(item) for item in listed]


def attributes(holder: Any) -> dict[str, list[str]]:
    """Those attributes that Keras writes; a long list is written in parts: ``layer_names0``, ``layer_names1``."""
    found: dict[str, list[str]] = {}
    for name in WANTED:
        parts = [name] if name in holder.attrs else []
        while f"{name}{len(parts)}" in holder.attrs:
            parts.append(f"{name}{len(parts)}")
        if parts:
            found[name] = [text for part in parts for text in texts(holder.attrs[part])]
    return found


def listed(file: Any, dataset: Any) -> dict[str, Any]:
    """Datasets with their shapes, and groups with their attributes. Links to elsewhere are not followed."""
    datasets: dict[str, list[int]] = {}
    groups = {"": attributes(file)}

    def visit(name: str, item: Any) -> None:
        if len(datasets) + len(groups) > MOST or len(name) > LONGEST:
            raise ValueError("too many parts, or too long a name")
        if not isinstance(item, dataset):
            groups[name] = attributes(item)
        elif item.shape is None or item.dtype.kind not in "biufc":
            if item.shape is not None and item.dtype.kind != "V":  # text, as layers keep their vocabularies
                return
            raise ValueError(f"{name} holds no numbers")
        else:
            datasets[name] = list(map(int, item.shape))
            room(name, item)

    file.visititems(visit)
    return {"datasets": datasets, "groups": {name: held for name, held in groups.items() if held}}


def room(name: str, item: Any) -> None:
    """Raise `ValueError` for numbers that the file does not hold: fewer bytes than the shape takes, or kept elsewhere."""
    if item.is_virtual or item.external:
        raise ValueError(f"{name} lies in another file")
    needed, held = int(item.size) * item.dtype.itemsize, item.id.get_storage_size()
    if held < (needed if item.chunks is None else min(needed, 1)):  # chunks may be compressed
        raise ValueError(f"{name} claims {needed:,} bytes and has {held:,}")


def main() -> None:
    request = json.loads(sys.argv[1])
    sys.path[:] = request["paths"]
    import h5py  # type: ignore[import-untyped,unused-ignore]

    limit()
    path, start, length = request["path"], request["start"], request["length"]
    window: Any = Window(path, start, os.path.getsize(path) - start if length is None else length)
    try:
        with h5py.File(window, "r") as file:
            answer = listed(file, h5py.Dataset)
    except Exception as error:  # the library's errors are of any kind
        answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
