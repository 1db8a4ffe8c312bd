"""Which baselines nothing checks any more: their test is gone, or was renamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from glob import escape
from pathlib import Path
from typing import Optional

from .places import FOLDER, Place, folder_of
from .records import Records

_OURS = b'"introspect/'  # how the schema of a file of ours begins
_HEAD = 4096


def stale(records: Records, held_up: Iterable[Place], common: Optional[Path], root: Path) -> list[Path]:
    """Baselines that a complete run did not check. `held_up`: the places of tests that did not come so far, and of those that
    failed, which speak for their own files. Modules that were not collected speak for theirs.
    """
    checked, held_up = records.checked(), list(held_up)
    modules = [Path(file) for file in records.modules.values()]
    folders = {*(folder_of(module, common, root) for module in modules), *_without_module(modules, common, root)}
    return [path for folder in sorted(folders) for path in _baselines_in(folder)
            if str(path) not in checked and not any(place.owns(path) for place in held_up)]  # fmt: skip


def _without_module(modules: list[Path], common: Optional[Path], root: Path) -> Iterator[Path]:
    """Folders of modules that are there no more."""
    if common is not None:
        pairs = [(folder, root / folder.relative_to(common)) for folder in common.rglob("*") if folder.is_dir()]
    else:
        parents = sorted({module.parent for module in modules})
        pairs = [(folder, at / folder.name) for at in parents for folder in (at / FOLDER).glob("*") if folder.is_dir()]
    for folder, module in pairs:
        if not any(module.parent.glob(f"{escape(module.name)}.*")):
            yield folder


def _baselines_in(folder: Path) -> Iterator[Path]:
    """The baselines in a folder; files that are not ours are left out."""
    return (path for path in sorted(folder.glob("*.json")) if path.is_file() and _is_ours(path))


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _OURS in file.read(_HEAD)
    except OSError:
        return False
