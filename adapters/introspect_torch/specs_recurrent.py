"""Recurrence and attention of `torch.nn` as laws."""

from __future__ import annotations

from typing import Any

from introspect.layers import MultiHeadAttention, Recurrent, RecurrentCell

from .lawful import Law, Layouts, Rule

_CELLS = {"RNN": "simple", "LSTM": "lstm", "GRU": "gru"}


def recurrent(m: Any, kind: str = "") -> Law:
    kind = kind or next(base.__name__ for base in type(m).__mro__ if base.__name__ in _CELLS)
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


def cell(m: Any, kind: str = "") -> Law:
    kind = kind or next(base.__name__ for base in type(m).__mro__ if base.__name__.endswith("Cell"))[:-4]
    spec = RecurrentCell(
        _CELLS[kind], m.hidden_size, m.input_size, 2 if m.bias else 0, reset_after=True if kind == "GRU" else None,
        activation=getattr(m, "nonlinearity", "tanh"),
    )  # fmt: skip
    return Law(spec, {name.rpartition("_")[0]: stored for name, stored in _cell_layouts("", "l0").items()})


def attention(m: Any) -> Law:
    own = None if m._qkv_same_embed_dim else m
    spec = MultiHeadAttention(
        m.embed_dim, m.num_heads, own and m.kdim, own and m.vdim, m.in_proj_bias is not None,
        m.bias_k is not None, m.add_zero_attn, not getattr(m, "batch_first", False),
    )  # fmt: skip
    together = {"in_proj_weight": ("query_kernel key_kernel value_kernel", "(set out) in")}
    apart = {f"{name[0]}_proj_weight": (f"{name}_kernel", "out in") for name in ("query", "key", "value")}
    biases = {
        "in_proj_bias": ("query_bias key_bias value_bias", "(set out)"),
        "bias_k": ("extra_key", "one one out"),
        "bias_v": ("extra_value", "one one out"),
    }
    return Law(spec, {**(apart if own else together), **biases})


RULES: dict[str, Rule] = {
    "RNN": recurrent, "LSTM": recurrent, "GRU": recurrent, "RNNCell": cell, "LSTMCell": cell, "GRUCell": cell,
    "MultiheadAttention": attention,
}  # fmt: skip
