"""PyTorch's modules as laws: which configuration fills which field, and how each module stores its tensors.

Source of every row: the module's documentation page and its `__init__` and `forward` in `torch.nn.modules`. The larger
families have files of their own.
"""

from __future__ import annotations

from typing import Any, Optional

import torch
from torch import nn

from introspect.layers import (
    Activation,
    Bilinear,
    Dense,
    Embedding,
    EmbeddingBag,
    Flatten,
    GatedLinear,
    Identity,
    Noise,
    PReLU,
    Reshape,
)

from . import specs_losses, specs_norms, specs_quantized, specs_recurrent, specs_transformers, specs_windows
from .lawful import Law as Law
from .lawful import Rule, declared, named


def _linear(m: Any) -> Law:
    spec = Dense(m.out_features, m.bias is not None, declared(m, m.in_features))
    return Law(spec, {"weight": ("kernel", "out in"), "bias": ("bias", "out")})


def _bilinear(m: Any) -> Law:
    spec = Bilinear(m.out_features, m.in1_features, m.in2_features, m.bias is not None)
    return Law(spec, {"weight": ("kernel", "out in1 in2"), "bias": ("bias", "out")})


def _embedding(m: Any) -> Law:
    return Law(Embedding(m.num_embeddings, m.embedding_dim), {"weight": ("embedding", "in out")})


def _embedding_bag(m: Any) -> Law:
    spec = EmbeddingBag(m.num_embeddings, m.embedding_dim, m.mode, bool(m.include_last_offset))
    return Law(spec, {"weight": ("embedding", "in out")})


def _prelu(m: Any) -> Law:
    return Law(PReLU(m.num_parameters), {"weight": ("alpha", "d0")})


def _unflatten(m: Any) -> Optional[Law]:
    if not isinstance(m.dim, int):
        return None  # an axis's name, which a shape does not have
    return Law(Reshape(tuple(int(n) for n in m.unflattened_size), only=m.dim))


def _along(function: str) -> Rule:
    return lambda m: Law(Activation(function, getattr(m, "dim", None)))


def _noise(variant: str, ranks: tuple[int, ...] = ()) -> Rule:
    return lambda m: Law(Noise(variant, float(m.p), ranks))


_ACTIVATIONS = (
    "ELU", "Hardshrink", "Hardsigmoid", "Hardtanh", "Hardswish", "LeakyReLU", "LogSigmoid", "ReLU", "ReLU6", "RReLU",
    "SELU", "CELU", "GELU", "Sigmoid", "SiLU", "Mish", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink",
    "Threshold",
)  # fmt: skip
_DROPOUTS = {
    "Dropout": _noise("dropout"), "Dropout1d": _noise("channel dropout", (2, 3)), "Dropout2d": _noise("channel dropout"),
    "Dropout3d": _noise("channel dropout"), "AlphaDropout": _noise("alpha dropout"),
    "FeatureAlphaDropout": _noise("alpha dropout"),
}  # fmt: skip

RULES: dict[str, Rule] = {
    "Linear": _linear, "Bilinear": _bilinear, "Identity": lambda m: Law(Identity()), "Embedding": _embedding,
    "EmbeddingBag": _embedding_bag, "PReLU": _prelu, "Unflatten": _unflatten,
    "Flatten": lambda m: Law(Flatten(m.start_dim, m.end_dim)), "GLU": lambda m: Law(GatedLinear(m.dim)),
    **{name: named(name) for name in _ACTIVATIONS}, "Softmax2d": named("Softmax2d", (3, 4)),
    **{name: _along(name) for name in ("Softmax", "LogSoftmax", "Softmin")},
    **_DROPOUTS, **specs_windows.RULES, **specs_norms.RULES, **specs_recurrent.RULES, **specs_losses.RULES,
}  # fmt: skip

LAWS: dict[type, Rule] = {getattr(nn, name): law for name, law in RULES.items() if hasattr(nn, name)}
BY_NAME: dict[str, Rule] = {  # classes of packages that need not be imported
    **specs_quantized.rules(RULES), **specs_transformers.BY_NAME,
}  # fmt: skip
READS_CHILDREN = frozenset(  # classes whose law looks at a child module, too
    getattr(nn, name) for name in ("LinearCrossEntropyLoss", "TripletMarginWithDistanceLoss") if hasattr(nn, name)
)


def law_class(module: nn.Module) -> Optional[type]:
    """The class whose law `module` follows: its own or a parent's, found along the MRO; None without one."""
    return next((base for base in type(module).__mro__ if rule_of(base) is not None), None)


def rule_of(cls: Any) -> Optional[Rule]:
    """The rule of exactly this class, which makes a law from a module's configuration; no tensor's shape is looked at."""
    return LAWS.get(cls) or BY_NAME.get(f"{cls.__module__}.{cls.__qualname__}")


def runs_by_law(module: nn.Module, base: Optional[type]) -> bool:
    """Whether the framework's own `forward` is what runs, so that the law says what comes out."""
    return base is not None and type(module).forward is base.forward and "forward" not in module.__dict__  # type: ignore[attr-defined]


def version() -> str:
    """PyTorch's version."""
    return str(torch.__version__)
