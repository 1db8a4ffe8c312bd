"""The fixtures as they are built here are what was recorded of them, in this version or in the last one that was."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

import environment
import pytest

from environments.matrix import Environment, read_matrix
from fixtures.ledgers import checking
from fixtures.ledgers.record import INDEX, nets
from introspect import explain
from introspect.baselines import load
from introspect.drifting import drift

LEDGERS = Path(checking.__file__).parent
FRAMEWORKS = [f for f in ("torch", "keras", "keras1", "keras2", "lasagne") if f in environment.frameworks()]
PACKAGES = ("torch", "keras", "tensorflow-cpu", "Lasagne", "Theano")


def is_here(row: Environment) -> bool:
    """Whether a row's own pins are what is installed, and its backend the one that is used."""
    backend = dict(row.env).get("KERAS_BACKEND")
    pinned = [pin.split("==") for pin in row.pins if pin.partition("==")[0] in PACKAGES]
    return backend in (None, os.environ.get("KERAS_BACKEND")) and all(_installed(name) == version for name, version in pinned)


def _installed(name: str) -> str:
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return ""


@cache
def folder_of(framework: str) -> Path:
    """The ledgers recorded with what is installed; else the last ones of these fixtures."""
    rows = [
        row for row in read_matrix().values() if row.fixtures == f"small_{framework}" and (LEDGERS / row.name / INDEX).exists()
    ]
    return LEDGERS / next((row.name for row in rows if is_here(row)), rows[-1].name)


if FRAMEWORKS:

    @pytest.mark.parametrize("framework", FRAMEWORKS)
    def test_what_is_built_here_is_what_was_recorded(framework: str) -> None:
        module = import_module(f"fixtures.small_{framework}")
        given = getattr(module, "given", lambda inputs: inputs)
        shared = {name: net for name, net in nets(module).items() if (folder_of(framework) / f"{name}.json").exists()}
        assert len(shared) >= 15
        for name, (make, inputs) in shared.items():
            found = drift(load(folder_of(framework) / f"{name}.json"), explain(make(), given(inputs)))
            assert found.same, f"{name}\n{found}"
