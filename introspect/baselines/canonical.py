"""A model in the one numbering that a baseline has: what is only a number, or the order of a list, follows from the calls.

Layers stand in the order of their first calls, then those that are never called; values are numbered as they are made;
a tensor is called after its first holder; what a layer holds is in the order of its law. Nothing that is counted changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ..algebra import Expr, evaluate, symbol, unknowns
from ..counting import law_tensors
from ..errors import IntrospectError
from ..ir import Call, Holding, Layer, Model, Value

_NAMELESS = re.compile(r"_[0-9a-f]{8}")  # what `algebra.unknown` calls a dimension without a name


def canonical(model: Model) -> Model:
    """`model` in canonical numbering. What two models in this form do not share, they do not mean alike.

    >>> from ..demo import on_paper
    >>> canonical(on_paper()) == on_paper(), canonical(canonical(on_paper())) == canonical(on_paper())
    (True, True)
    """
    order = list(dict.fromkeys([call.layer for call in model.calls] + model.uncalled()))
    place = {old: new for new, old in enumerate(order)}
    numbers = _numbers(model)
    values = [Value() for _ in numbers]
    for old, new in numbers.items():
        values[new] = model.values[old]
    calls = [Call(place[c.layer], _moved(c.inputs, numbers), _moved(c.outputs, numbers)) for c in model.calls]
    ordered = replace(
        model, layers=tuple(model.layers[i] for i in order), calls=tuple(calls), values=tuple(values),
        inputs=_moved(model.inputs, numbers), outputs=_moved(model.outputs, numbers),
    )  # fmt: skip
    return _named(replace(ordered, layers=_arranged(ordered)))


def keys_of(layers: Iterable[Layer]) -> list[str]:
    """What each layer is called: its path, and a number behind it where another has that path already.

    >>> from ..layers import Identity
    >>> keys_of([Layer("a", Identity()), Layer("b", Identity()), Layer("a", Identity())])
    ['a', 'b', 'a#2']
    """
    listed = list(layers)
    taken = {layer.path for layer in listed}
    found: list[str] = []
    seen: set[str] = set()
    for layer in listed:
        key, number = layer.path, 1
        while key in seen or (number > 1 and key in taken):
            number += 1
            key = f"{layer.path}#{number}"
        seen.add(key)
        found.append(key)
    return found


def tensor_key(layer: str, name: str) -> str:
    """What a tensor of a layer is called."""
    return f"{layer}.{name}" if layer else name


def first_inputs(model: Model) -> dict[int, tuple[int, ...]]:
    """What each layer is given when it is called first."""
    found: dict[int, tuple[int, ...]] = {}
    for call in model.calls:
        found.setdefault(call.layer, call.inputs)
    return found


def _moved(ids: tuple[int, ...], numbers: dict[int, int]) -> tuple[int, ...]:
    return tuple(numbers[i] for i in ids)


def _numbers(model: Model) -> dict[int, int]:
    """The new number of every value: as calls take and make them, then what is only named."""
    found: dict[int, int] = {}
    for call in model.calls:
        for i in (*call.inputs, *call.outputs):
            found.setdefault(i, len(found))
    for i in (*model.inputs, *model.outputs):
        found.setdefault(i, len(found))
    return found


def _arranged(model: Model) -> tuple[Layer, ...]:
    """The layers with what they hold in the order of their laws, each tensor called after its first holder."""
    identities: dict[str, str] = {}
    given = first_inputs(model)
    found = []
    for i, (key, layer) in enumerate(zip(keys_of(model.layers), model.layers)):
        if layer.holdings:
            held = _by_law(layer, model, given.get(i, ()))
            layer = replace(layer, holdings=tuple(_identified(h, key, identities) for h in held))
        found.append(layer)
    return tuple(found)


def _identified(holding: Holding, key: str, identities: dict[str, str]) -> Holding:
    return holding._replace(identity=identities.setdefault(holding.identity, tensor_key(key, holding.name)))


def _by_law(layer: Layer, model: Model, inputs: tuple[int, ...]) -> list[Holding]:
    """By the law's order, then by name; what no law speaks of comes last."""
    if len(layer.holdings) == 1:
        return list(layer.holdings)
    try:
        tensors = law_tensors(layer, model.shapes(inputs)) or ()
    except IntrospectError:
        tensors = ()
    order = {tensor.key: i for i, tensor in enumerate(tensors)}
    return sorted(layer.holdings, key=lambda h: (min((order.get(r, len(order)) for r in h.roles), default=len(order)), h.name))


def _named(model: Model) -> Model:
    """The model with dimensions that have no name called by their place instead of by chance."""
    values, layers = [value.shape for value in model.values], [layer.spec for layer in model.layers]
    nameless = list(dict.fromkeys(name for name in _names((layers, values)) if _NAMELESS.fullmatch(name)))
    if not nameless:
        return model
    names = {name: symbol(f"_{i}") for i, name in enumerate(nameless, 1)}
    return replace(
        model,
        layers=tuple(replace(layer, spec=_renamed(layer.spec, names)) for layer in model.layers),
        values=tuple(value._replace(shape=_renamed(value.shape, names)) for value in model.values),
    )


def _names(item: Any) -> Iterable[str]:
    """The unknowns in anything that the IR is made of, in order."""
    if isinstance(item, Expr):
        yield from unknowns(item)
    elif isinstance(item, (tuple, list)):
        for part in item:
            if not isinstance(part, (int, str)):
                yield from _names(part)
    elif is_dataclass(item):
        yield from _names([getattr(item, field.name) for field in fields(item)])


def _renamed(item: Any, names: dict[str, Expr]) -> Any:
    if isinstance(item, Expr):
        return evaluate(item, names)
    if isinstance(item, tuple):
        return tuple(_renamed(part, names) for part in item)
    if is_dataclass(item) and not isinstance(item, type):
        return replace(item, **{field.name: _renamed(getattr(item, field.name), names) for field in fields(item)})
    return item
