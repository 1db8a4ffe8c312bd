"""Random models without a framework, and changes of one layer: a convention filled in otherwise, a hyper-parameter, a bias."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import papers
from hypothesis import strategies as st

from introspect.building import Builder
from introspect.conventions import alternatives, hyper_parameters
from introspect.counting import count
from introspect.diagnosing.revising import revise
from introspect.errors import IntrospectError
from introspect.ir import Model
from introspect.layers import (
    Activation,
    BatchNorm,
    Dense,
    DepthwiseConv,
    Elementwise,
    Embedding,
    Flatten,
    GlobalPool,
    LayerNorm,
    Noise,
    PReLU,
    Recurrent,
    SeparableConv,
)
from introspect.layers.base import Spec


class Edit(NamedTuple):
    """One layer with another law. `code` is the convention or field that was changed."""

    path: str
    code: str
    model: Model


_KERNELS = st.sampled_from([(1, 0), (3, 0), (3, 1), (5, 2)])
_FILTERS = st.sampled_from([4, 6, 8])


@st.composite
def _conv(draw: Any) -> Spec:
    k, pad = draw(_KERNELS)
    bias = draw(st.sampled_from(["shared", None, "untied"]))
    fields: dict[str, Any] = {"bias": bias, "groups": draw(st.sampled_from([1, 1, 2]))}
    plain = papers.conv(draw(_FILTERS), k, draw(st.integers(1, 2)), pad, **fields)
    kind = draw(st.sampled_from(["conv", "conv", "conv", "separable", "depthwise"]))
    if kind == "conv":
        return plain
    sliding = (plain.kernel_size, plain.stride, plain.padding)
    if kind == "separable":
        return SeparableConv(*sliding, filters=plain.filters)
    return DepthwiseConv(*sliding, depth_multiplier=draw(st.integers(1, 2)))


_NORM = st.sampled_from([BatchNorm(), BatchNorm(statistics="buffers", counter=True), BatchNorm(scale=False)])
_PLAIN: st.SearchStrategy[Spec] = st.sampled_from(
    [Activation("relu"), Noise(), PReLU(), PReLU(1), papers.pool(2), papers.pool(3, 2)]
)
_IMAGE_LAYER = st.one_of(_conv(), _conv(), _NORM, _PLAIN)
_CELL = st.sampled_from(["simple", "lstm", "gru"])


@st.composite
def image_models(draw: Any) -> Model:
    """A few layers on an image, perhaps with a shortcut, and a dense end."""
    builder = Builder("", "", "image")
    value = builder.input((1, 4, 20, 20))
    for i, spec in enumerate(draw(st.lists(_IMAGE_LAYER, min_size=1, max_size=7))):
        value = _applied(builder, value, f"layer{i}", spec)
        if draw(st.integers(0, 5)) == 0:
            branch = _applied(builder, value, f"branch{i}", papers.conv(builder.shape(value)[1], 3, 1, 1))  # type: ignore[index,arg-type]
            (value,) = builder.call(builder.layer(f"add{i}", Elementwise()), [value, branch])
    end = draw(st.sampled_from([Flatten(), GlobalPool(2)]))
    for path, spec in (("end", end), ("fc1", Dense(8)), ("fc2", Dense(draw(st.integers(2, 5)), bias=draw(st.booleans())))):
        value = _applied(builder, value, path, spec)
    return builder.finish([value])


@st.composite
def sequence_models(draw: Any) -> Model:
    """An embedding, recurrence, norms, and a decision."""
    builder = Builder("", "", "sequence")
    value = _applied(builder, builder.input((1, 6)), "embedding", Embedding(draw(st.integers(5, 9)), 6))
    for i in range(draw(st.integers(1, 3))):
        cell = draw(_CELL)
        sets = draw(st.integers(1, 2))
        rnn = Recurrent(
            cell, draw(st.integers(2, 5)), bias_sets=sets, bidirectional=draw(st.booleans()), layers=draw(st.integers(1, 2)),
            reset_after=sets == 2 if cell == "gru" else None, initial_states=draw(st.sampled_from([None, "fixed"])),
        )  # fmt: skip
        value = _applied(builder, value, f"rnn{i}", rnn)
        if draw(st.booleans()):
            value = _applied(builder, value, f"norm{i}", LayerNorm())
    return builder.finish([_applied(builder, value, "fc", Dense(3))])


MODELS = st.one_of(image_models(), sequence_models())


def _applied(builder: Builder, value: int, path: str, spec: Spec) -> int:
    """The layer on top, if it fits; nothing where it does not."""
    try:
        shape = builder.shape(value)
        spec.tensors(shape)
        spec.output(shape)  # type: ignore[arg-type]
    except IntrospectError:
        return value
    (out,) = builder.call(builder.layer(path, spec), [value])
    return out


def edits(model: Model) -> list[tuple[int, str, Spec]]:
    """Every change of one field of one layer that is worth trying: the layer, the code, the law."""
    found: list[tuple[int, str, Spec]] = []
    for i, layer in enumerate(model.layers):
        call = next((call for call in model.calls if call.layer == i), None)
        inputs = model.shapes(call.inputs) if call is not None else ()
        found += [(i, entry.code, law) for entry, law in alternatives(layer.spec, inputs)]
        found += [(i, name, layer.spec.replace(**{name: larger})) for name, larger in _larger(layer.spec)]
    return found


def _larger(spec: Spec) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name in hyper_parameters(spec):
        value = getattr(spec, name)
        if isinstance(value, int) and not isinstance(value, bool) and value:
            found.append((name, 2 * value))
        elif isinstance(value, tuple) and value and all(isinstance(n, int) for n in value):
            found.append((name, tuple(n + 1 for n in value)))
    return found


@st.composite
def edited(draw: Any, times: int = 1) -> tuple[Model, list[Edit]]:
    """A model, and the edits made to it one after another; none where no change could be applied."""
    model = draw(MODELS)
    made: list[Edit] = []
    current = model
    for _ in range(times):
        i, code, law = draw(st.sampled_from(edits(current)))
        try:
            changed = replace(revise(current, {i: law}), name="edited")
            count(changed)
        except IntrospectError:
            continue
        current = changed
        made.append(Edit(model.layers[i].path, code, current))
    return model, made
