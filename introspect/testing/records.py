"""What the checks of a run did, and with which files; plain data, so that the workers of a run can hand it over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

CHECKED, MISSING, WRITTEN, UPDATED, KEPT, REFUSED = "checked", "missing", "written", "updated", "kept", "refused"


@dataclass
class Records:
    """`claims`: who was content with a baseline, as [path, test, digest]. `actions`: what came of it, as [what, path, why].

    `notes`: what else there is to say. `modules`: the file of each module that was collected, by the front of its tests' ids.
    `narrowed`: whether tests were left out, so that nothing can be said of the baselines that no test checked.
    """

    claims: list[list[str]] = field(default_factory=list)
    actions: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)
    narrowed: bool = False

    def plain(self) -> dict[str, Any]:
        """As lists and dicts."""
        return asdict(self)

    def add(self, plain: dict[str, Any]) -> None:
        """Take over what a worker recorded."""
        other = Records(**plain)
        self.claims += other.claims
        self.actions += other.actions
        self.notes += other.notes
        self.modules.update(other.modules)
        self.narrowed = self.narrowed or other.narrowed

    def claim(self, path: Path, test: str, digest: str) -> None:
        """Say that a baseline is right for a test, which checks something with this `digest`."""
        self.claims.append([str(path), test, digest])

    def rival(self, path: Path, digest: str) -> str:
        """The test that a baseline was right for already, although it checks something else or spells the file in another
        case; empty where there is none.
        """
        return next((test for at, test, other in self.claims if _clash((at, other), (str(path), digest))), "")

    def rivals(self) -> Iterator[tuple[str, str, str]]:
        """Baselines that two tests were content with although they check different things, with these tests."""
        first: dict[str, list[str]] = {}
        for path, test, digest in self.claims:
            at, earlier, other = first.setdefault(path.casefold(), [path, test, digest])
            if _clash((at, other), (path, digest)):
                yield path, earlier, test

    def of(self, what: str) -> list[tuple[str, str]]:
        """Paths, each once, and remarks of one kind of action."""
        return list({path: (path, why) for kind, path, why in self.actions if kind == what}.values())

    def checked(self) -> set[str]:
        """The files that a check looked at, whatever came of it."""
        return {path for path, *_ in self.claims} | {path for _, path, _ in self.actions}


def _clash(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two claims, a path and a digest each, are of one file on some file system, and are not the same."""
    return one != other and one[0].casefold() == other[0].casefold()
