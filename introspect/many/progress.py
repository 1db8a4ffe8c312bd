"""How far a run is, on standard error: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Optional

import click

from .line import Line

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

EVERY = 5.0
_SHOWN = 3


class Progress:
    """Says how many of `total` models are done, and what is being worked on. `done`: the lines that are there already.

    `bar`: whether there may be one; not where lines go to the same terminal.
    """

    def __init__(self, what: str, total: int, done: Iterable[Line] = (), *, bar: bool = True) -> None:
        self.what, self.total = what, total
        self.counts = Counter(line.status for line in done)
        self._told = time.monotonic()
        self._bar: Optional[Bar] = self._make_bar() if bar and sys.stderr.isatty() else None

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, line: Optional[Line], busy: list[str]) -> None:
        """A model is done (or, None, nothing yet), and `busy` are being worked on."""
        if line is not None:
            self.counts[line.status] += 1
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self.done, counts=self._counts(), busy=_some(busy))
        elif time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            at = f"; at {_some(busy)}" if busy else ""
            click.echo(f"{self.what}: {self.done}/{self.total}, {self._counts() or 'none yet'}{at}", err=True)

    @property
    def done(self) -> int:
        """How many models have their line."""
        return sum(self.counts.values())

    def _counts(self) -> str:
        return ", ".join(f"{number} {status}" for status, number in self.counts.most_common())

    def _make_bar(self) -> Bar:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.table import Column

        def rest(text: str, **column: Any) -> TextColumn:
            return TextColumn(text, markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", **column))

        bar = Progress(
            BarColumn(bar_width=20), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(compact=True),
            rest("{task.fields[counts]}"), rest("{task.fields[busy]}", style="dim", ratio=1),
            console=Console(stderr=True), redirect_stdout=False, transient=True, expand=True,
        )  # fmt: skip
        bar.add_task(self.what, total=self.total, completed=self.done, counts=self._counts(), busy="starting")
        return bar


def _some(busy: list[str]) -> str:
    return ", ".join(busy[:_SHOWN]) + (", ..." if len(busy) > _SHOWN else "")
