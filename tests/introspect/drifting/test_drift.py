"""Two ledgers of a model: which tensors differ, how, and that the differences add up to the totals'."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import papers
import pytest
from edits import MODELS, edited
from hypothesis import given, settings
from ledgers import explanations
from samples import mismatched, small_model, verified

from introspect import Explanation, explain
from introspect.algebra import unknown
from introspect.baselines import dumps, loads
from introspect.building import Builder
from introspect.drifting import Drift, drift
from introspect.drifting.result import OWNED
from introspect.ir import Holding, Layer, Model
from introspect.layers import BatchNorm, Dense, Flatten, Identity, Opaque
from introspect.reported import Reported, ReportedLayer, ReportedTensor

FEWER = settings(max_examples=max(settings().max_examples // 4, 10))


def with_layer(model: Model, path: str, **fields: Any) -> Model:
    """`model` with fields of a layer's law changed."""
    layers = [replace(one, spec=one.spec.replace(**fields)) if one.path == path else one for one in model.layers]
    return replace(model, layers=tuple(layers))


def chained(*steps: tuple[str, Any], shape: Any = (1, 3, 8, 8), name: str = "chain") -> Explanation:
    return explain(papers.chain(shape, list(steps), name))


def adds_up(d: Drift) -> None:
    for quantity in OWNED:
        amounts = [row.difference(quantity) for row in d.rows]
        assert sum(amounts) == d[quantity].difference  # type: ignore[arg-type]


def bag(e: Explanation) -> Counter[Any]:
    """Everything that is counted, names left out."""
    tensors = [(t.role, str(t.shape), str(t.size), t.trainable, t.buffer, len(t.holders)) for t in e.tensors]
    return Counter([*tensors, *((row.kind, str(row.output_shape), str(row.neurons)) for row in e.layers if row.owns_something)])


@FEWER
@given(edited(times=2))
def test_differences_add_up(models: Any) -> None:
    model, made = models
    for edit in made:
        a, b = explain(model), explain(edit.model)
        found = drift(a, b)
        adds_up(found)
        adds_up(drift(b, a))
        assert not found.same or bag(a) == bag(b)
        assert found.same == drift(b, a).same
        assert found.same or found.rows or found.layers


def test_the_sum_can_fail() -> None:
    found = drift(explain(papers.vgg16()), explain(papers.vgg16(classes=10)))
    with pytest.raises(AssertionError):
        adds_up(replace(found, rows=found.rows[1:]))


@FEWER
@given(MODELS)
def test_nothing_drifts_by_itself(model: Model) -> None:
    e = explain(model)
    found = drift(loads(dumps(e)), e)
    assert found.same
    assert (found.rows, found.layers, found.renamed, found.reasons, found.notes) == ((), (), (), (), ())


@FEWER
@given(explanations())
def test_nothing_drifts_through_a_file(e: Explanation) -> None:
    assert drift(loads(dumps(e)), e).same
    assert drift(e, loads(dumps(e))).same


def test_a_bias_that_appears() -> None:
    a, b = (chained(("conv", papers.conv(8, bias=bias)), ("bn", BatchNorm(num_features=8))) for bias in (None, "shared"))
    (row,) = drift(a, b).rows
    assert (row.change, row.name, row.role, row.difference(), row.old) == ("appeared", "conv.bias", "bias", 8, None)
    assert [reason.code for reason in drift(a, b).reasons] == ["bias_before_batchnorm"]
    assert "the new model has a bias, the old one has no bias" in drift(a, b).reasons[0].text
    (back,) = drift(b, a).rows
    assert (back.change, back.difference(), back.new) == ("disappeared", -8, None)


def test_a_width_that_changed() -> None:
    found = drift(explain(papers.vgg16()), explain(papers.vgg16(classes=10)))
    kernel, bias = found.rows
    assert (kernel.change, kernel.what) == ("changed", ("4096×1000 → 4096×10",))
    assert [held and held.worked for held in (kernel.old, kernel.new)] == ["4096·1000 = 4,096,000", "4096·10 = 40,960"]
    assert [held and held.worked for held in (bias.old, bias.new)] == ["1,000", "10"]
    assert found["params"].difference == -(4096 + 1) * 990
    assert [reason.code for reason in found.reasons] == ["units"]


