"""A revised model is the model that would have been built with the other laws in the first place."""

from __future__ import annotations

from typing import Any

import pytest
from papers import alexnet, chain, conv, convnet, residual, tied, transformer, vgg16

from introspect import IntrospectError, ShapeError, explain
from introspect.building import Builder
from introspect.diagnosing.revising import revise
from introspect.ir import Model
from introspect.layers import (
    BatchNorm,
    Bilinear,
    Conv,
    Dense,
    Expand,
    Flatten,
    Input,
    LayerNorm,
    MultiHeadAttention,
    Opaque,
    PReLU,
    Recurrent,
    Reshape,
    Split,
    TimeDistributed,
)  # fmt: skip
from introspect.layers.base import Spec
from introspect.layers.reshape import regrouped


def index(model: Model, path: str) -> int:
    return next(i for i, layer in enumerate(model.layers) if layer.path == path)


def changed(model: Model, **fields: dict[str, Any]) -> Model:
    """`model` with fields of some layers changed; ``conv1={"filters": 8}``."""
    found = {index(model, path): model.layers[index(model, path)].spec.replace(**change) for path, change in fields.items()}
    return revise(model, found)


def shapes(model: Model) -> list[Any]:
    return [value.shape for value in model.values]


@pytest.mark.parametrize(
    ("base", "revised", "wanted"),
    [
        (vgg16(), {"fc8": {"units": 10}}, vgg16(10)),
        (alexnet(), {"input": {"shape": (1, 3, 224, 224)}}, alexnet(224)),
        (convnet(), {"input": {"shape": (1, 1, 40, 40)}}, convnet((1, 1, 40, 40))),
        (tied(), {"embedding": {"vocabulary": 50}, "head": {"units": 50}}, tied(50)),
    ],
    ids=["classes", "resolution", "input", "tied"],
)
def test_as_if_built_so(base: Model, revised: dict[str, Any], wanted: Model) -> None:
    got = changed(base, **revised)
    assert shapes(got) == shapes(wanted)
    assert explain(got).params == explain(wanted).params
    assert shapes(base) != shapes(wanted) or explain(base).params != explain(wanted).params


def test_the_base_is_left_as_it_is() -> None:
    base = convnet()
    before = base
    changed(base, conv1={"filters": 5})
    assert base == before == convnet()


def test_nothing_changed_is_the_same_model() -> None:
    assert revise(convnet(), {}) == convnet()


