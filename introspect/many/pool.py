"""Worker processes that one model each may bring down: the job is answered for, and another worker takes the place.

An executor of `concurrent.futures` is no help here: when one of its processes dies, all that it had is lost, and nobody says
whose fault it was.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from multiprocessing import connection, get_context
from typing import Any, Optional

from ..errors import IntrospectError
from .asking import as_json
from .line import FAILED, Line, versions
from .worker import Job, serve, signal_name

TICK = 0.5  # seconds after which the waiting says that it waits
_SAID = 2000  # of what a worker printed before it died


class _Worker:
    """A process and what it is at."""

    def __init__(self, threads: int) -> None:
        handle, self._log = tempfile.mkstemp(prefix="introspect-", suffix=".log")
        self._said = os.fdopen(handle, "r+b")
        context = get_context("spawn")  # frameworks do not survive a fork
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, self._log, threads), daemon=True)
        self.process.start()
        theirs.close()
        self.job: Optional[Job] = None
        self.started = 0.0

    def give(self, job: Job) -> None:
        self._said.truncate(0)
        self.job, self.started = job, time.monotonic()
        with suppress(OSError):  # it died before it had anything to do: waiting for its answer tells
            self.pipe.send(job)

    def answer(self) -> Optional[Line]:
        """Its line, or None where it says that it is there. Raises `EOFError` or `OSError` where it has died."""
        line: Optional[Line] = self.pipe.recv()
        if line is None:
            self.started = time.monotonic()
        else:
            self.job = None
        return line

    def printed(self) -> str:
        self._said.seek(0)
        return self._said.read()[-_SAID:].decode("utf-8", "replace").strip()

    def end(self) -> Optional[int]:
        """End it, if it has not ended; its exit code. Where it was killed for it, there is none of its own."""
        self.process.join(0.5)
        code: Optional[int] = self.process.exitcode
        self.process.kill()
        self.process.join()
        return code

    def close(self) -> None:
        self.pipe.close()
        self._said.close()
        with suppress(OSError):
            os.unlink(self._log)
        self.process.close()


class Pool:
    """`workers` processes. `timeout`: seconds for one model, with what must be imported for it; None for no limit."""

    def __init__(self, workers: int, timeout: Optional[float] = None) -> None:
        self.timeout = timeout
        self._threads = max(1, (os.cpu_count() or 1) // workers)
        self._most = workers
        self._all: list[_Worker] = []

    @property
    def busy(self) -> list[Job]:
        """What is being worked on, the longest first."""
        at_work = [worker for worker in self._all if worker.job is not None]
        return [worker.job for worker in sorted(at_work, key=lambda worker: worker.started) if worker.job is not None]

    def run(self, jobs: Iterable[Job]) -> Generator[Optional[Line], None, None]:
        """The lines of `jobs` as they are ready; None every so often while there is none."""
        waiting = deque(jobs)
        try:
            while waiting or self.busy:
                self._hand_out(waiting)
                lines: list[Optional[Line]] = list(self._ready())
                self._hand_out(waiting)  # nobody is idle while a line is looked at
                yield from lines or [None]
        finally:
            self.close()

    def close(self) -> None:
        """End all workers at once, at whatever they are."""
        for worker in self._all:
            worker.process.kill()
        for worker in self._all:
            worker.process.join()
            worker.close()
        self._all.clear()

    def _hand_out(self, waiting: deque[Job]) -> None:
        idle = [worker for worker in self._all if worker.job is None]
        while waiting and (idle or len(self._all) < self._most):
            if not idle:
                self._all.append(_Worker(self._threads))
            (idle.pop() if idle else self._all[-1]).give(waiting.popleft())

    def _ready(self) -> Iterator[Line]:
        at_work: dict[Any, tuple[_Worker, Job]] = {one.pipe: (one, one.job) for one in self._all if one.job is not None}
        for pipe in connection.wait(list(at_work), timeout=TICK):
            worker, job = at_work.pop(pipe)
            try:
                line = worker.answer()
            except (EOFError, OSError):
                line = self._lost(worker, job)
            if line is not None:
                yield line
        for worker, job in at_work.values():
            if self._late(worker):
                yield self._lost(worker, job, late=True)

    def _late(self, worker: _Worker) -> bool:
        return self.timeout is not None and time.monotonic() - worker.started > self.timeout

    def _lost(self, worker: _Worker, job: Job, late: bool = False) -> Line:
        """The line of a model that took its worker with it, or took too long."""
        code = worker.end()
        if late:
            error = IntrospectError("it took too long", expected=f"at most {self.timeout:g} s", hint="--timeout")
        else:
            error = IntrospectError("its worker process died", got=signal_name(code))
        told = {"type": "TimedOut" if late else "WorkerDied", "message": str(error), "printed": worker.printed()}
        seconds = round(time.monotonic() - worker.started, 3)
        self._all.remove(worker)
        worker.close()
        return Line(
            job.name, job.target, FAILED, input=as_json(job.inputs), verify=job.verify, versions=versions(job.target),
            seconds=seconds, error=told,
        )  # fmt: skip
