"""PyTorch's modules as laws: which configuration fills which field, and how each module stores its tensors.

Source of every row: the module's documentation page and its `__init__` and `forward` in `torch.nn.modules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

import torch
from torch import nn

from introspect.errors import ConfigurationError
from introspect.layers import (
    Activation,
    AdaptivePool,
    BatchNorm,
    Bilinear,
    ChannelShuffle,
    Conv,
    Dense,
    Embedding,
    Flatten,
    GroupNorm,
    Identity,
    InstanceNorm,
    LayerNorm,
    MultiHeadAttention,
    Noise,
    Pad,
    PixelShuffle,
    PReLU,
    Recurrent,
    RecurrentCell,
    Reshape,
    RMSNorm,
    Standardization,
    TransposedConv,
    Upsample,
    kernel_axes,
)
from introspect.layers.base import Spec

from .arguments import pairs, pooled, same_or_numeric, tuple_of, unfolded

Layouts = Mapping[str, tuple[str, str]]  # stored name -> (role keys, layout)


class Law(NamedTuple):
    """A module's law, and where its tensors are."""

    spec: Spec
    layouts: Layouts = {}


_AFFINE: Layouts = {"weight": ("gamma", "d0"), "bias": ("beta", "d0")}
_STATISTICS: Layouts = {
    **_AFFINE,
    "running_mean": ("running_mean", "d0"),
    "running_var": ("running_variance", "d0"),
    "num_batches_tracked": ("counter", ""),
}


def _conv(m: Any) -> Law:
    rank = len(m.kernel_size)
    padding = same_or_numeric(m.padding, m.kernel_size, m.dilation)
    spec = Conv(
        tuple(m.kernel_size), tuple(m.stride), padding, tuple(m.dilation), None if m.bias is None else "shared",
        "first", m.in_channels or None, filters=m.out_channels, groups=m.groups, padding_mode=m.padding_mode,
    )  # fmt: skip
    return Law(spec, {"weight": ("kernel", f"out in {' '.join(kernel_axes(rank))}"), "bias": ("bias", "out")})


def _transposed(m: Any) -> Law:
    rank = len(m.kernel_size)
    spec = TransposedConv(
        tuple(m.kernel_size), tuple(m.stride), pairs(m.padding, rank), tuple(m.dilation),
        None if m.bias is None else "shared", "first", m.in_channels or None, filters=m.out_channels,
        groups=m.groups, output_padding=tuple(m.output_padding),
    )  # fmt: skip
    return Law(spec, {"weight": ("kernel", f"in out {' '.join(kernel_axes(rank))}"), "bias": ("bias", "out")})


def _linear(m: Any) -> Law:
    spec = Dense(m.out_features, m.bias is not None, m.in_features or None)
    return Law(spec, {"weight": ("kernel", "out in"), "bias": ("bias", "out")})


def _bilinear(m: Any) -> Law:
    spec = Bilinear(m.out_features, m.in1_features, m.in2_features, m.bias is not None)
    return Law(spec, {"weight": ("kernel", "out in1 in2"), "bias": ("bias", "out")})


def _pool(mode: str, rank: int) -> Callable[[Any], Law]:
    def law(m: Any) -> Law:
        spec = pooled(
            mode, rank, m.kernel_size, m.stride, m.padding, getattr(m, "dilation", 1), m.ceil_mode
        )  # fmt: skip
        return Law(spec.replace(indices=True) if getattr(m, "return_indices", False) else spec)

    return law


def _lp_pool(rank: int) -> Callable[[Any], Law]:
    return lambda m: Law(pooled("lp", rank, m.kernel_size, m.stride, 0, 1, m.ceil_mode))


def _adaptive(mode: str, rank: int) -> Callable[[Any], Law]:
    def law(m: Any) -> Law:
        if m.output_size is None:
            raise ConfigurationError("an adaptive pool needs an output size", got=None, expected="a size, or one for each axis")
        return Law(AdaptivePool(tuple_of(m.output_size, rank), mode, indices=getattr(m, "return_indices", False)))

    return law


def _normalised(m: Any) -> dict[str, Any]:
    """The fields that batch and instance normalisation share."""
    return {
        "scale": m.affine,
        "center": m.affine,
        "statistics": "buffers" if m.track_running_stats else None,
        "counter": m.track_running_stats,
        "num_features": m.num_features or None,
    }


def _batch_norm(*ranks: int) -> Callable[[Any], Law]:
    def law(m: Any) -> Law:
        return Law(BatchNorm(**_normalised(m), ranks=ranks), _STATISTICS)

    return law


def _instance_norm(rank: int) -> Callable[[Any], Law]:
    def law(m: Any) -> Law:
        return Law(InstanceNorm(**_normalised(m), ranks=(rank + 2, rank + 1), batched=rank + 2), _STATISTICS)

    return law


