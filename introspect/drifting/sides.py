"""The two sides of `introspect diff`: two models, or two folders of baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ..errors import InputNeededError, IntrospectError
from ..explaining import Explanation, explain
from ..files import reading
from ..inputs import InputShape
from ..saved import load
from . import drift
from .result import Drifts, Pairing

_OURS, _BEGINNING = b'"schema": "introspect/', 256


def explained(old: Any, new: Any, inputs: Any = None) -> tuple[Explanation, Explanation]:
    """Both sides as explanations. A model that does not say what it takes, and was not told, is given what the other one takes.

    Raises what `explain` raises.
    """
    a, b = (_known(side, inputs) for side in (old, new))
    return a or _as_the_other(old, b), b or _as_the_other(new, a)


def _known(side: Any, inputs: Any) -> Optional[Explanation]:
    """The explanation of a side; None where it takes something that nobody has said."""
    if isinstance(side, Explanation):
        return side
    if inputs is not None:
        return explain(side, inputs)
    try:
        found = explain(side)
    except InputNeededError:
        return None
    return found if found.model.complete else None


def _as_the_other(side: Any, other: Optional[Explanation]) -> Explanation:
    return explain(side) if other is None else explain(side, inputs_of(other))


def inputs_of(e: Explanation) -> Any:
    """What a model was explained with: shapes, by name where they have names of their own; None where it is not known."""
    rows = [row for row in e.layers if row.kind == "input"]
    if not rows or any(row.output_shape is None for row in rows):
        return None
    given = {row.path: InputShape(row.output_shape or ()) for row in rows}
    if all(path in ("input", f"input{i}") for i, path in enumerate(given, 1)):
        shapes = tuple(given.values())
        return shapes[0] if len(shapes) == 1 else shapes
    return given


def folders(old: Path, new: Path) -> Drifts:
    """Two folders of baselines or saved explanations, file by file. Raises `UnreadableError` naming one that is damaged."""
    names = {side: _files(side) for side in (old, new)}
    if not names[old] and not names[new]:
        raise IntrospectError("there is no baseline in either folder", got=f"{old}, {new}", expected="baselines, *.json")
    return Drifts(str(old), str(new), tuple(_paired(name, old, new, names) for name in sorted({*names[old], *names[new]})))


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.json") if path.is_file() and _ours(path)}


def _ours(path: Path) -> bool:
    """Whether a file begins as a baseline or an explanation does; a folder of tests has other JSON, too."""
    with reading(path), path.open("rb") as file:
        return _OURS in file.read(_BEGINNING)


def _paired(name: str, old: Path, new: Path, names: dict[Path, set[str]]) -> Pairing:
    a, b = (load(side / name) if name in names[side] else None for side in (old, new))
    return Pairing(name, a is not None, b is not None, None if a is None or b is None else drift(a, b))
