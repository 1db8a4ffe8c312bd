"""Kernels whose numbers of four bits Keras stores two in a byte. Only what is reported looks at them here."""

from __future__ import annotations

from typing import Any, Optional

from introspect.reported import ReportedShape

_AXES = {"_kernel": -1, "_embeddings": -1, "reverse_embeddings": 0, "quantized_kernel": 0}  # along which two become one
_RECORDS = {  # what Keras itself unpacks by
    "int4": ("_orig_output_dim", "_int4_unpacked_column_size", "_orig_length_along_pack_axis", "_orig_input_dim"),
    "gptq": ("gptq_unpacked_column_size", "units"),
    "awq": ("awq_unpacked_column_size", "units"),
}
_ALONG_ANOTHER = ("_orig_length_along_pack_axis", "_orig_input_dim")  # as the first versions have it


def packed_shape(layer: Any, variable: Any, stored: ReportedShape) -> Optional[ReportedShape]:
    """The shape of the numbers that a packed variable of `layer`, or of a layer in it, stands for; None where it is not packed.

    Keras keeps how many numbers lie along the packed axis beside the variable. Where these do not fill it, it is left alone.
    """
    if layer is None or str(getattr(variable, "dtype", "")) not in ("int8", "uint8"):
        return None
    for part in layer._flatten_layers():
        for name, axis in _AXES.items():
            if vars(part).get(name) is variable:
                return _unpacked(part, axis, stored)
    return None


def _unpacked(holder: Any, axis: int, stored: ReportedShape) -> Optional[ReportedShape]:
    mode = holder.quantization_mode
    if mode == "gptq" and _bits(holder) != 4:
        return None
    record = next((name for name in _RECORDS.get(mode, ()) if vars(holder).get(name) is not None), "")
    if record in _ALONG_ANOTHER:
        axis = vars(holder).get("_int4_pack_axis", 0)
    length = vars(holder).get(record)
    if length is None or stored[axis] != (length + 1) // 2:
        return None
    shape = list(stored)
    shape[axis] = int(length)
    return tuple(shape)


def _bits(holder: Any) -> Optional[int]:
    policy = holder.dtype_policy
    found = policy[holder.path] if hasattr(policy, "default_policy") else policy
    bits: Optional[int] = getattr(found, "weight_bits", None)
    return bits
