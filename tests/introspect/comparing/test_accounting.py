"""Every difference between generated models is accounted for to the last unit, and an edit is named where it was made."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import papers
import pytest
from accounted import amounts, assert_accounted, faults, value_of
from edits import MODELS, Edit, edited
from hypothesis import given

from introspect import Comparison, Explanation, compare, explain
from introspect.building import Builder
from introspect.ir import Holding, Model
from introspect.layers import Opaque
from introspect.reported import Reported, ReportedLayer, ReportedTensor

SYNONYMS = {
    "bias": {"bias_before_batchnorm"},
    "bias_before_batchnorm": {"bias"},
    "groups": {"groups_ignored"},
    "running_statistics": {"batchnorm_counter"},
    "no_gamma": {"no_affine"},
    "no_beta": {"no_affine"},
    "no_affine": {"no_gamma", "no_beta"},
    "projection": {"projection_size"},
}


def codes(c: Comparison) -> set[str]:
    return {code for account in c.accounts for reason in account.reasons for code in reason.code.split(" + ")}


def places(c: Comparison) -> str:
    said = [str((place.a, place.b)) for account in c.accounts for reason in account.reasons for place in reason.places]
    return " ".join(said + [reason.text for account in c.accounts for reason in account.reasons])


@given(MODELS)
def test_a_model_is_the_same_as_itself(model: Model) -> None:
    c = compare(model, model)
    assert c.same
    assert not any(account.reasons for account in c.accounts)


@given(edited())
def test_an_edit_is_named_and_everything_is_accounted_for(case: tuple[Model, list[Edit]]) -> None:
    model, made = case
    for edit in made:
        c = compare(model, edit.model)
        assert_accounted(c)
        assert c.difference == explain(model).params.value - explain(edit.model).params.value  # type: ignore[operator]
        if any(account.difference for account in c.accounts):
            assert codes(c) & {edit.code, *SYNONYMS.get(edit.code, ())}, f"{edit.code} at {edit.path}: {c}"
            assert edit.path in places(c), f"{edit.code} at {edit.path}: {c}"


@given(edited(times=3))
def test_several_edits_are_accounted_for_in_both_directions(case: tuple[Model, list[Edit]]) -> None:
    model, made = case
    if made:
        there, back = compare(model, made[-1].model), compare(made[-1].model, model)
        assert_accounted(there)
        assert_accounted(back)
        assert [a.difference for a in there.accounts] == [-(a.difference or 0) for a in back.accounts]


@given(MODELS, MODELS)
def test_amounts_add_up_whatever_is_compared(a: Model, b: Model) -> None:
    for account in compare(a, b).accounts:
        assert account.difference == sum(reason.amount for reason in account.reasons) + account.left


def test_the_check_on_a_comparison_can_fail() -> None:
    c = compare(papers.convnet(), papers.convnet(bias=False))
    assert not faults(c)
    params, *others = c.accounts
    assert faults(replace(c, accounts=(replace(params, b=1), *others)))
    assert faults(replace(c, accounts=(replace(params, unexplained=params.reasons[0].places), *others)))
    wrong = replace(params.reasons[0], working="1 + 1")
    assert faults(replace(c, accounts=(replace(params, reasons=(wrong,)), *others)))
    assert faults(replace(c, accounts=(replace(params, reasons=(replace(params.reasons[0], amount=3),)), *others)))
    assert faults(replace(c, accounts=(replace(params, reasons=(replace(params.reasons[0], text=""),)), *others)))
    with pytest.raises(AssertionError, match="told of"):
        assert_accounted(replace(c, accounts=(replace(params, b=1), *others)))


def test_a_working_is_read_as_arithmetic() -> None:
    assert value_of("(256 + 1)·10 − 2·1,000") == 570
    assert value_of("−3·2²") == -12


def test_biases_before_batch_normalisation() -> None:
    c = compare(papers.convnet(), papers.convnet(bias=False))
    assert amounts(c) == {"bias_before_batchnorm": 32 + 64 + 128}
    assert c.reasons[0].working == "32 + 64 + 128"
    assert c.reasons[0].formula == "filters"


def test_groups_in_alexnet() -> None:
    c = compare(papers.alexnet(), papers.alexnet(groups=1))
    assert_accounted(c)
    assert amounts(c) == {"groups_ignored": 60_965_224 - 62_378_344}
    assert [place.a for place in c.reasons[0].places] == ["conv2", "conv4", "conv5"]


def test_a_smaller_input_is_felt_in_the_first_dense_layer_and_nowhere_else() -> None:
    c = compare(papers.alexnet(227), papers.alexnet(259))
    assert_accounted(c)
    assert amounts(c) == {"input_shape": 256 * (6 * 6 - 7 * 7) * 4096}
    assert [place.a for place in c.reasons[0].places] == ["fc6"]


def test_a_rounding_is_named_where_it_is_felt() -> None:
    plain = [("pool", papers.pool(3, 2)), ("conv", papers.conv(8)), ("flatten", papers.Flatten()), ("fc", papers.Dense(10))]
    ceil = [("pool", papers.pool(3, 2, rounding="ceil")), *plain[1:]]
    c = compare(papers.chain((1, 4, 14, 14), plain), papers.chain((1, 4, 14, 14), ceil))  # 6 or 7 windows
    assert_accounted(c)
    assert amounts(c) == {"pool_rounding": 10 * 8 * (4 * 4 - 5 * 5)}
    assert amounts(c, "neurons") == {"pool_rounding": 8 * (4 * 4 - 5 * 5)}
    assert "pool" in c.reasons[0].text


def test_a_stride_on_another_layer() -> None:
    early = [("a", papers.conv(4, 1, 2)), ("b", papers.conv(4, 3, 1, 1))]
    late = [("a", papers.conv(4, 1, 1)), ("b", papers.conv(4, 3, 2, 1))]
    c = compare(papers.chain((1, 3, 8, 8), early), papers.chain((1, 3, 8, 8), late))
    assert_accounted(c)
    assert c.difference == 0
    assert not c.coincidences
    assert amounts(c, "neurons") == {"stride_placement": 4 * (4 * 4 - 8 * 8)}
    assert "on a in the first, on b in the second" in c["neurons"].reasons[0].text


def test_layers_that_only_one_has() -> None:
    c = compare(papers.transformer(depth=3), papers.transformer(depth=4))
    assert_accounted(c)
    assert set(amounts(c)) == {"only_in_b"}
    assert {(place.a, place.b) for place in c.reasons[0].places} == {
        (None, f"h.3.{n}") for n in ("ln1", "out", "ln2", "up", "down")
    }


def test_a_tied_tensor_is_counted_once_and_said_so() -> None:
    tied = papers.tied()
    loose = replace(tied, layers=tuple(replace(layer, holdings=()) for layer in tied.layers))
    c = compare(loose, tied)
    assert_accounted(c)
    assert amounts(c) == {"tied": 64_000}
    assert "tied to embedding.weight" in c.reasons[0].text
    assert compare(tied, tied).same


def test_a_layer_applied_twice_against_two_layers() -> None:
    def siamese(shared: bool) -> Model:
        builder = Builder("", "", "shared" if shared else "apart")
        first, second = builder.input((1, 5), "x"), builder.input((1, 5), "y")
        one = builder.layer("one", papers.Dense(7))
        other = one if shared else builder.layer("other", papers.Dense(7))
        (u,), (v,) = builder.call(one, [first]), builder.call(other, [second])
        return builder.finish(builder.call(builder.layer("add", papers.Elementwise()), [u, v]))

    c = compare(siamese(False), siamese(True))
    assert_accounted(c)
    assert amounts(c) == {"shared_layer": 6 * 7}
    assert c["neurons"].difference == 0


def test_a_frozen_tensor_counts_among_the_parameters_but_not_among_the_trainable_ones() -> None:
    model = papers.tied()
    frozen = replace(
        model, layers=tuple(replace(x, holdings=tuple(h._replace(trainable=False) for h in x.holdings)) for x in model.layers)
    )
    c = compare(model, frozen)
    assert_accounted(c)
    assert c.difference == 0
    assert amounts(c, "trainable") == {"frozen": 64_000}


def carried(size: int, kind_name: str = "Mystery") -> Explanation:
    """A layer without a law: its numbers are the framework's."""
    builder = Builder("paper", "1", "mystery")
    value = builder.input((1, 3, 8, 8))
    (value,) = builder.call(builder.layer("conv", papers.conv(4)), [value])
    layer = builder.layer("odd", Opaque(kind_name), [Holding("w", "t0")], kind_name)
    (value,) = builder.carry(layer, [value], [(1, 7)])
    held = ReportedLayer("odd", (ReportedTensor("w", (size,), True),))
    return Explanation(builder.finish([value]), Reported((held,)))


def test_what_no_law_speaks_of_is_left_unexplained_and_its_place_is_named() -> None:
    c = compare(carried(5), carried(9))
    assert (c.difference, c["params"].left) == (-4, -4)
    assert [(place.a, place.roles) for place in c.unexplained] == [("odd", ("w",))]
    text = c.render("text", width=100)
    assert "4 more in the second = 0, 4 left" in text
    assert "unexplained: −4 parameters at odd (w)" in text
    assert "odd: w 5 against 9" in text
    assert faults(c)


def test_what_no_law_speaks_of_is_the_same_as_itself() -> None:
    assert compare(carried(5), carried(5)).difference == 0
    assert not compare(carried(5), carried(5)).unexplained


def test_deep_models_without_a_name_in_common_are_compared_in_a_breath() -> None:
    deep = papers.residual(blocks=76)  # 305 layers that own something, as ResNet-152 has
    other = explain(replace(deep, layers=tuple(replace(layer, path=f"x{i}") for i, layer in enumerate(deep.layers))))
    first = explain(deep)
    took = []
    for _ in range(3):
        started = perf_counter()
        c = compare(first, other)
        took.append(perf_counter() - started)
    assert not any(account.difference or account.reasons for account in c.accounts)
    assert min(took) < 1.0
