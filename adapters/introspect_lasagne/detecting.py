"""Recognises Lasagne's layers and nolearn's networks by the classes along their MRO; nothing is imported to find out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

ROOTS = ("lasagne", "nolearn")


def root(cls: type) -> str:
    """The top package of the module a class was written in."""
    return str(cls.__module__).partition(".")[0]


def descends(obj: Any, package: str, name: str) -> bool:
    """Whether a class of exactly this name, from this package, is among those of `obj`."""
    cls: type = type(obj)
    return _descends(cls, package, name)


@lru_cache(maxsize=256)
def _descends(cls: type, package: str, name: str) -> bool:
    return any(base.__name__ == name and root(base) == package for base in cls.__mro__)


def is_layer(obj: Any) -> bool:
    """Whether `obj` is a Lasagne layer."""
    return descends(obj, "lasagne", "Layer")


def computes_shape(obj: Any) -> bool:
    """Whether Theano would have to evaluate a graph for the layer to say its output's shape."""
    declared = vars(obj).get("_output_shape")
    return isinstance(declared, str) and declared == "auto" and descends(obj, "lasagne", "ExpressionLayer")


def is_network(obj: Any) -> bool:
    """Whether `obj` is a nolearn ``NeuralNet``."""
    return descends(obj, "nolearn", "NeuralNet")


def is_model(obj: Any) -> bool:
    """Whether `obj` is a layer, a network, or a collection of layers."""
    if isinstance(obj, (list, tuple, dict)):
        members = list(dict.values(obj)) if isinstance(obj, dict) else list(obj)  # no mapping is made to import
        return bool(members) and all(is_layer(member) for member in members)
    return is_layer(obj) or is_network(obj)
