"""Losses and distances against the real modules: every reduction, every shape they take, and equal refusals."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from against_torch import check
from breadth import covering
from hypothesis import given
from hypothesis import strategies as st
from strategies_torch import RECENT
from torch import nn

REDUCTIONS = st.sampled_from(["none", "none", "mean", "sum"])
SHAPES = st.lists(st.integers(1, 4), max_size=3)
SIZES = st.integers(1, 4)


def altered(data: Any, shape: Any) -> list[int]:
    """Mostly `shape`; otherwise one that may fit by broadcasting, or not at all."""
    shape = list(shape)
    if not RECENT:
        return shape
    change = data.draw(st.sampled_from(["none"] * 5 + ["one", "longer", "drop", "add"]))
    if change in ("one", "longer") and shape:
        at = data.draw(st.integers(0, len(shape) - 1))
        shape[at] = 1 if change == "one" else shape[at] + 1
    if change == "drop":
        return shape[1:]
    return [data.draw(SIZES), *shape] if change == "add" else shape


def zeros(shape: Any, dtype: Any = torch.float32) -> torch.Tensor:
    return torch.zeros(tuple(shape), dtype=dtype)


ELEMENTWISE = "L1Loss MSELoss SmoothL1Loss HuberLoss PoissonNLLLoss KLDivLoss SoftMarginLoss HingeEmbeddingLoss BCELoss BCEWithLogitsLoss".split()


@covering(2)  # they share one law
@pytest.mark.filterwarnings("ignore:Using a target size", "ignore:reduction. 'mean' divides")
@given(st.data(), st.sampled_from(ELEMENTWISE), REDUCTIONS, SHAPES)
def test_elementwise_losses(data: Any, name: str, reduction: str, shape: list[int]) -> None:
    if name == "KLDivLoss":
        reduction = data.draw(st.sampled_from([reduction, "batchmean"]))
    check(getattr(nn, name)(reduction=reduction), zeros(shape), zeros(altered(data, shape)))


@given(st.data(), REDUCTIONS, SHAPES)
def test_margin_ranking(data: Any, reduction: str, shape: list[int]) -> None:
    check(nn.MarginRankingLoss(reduction=reduction), zeros(shape), zeros(altered(data, shape)), zeros(altered(data, shape)))


@given(st.data(), REDUCTIONS, st.booleans(), SHAPES)
def test_multi_label_soft_margin(data: Any, reduction: str, weighted: bool, shape: list[int]) -> None:
    weight = torch.ones(shape[-1]) if weighted and shape else None
    check(nn.MultiLabelSoftMarginLoss(weight, reduction=reduction), zeros(shape), zeros(altered(data, shape)))


@given(st.data(), REDUCTIONS, st.booleans(), st.sampled_from([0.0, 0.1]), SHAPES)
def test_cross_entropy(data: Any, reduction: str, weighted: bool, smoothing: float, places: list[int]) -> None:
    classes = data.draw(SIZES)
    scores = [*places[:1], classes, *places[1:]]
    weight = torch.ones(classes) if weighted else None
    loss = nn.CrossEntropyLoss(weight, reduction=reduction, label_smoothing=smoothing)
    if data.draw(st.booleans()):
        check(loss, zeros(scores), zeros(scores))  # probabilities
    else:
        targets = altered(data, places)
        dtype = torch.float32 if targets == scores else torch.long  # the dtype is what tells probabilities from a wrong shape
        check(loss, zeros(scores), zeros(targets, dtype), verified=bool(places))  # without data, a row of one is refused


@given(st.data(), REDUCTIONS, st.booleans(), SHAPES)
def test_negative_log_likelihood(data: Any, reduction: str, weighted: bool, places: list[int]) -> None:
    classes = data.draw(SIZES)
    scores = [*places[:1], classes, *places[1:]]
    loss = nn.NLLLoss(torch.ones(classes) if weighted else None, reduction=reduction)
    check(loss, zeros(scores), zeros(altered(data, places), torch.long))


@given(st.data(), REDUCTIONS, st.booleans(), st.lists(SIZES, max_size=1))
def test_multi_margin(data: Any, reduction: str, weighted: bool, batch: list[int]) -> None:
    classes = data.draw(SIZES)
    loss = nn.MultiMarginLoss(weight=torch.ones(classes) if weighted else None, reduction=reduction)
    targets = altered(data, batch)  # for one without an axis PyTorch's run without data says (1,), the real one says ()
    check(loss, zeros([*batch, classes]), zeros(targets, torch.long), verified=bool(targets))


@given(st.data(), REDUCTIONS, st.lists(SIZES, min_size=1, max_size=2))
def test_multi_label_margin(data: Any, reduction: str, shape: list[int]) -> None:
    loss = nn.MultiLabelMarginLoss(reduction=reduction)
    check(loss, zeros(shape), zeros(altered(data, shape), torch.long), verified=len(shape) > 1)  # as above


@given(st.data(), REDUCTIONS, st.lists(SIZES, max_size=1))
def test_cosine_embedding(data: Any, reduction: str, batch: list[int]) -> None:
    features = data.draw(SIZES)
    second = [*altered(data, batch), features]
    check(nn.CosineEmbeddingLoss(reduction=reduction), zeros([*batch, features]), zeros(second), torch.ones(batch))


@covering(2)
@given(st.data(), st.sampled_from(["", "WithDistance"]), REDUCTIONS, SHAPES)
def test_triplet_margin(data: Any, name: str, reduction: str, shape: list[int]) -> None:
    loss = getattr(nn, f"TripletMargin{name}Loss")(reduction=reduction, swap=data.draw(st.booleans()))
    check(loss, zeros(shape), zeros(altered(data, shape)), zeros(altered(data, shape)))


@given(st.data(), REDUCTIONS, st.lists(SIZES, max_size=1))
def test_ctc(data: Any, reduction: str, batch: list[int]) -> None:
    steps, classes, length = data.draw(st.integers(3, 5)), data.draw(st.integers(2, 4)), data.draw(st.integers(1, 2))
    n = batch[0] if batch else 1
    targets = [*altered(data, batch), length]
    if len(targets) == 1 or data.draw(st.booleans()):
        targets = [n * length]  # how long a row of all targets must be is a matter of values
    lengths = [torch.full(batch, number, dtype=torch.long) for number in (steps, length)]
    scores = zeros([steps, *batch, classes])
    check(nn.CTCLoss(reduction=reduction), scores, torch.ones(targets, dtype=torch.long), *lengths)


@given(st.data(), REDUCTIONS, SHAPES)
def test_gaussian(data: Any, reduction: str, shape: list[int]) -> None:
    variance = shape[:-1] if data.draw(st.booleans()) else altered(data, shape)
    loss = nn.GaussianNLLLoss(reduction=reduction, full=data.draw(st.booleans()))
    check(loss, zeros(shape), zeros(altered(data, shape)), torch.ones(variance))


@pytest.mark.skipif(not hasattr(nn, "LinearCrossEntropyLoss"), reason="this PyTorch has no such class")
@given(st.data(), REDUCTIONS, st.booleans(), st.lists(SIZES, max_size=1))
def test_linear_cross_entropy(data: Any, reduction: str, bias: bool, batch: list[int]) -> None:
    features, classes = data.draw(SIZES), data.draw(st.integers(2, 4))
    places = tuple(data.draw(st.lists(SIZES, max_size=2))) if batch else ()
    loss = nn.LinearCrossEntropyLoss(features, classes, out_features=places, bias=bias, reduction=reduction)
    wrong = data.draw(st.sampled_from([0, 0, 0, 1]))
    check(loss, zeros([*batch, features + wrong]), zeros([*batch, *places], torch.long))


@given(st.data(), st.booleans(), st.lists(SIZES, max_size=1))
def test_adaptive_log_softmax(data: Any, bias: bool, batch: list[int]) -> None:
    features, classes = data.draw(st.integers(4, 8)), data.draw(st.integers(4, 9))
    cutoffs = sorted(data.draw(st.sets(st.integers(1, classes - 1), min_size=1, max_size=3)))
    module = nn.AdaptiveLogSoftmaxWithLoss(features, classes, cutoffs, div_value=2.0, head_bias=bias)
    wrong = data.draw(st.sampled_from([0, 0, 0, 1]))
    targets = altered(data, batch)
    e = check(module, zeros([*batch, features + wrong]), zeros(targets, torch.long))
    assert e is None or e.neurons.value is None, "how many examples a layer of the tail sees is not known"


@given(st.data(), st.integers(-3, 2), SHAPES)
def test_cosine_similarity(data: Any, dim: int, shape: list[int]) -> None:
    check(nn.CosineSimilarity(dim), zeros(shape), zeros(altered(data, shape)))


@given(st.data(), st.booleans(), SHAPES)
def test_pairwise_distance(data: Any, keepdim: bool, shape: list[int]) -> None:
    check(nn.PairwiseDistance(keepdim=keepdim), zeros(shape), zeros(altered(data, shape)))


def test_a_weight_for_each_class_is_a_buffer_with_a_role() -> None:
    e = check(nn.CrossEntropyLoss(torch.ones(3)), zeros([2, 3]), zeros([2], torch.long))
    assert e is not None
    assert [(t.role, t.shape, t.trainable) for t in e.tensors] == [("class_weight", (3,), False)]


def test_a_weight_of_any_shape_is_carried_and_marked() -> None:
    from introspect import explain

    e = explain(nn.BCEWithLogitsLoss(pos_weight=torch.ones(3)), ((2, 3), (2, 3)))
    assert (e.buffers, e.status) == (3, "incomplete")
    assert not e.mismatches


def test_a_distance_of_ones_own_is_walked_or_reported() -> None:
    loss = nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().amax(-1), reduction="none")
    e = check(loss, zeros([2, 3]), zeros([2, 3]), zeros([2, 3]), verified=False)
    assert e is not None
