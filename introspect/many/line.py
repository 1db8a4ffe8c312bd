"""What is said of one model among many: a line of JSON, with a schema version."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from importlib import metadata
from importlib.metadata import PackageNotFoundError
from typing import Any, Optional

from .. import __version__
from ..errors import UnreadableError
from ..explaining import Explanation
from ..files import parse_json
from ..registry import adapters
from ..rendering.json import totals
from ..verifying import INCOMPLETE, MISMATCH, VERIFIED

SCHEMA = "introspect/line/1"
START = f'{{"schema": "{SCHEMA}"'
FAILED, NO_MODEL = "failed", "no model"
STATUSES = (VERIFIED, INCOMPLETE, MISMATCH, FAILED, NO_MODEL)
PACKAGE = "introspect"


@dataclass(frozen=True)
class Line:
    """One model's answer. `status`: verified, incomplete, mismatch; failed, with its `error`; or no model: a callable of a
    module that was asked for all of its models, and made something else.
    """

    name: str
    target: str
    status: str
    totals: dict[str, Any] = field(default_factory=dict)
    """The whole model's counts; an expression where one depends on an open dimension, None where it is not known."""
    input: Any = None
    """The shapes that were asked for; None where the model says what it takes, or nobody did."""
    without_input: Optional[str] = None
    """Why `input` was given up, where it does not fit: what follows is then the model's without it."""
    verify: bool = True
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    opaque: list[str] = field(default_factory=list)
    """The paths of the layers that carry a number no law gives."""
    mismatches: dict[str, list[str]] = field(default_factory=dict)
    """What disagrees, by path."""
    notes: list[str] = field(default_factory=list)
    error: Optional[dict[str, str]] = None
    """Of a failure: its `type`, its whole `message`, and where there is one its `traceback` and what was `printed`."""

    def to_json(self) -> str:
        """The line, without its end."""
        text = json.dumps({"schema": SCHEMA, **asdict(self)}, ensure_ascii=False)
        return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair, which no reader takes

    @property
    def reason(self) -> str:
        """Why it is not verified, in one line."""
        if self.error is not None:
            return f"{self.error['type']}: {_first_line(self.error['message'])}"
        if self.mismatches:
            return "; ".join(f"{path}: {_first_line(verdicts[0])}" for path, verdicts in self.mismatches.items() if verdicts)
        if self.without_input:
            return " ".join(self.without_input.split())
        return _first_line(self.notes[0]) if self.notes else f"no law for {_some(self.opaque)}" if self.opaque else ""

    @classmethod
    def from_explanation(cls, explanation: Explanation, **known: Any) -> Line:
        """The line of a model that was explained."""
        return cls(
            status=explanation.status,
            totals=totals(explanation),
            opaque=[row.path for row in explanation.opaque],
            mismatches={row.path: list(row.verdicts) for row in explanation.mismatches},
            notes=[*explanation.model.notes, *explanation.notes_on_totals],
            **known,
        )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:2]) + (f" and {len(paths) - 2} more" if len(paths) > 2 else "")


def read_line(text: str, where: str = "") -> Line:
    """The line that `to_json` wrote. Raises `UnreadableError` for anything else, naming `where`."""
    data = parse_json(text, where)
    schema = data.get("schema") if isinstance(data, dict) else type(data).__name__
    if schema != SCHEMA:
        raise UnreadableError("this is not a line of ours", got=schema, expected=SCHEMA, path=where or None)
    known = {one.name: one for one in fields(Line)}
    unknown = [name for name in data if name not in known and name != "schema"]
    wrong = [name for name in ("name", "target", "status") if not isinstance(data.get(name), str)]
    wrong += [name for name in ("totals", "versions", "mismatches") if not isinstance(data.get(name, {}), dict)]
    if unknown or wrong or data["status"] not in STATUSES:
        got = ", ".join(unknown or wrong) or f"the status {data['status']!r}"
        raise UnreadableError("this line is damaged", got=got, expected=", ".join(known), path=where or None)
    return Line(**{name: value for name, value in data.items() if name in known})


@lru_cache(maxsize=64)
def version_of(package: str) -> Optional[str]:
    """What is installed: read from what the installer noted, so that it is the same whether the package is imported or not."""
    if package == PACKAGE:
        return __version__
    for name in (package, None):
        with suppress(PackageNotFoundError, ValueError, IndexError):
            return metadata.version(name or sorted(_distributions().get(package, ()))[0])
    said = vars(sys.modules[package]).get("__version__") if package in sys.modules else None
    return None if said is None else str(said)


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, list[str]]:
    """What each package was installed as, since TensorFlow goes by several names; Python 3.9 cannot say."""
    found: Mapping[str, list[str]] = getattr(metadata, "packages_distributions", dict)()
    return found


def versions(target: str) -> dict[str, str]:
    """Whose versions a line depends on: ours, the frameworks' that are imported, and that of the package the models are in."""
    roots = [root for adapter in adapters().values() for root in adapter.roots if root in sys.modules]
    package = target.partition(":")[0].partition(".")[0]
    found = {name: version_of(name) for name in (PACKAGE, *roots, *([package] if package.isidentifier() else []))}
    return {name: number for name, number in found.items() if number is not None}


def still_holds(recorded: Mapping[str, str]) -> bool:
    """Whether every version that a line was made with is the one that is there now."""
    return PACKAGE in recorded and all(version_of(name) == number for name, number in recorded.items())
