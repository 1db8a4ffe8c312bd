"""What a person and a program get to read: the table at any width, Markdown, JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from samples import mismatched, verified

from introspect import Explanation, explain
from introspect.building import Builder
from introspect.demo import on_paper
from introspect.ir import Holding
from introspect.layers import Declared, Dense, Flatten
from introspect.rendering import FORMS


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for e in (verified(), mismatched(), explain(on_paper())):
        lines = e.render("text", width=width).splitlines()
        assert max(len(line) for line in lines) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_every_number_and_working_is_in_the_table(width: int) -> None:
    table = explain(on_paper()).render("text", width=width)
    for said in ("(5·5·1 + 1)·32", "832", "(5·5·32 + 1)·64", "51,264", "(64·4·4 + 1)·100", "102,500", "154,798",
                 "832 + 51,264 + 102,500 + 202", "(18,432)", "22,630", "(28 + 2·0 − 5)/1 + 1 = 24"):  # fmt: skip
        assert said in table


def test_plain_text_has_no_colour_codes() -> None:
    assert "\x1b" not in str(verified())


def test_mismatches_and_opaque_layers_are_said_in_words() -> None:
    table = mismatched().render("text", width=200)
    assert "conv.weight: worked out as 4×3×3×3, the framework holds 4×3×3×2" in table
    assert "mismatch" in table


def test_the_verdict_is_there() -> None:
    assert "verified: every tensor and every output shape agrees with the truth" in verified().render("text", width=200)
    assert "not verified" in str(explain(on_paper()))


def test_the_definition_of_neurons_is_printed_with_the_number() -> None:
    e = verified()
    assert "outputs of weighted layers" in str(e)
    assert "outputs of every call" in e.render("text", neurons="outputs", width=200)
    assert "channels or units" in e.render("markdown", neurons="channels")
    with pytest.raises(ValueError, match="no such definition"):
        e.count_neurons("all")


def test_brackets_in_a_path_are_text_not_markup() -> None:
    e = verified()
    e.layers[1].path = "[bold]x[/]"
    assert "[bold]x[/]" in e.render("text", width=200)


def test_what_is_applied_in_parts_is_not_called_idle_and_what_its_code_asks_for_is_multiplied_out() -> None:
    builder = Builder("paper", "1", "own code")
    value = builder.input((1, 8))
    asked = Declared((("mix", (8, 4), True), ("gain", (1, 4), True)))
    held = [Holding(name, name, (name,)) for name, _, _ in asked.variables]
    builder.layer("block", asked, held)
    builder.layer("idle", Dense(2, bias=False, in_features=3), [Holding("kernel", "k", ("kernel",), "in out")])
    e = Explanation(builder.finish(builder.call(builder.layer("block.inner", Flatten()), [value])))
    said = {line.split()[0]: line for line in e.render("text", width=200).splitlines() if line.strip()}
    assert "in parts" in said["block"]
    assert "8·4 + 4" in said["block"]
    assert "never called" in said["idle"]


def test_markdown_is_a_table_with_as_many_cells_in_each_row() -> None:
    for e in (verified(), mismatched()):
        rows = [line for line in e.render("markdown").splitlines() if line.startswith("|")]
        first_table = rows[: len(e.layers) + 2]
        assert {row.replace("\\|", "").count("|") for row in first_table} == {8}
        assert rows[1].replace(" ", "") == "|---|---|---|---|---:|---:|:-:|"


def test_json_reads_for_a_program() -> None:
    data: dict[str, Any] = json.loads(explain(on_paper()).to_json())
    assert data["schema"] == "introspect/explanation/1"
    assert data["totals"]["params"] == 154_798
    conv2 = next(layer for layer in data["layers"] if layer["path"] == "conv2")
    assert (conv2["params"], conv2["working"], conv2["formula"]) == (51_264, "(5·5·32 + 1)·64", "(kh·kw·c_in + 1)·filters")
    assert conv2["output_shape"] == ["N", 64, 8, 8]
    assert sum(layer["params"] for layer in data["layers"]) == data["totals"]["params"]
    assert sum(tensor["size"] for tensor in data["tensors"]) == 154_798


@pytest.mark.parametrize("make", [verified, mismatched, lambda: explain(on_paper())])
def test_json_reads_back_to_the_same_explanation(make: Any) -> None:
    e = make()
    again = Explanation.from_json(e.to_json())
    assert (again.model, again.reported, again.status) == (e.model, e.reported, e.status)
    assert str(again) == str(e)


def test_another_form_is_refused() -> None:
    assert FORMS == ("text", "markdown", "json")
    with pytest.raises(ValueError, match="cannot render as 'pdf'"):
        verified().render("pdf")


def test_rows_add_up_to_totals() -> None:
    for e in (verified(), mismatched(), explain(on_paper())):
        for name in ("params", "trainable", "non_trainable", "weights", "biases", "buffers", "neurons", "connections"):
            assert sum(int(getattr(row, name)) for row in e.layers) == getattr(e, name), name


def test_looking_up_a_layer() -> None:
    e = verified()
    assert e["conv"].params == 112
    with pytest.raises(KeyError, match="there is conv"):
        e["conb"]
