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
from introspect.ir import Holdings, Identities, Model
from introspect.layers import Container, Input

from .guests import enter, hosted, of_another
from .holding import parts
from .kinds import Kinds, beside_layers, found
from .meta import mapped, shapes_in
from .outlines import Entered
from .packed import as_given, with_packed_inputs
from .reported import called_with, recorded
from .skeleton import as_module, places, unscripted
from .specs import version
from .standins import StandIn, StoppedError, ValueNeededError
from .walking import Walker

_CONTAINER = Container()  # one for all: what is worked out of a law is remembered by its identity
_NO_INPUT = "no input shape was given: parameters are complete, shapes and neurons are not known"


def translate(model: Any, inputs: Any = None) -> Model:
    """`model` in the IR. Raises `ShapeError` with the path where PyTorch would refuse the inputs too."""
    model = as_module(model)
    if inputs is None:
        translation = _Translation(model)
        translation.builder.notes.append(_NO_INPUT)
        translation.enter_guests()
        return translation.builder.finish(complete=False)
    given = parse_inputs(with_packed_inputs(inputs))
    translation = _Translation(model)
    if unscripted(translation.placed):
        return _walked(translation, given)
    translation.builder.notes.append("a scripted module has no Python code to walk: shapes are not known")
    return translation.builder.finish(complete=False)


class _Translation:
    """The layers of a model, before any call. `entered`: those that are in `builder`, by the id of the module."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.placed = places(model)
        self.builder = Builder("torch", version(), type(self.placed[0].module).__name__)
        self.entered: dict[int, Entered] = {}
        identities = Identities()
        self.held_by_guest = hosted(identities)
        kinds = Kinds()
        beside = beside_layers(self.placed)
        inner = parts(self.placed)
        for path, module in self.placed:
            if id(module) in inner or of_another(module):
                continue
            kind, alike, keys = found(module, beside[path]) if path in beside else kinds.of(module)
            if kind.spec is None and not alike:
                continue
            holdings = Holdings(alike, len(identities.keys), identities) if keys else ()
            identities.keys += keys
            index = self.builder.layer(path, kind.spec or _CONTAINER, holdings, type(module).__name__)
            self.entered[id(module)] = tuple.__new__(Entered, (index, kind, alike))

    def enter_guests(self, complete: bool = False) -> None:
        """Layers of another framework's that no call was seen of."""
        for path, module in self.placed:
            if of_another(module):
                enter(self.builder, path, module, self.held_by_guest, complete)


def _walked(translation: _Translation, given: Any) -> Model:
    """The model by one pass with stand-ins; where its code asks for values, by a recorded run; as far as the pass came, where
    that fails too.

    Raises `StoppedError` where the model's own code stops in every run: these inputs are not for it.
    """
    builder = translation.builder
    walker = Walker(builder, translation.placed, translation.entered, translation.held_by_guest)
    values = _add_inputs(builder, given)
    standins = iter([_standin(walker, v, one) for v, one in zip(values, shapes_in(given))])
    try:
        outputs = walker.run(*called_with(mapped(given, lambda x: next(standins) if isinstance(x, InputShape) else x)))
    except (ValueNeededError, StoppedError) as reason:
        recorded = _recorded(_Translation(translation.model), given, reason)
        return _up_to(translation, reason) if recorded is None else recorded
    finally:
        for index_input in walker.index_inputs & set(values):
            _read_as_indices(builder, index_input)
    translation.enter_guests(complete=True)
    return builder.finish(outputs)


def _standin(walker: Walker, value: int, one: InputShape) -> Any:
    made = StandIn.of(walker, value, one.shape, _dtype(one))
    return as_given(one, lambda: made, lambda data: made)


def _up_to(translation: _Translation, reason: IntrospectError) -> Model:
    """What the pass had found when it could not go on."""
    translation.enter_guests()
    builder = translation.builder
    is_open = any(unknowns(dim) for i in builder.inputs for dim in builder.shape(i) or ())
    hint = ", with open dimensions: give a number for every dimension" if is_open else ""
    builder.notes.append(f"{_in_short(reason)}{hint}; what comes after is not known")
    return builder.finish(complete=False)


def _in_short(reason: IntrospectError) -> str:
    """An error in one line: where, what, and the first line of what was got."""
    where = f"{reason.path}: " if reason.path else ""
    got = str(reason.got or "").partition("\n")[0]
    return f"{where}{reason.culprit}" + (f" ({got})" if got else "")


def _add_inputs(builder: Builder, given: Any) -> list[int]:
    """One input layer for each: called by its keyword, or ``input``, ``input2``, …"""
    if isinstance(given, dict):
        return [builder.input(one.shape, name, dtype=_given_dtype(one))
                for name, nest in given.items() for one in shapes_in(nest)]  # fmt: skip
    return [
        builder.input(one.shape, "input" if i == 0 else f"input{i + 1}", dtype=_given_dtype(one))
        for i, one in enumerate(shapes_in(given))
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


def _recorded(translation: _Translation, given: Any, reason: IntrospectError) -> Optional[Model]:
    """The calls as a run without data makes them, or a run on the examples given; None where neither comes to its end.

    Raises `reason` where it is the model's own code that stops, in these runs as well.
    """
    builder = translation.builder
    if any(unknowns(dim) for one in shapes_in(given) for dim in one.shape):
        return None
    records, failure, run = recorded(translation.placed, given)
    if failure and isinstance(reason, StoppedError):
        raise reason
    if failure:
        return None
    _add_inputs(builder, given)
    by_path = {path: translation.entered.get(id(module)) for path, module in translation.placed}
    for path, taken, made in records:
        entered = by_path.get(path)
        if entered is not None and entered.kind.runs:
            values = [builder.value(shape, reported=True) for shape in taken]
            builder.call(entered.layer, values, keep=len(made))
    builder.notes.append(f"{_in_short(reason)}: calls were recorded from {run}")
    translation.enter_guests()
    return builder.finish(complete=not any(of_another(module) for _, module in translation.placed))
