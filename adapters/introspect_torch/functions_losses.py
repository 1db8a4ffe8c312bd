"""Bare losses, distances and normalisations as laws. What they are given of weights, somebody else owns."""

from __future__ import annotations

from typing import Any

from introspect.layers import (
    BatchNorm,
    Bilinear,
    ClassificationLoss,
    CosineEmbeddingLoss,
    CosineSimilarity,
    CrossDistance,
    CTCLoss,
    ElementwiseLoss,
    EmbeddingBag,
    GaussianLoss,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    MarginLoss,
    MultiHeadAttention,
    PairwiseDistance,
    PReLU,
    RMSNorm,
    Standardization,
    TripletLoss,
)
from introspect.layers.base import Spec

from .applied import Applied, Entry, NoLawError, several, shape_of, tensors_of
from .arguments import tuple_of


def _loss(spec: Spec, inputs: tuple[Any, ...], options: dict[str, Any]) -> Applied:
    """The law, unless the call uses what it does not speak of."""
    if any(options.get(name) is not None for name in ("size_average", "reduce", "distance_function")):
        raise NoLawError
    return Applied(spec, inputs, inputs[0].dtype)


def elementwise(shapes: str, over_classes: bool = False) -> Entry:
    def law(a: Any, b: Any, *, reduction: str = "mean", weight: Any = None, **kwargs: Any) -> Applied:
        if weight is not None and not over_classes:
            raise NoLawError
        return _loss(ElementwiseLoss(reduction, shapes, over_classes), (a, b), kwargs)

    return law


def ranking(a: Any, b: Any, target: Any, *, reduction: str = "mean", **kwargs: Any) -> Applied:
    return _loss(ElementwiseLoss(reduction, "as_many_axes"), (a, b, target), kwargs)


def classification(probabilities: bool) -> Entry:
    def law(x: Any, target: Any, *, reduction: str = "mean", label_smoothing: float = 0.0, **kwargs: Any) -> Applied:
        shares = probabilities and target.dtype.is_floating_point
        lone = not label_smoothing and not (probabilities and shape_of(x) == shape_of(target))
        return _loss(ClassificationLoss(reduction, False, shares, lone), (x, target), kwargs)

    return law


def margin(multilabel: bool) -> Entry:
    def law(x: Any, target: Any, *, reduction: str = "mean", **kwargs: Any) -> Applied:
        return _loss(MarginLoss(reduction, multilabel), (x, target), kwargs)

    return law


def cosine_embedding(a: Any, b: Any, target: Any, *, reduction: str = "mean", **kwargs: Any) -> Applied:
    return _loss(CosineEmbeddingLoss(reduction), (a, b, target), kwargs)


def triplet(anchor: Any, positive: Any, negative: Any, *, reduction: str = "mean", **kwargs: Any) -> Applied:
    return _loss(TripletLoss(reduction), (anchor, positive, negative), kwargs)


def ctc(scores: Any, targets: Any, lengths: Any, target_lengths: Any, *, reduction: str = "mean", **kwargs: Any) -> Applied:
    return _loss(CTCLoss(reduction), (scores, targets, *tensors_of(lengths, target_lengths)), kwargs)


def gaussian(x: Any, target: Any, var: Any, *, reduction: str = "mean", **kwargs: Any) -> Applied:
    return _loss(GaussianLoss(reduction), (x, target, *tensors_of(var)), kwargs)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Applied:
    return Applied(CosineSimilarity(dim), (x1, x2))


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Applied:
    return Applied(PairwiseDistance(bool(keepdim)), (x1, x2))


