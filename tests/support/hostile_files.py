"""What holds of every hostile file: it is refused by name, in bounded memory and time."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import Optional

import pytest

from introspect import saved
from introspect.errors import IntrospectError

MEMORY = 96 * 2**20
SECONDS = 10.0
HUGE = 10**10
ENTRY = {"dtype": "F32", "shape": [HUGE], "data_offsets": [0, 4 * HUGE]}


def refused(path: Path, memory: int = MEMORY) -> str:
    """What is said of the file; it took little, and is an error of ours that names the file."""
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(IntrospectError) as caught:
            saved.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < memory, f"{peak:,} bytes"
    assert time.process_time() - begun < SECONDS
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 2000
    return str(caught.value)


def in_bytes(value: object) -> Optional[str]:
    """What a case is called: archives hold the time, and workers have to agree on names."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else None
