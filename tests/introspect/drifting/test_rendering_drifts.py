"""A drift as a reader meets it: text that fits, Markdown that folds, JSON that adds up."""

from __future__ import annotations

import json
from dataclasses import replace

import papers
import pytest

from introspect import explain
from introspect.algebra import symbol
from introspect.drifting import Drift, drift
from introspect.drifting.result import Drifts, Pairing
from introspect.ir import Holding
from introspect.rendering.drift import SCHEMA

WIDER = drift(explain(papers.vgg16()), explain(papers.vgg16(classes=10)))


def test_text() -> None:
    said = WIDER.render("text", width=100)
    assert said.startswith("VGG16: 2 tensors changed")
    assert "4096·1000 = 4,096,000  4096·10 = 40,960" in said
    assert "parameters" in said
    assert "−4,056,030" in said
    assert "units: 10 in the new model and 1000 in the old one" in said
    assert max(map(len, said.splitlines())) <= 100
    assert "\x1b" not in said
    assert "\n\n\n" not in said
    assert str(WIDER) == WIDER.render("text")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_sentences_fit_into_any_width(width: int) -> None:
    assert max(map(len, WIDER.render("text", width=width).splitlines())) <= width


def frozen(n: int) -> Drift:
    """A drift of `n` dense layers whose kernels are trained no more."""
    model = papers.chain((1, 4), [(f"fc{i}", papers.Dense(4, False)) for i in range(n)])
    held = [Holding("weight", f"t{i}", ("kernel",), "out in", True) for i in range(n)]
    a = replace(model, layers=(model.layers[0], *(replace(one, holdings=(h,)) for one, h in zip(model.layers[1:], held))))
    still = [h._replace(trainable=False) for h in held]
    b = replace(model, layers=(model.layers[0], *(replace(one, holdings=(h,)) for one, h in zip(model.layers[1:], still))))
    return drift(explain(a), explain(b))


def test_many_that_changed_alike_are_one_sentence() -> None:
    said = frozen(9).render("text", width=200)
    assert "~  not trained any more: 9 tensors of 144 elements: fc0.weight, fc1.weight, " in said
    assert said.count("not trained any more") == 1
    assert frozen(3).render("text", width=200).count("not trained any more") == 3


def test_long_tables_are_cut_and_say_so() -> None:
    a, b = (explain(papers.chain((1, 4), [(f"fc{i}", papers.Dense(4, bias)) for i in range(50)])) for bias in (False, True))
    said = drift(a, b).render("text", width=120)
    assert "and 10 more: render(most=50) shows them" in said
    assert "fc49.bias" in drift(a, b).render("text", width=120, most=50)
    assert "<details><summary>50 tensors</summary>" in drift(a, b).render("markdown")
    assert "*and 10 more*" in drift(a, b).render("markdown")


def test_markdown() -> None:
    said = WIDER.render("markdown")
    assert said.startswith("### VGG16: 2 tensors changed\n\n|  | before | now | difference |\n")
    assert "| ~ | `fc8.kernel` | kernel | 4096·1000 = 4,096,000 | 4096·10 = 40,960 | −4,055,040 | 4096×1000 → 4096×10 |" in said
    assert "<details>" not in said


def test_json() -> None:
    data = json.loads(WIDER.to_json())
    assert (data["schema"], data["same"]) == (SCHEMA, False)
    total = next(total for total in data["totals"] if total["quantity"] == "params")
    assert sum(row["difference"] for row in data["rows"]) == total["difference"] == total["new"] - total["old"]
    assert data["accounts"][0]["reasons"][0]["code"] == "units"


def test_open_dimensions_are_written_as_expressions() -> None:
    shape = (symbol("N"), 3, symbol("H"), symbol("W"))
    a, b = (explain(papers.chain(shape, [("conv", papers.conv(n))])) for n in (4, 5))
    neurons = next(total for total in json.loads(drift(a, b).to_json())["totals"] if total["quantity"] == "neurons")
    assert neurons["difference"] == "H*W - 2*H - 2*W + 4"
    assert "H·W − 2·H − 2·W + 4" in drift(a, b).render("text", width=120)


def test_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot render as 'pdf'"):
        WIDER.render("pdf")
    with pytest.raises(ValueError, match="cannot render as 'pdf'"):
        MANY.render("pdf")


SAME = drift(explain(papers.vgg16()), explain(papers.vgg16()))
MANY = Drifts(
    "old", "new", (Pairing("a.json", True, True, WIDER), Pairing("b.json", True, True, SAME), Pairing("c.json", False, True))
)


def test_many_files() -> None:
    said = MANY.render("text", width=100)
    assert said.startswith("2 of 3 baselines differ\n")
    assert "a.json    138,357,544  134,301,514  −4,056,030  2 tensors changed" in said
    assert "the same" in said
    assert "new" in said
    assert "units: 10 in the new model" in said
    assert MANY.render("markdown").startswith("### 2 of 3 baselines differ\n\n| baseline |")
    data = json.loads(MANY.to_json())
    assert [file["same"] for file in data["files"]] == [False, True, False]
    assert not MANY.same
    assert Drifts("old", "new", MANY.files[1:2]).render("text").startswith("1 baseline: the same")
