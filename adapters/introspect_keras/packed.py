"""Kernels whose numbers of four bits Keras stores two in a byte. Only what is reported looks at them here."""

from __future__ import annotations

from typing import Any, Optional

from introspect.reported import ReportedShape

_AXES = {"kernel": -1, "embeddings": -1, "reverse_embeddings": 0}
_RECORDS = ("_orig_output_dim", "_int4_unpacked_column_size")  # what Keras itself unpacks by


def packed_shape(layer: Any, name: str, stored: ReportedShape) -> Optional[ReportedShape]:
    """The shape of the numbers that a packed variable stands for; None where it is not packed.

    Keras keeps how many numbers lie along the packed axis beside the variable. Where these do not fill it, it is left alone.
    """
    if name not in _AXES or getattr(layer, "quantization_mode", None) != "int4":
        return None
    axis = _AXES[name]
    for record in _RECORDS:
        length = getattr(layer, "__dict__", {}).get(record)
        if length is not None and stored and stored[axis] == (length + 1) // 2:
            shape = list(stored)
            shape[axis] = int(length)
            return tuple(shape)
    return None
