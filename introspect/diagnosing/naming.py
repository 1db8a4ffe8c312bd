"""How a reason calls layers: by name while they are few, by what they have in common when they are many."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import Layer

_FEW = 3
KINDS = {
    "conv": "convolution", "depthwise_conv": "depthwise convolution", "separable_conv": "separable convolution",
    "transposed_conv": "transposed convolution", "dense": "dense layer", "batch_norm": "batch normalisation",
    "layer_norm": "layer normalisation", "embedding": "embedding", "recurrent": "recurrent layer", "pool": "pooling layer",
    "prelu": "PReLU", "multi_head_attention": "attention", "locally_connected": "locally connected layer",
}  # fmt: skip


def name_of(layer: Layer) -> str:
    """A layer's path; the whole model has none."""
    return layer.path or "the model itself"


def listed(names: Sequence[str]) -> str:
    """Names in a row.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(list("abcde"))
    ('a', 'a, b and c', 'a, b, c and 2 more')
    """
    names = list(dict.fromkeys(names))
    if len(names) > _FEW:
        return f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def in_places(layers: Sequence[Layer]) -> str:
    """``in conv1``, ``in all 53 batch normalisation layers``."""
    if len(layers) <= _FEW:
        return f"in {listed([name_of(layer) for layer in layers])}"
    kinds = {layer.spec.kind for layer in layers}
    kind = KINDS.get(next(iter(kinds)), "layer").replace(" layer", "") if len(kinds) == 1 else ""
    return f"in {len(layers)} {kind} layers".replace("  ", " ").replace("layer layers", "layers")


def plural(n: int, one: str, many: str = "") -> str:
    """``1 layer``, ``2 layers``."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
