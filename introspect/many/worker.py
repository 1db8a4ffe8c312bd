"""What runs in a worker process: a model is made, explained, and a line sent back. What happens here, happens to one model."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from typing import Any, Optional

from ..errors import IntrospectError
from ..explaining import explain
from .asking import as_json
from .finding import Entry, Zoo, find, owned
from .line import FAILED, NO_MODEL, Line, versions
from .making import make

_DEEPEST_TRACEBACK = 40


@dataclass(frozen=True)
class Job:
    """One model to explain: called `name` in `target`, or made by `factory` where that is given."""

    name: str
    target: str
    inputs: Any = None
    verify: bool = True
    everything: bool = False
    factory: Any = None


def serve(jobs: Connection, log: str, threads: int) -> None:
    """The life of a worker: a job in, a line out, until there are no more. What models print goes to the file `log`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    _print_to(log)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    jobs.send(None)  # from now on a job has its time
    while True:
        try:
            job = jobs.recv()
        except EOFError:
            return
        jobs.send(line_for(job))


def _print_to(log: str) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(handle, stream)
    os.close(handle)
    with suppress(OSError):  # where an open file cannot lose its name, the parent removes it
        os.unlink(log)
    faulthandler.enable()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def line_for(job: Job) -> Line:
    """The line of one model; of a failure too, whatever it is."""
    known: dict[str, Any] = {"name": job.name, "target": job.target, "verify": job.verify, "input": as_json(job.inputs)}
    started = time.perf_counter()
    try:
        entry = _entry(job)
        started = time.perf_counter()  # what the import of them all took is not this one's
        line = _explained(job, entry, known)
    except (Exception, SystemExit) as error:
        line = Line(status=FAILED, error=_told(error), **known)
    line = replace(line, versions=versions(job.target), seconds=round(time.perf_counter() - started, 3))
    gc.collect()  # a model may be large, and full of cycles
    return line


def _entry(job: Job) -> Entry:
    if job.factory is not None:
        return Entry(job.factory)
    zoo = _zoo(job.target, job.everything)
    if job.name not in zoo.names:
        raise IntrospectError("it is not there any more", got=job.name, expected=", ".join(zoo.names[:5]))
    return zoo.entry(job.name)


@lru_cache(maxsize=1)
def _zoo(target: str, everything: bool) -> Zoo:
    zoo = find(target, everything)
    gc.freeze()  # a framework's own objects are not looked through again after every model
    return zoo


def _explained(job: Job, entry: Entry, known: dict[str, Any]) -> Line:
    """The line of what was made; without the input where that does not fit, or saying that it is no model."""
    model = make(entry.factory)
    if entry.may_be_no_model and not owned(model):
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        return Line(status=NO_MODEL, notes=[f"what it makes is of {kind}"], **known)
    try:
        return Line.from_explanation(explain(model, job.inputs, verify=job.verify), **known)
    except IntrospectError as error:
        if job.inputs is None:
            raise
        return Line.from_explanation(explain(model, verify=job.verify), without_input=str(error), **known)


def _told(error: BaseException) -> dict[str, str]:
    """An error in full: ours say all in their message, others come with the way they took."""
    told = {"type": type(error).__name__, "message": str(error)}
    if not isinstance(error, IntrospectError):
        told["traceback"] = "".join(traceback.format_exception(type(error), error, error.__traceback__, _DEEPEST_TRACEBACK))
    return told


def signal_name(exit_code: Optional[int]) -> str:
    """How a process ended, in words."""
    if exit_code is None:
        return "it closed its end"
    if exit_code >= 0:
        return f"it left with exit code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    return f"it was ended by {name}" + (": out of memory, most likely" if name == "SIGKILL" and sys.platform != "win32" else "")
