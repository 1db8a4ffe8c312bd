"""What each framework fills in where its user says nothing: one table, as data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Callable

from .choices import Fields, Inputs
from .conventions import rewrapped, unwrapped
from .layers.base import Spec

NAMES = {"torch": "PyTorch", "keras": "Keras", "lasagne": "Lasagne"}  # as people write them


@dataclass(frozen=True)
class Default:
    """What a framework fills in unless told otherwise, for laws of one kind whose fields have the values of `when`.

    A law whose field has a value that is not in `needs` cannot be had from that framework.
    """

    framework: str
    kind: str
    fields: Callable[[Any, Inputs, str], Fields]
    when: Fields = dataclasses.field(default_factory=dict)
    needs: Fields = dataclasses.field(default_factory=dict)
    note: str = ""


def _always(**fields: Any) -> Callable[[Any, Inputs, str], Fields]:
    return lambda spec, inputs, channels: fields


def _biases(sets: int, **fields: Any) -> Callable[[Any, Inputs, str], Fields]:
    """So many biases a gate, unless there are none at all."""
    return lambda spec, inputs, channels: {**fields, "bias_sets": sets if spec.bias_sets else 0}


def _slope_a_channel(spec: Any, inputs: Inputs, channels: str) -> Fields:
    rank = len(inputs[0]) if inputs and inputs[0] is not None else 2
    kept = 1 if channels == "first" else rank - 1
    return {"num_parameters": None, "shared_axes": tuple(i for i in range(rank) if i != kept), "keepdims": False}


_PLAIN = {"peepholes": False, "initial_states": None}
_UNPROJECTED = {"projection_size": 0}
DEFAULTS: tuple[Default, ...] = (
    Default("PyTorch", "recurrent", _biases(2, **_PLAIN), {"cell": "simple"}),
    Default("PyTorch", "recurrent", _biases(2, **_PLAIN), {"cell": "lstm"}),
    Default("PyTorch", "recurrent", _biases(2, **_PLAIN, reset_after=True), {"cell": "gru"}),
    Default("Keras", "recurrent", _biases(1, **_PLAIN), {"cell": "simple"}, _UNPROJECTED),
    Default("Keras", "recurrent", _biases(1, **_PLAIN), {"cell": "lstm"}, _UNPROJECTED),
    Default("Keras", "recurrent", _biases(2, **_PLAIN, reset_after=True), {"cell": "gru"}, _UNPROJECTED, "reset_after"),
    Default("Keras 1", "recurrent", _biases(1, **_PLAIN, reset_after=False), {"cell": "gru"}, _UNPROJECTED, "resets before"),
    *(
        Default("Lasagne", "recurrent", _biases(1, peepholes=cell == "lstm", initial_states="fixed"), {"cell": cell},
                _UNPROJECTED, "peepholes and stored initial states" if cell == "lstm" else "stored initial states")
        for cell in ("simple", "lstm", "gru")
    ),
    Default("PyTorch", "batch_norm", _always(statistics="buffers", counter=True), note="statistics are buffers"),
    Default("Keras", "batch_norm", _always(statistics="parameters", counter=False), note="statistics are weights"),
    Default("Lasagne", "batch_norm", _always(statistics="parameters", counter=False), note="statistics are parameters"),
    Default("PyTorch", "prelu", _always(num_parameters=1), note="one slope for all"),
    Default("Keras", "prelu", _always(num_parameters=None, shared_axes=(0,), keepdims=True), note="a slope for each location"),
    Default("Lasagne", "prelu", _slope_a_channel, note="a slope for each channel"),
    Default("PyTorch", "dense", _always(leading_axes=None), note="on the last axis"),
    Default("Keras", "dense", _always(leading_axes=None), note="on the last axis"),
    Default("Lasagne", "dense", _always(leading_axes=1, in_features=None), note="flattens all but the batch"),
    Default("Keras 2", "locally_connected",
            lambda spec, inputs, channels: {"bias": "untied" if spec.bias else None}, note="a bias for each position"),
    Default("Lasagne", "locally_connected",
            lambda spec, inputs, channels: {"bias": "shared" if spec.bias else None}, note="a bias for each filter"),
)  # fmt: skip


def defaults(spec: Spec, inputs: Inputs = (), channels: str = "first") -> list[tuple[Default, Spec]]:
    """The same layer as each framework has it by default; a framework that has no such layer is left out.

    >>> from .layers import Recurrent
    >>> lstm = Recurrent("lstm", 32, input_size=16)
    >>> [(d.framework, sum(t.size for t in law.tensors())) for d, law in defaults(lstm)]
    [('PyTorch', 6400), ('Keras', 6272), ('Lasagne', 6432)]
    """
    inner = unwrapped(spec)
    found = [d for d in DEFAULTS if d.kind == inner.kind and _holds(inner, d.when) and _holds(inner, d.needs)]
    return [(d, rewrapped(spec, d.fields(inner, inputs, channels))) for d in found]


def _holds(spec: Spec, fields: Fields) -> bool:
    return all(getattr(spec, name) == value for name, value in fields.items())
