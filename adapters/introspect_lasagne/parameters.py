"""Which variables a layer holds, and what they are called. No value and no shape is read here.

A variable goes by the layer's attribute that holds it (``W``, ``b``, ``W_in_to_ingate``), else by its own name without
the layer's in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Optional

from .detecting import descends, is_layer
from .graph import class_name, unique

_CHAINS = ("input_to_hidden", "hidden_to_hidden")


class Held(NamedTuple):
    """One variable under the name a layer has for it; `order` says which of its axes the layer takes first (None: as it is)."""

    name: str
    variable: Any
    order: Optional[tuple[int, ...]] = None


def held(layer: Any, preferred: Iterable[str] = ()) -> list[Held]:
    """The layer's shared variables by name; one that several of its `preferred` attributes hold comes up for each."""
    variables = {id(v): v for v in layer.get_params()}
    if not variables:
        return []
    found = []
    for name in preferred:
        variable, order = attribute(layer, name), None
        if id(variable) not in variables:
            variable, order = unwrapped(variable)
        if id(variable) in variables:
            found.append(Held(name, variable, order))
    taken = {id(one.variable) for one in found}
    others = [v for key, v in variables.items() if key not in taken]
    if not others:
        return found
    names = [_name(layer, v) for v in others]
    all_names = unique([one.name for one in found] + names)
    return found + [Held(name, v) for name, v in zip(all_names[len(found) :], others)]


def attribute(layer: Any, name: str) -> Any:
    """What a layer holds under `name`; ``input_to_hidden.dense.W`` is an attribute of a layer in one of its chains."""
    if "." not in name:
        return vars(layer).get(name)
    chain, _, rest = name.partition(".")
    inner, _, own = rest.rpartition(".")
    return next((vars(one).get(own) for path, one in chained(vars(layer).get(chain)) if path == inner), None)


def chained(last: Any) -> list[tuple[str, Any]]:
    """The layers that feed `last` one after another, from the input on, each with its name; none where they branch."""
    found: list[Any] = []
    while is_layer(last) and not descends(last, "lasagne", "InputLayer"):
        found.insert(0, last)
        last = getattr(last, "input_layer", None)
    if last is None:
        return []
    return list(zip(unique([str(getattr(one, "name", None) or class_name(one)) for one in found]), found))


def trainable(layers: Sequence[Any]) -> set[int]:
    """Identities of the variables that training changes: those tagged so in any of `layers`."""
    return {id(variable) for layer in layers for variable in layer.get_params(trainable=True)}


def tags(layer: Any, variable: Any) -> tuple[str, ...]:
    """What a layer, or one in its chains, files a variable under."""
    own = getattr(layer, "params", {}).get(variable)
    if own is None:
        inner = (part for name in _CHAINS for _, part in chained(vars(layer).get(name)))
        own = next((part.params[variable] for part in inner if variable in getattr(part, "params", {})), ())
    return tuple(sorted(own))


def expressions(layer: Any) -> bool:
    """Whether a parameter is worked out from variables, otherwise than by reordering its axes."""
    own = vars(layer)
    inner = [part for name in _CHAINS if name in own for _, part in chained(own[name])]
    params = [param for one in (layer, *inner) for param in getattr(one, "params", ())]
    return not all(shared(param) or shared(unwrapped(param)[0]) for param in params)


def shared(variable: Any) -> bool:
    """Whether a variable is one that holds a value of its own."""
    return hasattr(type(variable), "get_value")


def unwrapped(variable: Any) -> tuple[Any, Optional[tuple[int, ...]]]:
    """The variable behind a transposed one (``W.T``), and in which order its axes are taken."""
    op: Any = getattr(getattr(variable, "owner", None), "op", None)
    if type(op).__name__ != "DimShuffle":
        return variable, None
    (source,) = variable.owner.inputs
    order = tuple(op.new_order)
    if getattr(source, "owner", None) is not None or sorted(map(str, order)) != [str(i) for i in range(len(order))]:
        return variable, None
    return (source, order) if len(order) == len(op.input_broadcastable) else (variable, None)


def _name(layer: Any, variable: Any) -> str:
    """What the layer, or a layer within it, calls `variable`."""
    for name, value in vars(layer).items():
        if value is variable:
            return str(name)
    for name, value in vars(layer).items():
        if is_layer(value) and name not in ("input_layer",) and any(v is variable for v in value.get_params()):
            return f"{name}.{_name(value, variable)}"
    own = str(getattr(variable, "name", None) or "parameter")
    prefix = f"{layer.name}." if getattr(layer, "name", None) else ""
    return own[len(prefix) :] if prefix and own.startswith(prefix) else own
