"""A PyTorch module tree as IR: laws from configuration, calls from one symbolic pass, tensors by identity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import torch
from torch import nn

from introspect.algebra import unknowns
from introspect.building import Builder
from introspect.errors import IntrospectError
from introspect.inputs import InputShape, parse_inputs
from introspect.ir import Holding, Model
from introspect.layers import Container, Input, Opaque

from .meta import leaves, mapped
from .reported import called_with, record
from .skeleton import Place, places, unscripted
from .specs import Law, law_class, law_of, runs_by_law, version
from .standins import StandIn, StoppedError, ValueNeededError
from .walking import Walker

_NO_INPUT = "no input shape was given: parameters are complete, shapes and neurons are not known"


def translate(model: nn.Module, inputs: Any = None) -> Model:
    """`model` in the IR. Raises `ShapeError` with the path where PyTorch would refuse the inputs too."""
    if inputs is None:
        translation = _Translation(model)
        translation.builder.notes.append(_NO_INPUT)
        return translation.builder.finish(complete=False)
    given = parse_inputs(inputs)
    if not unscripted(model):
        translation = _Translation(model)
        translation.builder.notes.append("a scripted module has no Python code to walk: shapes are not known")
        return translation.builder.finish(complete=False)
    try:
        return _walked(_Translation(model), given)
    except (ValueNeededError, StoppedError) as reason:
        return _recorded(_Translation(model), given, reason)


class _Translation:
    """The layers of a model, before any call."""

    def __init__(self, model: nn.Module) -> None:
        self.placed = list(places(model))
        self.builder = Builder("torch", version(), type(self.placed[0].module).__name__)
        self.laws: dict[str, Law] = {}
        self.indices: dict[str, int] = {}
        self._identities: dict[int, str] = {}
        for place in self.placed:
            self._add(place)

    def _add(self, place: Place) -> None:
        base = law_class(place.module)
        law = law_of(place.module)
        holdings = self._holdings(place.module, law)
        if law is None and not holdings:
            return
        spec = Container() if law is None else law.spec
        if law is not None and _stored_otherwise(place.module, law):
            spec = Opaque(type(place.module).__name__, law.spec)
            holdings = self._holdings(place.module, None)
        self.indices[place.path] = self.builder.layer(place.path, spec, holdings, type(place.module).__name__)
        if law is not None and runs_by_law(place.module, base):
            self.laws[place.path] = law

    def _holdings(self, module: nn.Module, law: Optional[Law]) -> list[Holding]:
        layouts = law.layouts if law else {}
        found = []
        for kind in ("_parameters", "_buffers"):
            for name, tensor in getattr(module, kind).items():
                if tensor is None:
                    continue
                keys, layout = layouts.get(name, ("", ""))
                trainable = kind == "_parameters" and bool(tensor.requires_grad)
                found.append(Holding(name, self._identity(tensor), tuple(keys.split()), layout, trainable, kind == "_buffers"))
        return found

    def _identity(self, tensor: Any) -> str:
        return self._identities.setdefault(id(tensor), f"t{len(self._identities)}")


def _stored_otherwise(module: nn.Module, law: Law) -> bool:
    """Whether a tensor that the law owns is not held under its name (weight norm, parametrizations, pruning)."""
    absent = {n for n in law.layouts if n not in module._parameters and n not in module._buffers}
    if not absent:
        return False
    try:
        owned = {tensor.key for tensor in law.spec.tensors()}
    except IntrospectError:
        return False
    return any(owned & set(law.layouts[name][0].split()) for name in absent)


def _walked(translation: _Translation, given: Any) -> Model:
    builder = translation.builder
    walker = Walker(builder, translation.placed, translation.laws, translation.indices)
    values = _add_inputs(builder, given)
    standins = iter([StandIn.of(walker, v, one.shape, _dtype(one)) for v, one in zip(values, leaves(given))])
    outputs = walker.run(*called_with(mapped(given, lambda _: next(standins))))
    for index_input in walker.index_inputs & set(values):
        _read_as_indices(builder, index_input)
    return builder.finish(outputs)


def _add_inputs(builder: Builder, given: Any) -> list[int]:
    """One input layer for each: called by its keyword, or ``input``, ``input2``, …"""
    if isinstance(given, dict):
        return [builder.input(one.shape, name, dtype=_given_dtype(one), keyword=name)
                for name, nest in given.items() for one in leaves(nest)]  # fmt: skip
    return [
        builder.input(one.shape, "input" if i == 0 else f"input{i + 1}", dtype=_given_dtype(one))
        for i, one in enumerate(leaves(given))
    ]


def _given_dtype(one: InputShape) -> Optional[str]:
    return str(one.dtype) if isinstance(one.dtype, torch.dtype) else None


def _dtype(one: InputShape) -> Any:
    return one.dtype if isinstance(one.dtype, torch.dtype) else torch.get_default_dtype()


def _read_as_indices(builder: Builder, value: int) -> None:
    """An input that feeds an embedding holds whole numbers, unless the user said otherwise."""
    index = next(call.layer for call in builder.calls if value in call.outputs)
    layer = builder.layers[index]
    if isinstance(layer.spec, Input) and layer.spec.dtype is None:
        builder.layers[index] = replace(layer, spec=layer.spec.replace(dtype="torch.int64"))


def _recorded(translation: _Translation, given: Any, reason: IntrospectError) -> Model:
    """The calls as a run on meta tensors makes them; where that is impossible too, or would need numbers for open
    dimensions that nobody gave, parameters only.

    Raises `reason` where the model's own code stops in that run as well: these inputs are not for it.
    """
    builder = translation.builder
    if any(unknowns(dim) for one in leaves(given) for dim in one.shape):
        builder.notes.append(f"{reason.culprit}, with open dimensions: give a number for every dimension")
        return builder.finish(complete=False)
    records, failure = record(translation.placed, given)
    if failure and isinstance(reason, StoppedError):
        raise reason
    _add_inputs(builder, given)
    for path, shapes, _ in records:
        if path in translation.laws:
            builder.call(translation.indices[path], [builder.value(shape, reported=True) for shape in shapes])
    builder.notes.append(f"{reason.culprit}: calls were recorded from a run on meta tensors")
    if failure:
        builder.notes.append(f"that run stopped: {failure}")
    return builder.finish(complete=not failure)
