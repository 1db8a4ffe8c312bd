"""The one way in which all benchmarks measure."""

from __future__ import annotations

import statistics
import time
from typing import Any, Callable


def median(run: Callable[[], Any], repeats: int) -> float:
    """Milliseconds, after one run that warms up."""
    run()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)