def _layer_norm(m: Any) -> Law:
    shape = tuple(m.normalized_shape)
    layout = " ".join(f"d{i}" for i in range(len(shape)))
    scale = m.elementwise_affine
    spec = LayerNorm(scale, scale and m.bias is not None, shape)
    return Law(spec, {"weight": ("gamma", layout), "bias": ("beta", layout)})


def _rms_norm(m: Any) -> Law:
    shape = tuple(m.normalized_shape)
    return Law(RMSNorm(m.elementwise_affine, False, shape), {"weight": ("gamma", " ".join(f"d{i}" for i in range(len(shape))))})


def _group_norm(m: Any) -> Law:
    return Law(GroupNorm(m.affine, m.affine, m.num_groups, 1, m.num_channels), _AFFINE)


_CELLS = {"RNN": "simple", "LSTM": "lstm", "GRU": "gru"}


def _recurrent(m: Any) -> Law:
    kind = next(base.__name__ for base in type(m).__mro__ if base.__name__ in _CELLS)
    spec = Recurrent(
        _CELLS[kind], m.hidden_size, m.input_size, 2 if m.bias else 0, projection_size=getattr(m, "proj_size", 0),
        layers=m.num_layers, bidirectional=m.bidirectional, states="stacked", time_major=not m.batch_first,
        unbatched=True, reset_after=True if kind == "GRU" else None, activation=getattr(m, "nonlinearity", "tanh"),
    )  # fmt: skip
    layouts: dict[str, tuple[str, str]] = {}
    for layer in range(spec.layers):
        for direction in range(spec.directions):
            layouts.update(_cell_layouts(spec.part(layer, direction), f"l{layer}" + ("_reverse" if direction else "")))
    return Law(spec, layouts)


def _cell_layouts(part: str, suffix: str) -> Layouts:
    prefix = f"{part}." if part else ""
    return {
        f"weight_ih_{suffix}": (f"{prefix}kernel", "(gate out) in"),
        f"weight_hh_{suffix}": (f"{prefix}recurrent_kernel", "(gate out) state"),
        f"bias_ih_{suffix}": (f"{prefix}bias", "(gate out)"),
        f"bias_hh_{suffix}": (f"{prefix}recurrent_bias", "(gate out)"),
        f"weight_hr_{suffix}": (f"{prefix}projection_kernel", "out in"),
    }


def _cell(m: Any) -> Law:
    kind = next(base.__name__ for base in type(m).__mro__ if base.__name__.endswith("Cell"))[:-4]
    spec = RecurrentCell(
        _CELLS[kind], m.hidden_size, m.input_size, 2 if m.bias else 0, reset_after=True if kind == "GRU" else None,
        activation=getattr(m, "nonlinearity", "tanh"),
    )  # fmt: skip
    return Law(spec, {name.rpartition("_")[0]: stored for name, stored in _cell_layouts("", "l0").items()})


def _unfold(m: Any) -> Law:
    return Law(unfolded(m.kernel_size, m.dilation, m.padding, m.stride))


def _embedding(m: Any) -> Law:
    return Law(Embedding(m.num_embeddings, m.embedding_dim), {"weight": ("embedding", "in out")})


def _attention(m: Any) -> Law:
    own = None if m._qkv_same_embed_dim else m
    spec = MultiHeadAttention(
        m.embed_dim, m.num_heads, own and m.kdim, own and m.vdim, m.in_proj_bias is not None,
        m.bias_k is not None, m.add_zero_attn, not m.batch_first,
    )  # fmt: skip
    together = {"in_proj_weight": ("query_kernel key_kernel value_kernel", "(set out) in")}
    apart = {f"{name[0]}_proj_weight": (f"{name}_kernel", "out in") for name in ("query", "key", "value")}
    biases = {
        "in_proj_bias": ("query_bias key_bias value_bias", "(set out)"),
        "bias_k": ("extra_key", "one one out"),
        "bias_v": ("extra_value", "one one out"),
    }
    return Law(spec, {**(apart if own else together), **biases})


def _prelu(m: Any) -> Law:
    return Law(PReLU(m.num_parameters), {"weight": ("alpha", "d0")})


def _pad(mode: str, rank: int) -> Callable[[Any], Law]:
    def law(m: Any) -> Law:
        flat = tuple_of(m.padding, 2 * rank)
        amounts = tuple((int(flat[2 * i]), int(flat[2 * i + 1])) for i in reversed(range(rank)))
        return Law(Pad(amounts, -rank, mode, () if mode == "constant" else (rank + 1, rank + 2)))

    return law


def _upsample(m: Any) -> Optional[Law]:
    if m.size is not None:
        return Law(Upsample(size=tuple(m.size) if isinstance(m.size, (tuple, list)) else m.size, mode=m.mode))
    return Law(Upsample(m.scale_factor, mode=m.mode))


