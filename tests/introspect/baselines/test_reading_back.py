"""What is written reads back equal, and writes the same text again; a model has one text, however it is numbered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from blessed import keeps
from edits import MODELS
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import explanations
from samples import mismatched, verified

from introspect import Explanation, explain
from introspect.baselines import canonical, dumps, load, loads, save
from introspect.demo import on_paper
from introspect.errors import IntrospectError
from introspect.ir import Call, Model

FEWER = settings(max_examples=max(settings().max_examples // 4, 10))


def told(e: Explanation) -> list[tuple[Any, ...]]:
    """What a reader sees of every row, tensors by name: none of it is a number that only numbers."""
    return [
        (row.path, row.kind_name, row.function, row.spec, row.repeated, row.called, row.input_shapes, row.output_shapes,
         str(row.params), str(row.trainable), str(row.buffers), str(row.neurons), str(row.connections), row.shared,
         sorted((t.name, t.keys, t.shape, t.size, t.trainable, t.buffer, tuple(t.holders), t.tags, t.opaque, t.nbytes)
                for t in row.tensors))
        for row in e.layers
    ]  # fmt: skip


@FEWER
@given(explanations())
def test_an_explanation_reads_back_equal(e: Explanation) -> None:
    text = dumps(e)
    again = loads(text)
    assert again.model == canonical(e.model)
    assert told(again) == told(Explanation(canonical(e.model), e.reported, verified=False))
    assert dumps(again) == text


@FEWER
@given(MODELS)
def test_a_model_in_the_order_of_its_calls_reads_back_as_it_is(model: Model) -> None:
    again = loads(dumps(explain(model)))
    assert again.model == model
    assert str(again) == str(explain(model))


def test_equality_can_fail() -> None:
    other = loads(dumps(explain(on_paper()))).model
    changed = replace(other, layers=(replace(other.layers[0], path="x"), *other.layers[1:]))
    assert changed != other
    assert told(explain(changed)) != told(explain(other))


@FEWER
@given(explanations(), st.randoms())
def test_one_text_however_a_model_is_numbered(e: Explanation, chance: Any) -> None:
    model = canonical(e.model)
    assert dumps(Explanation(renumbered(model, chance), e.reported, verified=False)) == dumps(e)


def renumbered(model: Model, chance: Any) -> Model:
    """The same model with its values and tensors numbered anew, and its layers listed in another order of calls' numbers."""
    values, layers = list(range(len(model.values))), list(range(len(model.layers)))
    chance.shuffle(values)
    called = {call.layer for call in model.calls}
    if all(i in called for i in layers):
        chance.shuffle(layers)  # what is never called has no order but the list's
    names: dict[str, str] = {}

    def moved(ids: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(values.index(i) for i in ids)

    return replace(
        model,
        layers=tuple(
            replace(model.layers[i], holdings=tuple(
                h._replace(identity=names.setdefault(h.identity, f"z{len(names)}")) for h in model.layers[i].holdings
            )) for i in layers
        ),
        calls=tuple(Call(layers.index(c.layer), moved(c.inputs), moved(c.outputs)) for c in model.calls),
        values=tuple(model.values[i] for i in values), inputs=moved(model.inputs), outputs=moved(model.outputs),
    )  # fmt: skip


def test_what_is_kept_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    keeps(verified())
    monkeypatch.setattr("blessed.loads", lambda text: explain(on_paper()))
    with pytest.raises(AssertionError):
        keeps(verified())


def test_files(tmp_path: Any) -> None:
    save(tmp_path / "b.json", verified())
    assert load(tmp_path / "b.json").model == canonical(verified().model)
    assert (tmp_path / "b.json").read_text(encoding="utf-8") == dumps(verified())


def test_no_baseline_of_what_does_not_agree() -> None:
    with pytest.raises(IntrospectError, match=r"small is no baseline(.|\n)*4×3×3×2"):
        dumps(mismatched())


def test_windows_line_ends_are_read() -> None:
    assert loads(dumps(verified()).replace("\n", "\r\n")).model == canonical(verified().model)
