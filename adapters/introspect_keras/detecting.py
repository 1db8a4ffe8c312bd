"""Which class of Keras an object is: by exact names along the MRO, never by a substring, and without importing Keras."""

from __future__ import annotations

import sys
from typing import Any, Optional

ROOTS = ("keras", "tensorflow", "tf_keras")
FUNCTIONS = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty", "TensorFlowOpLayer")
_RECUR = ("RNN", "Recurrent", "Bidirectional")
_APPLY_OTHERS = ("Model", "Sequential", "Pipeline", "Container", "Network")


class Facts:
    """What the MRO of a class says: Keras' own classes in it, by name, and which of its methods are the user's."""

    def __init__(self, cls: type) -> None:
        own = [base for base in cls.__mro__ if root(base) in ROOTS]
        self.nearest: Optional[type] = own[0] if own else None
        self.names = frozenset(base.__name__ for base in own)
        self.is_layer = "Layer" in self.names
        self.applies_others = not self.names.isdisjoint(_APPLY_OTHERS)
        self.is_function = not self.is_layer or not self.names.isdisjoint(FUNCTIONS)
        self.recurs = not self.names.isdisjoint(_RECUR)
        self.written = _written(cls)
        self.layer_class = next((base for base in own if base.__name__ == "Layer"), None)


def _written(cls: type) -> frozenset[str]:
    """The methods that a class of the user's puts in the place of Keras'."""
    users: set[str] = set()
    seen: set[str] = set()
    for base in cls.__mro__:
        if root(base) not in ROOTS:
            users |= set(vars(base)) - seen
        seen |= set(vars(base))
    return frozenset(users)


_known: dict[type, Facts] = {}
_MOST = 4096


def facts(cls: type) -> Facts:
    """The facts of a class, worked out once; forgotten where there are too many, as classes can come and go."""
    found = _known.get(cls)
    if found is None:
        if len(_known) >= _MOST:
            _known.clear()
        found = _known[cls] = Facts(cls)
    return found


def root(cls: type) -> str:
    """The package a class comes from."""
    return str(cls.__module__).partition(".")[0]


def is_layer(model: Any) -> bool:
    """Whether Keras' own ``Layer`` is among the object's classes."""
    return facts(type(model)).is_layer


def applies_others(model: Any) -> bool:
    """Whether the object's class is one of those that apply other layers, by a graph or one after another."""
    return facts(type(model)).applies_others


def is_function(operation: Any) -> bool:
    """Whether this is a bare function that stands in a graph: an operation of Keras 3, one of Keras 2's layers around it."""
    return facts(type(operation)).is_function


def recurs(layer: Any) -> bool:
    """Whether a layer goes through a sequence step by step, and may keep its states."""
    return facts(type(layer)).recurs


def framework_class(model: Any) -> Optional[type]:
    """The nearest class of Keras' own: the object's class, or the one that a user's class extends."""
    return facts(type(model)).nearest


def is_a(model: Any, *names: str) -> bool:
    """Whether one of Keras' own classes called `names` is among the object's classes."""
    return not facts(type(model)).names.isdisjoint(names)


def is_second(layer: Any) -> bool:
    """Whether a layer is one of Keras 2: those of Keras 3 are operations."""
    return not is_a(layer, "Operation")


def overrides(model: Any, methods: tuple[str, ...]) -> bool:
    """Whether a user's class puts its own code in the place of one of Keras' `methods`."""
    return not facts(type(model)).written.isdisjoint(methods)


def version_of(model: Any) -> tuple[str, str]:
    """The package that the object's ``Layer`` comes from, and its version."""
    package = root(facts(type(model)).layer_class or object)
    return package, str(getattr(sys.modules.get(package), "__version__", ""))
