"""What a call of a module hands to its law, and how PyTorch nests what comes out: by kind of law, where this is not plain.

A kind that is not in `READERS` takes its tensors in the order they are given, and hands on all that comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NamedTuple, Optional

import torch
from torch.nn.modules.adaptive import _ASMoutput
from torch.nn.utils.rnn import PackedSequence

from introspect.layers.base import Spec

from .packed import around


class Reading(NamedTuple):
    """One call. `inputs`: tensors in the law's order; `nest`: what PyTorch makes of the outputs; `keep`: only so many of them
    were asked for; `dtypes`: the outputs', where they are not the first input's; `indices`: which inputs hold whole numbers.
    """

    inputs: Sequence[Any]
    nest: Callable[[Sequence[Any]], Any]
    keep: Optional[int] = None
    dtypes: Sequence[Any] = ()
    indices: Sequence[int] = ()


Reader = Callable[[Any, tuple[Any, ...], dict[str, Any]], Optional[Reading]]  # None: the law does not speak of such a call


def _bound(names: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Arguments by name or position, in the order of `names`; None where one is not given."""
    return [args[i] if i < len(args) else kwargs.get(name) for i, name in enumerate(names.split())]


def _given(*found: Any) -> list[Any]:
    return [x for x in found if isinstance(x, torch.Tensor)]


def _only(outputs: Sequence[Any]) -> Any:
    return outputs[0]


def _in_order(names: str) -> Reader:
    """The tensors among the arguments, by name; one output."""
    return lambda spec, args, kwargs: Reading(_given(*_bound(names, args, kwargs)), _only)


def _without(option: str, names: str) -> Reader:
    """The same, where `option` is left at its default; a law of the configuration alone does not speak of the others."""

    def read(spec: Spec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Reading]:
        *tensors, chosen = _bound(f"{names} {option}", args, kwargs)
        return Reading(_given(*tensors), _only) if chosen is None else None

    return read


def _embedding(spec: Spec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Reading:
    return Reading(_bound("input", args, kwargs), _only, dtypes=(torch.get_default_dtype(),), indices=(0,))


def _embedding_bag(spec: Spec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Reading]:
    x, offsets, weights = _bound("input offsets per_sample_weights", args, kwargs)
    if (offsets is None) != (x.dim() == 2) and not (offsets is None and weights is None):
        return None  # refused; to the law, the one would look like the other
    indices = (0,) if offsets is None else (0, 1)
    return Reading(_given(x, offsets, weights), _only, dtypes=(torch.get_default_dtype(),), indices=indices)


def _recurrent(spec: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Reading]:
    x, states = _bound("input hx", args, kwargs)
    several = spec.cell == "lstm"
    before = _given(*(states if isinstance(states, (tuple, list)) else (states,)))
    x, sequences = around(x, spec.time_major) if isinstance(x, PackedSequence) else (x, lambda y: y)
    return Reading([x, *before], lambda outputs: (sequences(outputs[0]), tuple(outputs[1:]) if several else outputs[1]))


def _recurrent_cell(spec: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Reading:
    x, states = _bound("input hx", args, kwargs)
    before = _given(*(states if isinstance(states, (tuple, list)) else (states,)))
    return Reading([x, *before], tuple if spec.cell == "lstm" else _only)


def _attention(spec: Spec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Reading]:
    names = "query key value key_padding_mask need_weights attn_mask average_attn_weights"
    query, key, value, padding, weights, mask, averaged = _bound(names, args, kwargs)
    wanted = weights is None or bool(weights)
    if wanted and averaged is False:
        return None
    nest: Callable[[Sequence[Any]], Any] = tuple if wanted else lambda outputs: (outputs[0], None)
    return Reading(_given(query, key, value, padding, mask), nest, keep=None if wanted else 1)


def _adaptive_softmax(spec: Spec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Reading:
    return Reading(_bound("input_ target_", args, kwargs), lambda outputs: _ASMoutput(*outputs), indices=(1,))


READERS: dict[str, Reader] = {
    "embedding": _embedding, "embedding_bag": _embedding_bag, "recurrent": _recurrent, "recurrent_cell": _recurrent_cell,
    "multi_head_attention": _attention, "transposed_conv": _without("output_size", "input"),
    "max_unpool": _without("output_size", "input indices"), "adaptive_softmax": _adaptive_softmax,
    "bilinear": _in_order("input1 input2"), "classification_loss": _in_order("input target"),
    "margin_loss": _in_order("input target"), "linear_cross_entropy": _in_order("input target"),
    "cosine_embedding_loss": _in_order("input1 input2 target"), "triplet_loss": _in_order("anchor positive negative"),
    "gaussian_loss": _in_order("input target var"),
    "ctc_loss": _in_order("log_probs targets input_lengths target_lengths"),
}  # fmt: skip
