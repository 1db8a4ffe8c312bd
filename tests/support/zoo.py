"""A zoo for the tests of many models: networks on paper, and factories that go wrong in every way."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from introspect.algebra import symbol
from introspect.building import Builder
from introspect.ir import Model
from introspect.layers import Dense


def dense(units: int) -> Model:
    builder = Builder("", "", f"dense {units}")
    (value,) = builder.call(builder.layer("fc", Dense(units)), [builder.input((symbol("N"), 4))])
    return builder.finish([value])


def small() -> Model:
    print("making small")
    return dense(3)


def large() -> Model:
    sys.stderr.write("making large\n")
    return dense(30)


def raises() -> Model:
    raise ValueError("no such luck\nand more of it")


def leaves() -> Model:
    sys.exit("it leaves")


def dies() -> Model:
    print("last words")
    os._exit(7)


def hangs() -> Model:
    time.sleep(600)
    return dense(1)


def not_a_model() -> int:
    return 3


def wants(units: int) -> Model:
    return dense(units)


def slow() -> Model:
    """Leaves its process's id where it is looked for, and takes its time."""
    if "ZOO_PIDS" in os.environ:
        (Path(os.environ["ZOO_PIDS"]) / str(os.getpid())).touch()
    time.sleep(0.2)
    return dense(5)


GOOD: dict[str, Any] = {"small": small, "large": large}
BAD: dict[str, Any] = {**GOOD, "raises": raises, "leaves": leaves, "dies": dies, "hangs": hangs}
SLOW: dict[str, Any] = {f"slow{i}": slow for i in range(8)}
