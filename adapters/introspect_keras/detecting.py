"""Which class of Keras an object is: by exact names along the MRO, never by a substring, and without importing Keras."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Optional

ROOTS = ("keras", "tensorflow", "tf_keras")


def root(cls: type) -> str:
    """The package a class comes from."""
    return str(cls.__module__).partition(".")[0]


def is_layer(model: Any) -> bool:
    """Whether Keras' own ``Layer`` is among the object's classes."""
    return any(cls.__name__ == "Layer" and root(cls) in ROOTS for cls in type(model).__mro__)


def framework_class(model: Any) -> Optional[type]:
    """The nearest class of Keras' own: the object's class, or the one that a user's class extends."""
    return next((cls for cls in type(model).__mro__ if root(cls) in ROOTS), None)


def is_a(model: Any, *names: str) -> bool:
    """Whether one of Keras' own classes called `names` is among the object's classes."""
    return any(cls.__name__ in names and root(cls) in ROOTS for cls in type(model).__mro__)


def overrides(model: Any, methods: Iterable[str]) -> bool:
    """Whether a user's class puts its own code in the place of one of Keras' `methods`."""
    for method in methods:
        owner = next((cls for cls in type(model).__mro__ if method in vars(cls)), None)
        if owner is not None and root(owner) not in ROOTS:
            return True
    return False


def version_of(model: Any) -> tuple[str, str]:
    """The package that the object's ``Layer`` comes from, and its version."""
    layer = next(cls for cls in type(model).__mro__ if cls.__name__ == "Layer" and root(cls) in ROOTS)
    package = root(layer)
    return package, str(getattr(sys.modules.get(package), "__version__", ""))
