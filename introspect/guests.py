"""A model of another framework's within a model: its own adapter translates it, and the host takes its layers and calls over.

What is at ``0`` in the guest goes by ``path.0`` in the host, `path` being what holds the guest there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Optional, TypeVar, Union

from .building import Builder
from .errors import IntrospectError
from .ir import Holding, Holdings, Layer, Model
from .layers.base import Shape
from .registry import Adapter, adapter_for
from .reported import Reported

V = TypeVar("V")
Held = Callable[[Sequence[Holding]], Sequence[Holding]]


class Guest(NamedTuple):
    """Another framework's model, as its adapter has it. `inputs`: what it is called on; None where a shape is not known."""

    adapter: Adapter
    source: Any
    path: str
    inputs: Any
    model: Model

    @classmethod
    def of(cls, source: Any, path: str, inputs: Any) -> Guest:
        """`source`, translated by the adapter that owns it. Raises that one's errors, placed below `path`."""
        adapter = adapter_for(source)
        try:
            return cls(adapter, source, path, inputs, adapter.translate(source, inputs))
        except IntrospectError as error:
            error.path = below(path, str(getattr(source, "name", type(source).__name__)), error.path)
            raise

    def place(self, path: str) -> str:
        """Where a path of the guest's is in the host."""
        return below(self.path, self.model.name, path)

    def entrances(self) -> set[int]:
        """The layers that stand for the guest's inputs, of which the host has none."""
        return {call.layer for call in self.model.calls if call.outputs and set(call.outputs) <= set(self.model.inputs)}

    def outputs(self) -> Optional[tuple[Shape, ...]]:
        """The shapes of what comes out; None where not all that happens in the guest is known."""
        shapes = self.model.shapes(self.model.outputs)
        known = tuple(shape for shape in shapes if shape is not None)
        return known if self.model.complete and known and len(known) == len(shapes) else None

    def embed(self, builder: Builder, fed: Sequence[int], held: Held) -> tuple[int, ...]:
        """Make the guest's layers and calls the host's; returns the ids of what comes out.

        `held`: holdings as the host has them, made of those that have a key of the whole process's for an identity.
        """
        layers = self._layers(builder, held)
        values = dict(zip(self.model.inputs, fed))
        for call in self.model.calls:
            if call.layer in layers:
                made = self._call(builder, layers[call.layer], call.inputs, call.outputs, values)
                values.update(zip(call.outputs, made))
        builder.notes += [f"{self.path}: {note}" for note in self.model.notes]
        return tuple(values[i] for i in self.model.outputs if i in values)

    def layers(self) -> list[Layer]:
        """The guest's layers by the host's paths, functions left out, each tensor with what tells it apart in the process."""
        entrances = self.entrances()
        mine = [layer for i, layer in enumerate(self.model.layers) if i not in entrances and not layer.function]
        return [replace(layer, path=self.place(layer.path), holdings=self.by_keys(layer)) for layer in mine]

    def _layers(self, builder: Builder, held: Held) -> dict[int, int]:
        """The host's layers by the guest's; each is there once, however often the guest is called."""
        known = {layer.path: i for i, layer in enumerate(builder.layers) if not layer.function}
        entrances, found = self.entrances(), {}
        for i, layer in enumerate(self.model.layers):
            if i not in entrances:
                path = self.place(layer.path)
                here = None if layer.function else known.get(path)
                own = held(self.by_keys(layer)) if here is None else ()
                found[i] = builder.layer(path, layer.spec, own, layer.kind_name, layer.function) if here is None else here
        return found

    def _call(
        self, builder: Builder, layer: int, inputs: Sequence[int], outputs: Sequence[int], values: dict[int, int]
    ) -> tuple[int, ...]:
        for i in inputs:
            if i not in values:
                values[i] = builder.value(*self.model.values[i])
        fed, made = [values[i] for i in inputs], [self.model.values[i] for i in outputs]
        if any(one.reported for one in made):
            return builder.carry(layer, fed, [one.shape for one in made])
        return builder.call(layer, fed, keep=len(made))

    def calls(self) -> list[int]:
        """The guest's calls that the host takes over, in order."""
        entrances = self.entrances()
        return [i for i, call in enumerate(self.model.calls) if call.layer not in entrances]

    def leaving(self, host: Model, first: int, fed: Sequence[V]) -> list[Union[int, V]]:
        """What comes out, by the host's numbers of it; what goes through untouched as it was fed."""
        found: dict[int, Union[int, V]] = dict(zip(self.model.inputs, fed))
        for i, call in enumerate(self.calls()):
            found.update(zip(self.model.calls[call].outputs, host.calls[first + i].outputs))
        return [found[i] for i in self.model.outputs if i in found]

    def report(self, first: int, *, full: bool) -> Reported:
        """What the guest's framework says, by the host's paths and calls. `first`: the host's first call of the guest's."""
        said = self.adapter.report(self.source, self.model, self.inputs, full=full)
        numbers = {call: first + i for i, call in enumerate(self.calls())}
        layers = tuple(replace(layer, path=self.place(layer.path)) for layer in said.layers)
        outputs = tuple(replace(one, call=numbers[one.call]) for one in said.outputs if one.call in numbers)
        return replace(said, layers=layers, outputs=outputs, notes=tuple(f"{self.path}: {note}" for note in said.notes))

    def by_keys(self, layer: Layer) -> Sequence[Holding]:
        """A layer's holdings, each with what tells its tensor apart, in the whole process where that is known."""
        if isinstance(layer.holdings, Holdings):
            return layer.holdings.by_keys()
        return [one._replace(identity=f"{id(self.source)}.{one.identity}") for one in layer.holdings]


def below(host: str, root: str, path: Optional[str]) -> str:
    """Where `path` of a model that calls itself `root` is, where `host` holds that.

    >>> below("net", "Sequential", "0.conv"), below("net", "Sequential", "Sequential"), below("net", "Linear", "Linear.add()")
    ('net.0.conv', 'net', 'net.add()')
    """
    if not path or path == root:
        return host
    return f"{host}.{path[len(root) + 1 :] if path.startswith(f'{root}.') else path}"
