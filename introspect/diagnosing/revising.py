"""A model as it would be with other laws: the calls are replayed, and the laws give every shape anew.

Fields that only restate what flows in follow the flow. What no law gives stays as it was reported, or makes the revision
impossible where something else flows in: nothing is guessed.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Optional

from ..errors import IntrospectError, ShapeError
from ..ir import Call, Holding, Layer, Model, Value
from ..layers.base import Shape, Spec, Tensor
from ..storage import default_layout, parse_layout

Specs = Mapping[int, Spec]  # laws by the index of the layer


@dataclass(frozen=True)
class Revision:
    """What is different from `base`: `specs` by layer, `shapes` by value; `calls` are those that read or give another shape."""

    base: Model
    specs: dict[int, Spec]
    shapes: dict[int, Shape]
    calls: frozenset[int]

    def shapes_of(self, ids: tuple[int, ...]) -> tuple[Optional[Shape], ...]:
        """The shapes of the values called `ids`, as they are now."""
        return tuple([self.shapes.get(i, self.base.values[i].shape) for i in ids])

    def layer(self, index: int) -> Layer:
        """A layer with its new law; what it holds is laid out by that law's own axes where it cannot be as it was."""
        layer, spec = self.base.layers[index], self.specs.get(index)
        if spec is None:
            return layer
        first = next((call for call in self.base.calls if call.layer == index), None) if layer.holdings else None
        if first is None:
            return replace(layer, spec=spec)
        tensors = {t.key: t for t in spec.tensors(*self.shapes_of(first.inputs))}
        return replace(layer, spec=spec, holdings=tuple(_laid_out(holding, tensors) for holding in layer.holdings))

    @cached_property
    def model(self) -> Model:
        """The whole model, revised."""
        layers, values = list(self.base.layers), list(self.base.values)
        for i in self.specs:
            layers[i] = self.layer(i)
        for i, shape in self.shapes.items():
            values[i] = Value(shape, values[i].reported)
        return replace(self.base, layers=tuple(layers), values=tuple(values))


def _laid_out(holding: Holding, tensors: Mapping[str, Tensor]) -> Holding:
    """The holding, its layout the law's own where that names axes which the law does not have."""
    held = [tensors[role] for role in holding.roles if role in tensors]
    named = {name for group in parse_layout(holding.layout) for name in group} - {"set", "one"}
    if not held or named <= {name for name, _ in held[0].axes}:
        return holding
    return holding._replace(layout=" ".join([*(["set"] if len(held) > 1 else []), default_layout(held[0])]))


class Reviser:
    """Replays the calls of one model, as often as asked; only calls that something reaches are worked out again."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @cached_property
    def readers(self) -> dict[int, list[int]]:
        """The calls that read a value."""
        found: dict[int, list[int]] = {}
        for index, call in enumerate(self.model.calls):
            for value in dict.fromkeys(call.inputs):
                found.setdefault(value, []).append(index)
        return found

    @cached_property
    def calls_of(self) -> dict[int, list[int]]:
        """The calls of a layer, in order."""
        found: dict[int, list[int]] = {}
        for index, call in enumerate(self.model.calls):
            found.setdefault(call.layer, []).append(index)
        return found

    def revise(self, specs: Specs) -> Revision:
        """The model with `specs` instead of its own. Raises a law's error, placed, where they cannot be applied."""
        laws = dict(specs)
        self._worked: dict[tuple[object, ...], tuple[Spec, Spec, tuple[Shape, ...]]] = {}
        shapes: dict[int, Shape] = {}
        waiting = [index for layer in specs for index in self.calls_of.get(layer, ())]
        heapq.heapify(waiting)
        done: set[int] = set()
        while waiting:
            index = heapq.heappop(waiting)
            if index in done:
                continue
            done.add(index)
            layer = self.model.calls[index].layer
            law = laws.get(layer)
            given = self._replayed(index, laws, shapes)
            if laws.get(layer) != law:  # it follows another input: so it does wherever else it is called
                waiting += self.calls_of[layer]
                heapq.heapify(waiting)
            for value, shape in given:
                if shape != self.model.values[value].shape:
                    shapes[value] = shape
                    for reader in self.readers.get(value, ()):
                        heapq.heappush(waiting, reader)
        return Revision(self.model, laws, shapes, frozenset(done))

    def _replayed(self, index: int, laws: dict[int, Spec], shapes: dict[int, Shape]) -> Sequence[tuple[int, Shape]]:
        call = self.model.calls[index]
        before = self.model.shapes(call.inputs)
        now = tuple([shapes.get(i, shape) for i, shape in zip(call.inputs, before)])
        if any(shape is None for shape in now) or self.model.values[call.outputs[0]].reported:
            return self._carried(call, before, now)
        layer = self.model.layers[call.layer]
        spec = laws.get(call.layer, layer.spec)
        try:
            spec, outputs = self._applied(call, spec, before, now, shapes)  # type: ignore[arg-type]
        except IntrospectError as error:
            raise error.at(layer.path) from None
        if spec is not layer.spec and (call.layer in laws or spec != layer.spec):
            laws[call.layer] = spec
        return list(zip(call.outputs, outputs))

    def _applied(
        self, call: Call, spec: Spec, before: tuple[Shape, ...], now: tuple[Shape, ...], shapes: dict[int, Shape]
    ) -> tuple[Spec, tuple[Shape, ...]]:
        """The law that follows what flows in, and what comes out; equal layers on equal inputs are worked out once."""
        if len(self.calls_of[call.layer]) > 1:
            follower = self._followed(call, spec, before, now, shapes)
            return follower, follower.outputs(*now)
        key = (id(spec), before, now)
        if key not in self._worked:
            follower = spec.following(before, now)
            self._worked[key] = (spec, follower if follower != spec else spec, follower.outputs(*now))
        return self._worked[key][1:]

    def _followed(
        self, call: Call, spec: Spec, before: tuple[Shape, ...], now: tuple[Shape, ...], shapes: dict[int, Shape]
    ) -> Spec:
        """The law for what flows in now; a layer that is called again has to own what it owns at its first call."""
        first = self.model.calls[self.calls_of[call.layer][0]]
        follower = spec.following(before, now)
        if first is not call:
            fed = [shapes.get(i, self.model.values[i].shape) for i in first.inputs]
            if spec.tensors(*fed) != follower.tensors(*now):
                raise ShapeError("a layer is called on inputs that need different parameters", got=now, expected=fed)
        return follower

    def _carried(
        self, call: Call, before: tuple[Optional[Shape], ...], now: tuple[Optional[Shape], ...]
    ) -> Sequence[tuple[int, Shape]]:
        if now != before:
            path = self.model.layers[call.layer].path
            raise ShapeError("no law says what comes out for another input", got=now, expected=before, path=path)
        return ()


def revise(model: Model, specs: Specs) -> Model:
    """`model` with the laws `specs`, by the index of the layer, and everything behind them as it then is.

    An input of the model is a layer as well: its law says the shape. Raises a law's error, with the path, where it cannot be
    applied, and `ShapeError` where another shape flows into what no law speaks of.
    """
    return Reviser(model).revise(specs).model
