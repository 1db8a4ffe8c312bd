"""`explain_many`: the models of a target, one line each, in the order in which they are done."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from fnmatch import fnmatchcase
from typing import Any, Optional, Union

from ..errors import IntrospectError
from ..inputs import parse_inputs
from .asking import Asked, check_patterns
from .finding import Zoo, find
from .line import Line
from .pool import Pool
from .worker import Job

TIMEOUT = 600.0
Targets = Union[str, Mapping[str, Any]]


def explain_many(
    targets: Targets,
    inputs: Any = None,
    *,
    inputs_for: Optional[Mapping[str, Any]] = None,
    only: Sequence[str] = (),
    everything: bool = False,
    workers: Optional[int] = None,
    timeout: Optional[float] = TIMEOUT,
    verify: bool = True,
) -> Iterator[Line]:
    """Explain each of many models in `workers` processes (one for each core by default).

    `targets`: ``package.module:registry``, a module's name with `everything`, or a mapping of names to models or factories that
    can be pickled (a function of a module can). `inputs`: what all of them take, `inputs_for` what those take whose names match
    a pattern; where it does not fit, the line says so and is of the parameters alone. `only`: patterns of the names that are
    wanted. `timeout`: seconds for one model. A model that fails, or takes its process with it, has a line that says so.

    The processes are spawned: a script that calls this does so under ``if __name__ == "__main__":``.
    """
    asked = Asked(dict(inputs_for or {}), inputs)
    for shapes in (asked.otherwise, *asked.rules.values()):
        if shapes is not None:
            parse_inputs(shapes)  # what is no input to any model is told at once
    if isinstance(targets, str):
        jobs = jobs_in(find(targets, everything), asked, only, verify=verify)
    else:
        jobs = _jobs_of(targets, asked, only, verify)
    pool = Pool(workers or cores(), timeout)
    with closing(pool.run(jobs)) as lines:
        for line in lines:
            if line is not None:
                yield line


def jobs_in(zoo: Zoo, asked: Asked, only: Sequence[str] = (), *, verify: bool = True) -> list[Job]:
    """A job for each wanted model, in the target's order. Raises `IntrospectError` for a pattern that no name matches."""
    asked.check(zoo.names)
    inputs = {name: asked.of(name, zoo.inputs.get(name)) for name in _wanted(zoo.names, only)}
    return [Job(name, zoo.target, one, verify, zoo.everything) for name, one in inputs.items()]


def _jobs_of(factories: Mapping[str, Any], asked: Asked, only: Sequence[str], verify: bool) -> list[Job]:
    asked.check(factories)
    return [
        Job(name, "", asked.of(name), verify, factory=_sendable(name, factories[name])) for name in _wanted(factories, only)
    ]


def _wanted(names: Iterable[str], only: Sequence[str]) -> list[str]:
    known = list(names)
    check_patterns(only, known)
    return [name for name in known if not only or any(fnmatchcase(name, pattern) for pattern in only)]


def _sendable(name: str, factory: Any) -> Any:
    try:
        pickle.dumps(factory)
    except Exception as error:
        raise IntrospectError(
            "it cannot be sent to another process", path=name, got=error, expected="a function of a module, or a model that can"
        ) from None
    return factory


def cores() -> int:
    """How many processes may run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
