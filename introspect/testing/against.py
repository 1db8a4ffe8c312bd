"""One model against one baseline: held against it, or made it. What is wrong comes back in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import Callable

from .. import baselines
from ..diagnosing.naming import listed
from ..drifting import Drift, Renamed, drift
from ..errors import UnreadableError
from ..explaining import Explanation
from . import soundness
from .budgets import COLUMNS, text_of
from .places import shown
from .records import CHECKED, KEPT, MISSING, REFUSED, UPDATED, WRITTEN, Records

_MOST = 4  # paths in a hint
_NUMBER = re.compile(r"_\d+(?=[./]|$)")


@dataclass(frozen=True)
class Against:
    """The baseline at `path`, for a check of `test`. `update`: what is checked becomes the baseline."""

    test: str
    path: Path
    records: Records
    started: Path
    update: bool

    def complaint(self, e: Explanation, opaque: Sequence[str], beyond: Callable[[Explanation], str]) -> str:
        """Empty where all is well. `opaque`: what is acknowledged; `beyond` says what else is wrong with the model."""
        idle = soundness.idle(e, opaque)
        if idle:
            self.records.notes.append(f"{self.test}: opaque={', '.join(idle)} acknowledges nothing: all of that has a law")
        faults: tuple[tuple[str, Callable[[], str]], ...] = (
            ("the two roads disagree", lambda: self._wrong(e)),
            ("what has no law is not acknowledged", lambda: self._lawless(e, opaque)),
            ("a budget does not hold", lambda: beyond(e)),
        )
        for why, fault in faults:
            said = fault()
            if said:
                self._record(REFUSED if self.update else CHECKED, why)
                return said
        return self._made(e) if self.update else self._held(e)

    def _wrong(self, e: Explanation) -> str:
        wrong = soundness.disagreements(e)
        heading = f"{_name(e)}: what was worked out is not what {e.model.framework} holds; {self._outcome}"
        return text_of([heading, *(f"  {text}" for text in wrong)]) if wrong else ""

    def _lawless(self, e: Explanation, opaque: Sequence[str]) -> str:
        lawless = soundness.unacknowledged(e, opaque)
        heading = f"{_name(e)}: no law speaks of some of it, and the test does not acknowledge that; {self._outcome}"
        paths = ", ".join(f'"{row.path}"' for row in lawless[:_MOST]) + ", ..." * (len(lawless) > _MOST)
        how = f"  to carry the framework's numbers: check(model, opaque=[{paths}]), or patterns of paths"
        return text_of([heading, *(f"  {soundness.said_of(row)}" for row in lawless), how]) if lawless else ""

    @property
    def _outcome(self) -> str:
        return "the baseline was not written" if self.update else "nothing was held against the baseline"

    def _held(self, e: Explanation) -> str:
        if not self.path.exists():
            self._record(MISSING)
            return text_of([f"{_name(e)} has no baseline, there is no {self._file}", f"  to write it: {self._command}"])
        try:
            found = drift(baselines.load(self.path), e)
        except UnreadableError as error:
            self._record(CHECKED)
            said = [f"  {line}" for line in str(error).splitlines()]
            return text_of([f"the baseline of {_name(e)} cannot be read", *said, f"  to write it anew: {self._command}"])
        rival = self.records.rival(self.path, "drifted")
        if found.same:
            self._note_renamed(found)
            self.records.claim(self.path, self.test, "")
            return ""
        self._record(CHECKED)
        heading, _, drifted = found.render("text", width=COLUMNS).partition("\n\n")
        parts = [text_of([" ".join(heading.split())]), "", drifted, "", f"the baseline: {self._file}"]
        parts += [f"this file is right for {self._who(rival)}; to tell them apart: check(model, name=...)"] if rival else []
        return "\n".join([*parts, f"to make this the baseline: {self._command}"])

    def _note_renamed(self, found: Drift) -> None:
        names = [f"{name.old} → {name.new}" for name in renamed(found)]
        if names:
            self.records.notes.append(f"{self.test}: {self._file} holds, with other names: {listed(names)}")

    def _made(self, e: Explanation) -> str:
        digest = _digest(e)
        rival = self.records.rival(self.path, digest)
        if rival:
            self._record(REFUSED, f"it is the baseline of {self._who(rival)}")
            heading = f"{self._file} was made the baseline of {self._who(rival)} in this run, for another model"
            return text_of([heading, "  to tell them apart: check(model, name=...)"])
        what = self._state(e)
        if what != KEPT:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            baselines.save(self.path, e)
        self.records.claim(self.path, self.test, digest)
        self._record(what, "; ".join(soundness.remarks(e)))
        return ""

    def _state(self, e: Explanation) -> str:
        """Whether the file is to be written, or updated, or says already what the model is, of any version."""
        if not self.path.exists():
            return WRITTEN
        try:
            old = baselines.load(self.path)
        except UnreadableError:
            return UPDATED
        as_old = Explanation(replace(e.model, version=old.model.version), e.reported, verified=e.verified)
        if baselines.dumps(as_old) == baselines.dumps(old):
            return KEPT
        found = drift(old, e)
        return KEPT if found.same and found.renamed and not renamed(found) else UPDATED

    def _record(self, what: str, why: str = "") -> None:
        self.records.actions.append([what, str(self.path), why])

    def _who(self, rival: str) -> str:
        return "another check of this test" if rival == self.test else rival

    @property
    def _file(self) -> str:
        return shown(self.path, self.started)

    @property
    def _command(self) -> str:
        return f"pytest --introspect-update {quote(self.test)}"


def renamed(found: Drift) -> list[Renamed]:
    """Tensors that are called otherwise, save by the numbers that Keras gives to layers in the order they are made."""
    return [name for name in found.renamed if _unnumbered(name.old) != _unnumbered(name.new)]


def _unnumbered(name: str) -> str:
    return _NUMBER.sub("", name)


def _digest(e: Explanation) -> str:
    """Equal for models of which a check says the same."""
    tensors = [(_unnumbered(f"{t.path}.{t.name}"), t.role, str(t.shape), t.trainable, t.buffer) for t in e.tensors]
    return sha256(repr((tensors, str(e.neurons), str(e.connections))).encode()).hexdigest()


def _name(e: Explanation) -> str:
    return e.model.name or "the model"