def _unflatten(m: Any) -> Optional[Law]:
    if not isinstance(m.dim, int):
        return None  # named tensors
    return Law(Reshape(tuple(int(n) for n in m.unflattened_size), only=m.dim))


def _named(function: str) -> Callable[[Any], Law]:
    return lambda m: Law(Activation(function))


def _noise(variant: str) -> Callable[[Any], Law]:
    return lambda m: Law(Noise(variant, float(m.p)))


_ACTIVATIONS = (
    "ELU", "Hardshrink", "Hardsigmoid", "Hardtanh", "Hardswish", "LeakyReLU", "LogSigmoid", "ReLU", "ReLU6", "RReLU",
    "SELU", "CELU", "GELU", "Sigmoid", "SiLU", "Mish", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink",
    "Threshold", "Softmin", "Softmax", "LogSoftmax",
)  # fmt: skip
_DROPOUTS = {
    "Dropout": "dropout", "Dropout1d": "channel dropout", "Dropout2d": "channel dropout",
    "Dropout3d": "channel dropout", "AlphaDropout": "alpha dropout", "FeatureAlphaDropout": "alpha dropout",
}  # fmt: skip

_BY_NAME: dict[str, Callable[[Any], Optional[Law]]] = {
    "Linear": _linear, "Bilinear": _bilinear, "Identity": lambda m: Law(Identity()), "Embedding": _embedding,
    "LayerNorm": _layer_norm, "RMSNorm": _rms_norm, "GroupNorm": _group_norm, "PReLU": _prelu,
    "RNN": _recurrent, "LSTM": _recurrent, "GRU": _recurrent, "Upsample": _upsample,
    "RNNCell": _cell, "LSTMCell": _cell, "GRUCell": _cell, "Unfold": _unfold,
    "PixelShuffle": lambda m: Law(PixelShuffle(m.upscale_factor)),
    "PixelUnshuffle": lambda m: Law(PixelShuffle(m.downscale_factor, inverse=True)),
    "ChannelShuffle": lambda m: Law(ChannelShuffle(m.groups)), "MultiheadAttention": _attention,
    "Unflatten": _unflatten,
    "LocalResponseNorm": lambda m: Law(Standardization("local response")),
    "BatchNorm1d": _batch_norm(2, 3), "BatchNorm2d": _batch_norm(4), "BatchNorm3d": _batch_norm(5),
    "SyncBatchNorm": _batch_norm(2, 3, 4, 5), "Flatten": lambda m: Law(Flatten(m.start_dim, m.end_dim)),
    "Softmax2d": _named("Softmax2d"),
}  # fmt: skip
for _n in (1, 2, 3):
    _BY_NAME.update({
        f"Conv{_n}d": _conv, f"ConvTranspose{_n}d": _transposed, f"MaxPool{_n}d": _pool("max", _n),
        f"AvgPool{_n}d": _pool("average", _n), f"LPPool{_n}d": _lp_pool(_n),
        f"AdaptiveAvgPool{_n}d": _adaptive("average", _n), f"AdaptiveMaxPool{_n}d": _adaptive("max", _n),
        f"InstanceNorm{_n}d": _instance_norm(_n), f"ZeroPad{_n}d": _pad("constant", _n),
        f"ConstantPad{_n}d": _pad("constant", _n), f"ReflectionPad{_n}d": _pad("reflect", _n),
        f"ReplicationPad{_n}d": _pad("replicate", _n), f"CircularPad{_n}d": _pad("circular", _n),
    })  # fmt: skip
for _n in (1, 2, 3):  # lazy norms are no subclasses of these, unlike lazy convolutions
    _BY_NAME.update({f"Lazy{kind}Norm{_n}d": _BY_NAME[f"{kind}Norm{_n}d"] for kind in ("Batch", "Instance")})
_BY_NAME.update({name: _named(name) for name in _ACTIVATIONS})
_BY_NAME.update({name: _noise(variant) for name, variant in _DROPOUTS.items()})

LAWS: dict[type, Callable[[Any], Optional[Law]]] = {
    getattr(nn, name): law for name, law in _BY_NAME.items() if hasattr(nn, name)
}


def law_class(module: nn.Module) -> Optional[type]:
    """The class whose law `module` follows: its own or a parent's, found along the MRO; None without one."""
    return next((base for base in type(module).__mro__ if base in LAWS), None)


def law_of(module: nn.Module) -> Optional[Law]:
    """The law of `module` from its configuration; None where there is none. No tensor's shape is looked at."""
    base = law_class(module)
    return None if base is None else LAWS[base](module)


def runs_by_law(module: nn.Module, base: Optional[type]) -> bool:
    """Whether the framework's own `forward` is what runs, so that the law says what comes out."""
    return base is not None and type(module).forward is base.forward and "forward" not in module.__dict__  # type: ignore[attr-defined]


def version() -> str:
    """PyTorch's version."""
    return str(torch.__version__)
