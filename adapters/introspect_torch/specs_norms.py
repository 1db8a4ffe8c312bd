"""Normalisations of `torch.nn` as laws."""

from __future__ import annotations

from typing import Any

from introspect.layers import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm, Standardization

from .lawful import Law, Layouts, Rule, declared

_AFFINE: Layouts = {"weight": ("gamma", "d0"), "bias": ("beta", "d0")}
_STATISTICS: Layouts = {
    **_AFFINE,
    "running_mean": ("running_mean", "d0"),
    "running_var": ("running_variance", "d0"),
    "num_batches_tracked": ("counter", ""),
}


def _normalised(m: Any) -> dict[str, Any]:
    """The fields that batch and instance normalisation share."""
    return {
        "scale": m.affine,
        "center": m.affine,
        "statistics": "buffers" if m.track_running_stats else None,
        "counter": m.track_running_stats,
        "num_features": declared(m, m.num_features),
        "several": not m.track_running_stats,
    }


def batch_norm(*ranks: int) -> Rule:
    return lambda m: Law(BatchNorm(**_normalised(m), ranks=ranks), _STATISTICS)


def instance_norm(rank: int) -> Rule:
    return lambda m: Law(InstanceNorm(**_normalised(m), ranks=(rank + 2, rank + 1), batched=rank + 2), _STATISTICS)


def _axes(shape: tuple[int, ...]) -> str:
    return " ".join(f"d{i}" for i in range(len(shape)))


def layer_norm(m: Any) -> Law:
    shape = tuple(m.normalized_shape)
    scale = m.elementwise_affine
    spec = LayerNorm(scale, scale and m.bias is not None, shape)
    return Law(spec, {"weight": ("gamma", _axes(shape)), "bias": ("beta", _axes(shape))})


def rms_norm(m: Any) -> Law:
    shape = tuple(m.normalized_shape)
    return Law(RMSNorm(m.elementwise_affine, False, shape), {"weight": ("gamma", _axes(shape))})


def group_norm(m: Any) -> Law:
    return Law(GroupNorm(m.affine, m.affine, m.num_groups, 1, m.num_channels, several=True), _AFFINE)


RULES: dict[str, Rule] = {
    "LayerNorm": layer_norm, "RMSNorm": rms_norm, "GroupNorm": group_norm,
    "LocalResponseNorm": lambda m: Law(Standardization("local response", least_axes=3)),
    "CrossMapLRN2d": lambda m: Law(Standardization("local response", ranks=(4,))),
    "BatchNorm1d": batch_norm(2, 3), "BatchNorm2d": batch_norm(4), "BatchNorm3d": batch_norm(5),
    "SyncBatchNorm": batch_norm(),
}  # fmt: skip
for _n in (1, 2, 3):
    RULES[f"InstanceNorm{_n}d"] = instance_norm(_n)
    for _kind in ("Batch", "Instance"):  # lazy norms are no subclasses of these, unlike lazy convolutions
        RULES[f"Lazy{_kind}Norm{_n}d"] = RULES[f"{_kind}Norm{_n}d"]
