"""`introspect explain` of many models: lines to a file or standard output, progress to standard error, and what it came to."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import Any, Optional

import click

from ..verifying import MISMATCH
from .asking import parse_asked
from .finding import Zoo, find
from .line import FAILED, NO_MODEL, Line
from .pool import Pool
from .progress import Progress
from .record import Record, recording
from .running import TIMEOUT, cores, jobs_in
from .summary import print_models, print_summary
from .worker import Job

INTERRUPTED_EXIT, MISMATCH_EXIT, FAILURE_EXIT = 130, 1, 2
FORMS = ("text", "jsonl")
_PIPED = 120


@dataclass(frozen=True)
class Options:
    """What the command line says about a run."""

    shapes: Sequence[str] = ()
    everything: bool = False
    only: Sequence[str] = ()
    workers: Optional[int] = None
    timeout: float = TIMEOUT
    output: Optional[str] = None
    form: str = "text"
    verify: bool = True
    width: Optional[int] = None


def run(target: str, options: Options) -> int:
    """Explain what `target` holds; the exit code: 0, 1 where something disagrees, 2 where a model failed, 130 for Ctrl-C.

    Raises `IntrospectError` for what could not even begin.
    """
    started = time.monotonic()
    zoo = find(target, options.everything)
    jobs = jobs_in(zoo, parse_asked(options.shapes), options.only, verify=options.verify)
    with recording(options.output) if options.output else nullcontext() as record:
        kept = record.kept(jobs) if record is not None else {}
        _tell(zoo, record, len(kept), len(jobs))
        lines = dict(kept)
        interrupted = _work(target, options, [job for job in jobs if job.name not in kept], lines, record)
    ordered = [lines[job.name] for job in jobs if job.name in lines]
    _summarise(target, options, ordered, kept=len(kept), total=len(jobs), seconds=time.monotonic() - started)
    if interrupted:
        click.echo("stopped" + (": the same command goes on from here" if options.output else ""), err=True)
    return INTERRUPTED_EXIT if interrupted else exit_code(ordered)


def exit_code(lines: Sequence[Line]) -> int:
    """2 where a model failed, else 1 where one disagrees with its framework, else 0."""
    statuses = {line.status for line in lines}
    return FAILURE_EXIT if FAILED in statuses else MISMATCH_EXIT if MISMATCH in statuses else 0


def _work(target: str, options: Options, jobs: list[Job], lines: dict[str, Line], record: Optional[Record]) -> bool:
    """Do the jobs, each line written as it is there; whether Ctrl-C ended it."""
    pool = Pool(min(options.workers or cores(), max(1, len(jobs))), options.timeout or None)
    shared = options.form == "jsonl" and sys.stdout.isatty()  # a bar would stand between the lines
    progress = Progress(target, len(jobs) + len(lines), lines.values(), bar=not shared)
    try:
        with progress, closing(pool.run(jobs)) as ready:
            for line in ready:
                if line is not None:
                    lines[line.name] = line
                    _write(line, options, record)
                progress.show(line, [job.name for job in pool.busy])
    except KeyboardInterrupt:
        return True
    return False


def _write(line: Line, options: Options, record: Optional[Record]) -> None:
    if record is not None:
        record.append(line)
    elif options.form == "jsonl":
        click.echo(line.to_json())
        sys.stdout.flush()


def _tell(zoo: Zoo, record: Optional[Record], kept: int, total: int) -> None:
    """What is passed over, and what an earlier run has done already."""
    if zoo.passed_over:
        click.echo(f"passed over, since they want arguments: {', '.join(zoo.passed_over)}", err=True)
    if record is not None and record.dropped:
        click.echo(f"{record.path}: its last line was only half written, and is dropped", err=True)
    if record is not None and record.lines:
        click.echo(f"{record.path}: {kept} of {total} models are there; going on with {total - kept}", err=True)


def _summarise(target: str, options: Options, lines: list[Line], **known: Any) -> None:
    """On standard output, or on standard error where the lines themselves go there; without trailing blanks in a file."""
    from rich.console import Console

    to_stdout = options.form == "text"
    stream = sys.stdout if to_stdout else sys.stderr
    out = stream if stream.isatty() else io.StringIO()
    console = Console(file=out, width=options.width or (None if out is stream else _PIPED))
    if to_stdout and options.output is None:
        print_models(console, [line for line in lines if line.status != NO_MODEL])
    print_summary(console, target, lines, **known)
    if isinstance(out, io.StringIO):
        click.echo("\n".join(line.rstrip() for line in out.getvalue().splitlines()), err=not to_stdout)
