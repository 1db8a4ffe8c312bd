"""Keras 3's recurrent layers and cells: from their configuration to a law, and where they keep the law's tensors."""

from __future__ import annotations

from typing import Any, Optional

from introspect.layers import ConvRecurrent, Recurrent, StackedCells, kernel_axes

from .detecting import framework_class, is_a, overrides
from .stored import CHANNELS, Law, Stored, Table, chosen, name_of, sliding_padding

_CELLS = {"SimpleRNNCell": "simple", "LSTMCell": "lstm", "GRUCell": "gru", "PeepholeLSTMCell": "lstm"}
_CUDNN = {"CuDNNLSTM": "lstm", "CuDNNGRU": "gru"}


def cell_weights(cell: Any, part: str = "", holder: str = "cell") -> tuple[Stored, ...]:
    """The variables of a cell that a layer keeps at `holder`."""
    key, at = f"{part}." if part else "", f"{holder}." if holder else ""
    stacked_bias = _reset_after(cell)
    biases = (f"{key}bias", f"{key}recurrent_bias") if stacked_bias else (f"{key}bias",)
    gates = [f"{gate}_gate_peephole_weights" for gate in ("input", "forget", "output") if is_a(cell, "PeepholeLSTMCell")]
    return (
        Stored(f"{key}kernel", (f"{key}kernel",), "in (gate out)", f"{at}kernel"),
        Stored(f"{key}recurrent_kernel", (f"{key}recurrent_kernel",), "state (gate out)", f"{at}recurrent_kernel"),
        Stored(f"{key}bias", biases, "set (gate out)" if stacked_bias else "(gate out)", f"{at}bias"),
        *(Stored(f"{key}{name}", (f"{key}peephole",), "out", f"{at}{name}") for name in gates),
    )


def cell_law(cell: Any) -> Optional[Recurrent]:
    """The law of one of Keras' own cells; None for any other."""
    return None if overrides(cell, ("call", "build")) else _class_law(cell)


def _class_law(cell: Any) -> Optional[Recurrent]:
    """The law of the cell of Keras' own that this is, or whose class it extends."""
    cls = framework_class(cell)
    kind = _CELLS.get(cls.__name__) if cls is not None else None
    if kind is None:
        return None
    sets = 2 if _reset_after(cell) else 1
    return Recurrent(
        kind,
        cell.units,
        bias_sets=sets if cell.use_bias else 0,
        peepholes=is_a(cell, "PeepholeLSTMCell"),
        reset_after=_reset_after(cell) if kind == "gru" else None,
        activation=name_of(cell.activation),
    )


def _reset_after(cell: Any) -> bool:
    """The first versions of Keras 2 can only reset before."""
    return bool(getattr(cell, "reset_after", False))


def _layer_law(layer: Any) -> Optional[Recurrent]:
    spec = cell_law(layer.cell)
    if spec is None:
        return None
    return spec.replace(
        return_sequences=bool(layer.return_sequences),
        states="separate" if layer.return_state else None,
        time_major=bool(getattr(layer, "time_major", False)),
    )


def _recurrent(layer: Any) -> Optional[Law]:
    if is_a(layer.cell, "StackedRNNCells"):
        return _stacked(layer, layer.cell, f"cell.{_cells_in(layer.cell)}", steps=True)
    spec = _layer_law(layer)
    return Law(spec, cell_weights(layer.cell)) if spec is not None else None


def _cells_in(cell: Any) -> str:
    return "cells" if "cells" in vars(cell) else "_cells"


def _stacked(layer: Any, stack: Any, holder: str, *, steps: bool) -> Optional[Law]:
    cells = [cell_law(cell) for cell in stack.cells]
    known = tuple(cell for cell in cells if cell is not None)
    if len(known) < len(cells) or overrides(stack, ("call", "build")):
        return None
    whole = StackedCells(known, steps, bool(getattr(layer, "return_sequences", False)), _gives_states(layer, steps))
    parts = [whole.part(i) for i in range(len(cells))]
    stored = [
        item for i, (part, cell) in enumerate(zip(parts, stack.cells)) for item in cell_weights(cell, part, f"{holder}.{i}")
    ]
    return Law(whole, tuple(stored))


def _gives_states(layer: Any, steps: bool) -> bool:
    return bool(layer.return_state) if steps else True


def _one_step(layer: Any) -> Optional[Law]:
    """A cell that is called as a layer."""
    spec = _class_law(layer)
    if spec is None:
        return None
    return Law(StackedCells((spec,), steps=False, states=True), cell_weights(layer, holder=""))


def _bidirectional(layer: Any) -> Optional[Law]:
    forward, backward = layer.forward_layer, layer.backward_layer
    if not all(hasattr(direction, "cell") for direction in (forward, backward)):
        return None
    spec = _layer_law(forward)
    if spec is None or spec != _layer_law(backward):
        return None
    both = [i for part in ("forward", "backward") for i in cell_weights(forward.cell, part, f"{part}_layer.cell")]
    return Law(spec.replace(bidirectional=True, merge=layer.merge_mode), tuple(both))


def _cudnn(layer: Any) -> Law:
    """The bias is one row: that of the gates' kernels, then that of their recurrent kernels."""
    kind = next(kind for name, kind in _CUDNN.items() if is_a(layer, name))
    spec = Recurrent(
        kind,
        layer.units,
        bias_sets=2,
        return_sequences=bool(layer.return_sequences),
        states="separate" if layer.return_state else None,
        time_major=bool(getattr(layer, "time_major", False)),
        reset_after=True if kind == "gru" else None,
    )
    kernels = (("kernel", "in (gate out)"), ("recurrent_kernel", "state (gate out)"))
    bias = Stored("bias", ("bias", "recurrent_bias"), "(set gate out)")
    return Law(spec, (*(Stored(name, (name,), layout) for name, layout in kernels), bias))


def _conv_lstm(layer: Any) -> Optional[Law]:
    cell, at = (layer.cell, "cell.") if hasattr(layer, "cell") else (layer, "")  # Keras 2.0 has no cell for it
    window = " ".join(kernel_axes(len(cell.kernel_size)))
    spec = ConvRecurrent(
        tuple(cell.kernel_size),
        tuple(cell.strides),
        sliding_padding(cell.padding, len(cell.kernel_size)),
        tuple(cell.dilation_rate),
        filters=cell.filters,
        bias=bool(cell.use_bias),
        channels=str(chosen(CHANNELS, cell.data_format, "data format")),
        return_sequences=bool(layer.return_sequences),
        states=bool(getattr(layer, "return_state", False)),
        activation=name_of(cell.activation),
    )
    kernel = Stored("kernel", ("kernel",), f"{window} in (gate out)", f"{at}kernel")
    recurrent = Stored("recurrent_kernel", ("recurrent_kernel",), f"{window} state (gate out)", f"{at}recurrent_kernel")
    return Law(spec, (kernel, recurrent, Stored("bias", ("bias",), "(gate out)", f"{at}bias")))


RECURRENT: Table = {
    **dict.fromkeys(("RNN", "SimpleRNN", "LSTM", "GRU"), _recurrent),
    **dict.fromkeys(_CELLS, _one_step),
    "StackedRNNCells": lambda layer: _stacked(layer, layer, _cells_in(layer), steps=False),
    "Bidirectional": _bidirectional,
    **{f"ConvLSTM{rank}D": _conv_lstm for rank in (1, 2, 3)},
    **dict.fromkeys(_CUDNN, _cudnn),
    "ConvRNN2D": lambda layer: _conv_lstm(layer) if type(layer.cell).__name__ == "ConvLSTM2DCell" else None,
}