def cdist(x1: Any, x2: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(CrossDistance(), (x1, x2))


def layer_norm(x: Any, normalized_shape: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(LayerNorm(False, False, tuple_of(normalized_shape, 1)), (x,))


def rms_norm(x: Any, normalized_shape: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(RMSNorm(False, False, tuple_of(normalized_shape, 1)), (x,))


def group_norm(x: Any, num_groups: int, *args: Any, **kwargs: Any) -> Applied:
    return Applied(GroupNorm(False, False, num_groups, several=True), (x,))


def batch_norm(x: Any, mean: Any, variance: Any, weight: Any = None, bias: Any = None, training: bool = False,
               *args: Any, **kwargs: Any) -> Applied:  # fmt: skip
    held = tensors_of(mean, variance, weight, bias)
    features = shape_of(held[0])[0] if held else None
    spec = BatchNorm(False, False, statistics="buffers" if held else None, num_features=features, several=training)  # type: ignore[arg-type]
    return Applied(spec, (x,))


def instance_norm(x: Any, *args: Any, use_input_stats: bool = True, **kwargs: Any) -> Applied:
    return Applied(InstanceNorm(several=bool(use_input_stats)), (x,))


def local_response_norm(x: Any, *args: Any, **kwargs: Any) -> Applied:
    return Applied(Standardization("local response", least_axes=3), (x,))


def bilinear(a: Any, b: Any, weight: Any, bias: Any = None) -> Applied:
    units, first, second = shape_of(weight)
    return Applied(Bilinear(units, first, second, bias is not None), (a, b))  # type: ignore[arg-type]


def prelu(x: Any, weight: Any) -> Applied:
    shape = shape_of(weight)
    return Applied(PReLU(shape[0] if shape else 1), (x,))  # type: ignore[arg-type]


def embedding_bag(indices: Any, weight: Any, offsets: Any = None, *, mode: str = "mean", include_last_offset: bool = False,
                  per_sample_weights: Any = None, **kwargs: Any) -> Applied:  # fmt: skip
    if (offsets is None) != (len(shape_of(indices)) == 2):
        raise NoLawError  # refused
    vocabulary, dimension = shape_of(weight)
    spec = EmbeddingBag(vocabulary, dimension, mode, include_last_offset)  # type: ignore[arg-type]
    given = (indices, *tensors_of(offsets, per_sample_weights))
    return Applied(spec, given, weight.dtype, indices=(0,) if offsets is None else (0, 1))


def attention(query: Any, key: Any, value: Any, embed_dim: int, num_heads: int, in_weight: Any, in_bias: Any, bias_k: Any,
              bias_v: Any, add_zero_attn: bool, *args: Any, need_weights: bool = True, average_attn_weights: bool = True,
              use_separate_proj_weight: bool = False, **kwargs: Any) -> Applied:  # fmt: skip
    key_width, value_width = (shape_of(x)[-1] if use_separate_proj_weight else None for x in (key, value))
    spec = MultiHeadAttention(
        embed_dim, num_heads, key_width, value_width, in_bias is not None, bias_k is not None,  # type: ignore[arg-type]
        bool(add_zero_attn), True, average_attn_weights,
    )  # fmt: skip
    masks = tensors_of(kwargs.get("key_padding_mask"), kwargs.get("attn_mask"))
    both = lambda outputs: (outputs[0], outputs[1] if need_weights else None)  # noqa: E731
    return several(spec, (query, key, value, *masks), both, keep=None if need_weights else 1)


LOSSES: dict[str, Entry] = {
    **dict.fromkeys(("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss", "kl_div",
                     "hinge_embedding_loss"), elementwise("broadcast")), "soft_margin_loss": elementwise("to_first"),
    **dict.fromkeys(("binary_cross_entropy", "binary_cross_entropy_with_logits"), elementwise("equal")),
    "multilabel_soft_margin_loss": elementwise("broadcast", True), "margin_ranking_loss": ranking,
    "cross_entropy": classification(True), "nll_loss": classification(False), "multi_margin_loss": margin(False),
    "multilabel_margin_loss": margin(True), "cosine_embedding_loss": cosine_embedding, "triplet_margin_loss": triplet,
    "triplet_margin_with_distance_loss": triplet, "ctc_loss": ctc, "gaussian_nll_loss": gaussian,
    "cosine_similarity": cosine_similarity, "pairwise_distance": pairwise_distance, "cdist": cdist,
    "layer_norm": layer_norm, "rms_norm": rms_norm, "group_norm": group_norm, "batch_norm": batch_norm,
    "instance_norm": instance_norm, "local_response_norm": local_response_norm, "bilinear": bilinear, "prelu": prelu,
    "embedding_bag": embedding_bag, "multi_head_attention_forward": attention,
}  # fmt: skip