def test_a_wider_model_keeps_its_names_though_a_layer_looks_like_its_neighbour() -> None:
    narrow, wide = (
        chained(*((f"{i}", papers.conv(n, 3, 1, 1)) for i, n in enumerate((width, 2 * width, 4 * width)))) for width in (4, 8)
    )
    found = drift(narrow, wide)
    assert {row.change for row in found.rows} == {"changed"}
    assert not found.renamed
    assert [reason.code for reason in found.accounts[0].reasons] == ["filters"]
    adds_up(found)


def test_a_larger_input_changes_layers_and_no_tensor() -> None:
    a, b = (chained(("conv", papers.conv(4)), ("flat", Flatten()), shape=(1, 3, side, side)) for side in (8, 9))
    found = drift(a, b)
    assert not found.rows
    assert [(one.path, one.old_output, one.output) for one in found.layers] == [
        ("input", "3×8×8", "3×9×9"), ("conv", "4×6×6", "4×7×7"), ("flat", "144", "196"),
    ]  # fmt: skip
    assert (found["neurons"].difference, found["params"].difference) == (4 * 49 - 4 * 36, 0)


def test_another_batch_is_no_drift() -> None:
    a, b = (chained(("conv", papers.conv(4)), shape=(batch, 3, 8, 8)) for batch in (1, 7))
    assert drift(a, b).same


def test_a_layer_inserted_moves_the_others() -> None:
    """Numbered names all shift: nothing but the new layer is new."""
    first, last = ("conv", papers.conv(4, pad=1)), Dense(5)
    a = chained(("0", first[1]), ("1", papers.conv(6)), ("2", Flatten()), ("3", last))
    b = chained(("0", first[1]), ("1", BatchNorm(num_features=4)), ("2", papers.conv(6)), ("3", Flatten()), ("4", last))
    found = drift(a, b)
    assert [row.name for row in found.rows] == ["1.gamma", "1.beta", "1.running_mean", "1.running_variance"]
    assert {row.change for row in found.rows} == {"appeared"}
    assert ("1.kernel", "2.kernel") in [(one.old, one.new) for one in found.renamed]


def test_a_layer_that_is_renamed_is_no_drift() -> None:
    a, b = (chained(("conv", papers.conv(4)), ("flat", Flatten()), (name, Dense(3))) for name in ("fc", "head"))
    found = drift(a, b)
    assert found.same
    assert [(one.old, one.new) for one in found.renamed] == [("fc.kernel", "head.kernel"), ("fc.bias", "head.bias")]
    assert "renamed, else as before: fc.kernel → head.kernel" in found.render("text")


def test_a_layer_that_is_renamed_and_changed() -> None:
    a, b = (chained(("conv", papers.conv(4)), ("flat", Flatten()), (name, Dense(n))) for name, n in (("fc", 3), ("head", 5)))
    kernel, bias = drift(a, b).rows
    assert kernel.what == ("144×3 → 144×5", "fc.kernel before")
    assert (bias.name, bias.difference()) == ("head.bias", 2)


def test_layers_that_are_renamed_and_changed_are_paired_in_order() -> None:
    a, b = (
        chained(*((f"{name}{i}", papers.conv(n)) for i, n in enumerate(sizes)), ("flat", Flatten()))
        for name, sizes in (("conv", (4, 5)), ("c", (6, 7)))
    )
    assert [(row.name, row.what[-1]) for row in drift(a, b).rows] == [
        ("c0.kernel", "conv0.kernel before"), ("c0.bias", "conv0.bias before"),
        ("c1.kernel", "conv1.kernel before"), ("c1.bias", "conv1.bias before"),
    ]  # fmt: skip


def stored(name: str, layout: str) -> Explanation:
    held = Holding(name, "t", ("kernel",), layout)
    builder = Builder("", "", "stored")
    value = builder.input((1, 4))
    return explain(builder.finish(builder.call(builder.layer("fc", Dense(3, False), [held]), [value])))


def test_a_tensor_of_another_name_and_layout_is_the_same_one() -> None:
    (row,) = drift(stored("weight", "out in"), stored("kernel", "in out")).rows
    assert (row.change, row.name, row.what, row.difference()) == ("changed", "fc.kernel", ("3×4 → 4×3", "fc.weight before"), 0)
    found = drift(stored("weight", "out in"), stored("kernel", "out in"))
    assert found.same
    assert [(one.old, one.new) for one in found.renamed] == [("fc.weight", "fc.kernel")]


def test_two_layers_that_change_places_are_told() -> None:
    a, b = (chained(*((name, Dense(n)) for name, n in sizes)) for sizes in ([("a", 3), ("b", 8)], [("a", 8), ("b", 3)]))
    found = drift(a, b)
    assert not found.same
    adds_up(found)


