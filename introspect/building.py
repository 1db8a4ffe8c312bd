"""Puts a model together call by call, the laws giving every shape. All adapters build with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from .errors import IntrospectError
from .ir import Call, Holding, Holdings, Layer, Model, Value
from .layers import Input
from .layers.base import Shape, Spec
from .memory import Memory

_OUTPUTS = Memory()


class Builder:
    """Collects layers and calls; `finish` makes the :class:`~introspect.ir.Model`."""

    def __init__(self, framework: str, version: str, name: str) -> None:
        self.framework, self.version, self.name = framework, version, name
        self.layers: list[Layer] = []
        self.calls: list[Call] = []
        self.values: list[Value] = []
        self.inputs: list[int] = []
        self.notes: list[str] = []
        self._worked_out: dict[Any, tuple[Spec, tuple[Shape, ...]]] = {}

    def layer(
        self, path: str, spec: Spec, holdings: Sequence[Holding] = (), kind_name: str = "", function: bool = False
    ) -> int:
        """Add a layer; returns its index."""
        held = holdings if type(holdings) is Holdings else tuple(holdings)
        self.layers.append(Layer.of(path, spec, held, kind_name or spec.kind, function))
        return len(self.layers) - 1

    def input(
        self,
        shape: Optional[Shape],
        path: str = "input",
        kind_name: str = "",
        *,
        dtype: Optional[str] = None,
    ) -> int:
        """An input of the model, as a layer and its one call; returns the value's id."""
        index = self.layer(path, Input(shape, dtype), kind_name=kind_name or "Input")
        (value,) = self._append(index, (), (shape,), reported=False)
        self.inputs.append(value)
        return value

    def value(self, shape: Optional[Shape], reported: bool = False) -> int:
        """A value that no call of the model produces: a constant, or one whose origin is not known."""
        self.values.append(Value(shape, reported))
        return len(self.values) - 1

    def call(self, layer: int, inputs: Sequence[int], keep: Optional[int] = None) -> tuple[int, ...]:
        """Apply a layer by its law; returns the ids of what comes out. Unknown in, unknown out.

        `keep`: only so many of the law's outputs were asked for in this call.

        Raises the law's own error, placed at the layer's path, where the layer cannot be applied.
        """
        known: tuple[Shape, ...] = tuple([self.values[i].shape for i in inputs])  # type: ignore[misc]
        if None in known:
            return self._append(layer, inputs, (None,), reported=False)
        return self._append(layer, inputs, self._outputs(self.layers[layer], known)[:keep], reported=False)

    def carry(self, layer: int, inputs: Sequence[int], shapes: Sequence[Optional[Shape]]) -> tuple[int, ...]:
        """Apply a layer whose output the framework, and no law, has said; None where it has not."""
        return self._append(layer, inputs, shapes, reported=True)

    def shape(self, value: int) -> Optional[Shape]:
        """The shape of a value."""
        return self.values[value].shape

    def finish(self, outputs: Sequence[int] = (), complete: bool = True) -> Model:
        """The model. `complete=False`: the calls are not all of them."""
        return Model(
            self.framework,
            self.version,
            self.name,
            tuple(self.layers),
            tuple(self.calls),
            tuple(self.values),
            tuple(self.inputs),
            tuple(outputs),
            complete,
            tuple(self.notes),
        )

    def _outputs(self, layer: Layer, inputs: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """What comes out of `layer` by its law; remembered for layers that share one spec object."""
        law = type(layer.spec)
        key = (id(layer.spec), inputs, law.outputs, law.output)
        found = self._worked_out.get(key)
        if found is None:
            outputs: Optional[tuple[Shape, ...]] = _OUTPUTS.said(key)
            if outputs is None:
                try:
                    outputs = layer.spec.outputs(*inputs)
                except IntrospectError as error:
                    raise error.at(layer.path) from None
                _OUTPUTS.keep(key, [layer.spec], (*inputs, *outputs), outputs)
            found = self._worked_out[key] = (layer.spec, outputs)  # holds on to what `id` stands for
        return found[1]

    def _append(self, layer: int, inputs: Sequence[int], shapes: Sequence[Optional[Shape]], reported: bool) -> tuple[int, ...]:
        first = len(self.values)
        new = tuple.__new__  # half of what calling a named tuple takes
        self.values += [new(Value, (shape, reported)) for shape in shapes]
        ids = (first,) if len(shapes) == 1 else tuple(range(first, len(self.values)))
        self.calls.append(new(Call, (layer, tuple(inputs), ids)))
        return ids
