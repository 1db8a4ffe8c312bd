"""The one way in which all benchmarks measure.

Time is the median of single runs, the contestants taking turns so that a busy moment of the machine hits all alike. Memory is
by how much the resident size of a process, forked for the one run, rises above where it stood: what Python and the framework's
own allocators take alike, garbage included.
"""

from __future__ import annotations

import gc
import os
import re
import statistics
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

ENOUGH = 3.0  # seconds after which a contestant has no further turn, unless it has had too few
LEAST = 3  # turns that make a median; one will do for who needs longer than all of `ENOUGH` for each
QUICK = 0.1  # seconds below which a turn begins with a run that is not timed: the one before it emptied the caches

Run = Callable[[], Any]
Clock = Callable[[], float]


class Taken(NamedTuple):
    """What a contestant took, in milliseconds, and how often. `failed`: why it gave nothing."""

    ms: float = 0.0
    turns: int = 0
    result: Any = None
    failed: Optional[str] = None


def median(run: Run, repeats: int) -> float:
    """Milliseconds, after one run that warms up."""
    run()
    return statistics.median([_timed(run, time.perf_counter)[1] for _ in range(repeats)]) * 1e3


def in_turns(contestants: Mapping[str, Run], rounds: int, clock: Clock = time.perf_counter) -> dict[str, Taken]:
    """What each contestant takes; each starts some rounds as the first. The first run of who is not slow only warms up."""
    taken: dict[str, list[float]] = {}
    results, failed = {}, {}
    for name, run in contestants.items():
        try:
            results[name], seconds = _timed(run, clock)
            taken[name] = [seconds] if seconds > ENOUGH / LEAST else []
        except Exception as error:  # whatever a contestant raises is its result
            failed[name] = reason(error)
    for turn in range(rounds):
        for name in _rotated(list(taken), turn):
            if not _has_enough(taken[name]):
                taken[name].append(_turn(contestants[name], clock, not taken[name] or min(taken[name]) < QUICK))
    measured = {name: Taken(statistics.median(s) * 1e3, len(s), results[name]) for name, s in taken.items()}
    return {name: measured.get(name, Taken(failed=failed.get(name))) for name in contestants}


def _has_enough(seconds: list[float]) -> bool:
    return sum(seconds) > ENOUGH and (len(seconds) >= LEAST or min(seconds) > ENOUGH)


def _turn(run: Run, clock: Clock, warm_up: bool) -> float:
    gc.collect()  # no garbage of others' is collected in this turn
    if warm_up:
        run()
    return _timed(run, clock)[1]


def reason(error: BaseException) -> str:
    """An error in one short line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:160]


def peak_memory(run: Run) -> Optional[float]:
    """By how many MB the resident size of a forked process rises in a run; None where it fails or the system does not say."""
    if not Path("/proc/self/clear_refs").exists():
        return None
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with suppress(Exception):  # that it fails is for the timed run to say
                os.write(writing, str(_growth(run)).encode())
        finally:
            os._exit(0)  # nothing of the parent's is to be tidied up twice
    os.close(writing)
    with os.fdopen(reading) as said:
        answer = said.read()
    os.waitpid(child, 0)
    return float(answer) if answer else None


def _growth(run: Run) -> float:
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is resident
    before = _resident("VmRSS")
    run()
    return (_resident("VmHWM") - before) / 1024


def _resident(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise OSError(f"/proc/self/status has no {field}")
    return int(found[1])


def _timed(run: Run, clock: Clock) -> tuple[Any, float]:
    """What a run gives and the seconds that it takes."""
    started = clock()
    result = run()
    return result, clock() - started


def _rotated(names: list[str], by: int) -> list[str]:
    start = by % len(names) if names else 0
    return names[start:] + names[:start]
