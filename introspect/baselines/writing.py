"""An explanation as the items of a baseline: what the model is, a line for each call, a line for each tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from ..algebra import Dim
from ..counting import NEURONS, Entry, count
from ..errors import IntrospectError
from ..ir import Call, Holding, Model, Value
from ..layers.base import Shape
from ..notation import PYTHON, formula
from ..reported import ReportedTensor
from ..serial import encode
from .canonical import canonical, keys_of, tensor_key
from .eliding import Elision, Record
from .form import Item, Sections
from .tensors import records

if TYPE_CHECKING:
    from ..explaining import Explanation

COUNTED = "weighted"  # the definition of neurons whose name stands in the file


def sections_of(e: Explanation, elision: Optional[Elision] = None) -> Sections:
    """The items of a baseline of `e`; `elision` may have answers already."""
    model = canonical(e.model)
    names = keys_of(model.layers)
    refs = _references(model, names)
    tensors = _Tensors(model, names, _reported(e)).items()
    return {
        "header": _header(model, refs),
        "layers": _layers(model, names, refs, tensors, elision or Elision()),
        "tensors": tensors,
    }


def _reported(e: Explanation) -> dict[tuple[str, str], ReportedTensor]:
    layers = e.reported.layers if e.reported else ()
    return {(layer.path, tensor.name): tensor for layer in layers for tensor in layer.tensors}


def _header(model: Model, refs: list[Any]) -> list[Item]:
    return [
        {"model": model.name, "complete": model.complete},
        {"framework": model.framework, "version": model.version},
        {"neurons": COUNTED, "meaning": NEURONS[COUNTED]},
        {"inputs": [refs[i] for i in model.inputs]},
        {"outputs": [refs[i] for i in model.outputs]},
        *({"note": note} for note in model.notes),
    ]


def _references(model: Model, names: list[str]) -> list[Any]:
    """What each value is called: after the layer that made it; one that no call made, after the first that takes it.

    ``"conv1"`` is what comes out of conv1, ``["lstm", 1, 2]`` the third thing that its first call gives, ``["add()", 2, -1]``
    the first thing that its second call takes.
    """
    refs: list[Any] = [None] * len(model.values)
    times: dict[int, int] = {}
    for call in model.calls:
        times[call.layer] = nth = times.get(call.layer, 0) + 1
        for at, i in enumerate(call.inputs):
            if refs[i] is None:
                refs[i] = [names[call.layer], nth, -1 - at]
        for at, i in enumerate(call.outputs):
            refs[i] = names[call.layer] if (nth, at) == (1, 0) else [names[call.layer], nth, at]
    return [free(value) if ref is None else ref for ref, value in zip(refs, model.values)]


def dims(shape: Optional[Shape]) -> Any:
    """A shape as JSON: a dimension that is not a number is written as its expression."""
    return None if shape is None else [_dim(dim) for dim in shape]


def _dim(dim: Dim) -> Any:
    return dim if isinstance(dim, int) else formula(dim, PYTHON)


def _layers(model: Model, names: list[str], refs: list[Any], tensors: list[Item], elision: Elision) -> list[Item]:
    made: set[int] = set()
    found = [_call(model, call, first, names, refs, made) for _, call, _, first in model.called()]
    found += [{**_named(model, i, names), "called": False, "law": None} for i in model.uncalled()]
    held = records(tensors)
    given = {names[call.layer]: model.shapes(call.inputs) for _, call, _, first in model.called() if first}
    specs = {names[i]: layer.spec for i, layer in enumerate(model.layers)}
    for item in found:
        if "layer" in item:
            key = item["layer"]
            item["law"] = encode(elision.reduced(specs[key], given.get(key, ()), held.get(key, Record((), {}))))
    return found


def _named(model: Model, i: int, names: list[str]) -> Item:
    layer = model.layers[i]
    item: Item = {"layer": names[i]}
    if layer.path != names[i]:
        item["path"] = layer.path
    if layer.kind_name:
        item["class"] = layer.kind_name
    if layer.function:
        item["function"] = True
    return item


def _call(model: Model, call: Call, first: bool, names: list[str], refs: list[Any], made: set[int]) -> Item:
    item: Item = {**_named(model, call.layer, names), "law": None} if first else {"again": names[call.layer]}
    item["from"] = [_taken(i, model, refs, made) for i in call.inputs]
    made.update((*call.inputs, *call.outputs))
    values = [model.values[i] for i in call.outputs]
    item["gives"] = [dims(value.shape) for value in values]
    if any(value.reported for value in values):
        item["reported"] = [value.reported for value in values]
    return item


def _taken(i: int, model: Model, refs: list[Any], made: set[int]) -> Any:
    """What flows in: by name where it was made before, itself where it comes from nowhere."""
    if i in made:
        return refs[i]
    made.add(i)
    return free(model.values[i])


def free(value: Value) -> Item:
    """A value that no call made."""
    return {"value": dims(value.shape), **({"reported": True} if value.reported else {})}


class _Tensors:
    """The lines of the tensors, each with all its holders."""

    def __init__(self, model: Model, names: list[str], reported: dict[tuple[str, str], ReportedTensor]) -> None:
        self.model, self.names, self.reported = model, names, reported
        self._also: dict[str, list[Item]] = {}
        first: set[str] = set()
        for key, layer in zip(names, model.layers):
            for holding in layer.holdings:
                if holding.identity in first:
                    self._also.setdefault(holding.identity, []).append(_also(key, holding))
                first.add(holding.identity)

    def items(self) -> list[Item]:
        """Sorted by name."""
        found = []
        for row in count(self.model).rows:
            held = {holding.name: holding for holding in row.layer.holdings}
            key = self.names[row.layer_index]
            found += [self._item(key, entry, held.get(entry.name) if entry.identity else None) for entry in row.entries]
        ordered = sorted(found, key=lambda item: item["tensor"])
        for one, other in zip(ordered, ordered[1:]):
            if one["tensor"] == other["tensor"]:
                raise IntrospectError("two tensors of one name cannot be told apart in a baseline", path=one["tensor"])
        return ordered

    def _item(self, key: str, entry: Entry, holding: Optional[Holding]) -> Item:
        item = _name(key, entry.name)
        carried = self.reported.get((entry.path, entry.name)) if entry.size is None else None
        item.update(_described(holding.roles if holding else tuple(t.key for t in entry.tensors), holding))
        item.update(_sized(entry, carried))
        flags = (carried or entry).trainable, (carried or entry).buffer
        item["trainable"] = flags[0]
        if flags[1]:
            item["buffer"] = True
        if holding is None:
            item["held"] = False
        elif (holding.trainable, holding.buffer) != flags:
            item["configured"] = [holding.trainable, holding.buffer]
        if entry.tags:
            item["tags"] = list(entry.tags)
        nbytes = getattr(self.reported.get((entry.path, entry.name)), "nbytes", None)
        if nbytes is not None:
            item["nbytes"] = nbytes
        if holding is not None and holding.identity in self._also:
            item["also"] = self._also[holding.identity]
        return item


def _name(key: str, name: str) -> Item:
    full = tensor_key(key, name)
    return {"tensor": full} if full.rpartition(".")[::2] == (key, name) else {"tensor": full, "name": name}


def _described(keys: tuple[str, ...], holding: Optional[Holding]) -> Item:
    item: Item = {"role": keys[0]} if len(keys) == 1 else {"roles": list(keys)} if keys else {}
    if holding is not None and holding.layout:
        item["axes"] = holding.layout
    return item


def _sized(entry: Entry, carried: Optional[ReportedTensor]) -> Item:
    if entry.shape is not None and entry.size is not None:
        return {"shape": dims(entry.shape), "size": _dim(entry.size)}
    if carried is not None:
        return {"shape": list(carried.shape), "size": carried.size, "opaque": True}
    return {"shape": None, "size": None, "opaque": True}


def _also(key: str, holding: Holding) -> Item:
    item = {**_name(key, holding.name), **_described(holding.roles, holding)}
    item["configured"] = [holding.trainable, holding.buffer]
    if holding.tags:
        item["tags"] = list(holding.tags)
    return item
