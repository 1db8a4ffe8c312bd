"""Which tests run where: a file or folder called ``…_torch`` needs torch, ``…_keras`` Keras 3, ``…_keras1`` Keras 1, and so on.

`INTROSPECT_FRAMEWORKS` says what the environment has; what it names and cannot import fails, it is never skipped.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

import environment  # prepares the frameworks that need it, before anything imports them
from hypothesis import HealthCheck, settings

FRAMEWORKS = ("torch", "torchvision", "keras", "keras1", "keras2", "keras2theano", "lasagne", "nolearn")

_common = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True, "derandomize": True}
settings.register_profile("ci", max_examples=200, **_common)
settings.register_profile("nightly", **{**_common, "max_examples": 3000, "derandomize": False})
settings.register_profile("quick", max_examples=25, **_common)
settings.load_profile(os.environ.get("INTROSPECT_PROFILE", "ci"))


def needed(path: Path) -> Optional[str]:
    """The framework that a test file needs: by its own name, else by its nearest folder's."""
    for part in [path.stem, *reversed(path.parts[:-1])]:
        suffix = part.rpartition("_")[2]
        if "_" in part and suffix in FRAMEWORKS:
            return suffix
    return None


def pytest_ignore_collect(collection_path: Path, config: object) -> Optional[bool]:
    here = Path(__file__).parent
    if collection_path.suffix != ".py" or here not in collection_path.parents:
        return None
    framework = needed(collection_path.relative_to(here))
    return True if framework is not None and framework not in environment.frameworks() else None