FOLLOWERS: list[tuple[Spec, tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = [
    (Dense(5, in_features=8), (2, 8), (2, 9), (2, 5)),
    (conv(4, in_channels=8), (1, 8, 6, 6), (1, 3, 6, 6), (1, 4, 4, 4)),
    (conv(16, in_channels=8, groups=8), (1, 8, 6, 6), (1, 3, 6, 6), (1, 6, 4, 4)),
    (BatchNorm(num_features=8), (1, 8, 6, 6), (1, 3, 6, 6), (1, 3, 6, 6)),
    (LayerNorm(normalized_shape=(6, 8)), (1, 6, 8), (1, 6, 9), (1, 6, 9)),
    (Recurrent(cell="gru", units=4, input_size=8), (1, 5, 8), (1, 5, 9), (1, 5, 4)),
    (PReLU(num_parameters=8), (1, 8, 2), (1, 9, 2), (1, 9, 2)),
    (PReLU(num_parameters=1), (1, 8, 2), (1, 9, 2), (1, 9, 2)),
    (TimeDistributed(Dense(5, in_features=8)), (1, 4, 8), (1, 4, 9), (1, 4, 5)),
    (Reshape((1, 10, 4, 16)), (1, 10, 64), (1, 10, 128), (1, 10, 4, 32)),
    (Reshape((1, 800)), (1, 32, 5, 5), (1, 32, 7, 7), (1, 1568)),
    (Reshape((-1, 800)), (2, 32, 5, 5), (2, 32, 7, 7), (2, 1568)),
    (Split((64, 64, 64), -1), (1, 192), (1, 384), (1, 128)),
    (Expand((4, -1, 64)), (1, 7, 64), (1, 7, 128), (4, 7, 128)),
    (MultiHeadAttention(64, 4), (5, 1, 64), (5, 1, 128), (5, 1, 128)),
]


@pytest.mark.parametrize(
    ("spec", "before", "now", "wanted"), FOLLOWERS, ids=[f"{f[0].kind}{i}" for i, f in enumerate(FOLLOWERS)]
)
def test_what_restates_the_input_follows_it(spec: Spec, before: Any, now: Any, wanted: Any) -> None:
    builder = Builder("", "", "one")
    value = builder.input(before)
    times = 3 if isinstance(spec, MultiHeadAttention) else 1
    out = builder.call(builder.layer("it", spec), [value] * times)
    model = builder.finish(out[:1])
    got = revise(model, {0: Input(now)})
    assert got.values[got.outputs[0]].shape == wanted
    assert explain(got).params.known


def test_without_following_the_laws_refuse() -> None:
    refused = 0
    for spec, _, now, wanted in FOLLOWERS:
        try:
            refused += spec.output(*(now,) * (3 if isinstance(spec, MultiHeadAttention) else 1)) != wanted
        except IntrospectError:
            refused += 1
    assert refused == len(FOLLOWERS) - 1  # a slope for all channels has nothing to follow


def test_two_inputs_follow() -> None:
    builder = Builder("", "", "two")
    a, b = builder.input((1, 3), "a"), builder.input((1, 4), "b")
    model = builder.finish(builder.call(builder.layer("it", Bilinear(2, 3, 4)), [a, b]))
    assert explain(revise(model, {0: Input((1, 5))})).params == 5 * 4 * 2 + 2


def test_axes_that_were_joined_are_joined_again() -> None:
    assert regrouped((2, 3, 4, 1), (6, 4), (2, 5, 4, 1)) == (10, 4)
    assert regrouped((2, 3), (2, 3, 1), (2, 7)) == (2, 7, 1)
    with pytest.raises(ShapeError, match="has grown"):
        regrouped((2, 3, 1), (2, 3), (2, 3, 5))
    with pytest.raises(IntrospectError, match="split"):
        regrouped((2, 12), (2, 4, 3), (2, 13))


def test_a_revision_that_cannot_be_says_where() -> None:
    with pytest.raises(ShapeError, match=r"blocks\.0\.add: .*element by element"):
        changed(residual(), **{"blocks.0.conv2": {"filters": 8}})
    with pytest.raises(ShapeError, match=r"conv1: .*no output left"):
        changed(convnet(), input={"shape": (1, 3, 1, 1)}, conv1={"kernel_size": (5, 5)})


def test_a_reported_shape_stays_or_refuses() -> None:
    builder = Builder("", "", "opaque")
    value = builder.input((1, 8))
    (value,) = builder.carry(builder.layer("box", Opaque("Box")), [value], [(1, 6)])
    (value,) = builder.call(builder.layer("fc", Dense(3)), [value])
    model = builder.finish([value])
    assert explain(changed(model, fc={"units": 4})).params == 28
    with pytest.raises(ShapeError, match="box: no law says"):
        revise(model, {0: Input((1, 9))})


def test_a_shared_layer_keeps_one_set_of_parameters() -> None:
    builder = Builder("", "", "siamese")
    a, b = builder.input((1, 8), "a"), builder.input((1, 8), "b")
    shared = builder.layer("shared", Dense(4, in_features=8))
    (p,), (q,) = builder.call(shared, [a]), builder.call(shared, [b])
    model = builder.finish([p, q])
    assert explain(revise(model, {0: Input((1, 9)), 1: Input((1, 9))})).params == 40
    with pytest.raises(ShapeError, match="different parameters"):
        revise(model, {0: Input((1, 9))})
    with pytest.raises(ShapeError, match="different parameters"):
        revise(model, {1: Input((1, 9))})


def test_only_what_is_reached_is_worked_out_again() -> None:
    from introspect.diagnosing.revising import Reviser

    model = transformer()
    revision = Reviser(model).revise({index(model, "head"): Dense(7, bias=False)})
    assert len(revision.calls) == 1
    model = chain((1, 3, 8, 8), [("a", conv(4, pad=1)), ("b", conv(4, pad=1)), ("f", Flatten()), ("d", Dense(2))])
    assert len(Reviser(model).revise({1: Conv((5, 5), (1, 1), ((2, 2), (2, 2)), filters=4)}).calls) == 1
