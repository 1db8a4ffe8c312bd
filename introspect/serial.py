"""The IR, and what a framework reported, as JSON and back. Reading gives an equal object; nothing is executed.

A dimension that is not a number is written as its expression; a law as its kind and those fields that differ from the default.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

from .algebra import Expr
from .errors import UnreadableError
from .fitting import misfit
from .ir import Call, Holding, Holdings, Layer, Model, Value
from .layers.base import Spec
from .notation import PYTHON, formula, parse
from .reported import Reported, ReportedLayer, ReportedOutput, ReportedTensor

SCHEMA = "introspect/model/1"
T = TypeVar("T")


def model_to_json(model: Model) -> dict[str, Any]:
    """`model` as plain dicts, lists, strings and numbers."""
    return {"schema": SCHEMA, **cast("dict[str, Any]", encode(model))}


def model_from_json(data: dict[str, Any]) -> Model:
    """The model that `model_to_json` wrote. Raises `UnreadableError` for another schema or damaged data."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        got = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise UnreadableError("this is not a model's JSON", got=got, expected=SCHEMA)
    model = decode(Model, {key: value for key, value in data.items() if key != "schema"})
    _require_places(model)
    return model


def _require_places(model: Model) -> None:
    """Raise `UnreadableError` where the model speaks of a layer or value that it has not."""
    called = [call.layer for call in model.calls]
    flowing = [i for call in model.calls for i in (*call.inputs, *call.outputs)] + [*model.inputs, *model.outputs]
    for numbers, most, what in ((called, len(model.layers), "layer"), (flowing, len(model.values), "value")):
        odd = next((i for i in numbers if not 0 <= i < most), None)
        if odd is not None:
            raise UnreadableError(f"a call speaks of a {what} that is not there", got=odd, expected=f"below {most}")


def encode(value: Any) -> Any:
    """Dataclasses, tuples and expressions as JSON."""
    if isinstance(value, Expr):
        return {"expr": formula(value, PYTHON)}
    if isinstance(value, Spec):
        return {"kind": value.kind, **_changed(value)}
    if isinstance(value, (Call, Holding, Value)) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return _changed(value)
    if isinstance(value, (tuple, list, Holdings)):
        return [encode(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{value!r} has no place in the IR: only numbers, text, tuples and expressions do")


def _changed(value: Any) -> dict[str, Any]:
    found = {}
    for name, default in _defaults(type(value)).items():
        own = getattr(value, name)
        if default is dataclasses.MISSING or own != default or type(own) is not type(default):
            found[name] = encode(own)
    return found


def _defaults(cls: Any) -> dict[str, Any]:
    """The fields of a dataclass or named tuple, in order, each with its default or `MISSING`."""
    if hasattr(cls, "_fields"):
        return {name: cls._field_defaults.get(name, dataclasses.MISSING) for name in cls._fields}
    return {field.name: field.default for field in dataclasses.fields(cls)}


_PARTS: dict[type, dict[str, type]] = {
    Model: {"layers": Layer, "calls": Call, "values": Value},
    Layer: {"holdings": Holding},
    Reported: {"layers": ReportedLayer, "outputs": ReportedOutput},
    ReportedLayer: {"tensors": ReportedTensor},
}


def decode(cls: type[T], data: Any) -> T:
    """An instance of `cls` from what `encode` wrote. Raises `UnreadableError` naming the part that does not fit."""
    if not isinstance(data, dict):
        raise UnreadableError(f"a {cls.__name__} is damaged", got=type(data).__name__, expected="an object")
    parts = _PARTS.get(cls, {})
    fields: dict[str, Any] = {}
    for name, value in data.items():
        if name in parts:
            fields[name] = tuple(decode(parts[name], item) for item in _sequence(value, name))
        else:
            fields[name] = _plain(value)
    wrong = misfit(cls, fields)
    if wrong is not None:
        raise UnreadableError(f"a {cls.__name__} is damaged", got=wrong)
    try:
        return cls(**fields)
    except TypeError as error:
        raise UnreadableError(f"a {cls.__name__} is damaged", got=str(error)) from None


def _sequence(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise UnreadableError(f"{name!r} is damaged", got=type(value).__name__, expected="a list")
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_plain(item) for item in value)
    if not isinstance(value, dict):
        return value
    if set(value) == {"expr"}:
        return parse(value["expr"])
    return _spec(value)


def _spec(data: dict[str, Any]) -> Spec:
    kind = data.get("kind", "")
    cls = Spec.registry.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise UnreadableError("there is no such law", got=str(kind)[:80], expected=", ".join(sorted(Spec.registry)))
    return decode(cls, {key: value for key, value in data.items() if key != "kind"})
