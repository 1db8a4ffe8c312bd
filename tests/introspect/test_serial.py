"""The IR as JSON and back, equal; damaged data is refused, never executed."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from introspect import Explanation, explain
from introspect.algebra import symbol, unknown
from introspect.building import Builder
from introspect.demo import on_paper
from introspect.errors import UnreadableError
from introspect.fitting import misfit
from introspect.ir import Holding, Model
from introspect.layers import BatchNorm, Conv, Dense, Identity, Opaque, Recurrent, Reshape
from introspect.layers.base import Spec
from introspect.serial import model_from_json, model_to_json

SMALL = st.integers(1, 9)
CELLS = st.sampled_from(["simple", "lstm", "gru"])
STATISTICS = st.sampled_from([None, "buffers", "parameters"])
SPECS = st.one_of(
    st.builds(Dense, SMALL, st.booleans(), st.none() | SMALL, st.none() | st.integers(1, 3)),
    st.builds(lambda k, p, g: Conv((k, k), (1, 1), ((p, p), (p, 0)), filters=4 * g, groups=g), SMALL, SMALL, SMALL),
    st.builds(lambda cell, units, both: Recurrent(cell, units, 5, bidirectional=both), CELLS, SMALL, st.booleans()),
    st.builds(lambda statistics, n: BatchNorm(statistics=statistics, num_features=n), STATISTICS, SMALL),
    st.just(Reshape((("input", 0), -1, symbol("H") * 2))),
    st.just(Opaque("Strange", Dense(3, in_features=4))),
)
OPEN = st.sampled_from([symbol("N"), symbol("H") // 2 + 1, (symbol("W") - 3) * symbol("H")])
DIMS = st.one_of(st.integers(1, 99), OPEN, st.builds(unknown))


@st.composite
def models(draw: Any) -> Model:
    """Models with any mixture of laws, open dimensions, holdings and carried values."""
    builder = Builder("paper", "1", draw(st.text(max_size=5)))
    value = builder.input(tuple(draw(st.lists(DIMS, max_size=4))))
    for i, spec in enumerate(draw(st.lists(SPECS, max_size=4))):
        holdings = [Holding("weight", f"t{i}", ("kernel",), "out in", draw(st.none() | st.booleans()))]
        layer = builder.layer(f"layer{i}", spec, holdings[: draw(st.integers(0, 1))])
        (value,) = builder.carry(layer, [value], [draw(st.none() | st.tuples(DIMS, DIMS))])
    return builder.finish([value], complete=draw(st.booleans()))


@given(models())
def test_reading_back_gives_an_equal_model(model: Model) -> None:
    text = json.dumps(model_to_json(model))
    assert model_from_json(json.loads(text)) == model


def test_equality_can_fail() -> None:
    data = model_to_json(on_paper())
    data["layers"][1]["spec"]["filters"] = 33
    assert model_from_json(data) != on_paper()


def test_a_model_read_back_counts_the_same_without_a_framework() -> None:
    model = model_from_json(json.loads(json.dumps(model_to_json(on_paper()))))
    assert explain(model).params == explain(on_paper()).params == 154_798


def test_an_explanation_reads_back_equal() -> None:
    e = explain(on_paper())
    again = Explanation.from_json(e.to_json())
    assert again.model == e.model
    assert str(again) == str(e)
    assert again.to_json() == e.to_json()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda d: d.update(schema="introspect/model/99"), "introspect/model/1"),
        (lambda d: d.update(layers=3), "layers"),
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d["layers"].append("x"), "Layer"),
        (lambda d: d["layers"][1]["spec"].update(kind="nothing"), "nothing"),
        (lambda d: d["layers"][1]["spec"].update(unheard=1), "unheard"),
        (lambda d: d["values"][0].update(shape=[{"expr": "__import__('os')"}]), "expression"),
        (lambda d: d["values"][0].update(shape=[{"expr": "((N+1)**64)**64"}]), "expression"),
        (lambda d: d["values"][0].update(shape=[{"expr": "(a+b+c+d+e+f)**60"}]), "expression"),
        (lambda d: d["values"][0].update(shape=[{"expr": "((9**64)**64)**64"}]), "expression"),
        (lambda d: d["values"][0].update(shape=[{"expr": "(" * 9000}]), "expression"),
        (lambda d: d["values"][0].update(shape=[{"expr": 3}]), "expression"),
        (lambda d: d["values"][0].update(shape="12"), "shape is '12'"),
        (lambda d: d["layers"][1]["spec"].update(filters="many"), "filters is 'many'"),
        (lambda d: d["layers"][1]["spec"].update(kind=["conv"]), "no such law"),
        (lambda d: d["layers"][1].update(spec=3), "spec is 3"),
        (
            lambda d: d["layers"][1].update(spec={"kind": "recurrent", "cell": "lstm", "units": 3, "layers": 10**12}),
            "layers is",
        ),
        (lambda d: d["calls"][1].update(layer=99), "a layer that is not there"),
        (lambda d: d["calls"][1].update(inputs=[-1]), "a value that is not there"),
        (lambda d: d.update(name=True), "name is True"),
    ],
)
def test_damaged_data_is_refused(damage: Any, said: str) -> None:
    data = json.loads(json.dumps(model_to_json(on_paper())))
    damage(data)
    with pytest.raises(UnreadableError, match=said):
        model_from_json(data)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"schema": "introspect/explanation/2"}', "[" * 100_000])
def test_what_is_no_explanation_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="this is not"):
        Explanation.from_json(text)


def test_only_what_the_ir_knows_is_written() -> None:
    builder = Builder("paper", "1", "x")
    builder.layer("a", Identity())
    builder.input((object(),))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no place in the IR"):
        model_to_json(builder.finish())


def test_every_law_declares_what_its_fields_may_be() -> None:
    for cls in Spec.registry.values():
        for field in dataclasses.fields(cls):
            assert misfit(cls, {field.name: object()}) is not None or field.type in ("Any", "object"), (cls, field.name)
