"""Losses and distances of `torch.nn` as laws."""

from __future__ import annotations

from typing import Any, Optional

from torch import nn

from introspect.layers import (
    AdaptiveSoftmax,
    ClassificationLoss,
    CosineEmbeddingLoss,
    CosineSimilarity,
    CTCLoss,
    ElementwiseLoss,
    GaussianLoss,
    LinearCrossEntropy,
    MarginLoss,
    PairwiseDistance,
    TripletLoss,
)

from .lawful import Law, Layouts, Rule

_BY_CLASS: Layouts = {"weight": ("class_weight", "d0")}


def elementwise(shapes: str) -> Rule:
    return lambda m: Law(ElementwiseLoss(m.reduction, shapes))


def over_classes(m: Any) -> Law:
    return Law(ElementwiseLoss(m.reduction, over_classes=True, class_weights=m.weight is not None), _BY_CLASS)


def classification(probabilities: bool) -> Rule:
    def law(m: Any) -> Law:
        lone = not getattr(m, "label_smoothing", 0)
        return Law(ClassificationLoss(m.reduction, m.weight is not None, probabilities, lone), _BY_CLASS)

    return law


def margin(m: Any) -> Law:
    return Law(MarginLoss(m.reduction, class_weights=m.weight is not None), _BY_CLASS)


def triplet_with_distance(m: Any) -> Optional[Law]:
    """A distance of the user's own gives what it likes: no law."""
    return Law(TripletLoss(m.reduction)) if type(m.distance_function) is nn.PairwiseDistance else None


def linear_cross_entropy(m: Any) -> Law:
    spec = LinearCrossEntropy(
        m.reduction, m.linear.in_features, m.num_classes, tuple(m.out_features), m.weight is not None
    )  # fmt: skip
    return Law(spec, _BY_CLASS)


RULES: dict[str, Rule] = {
    **dict.fromkeys(("L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "PoissonNLLLoss", "KLDivLoss",
                     "HingeEmbeddingLoss"), elementwise("broadcast")), "SoftMarginLoss": elementwise("to_first"),
    **dict.fromkeys(("BCELoss", "BCEWithLogitsLoss"), elementwise("equal")),
    "MarginRankingLoss": elementwise("as_many_axes"), "MultiLabelSoftMarginLoss": over_classes,
    "CrossEntropyLoss": classification(True), "NLLLoss": classification(False),
    "MultiLabelMarginLoss": lambda m: Law(MarginLoss(m.reduction, multilabel=True)), "MultiMarginLoss": margin,
    "CosineEmbeddingLoss": lambda m: Law(CosineEmbeddingLoss(m.reduction)),
    "TripletMarginLoss": lambda m: Law(TripletLoss(m.reduction)), "TripletMarginWithDistanceLoss": triplet_with_distance,
    "CTCLoss": lambda m: Law(CTCLoss(m.reduction)), "GaussianNLLLoss": lambda m: Law(GaussianLoss(m.reduction)),
    "LinearCrossEntropyLoss": linear_cross_entropy,
    "AdaptiveLogSoftmaxWithLoss": lambda m: Law(AdaptiveSoftmax(in_features=m.in_features)),
    "CosineSimilarity": lambda m: Law(CosineSimilarity(m.dim)),
    "PairwiseDistance": lambda m: Law(PairwiseDistance(bool(m.keepdim))),
}  # fmt: skip
