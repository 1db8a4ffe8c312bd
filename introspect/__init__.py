"""Works out every number of a neural network on paper, shows the working, and checks it against the framework."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .comparing import Comparison as Comparison
    from .comparing import compare as compare
    from .counting import NEURONS as NEURONS
    from .counts import Count as Count
    from .diagnosing import Diagnosis as Diagnosis
    from .diagnosing import diagnose as diagnose
    from .errors import IntrospectError as IntrospectError
    from .errors import NoAdapterError as NoAdapterError
    from .errors import ShapeError as ShapeError
    from .errors import UnknownDimensionError as UnknownDimensionError
    from .explaining import Explanation as Explanation
    from .explaining import explain as explain
    from .registry import register as register

_HOMES = {
    "NEURONS": "counting",
    "Comparison": "comparing",
    "compare": "comparing",
    "Count": "counts",
    "Diagnosis": "diagnosing",
    "diagnose": "diagnosing",
    "Explanation": "explaining",
    "IntrospectError": "errors",
    "NoAdapterError": "errors",
    "ShapeError": "errors",
    "UnknownDimensionError": "errors",
    "explain": "explaining",
    "register": "registry",
}
__all__ = ["NEURONS", "Comparison", "Count", "Diagnosis", "Explanation", "IntrospectError", "NoAdapterError",
           "ShapeError", "UnknownDimensionError", "compare", "diagnose", "explain", "register"]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'introspect' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
