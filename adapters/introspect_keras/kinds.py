"""Layers that are configured alike follow one law, which is made for the first of them.

A deep model repeats a few configurations many times. `READS` has what the laws of common layers are made of; a test holds that
they are made of nothing else. The law of any other layer is made, and then told to be an earlier one's.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Optional

from introspect.layers import LowRank

from .detecting import framework_class
from .stored import Law

Make = Callable[[Any, None], Optional[Law]]
_WINDOW = ("kernel_size", "strides", "padding", "dilation_rate", "use_bias", "data_format", "activation")
_LOW_RANK = ("lora_rank", "lora_enabled", "built")
READS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), (*_WINDOW, "filters", "groups", "input_spec.min_ndim", *_LOW_RANK)),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), (*_WINDOW, "depth_multiplier", "built")),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), (*_WINDOW, "depth_multiplier", "filters")),
    "BatchNormalization": ("scale", "center", "axis", "renorm"),
    "LayerNormalization": ("scale", "center", "axis", "rms_scaling"),
    **{f"{kind}Pooling{rank}D": ("pool_size", "strides", "padding", "data_format")
       for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": ("keepdims", "data_format") for kind in ("Max", "Average") for rank in (1, 2, 3)},
    "ZeroPadding2D": ("padding", "data_format"), "Cropping2D": ("cropping", "data_format"),
    "Activation": ("activation",), "ReLU": (), "LeakyReLU": (), "Softmax": (),
    "Add": (), "Multiply": (), "Concatenate": ("axis",), "Flatten": ("data_format",), "Reshape": ("target_shape",),
    "Dropout": ("rate", "stddev"), "Identity": (), "Rescaling": (), "InputLayer": (),
}  # fmt: skip


class Kinds:
    """The laws of one model's layers."""

    def __init__(self) -> None:
        self._readings: dict[type, Optional[Callable[[Any], Any]]] = {}
        self._known: dict[Any, Optional[Law]] = {}
        self._shared: dict[Law, Law] = {}

    def law(self, layer: Any, make: Make) -> Optional[Law]:
        """The law of `layer`: one object for all that are configured alike. `make`: gives it for a layer and no call of it."""
        cls = type(layer)
        if cls not in self._readings:
            self._readings[cls] = _reading(layer)
        reading = self._readings[cls]
        if reading is None:
            return self._made(layer, make)
        try:
            key = cls, reading(layer)
            if key in self._known:
                return self._known[key]
        except (AttributeError, TypeError):  # an attribute is missing here; a list, say, was given to the layer
            return self._made(layer, make)
        law = self._made(layer, make)
        if law is None or type(law.spec) is not LowRank:  # which depends on flags of the layer's variables
            self._known[key] = law
        return law

    def _made(self, layer: Any, make: Make) -> Optional[Law]:
        law = make(layer, None)
        return None if law is None else law.shared(self._shared)


def _reading(layer: Any) -> Optional[Callable[[Any], Any]]:
    """Reads what the law of such a layer is made of; what this version of Keras does not have is never there."""
    names = READS.get(getattr(framework_class(layer), "__name__", ""))
    if names is None:
        return None
    there = [name for name in names if _has(layer, attrgetter(name))]
    return attrgetter(*there) if there else lambda layer: None


def _has(layer: Any, attribute: Callable[[Any], Any]) -> bool:
    try:
        attribute(layer)
    except AttributeError:
        return False
    return True
