"""What laws have chosen, in a few words, and what else they could have chosen: the entries of the table of conventions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable, Optional

from .layers.base import Shape, Spec

Fields = Mapping[str, Any]
Inputs = tuple[Optional[Shape], ...]
Others = Callable[[Any, Inputs], Iterable[Fields]]


def has_bias(spec: Spec) -> bool:
    """Whether a law has a bias, whatever it calls the field."""
    return bool(getattr(spec, "bias_sets", False) or getattr(spec, "bias", False))


def toggled(field: str, *values: Any) -> Others:
    """The other ones of `values`, where the present one is among them."""

    def others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
        present = getattr(spec, field)
        return [{field: value} for value in values if value != present] if present in values else ()

    return others


def only(wanted: Callable[[Any], bool], then: Others) -> Others:
    return lambda spec, inputs: then(spec, inputs) if wanted(spec) else ()


def worded(field: str, words: Mapping[Any, str]) -> Callable[[Any], str]:
    return lambda spec: words.get(getattr(spec, field), f"{field} = {getattr(spec, field)}")


def yes_no(field: str, thing: str, article: str = "") -> Callable[[Any], str]:
    return lambda spec: f"{article}{thing}" if getattr(spec, field) else f"no {thing}"


def bias_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    if hasattr(spec, "bias_sets"):
        return [{"bias_sets": 0}] if spec.bias_sets else [{"bias_sets": 1}, {"bias_sets": 2}]
    if isinstance(spec.bias, bool):
        return [{"bias": not spec.bias}]
    return [{"bias": None}] if spec.bias else [{"bias": "shared"}]


def bias_words(spec: Any) -> str:
    return "a bias" if has_bias(spec) else "no bias"


def cell_is(cell: str) -> Callable[[Any], bool]:
    return lambda spec: bool(spec.cell == cell)


def reset_after_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    if not spec.bias_sets:
        return ()
    after = spec.bias_sets == 2
    return [{"bias_sets": 1 if after else 2, "reset_after": None if spec.reset_after is None else not after}]


def recurrent_bias_words(spec: Any) -> str:
    return ("no bias", "one bias for each gate", "two biases for each gate")[spec.bias_sets]


def back_to(field: str, value: Any) -> Others:
    """Back to `value`, where something else is chosen."""
    return lambda spec, inputs: [{field: value}] if getattr(spec, field) != value else ()


def statistics_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    counter = {"counter": False} if spec.counter else {}
    return [
        {"statistics": v, **(counter if v != "buffers" else {})}
        for v in ("parameters", "buffers", None)
        if v != spec.statistics
    ]


def location_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    x = inputs[0] if inputs else None
    if x is None or len(x) < 3:
        return ()
    everywhere = tuple(range(1, len(x)))
    if len(spec.parameter_axis) > 1:
        return [{"parameter_axis": (axis,), "num_features": None} for axis in (1, -1)]
    return [{"parameter_axis": everywhere, "num_features": None}]


def affine_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    return [{"scale": not spec.scale, "center": not spec.center}] if spec.scale == spec.center else ()


def extent_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    x = inputs[0] if inputs else None
    if x is None or len(x) < 3:
        return ()
    everything, last = tuple(range(1 - len(x), 0)), (-1,)
    return [{"normalized_shape": None, "axis": axis} for axis in (last, everything, (1,))]


def extent_words(spec: Any) -> str:
    if spec.normalized_shape is not None:
        return f"parameters for the last {len(spec.normalized_shape)} axes"
    return (
        f"parameters for the {len(spec.axis)} axes {spec.axis}" if len(spec.axis) > 1 else f"parameters for axis {spec.axis[0]}"
    )


def sharing_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    x = inputs[0] if inputs else None
    own = {"num_parameters": None, "keepdims": False}
    found: list[Fields] = [{"num_parameters": 1, "shared_axes": (0,), "keepdims": False}]
    if x is not None and len(x) > 1:
        found.append({**own, "shared_axes": (0,)})
        kept = {1, len(x) - 1}
        found += [{**own, "shared_axes": tuple(i for i in range(len(x)) if i != axis)} for axis in sorted(kept)]
    return found


def sharing_words(spec: Any) -> str:
    if spec.num_parameters is not None:
        return "one slope for all" if spec.num_parameters == 1 else "a slope for each channel"
    return "a slope for each location" if tuple(spec.shared_axes) == (0,) else f"slopes shared along axes {spec.shared_axes}"


def numeric_padding(spec: Any) -> bool:
    return not isinstance(spec.padding, str)


def pool_words(spec: Any) -> str:
    if spec.padding in ("same", "causal"):
        return f"padding {spec.padding!r}"
    said = {"floor": "windows rounded down", "ceil_inside": "windows rounded up, if they start inside"}
    return said.get(spec.rounding, "windows rounded up")


def padding_words(spec: Any) -> str:
    if isinstance(spec.padding, str):
        return f"padding {spec.padding!r}"
    if not any(amount for pair in spec.padding for amount in pair):
        return "no padding"
    flat = {amount for pair in spec.padding for amount in pair}
    return f"padding {flat.pop()}" if len(flat) == 1 else f"padding {spec.padding}"


def padding_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    size = getattr(spec, "kernel_size", None) or spec.pool_size
    nothing = ((0, 0),) * len(size)
    around = tuple((k // 2, k // 2) for k in size)
    return [{"padding": p} for p in ("same", nothing, around) if p != spec.padding]


def transposed_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    nothing = ((0, 0),) * len(spec.kernel_size)
    return [{"padding": p} for p in ("same", "valid", nothing) if p != spec.padding]


def quantised_words(spec: Any) -> str:
    return spec.scheme if spec.block is None else f"{spec.scheme} in blocks of {spec.block}"


def quantised_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    if spec.scheme not in ("int8", "int4"):
        return ()
    fields = {"scheme": "int4", "block": 128} if spec.block is None else {"scheme": "int8", "block": None}
    return [{**fields, "tabled": True}]


def flatten_words(spec: Any) -> str:
    return "a dense layer on the last axis" if spec.leading_axes is None else "a dense layer that flattens"


def dense_others(spec: Any, inputs: Inputs) -> Iterable[Fields]:
    x = inputs[0] if inputs else None
    if x is None or len(x) < 3:
        return ()
    return [{"leading_axes": 1 if spec.leading_axes is None else None, "in_features": None}]
