"""What changes one tensor changes one line: the lines of two baselines, as git would show them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from blessed import numstat
from edits import edited
from hypothesis import given, settings
from ledgers import explanations
from samples import small_model, verified

from introspect import Explanation, explain
from introspect.baselines import dumps
from introspect.building import Builder
from introspect.ir import Holding, Model
from introspect.layers import BatchNorm, Conv, Dense, PReLU, Recurrent
from introspect.layers.base import Spec

FEWER = settings(max_examples=max(settings().max_examples // 4, 10))


def lines(text: str, section: str) -> list[str]:
    """The lines of a section."""
    after = text.split(f'"{section}": [\n')[1].split("\n")
    return after[: next(i for i, line in enumerate(after) if line.startswith('"end of'))]


def one_layer(spec: Spec, shape: Any = (1, 4, 6, 6)) -> Explanation:
    builder = Builder("", "", "one")
    return explain(builder.finish(builder.call(builder.layer("layer", spec), [builder.input(shape)])))


CONV = Conv((3, 3), (1, 1), ((0, 0), (0, 0)), filters=8)
GRU = Recurrent("gru", 5, bias_sets=1, reset_after=False)
TORCH_NORM = BatchNorm(statistics="buffers", counter=True, num_features=4)


@pytest.mark.parametrize(
    ("a", "b", "added", "taken"),
    [
        (CONV.replace(bias=None), CONV, 1, 0),
        (CONV, CONV.replace(bias=None), 0, 1),
        (CONV, CONV.replace(bias="untied"), 1, 1),
        (Dense(5, False), Dense(5), 1, 0),
        (TORCH_NORM, TORCH_NORM.replace(counter=False), 0, 1),
        (TORCH_NORM, TORCH_NORM.replace(scale=False, center=False), 0, 2),
        (TORCH_NORM, TORCH_NORM.replace(statistics=None, counter=False), 0, 3),
        (TORCH_NORM, TORCH_NORM.replace(statistics="parameters", counter=False), 2, 3),
        (PReLU(), PReLU(1), 1, 1),
        (Recurrent("lstm", 5), Recurrent("lstm", 5, bias_sets=2), 1, 0),
        (Recurrent("lstm", 5), Recurrent("lstm", 5, peepholes=True, initial_states="learned"), 3, 0),
        (GRU, GRU.replace(bias_sets=2, reset_after=True), 1, 0),
    ],
    ids=lambda item: item.kind if isinstance(item, Spec) else str(item),
)
def test_a_line_for_each_tensor(a: Spec, b: Spec, added: int, taken: int) -> None:
    shape = (1, 4, 6) if isinstance(a, Recurrent) else (1, 4, 6, 6)
    assert numstat(*(dumps(one_layer(spec, shape)) for spec in (a, b))) == (added, taken)


def test_numbers_of_filters_change_the_layer_too() -> None:
    a, b = (dumps(one_layer(spec)) for spec in (CONV, CONV.replace(filters=9)))
    assert numstat(a, b) == (3, 3)


@FEWER
@given(edited())
def test_a_convention_of_one_layer_leaves_all_other_layers_alone(models: tuple[Model, list[Any]]) -> None:
    """Where no shape changes, at most the line of the edited layer does."""
    model, made = models
    for edit in made:
        a, b = (dumps(explain(m)) for m in (model, replace(edit.model, name=model.name)))
        if [v.shape for v in model.values] == [v.shape for v in edit.model.values]:
            changed = set(lines(a, "layers")) ^ set(lines(b, "layers"))
            assert all(f'"layer": "{edit.path}"' in line for line in changed)
            others = set(lines(a, "tensors")) ^ set(lines(b, "tensors"))
            assert all(f'"tensor": "{edit.path}.' in line for line in others)


def test_a_layer_put_in_the_middle_leaves_the_lines_of_others_alone() -> None:
    def stacked(*names: str) -> str:
        builder = Builder("", "", "stacked")
        value = builder.input((1, 4))
        for name in names:
            (value,) = builder.call(builder.layer(name, Dense(4)), [value])
        return dumps(explain(builder.finish([value])))

    a, b = stacked("one", "three", "four"), stacked("one", "two", "three", "four")
    assert numstat(lines_of(a), lines_of(b)) == (4, 1)  # two, its kernel and bias; three is fed by another layer
    assert numstat(a, b) == (5, 2)  # and what says in which order the layers are


def lines_of(text: str) -> str:
    return "\n".join([*lines(text, "layers"), *lines(text, "tensors")])


def test_frozen_tensors_change_their_own_lines() -> None:
    model = small_model()
    conv = model.layers[1]
    frozen = tuple(h._replace(trainable=False) if h.name == "weight" else h for h in conv.holdings)
    changed = replace(model, layers=(model.layers[0], replace(conv, holdings=frozen), *model.layers[2:]))
    assert numstat(dumps(explain(model)), dumps(explain(changed))) == (1, 1)


def test_untying_changes_the_line_of_what_was_shared() -> None:
    def tied(tie: bool) -> str:
        builder = Builder("", "", "tied")
        value = builder.input((1, 4))
        for name in ("one", "two"):
            held = Holding("weight", "shared" if tie else name, ("kernel",), "out in")
            (value,) = builder.call(builder.layer(name, Dense(4, False), [held]), [value])
        return dumps(explain(builder.finish([value])))

    assert numstat(tied(True), tied(False)) == (2, 1)


def test_the_version_is_one_line() -> None:
    model = small_model()
    assert numstat(dumps(explain(model)), dumps(explain(replace(model, version="2")))) == (1, 1)


@FEWER
@given(explanations())
def test_no_line_says_what_others_add_up_to(e: Explanation) -> None:
    """Every line of a tensor ends in a comma and stands in order, and no number of lines is written anywhere."""
    text = dumps(e)
    names = [line.split('"tensor": "')[1].split('"')[0] for line in lines(text, "tensors")]
    assert names == sorted(names)
    assert all(line.endswith('"},') for line in lines(text, "tensors"))


def test_a_baseline_is_readable() -> None:
    text = dumps(verified())
    assert lines(text, "tensors")[1].startswith(
        '{"tensor": "conv.weight", "role": "kernel", "axes": "out in kh kw", "shape": [4, 3, 3, 3], "size": 108, "trainable": true'
    )
    assert lines(text, "layers")[1].startswith(
        '{"layer": "conv", "class": "conv", "law": {"kind": "conv", "kernel_size": [3, 3], "stride": [1, 1], '
        '"padding": [[0, 0], [0, 0]], "filters": 4}, "from": ["input"], "gives": [[1, 4, 4, 4]], "check": "'
    )