def test_frozen() -> None:
    model = small_model()
    conv = model.layers[1]
    held = tuple(h._replace(trainable=False) for h in conv.holdings)
    found = drift(
        explain(model), explain(replace(model, layers=(model.layers[0], replace(conv, holdings=held), *model.layers[2:])))
    )
    assert [row.what for row in found.rows] == [("not trained any more",)] * 2
    assert [found[name].difference for name in ("params", "trainable", "non_trainable")] == [0, -112, 112]
    assert [reason.code for reason in found.reasons] == ["frozen"]


def tied(tie: bool) -> Explanation:
    builder = Builder("", "", "tied")
    value = builder.input((1, 4))
    for name in ("one", "two"):
        held = Holding("weight", "shared" if tie else name, ("kernel",), "out in")
        (value,) = builder.call(builder.layer(name, Dense(4, False), [held]), [value])
    return explain(builder.finish([value]))


def test_untied() -> None:
    first, second = drift(tied(True), tied(False)).rows
    assert (first.name, first.what, first.difference()) == ("one.weight", ("not tied to two.weight any more",), 0)
    assert (second.name, second.change, second.difference()) == ("two.weight", "appeared", 16)
    assert [reason.code for reason in drift(tied(True), tied(False)).reasons] == ["tied"]
    assert drift(tied(False), tied(True)).rows[0].what == ("tied to two.weight now",)


def test_another_version_or_name_is_told_and_is_no_drift() -> None:
    found = drift(explain(small_model()), explain(replace(small_model(), version="2", name="Small")))
    assert found.same
    assert found.notes == ("paper was 1, it is 2 now", "the model was called small, it is called Small now")
    assert (found.old.version, found.new.version) == ("1", "2")


def test_dimensions_without_a_name_are_the_same_in_both() -> None:
    def cut() -> Explanation:
        builder = Builder("", "", "cut")
        value = builder.input((1, 4))
        return explain(builder.finish(builder.carry(builder.layer("cut", Opaque("cut")), [value], [(1, unknown())])))

    assert drift(cut(), cut()).same


def test_a_tensor_without_a_law() -> None:
    def strange(size: int) -> Explanation:
        model = Model("paper", "1", "strange", (Layer("odd", Opaque("Odd"), (Holding("w", "t"),)),), complete=False)
        told = ReportedTensor("w", (size,), True)
        return Explanation(model, Reported((ReportedLayer("odd", (told,)),)))

    (row,) = drift(strange(3), strange(5)).rows
    assert (row.role, row.what, row.difference()) == ("unknown", ("3 → 5",), 2)


def test_what_owns_nothing_is_told_and_is_no_drift() -> None:
    a = chained(("conv", papers.conv(4)))
    b = chained(("conv", papers.conv(4)), ("same", Identity()))
    assert drift(a, b).same
    assert drift(a, b).notes == ("new, without any tensor: same",)
    assert drift(b, a).notes == ("gone, without any tensor: same",)


def test_a_model_that_is_not_what_it_holds_is_said_to_be_so() -> None:
    assert drift(verified(), mismatched()).notes == ("the new model is not what its framework reports: see explain()",)


def test_without_an_input_nothing_is_said_of_layers() -> None:
    model = small_model()
    unknown_calls = replace(model, calls=(), values=(), inputs=(), outputs=(), complete=False)
    found = drift(explain(model), explain(unknown_calls))
    assert not found.same
    assert not found.layers
    assert found.notes == ("the calls are not known: no input was given",)


def test_a_layer_that_is_not_called_any_more() -> None:
    def made(called: bool) -> Explanation:
        builder = Builder("", "", "head")
        value = builder.input((1, 4))
        layers = [builder.layer(name, Dense(4, in_features=4)) for name in ("body", "head")]
        for layer in layers[: 1 + called]:
            (value,) = builder.call(layer, [value])
        return explain(builder.finish([value]))

    (layer,) = drift(made(True), made(False)).layers
    assert (layer.path, layer.old_output, layer.output, layer.old_neurons, layer.neurons) == ("head", "4", "never called", 4, 0)


def test_another_model_altogether() -> None:
    found = drift(explain(papers.vgg16()), explain(papers.alexnet()))
    assert not found.same
    adds_up(found)
    assert found.notes[0] == "the model was called VGG16, it is called AlexNet now"


def test_unknown_names_of_totals() -> None:
    with pytest.raises(KeyError, match="params, trainable"):
        drift(tied(True), tied(True))["apples"]
