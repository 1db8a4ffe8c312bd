"""Quantised layers: the same laws as before they were quantised, on numbers that are stored packed.

Told by a class's full name, as importing PyTorch's quantisation takes longer than counting. What a packed layer stands for is
its logical count; what its packed tensors take is reported in bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import prod
from typing import Any, Callable, Optional

from torch import nn

from introspect.layers import Frozen, Identity, Quantize

from .lawful import Law, Rule
from .specs_recurrent import cell, recurrent

_PACKED = "torch.ao.nn.quantized.modules.utils.WeightedQuantizedModule"


class Packed:
    """A tensor inside a packed layer; it is unpacked only when its shape is asked for."""

    requires_grad = False

    def __init__(self, module: Any, name: str) -> None:
        self.module, self.name = module, name

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._unpacked().shape)

    @property
    def nbytes(self) -> int:
        tensor = self._unpacked()
        return int(tensor.numel() * tensor.element_size())

    def _unpacked(self) -> Any:
        return getattr(self.module, self.name)()


@lru_cache(maxsize=1024)
def keeps_packed(cls: Any) -> bool:
    """Whether a class keeps its tensors out of PyTorch's sight."""
    return _PACKED in _names(cls)


def packed(module: nn.Module) -> Iterator[Packed]:
    """What a packed layer keeps."""
    yield Packed(module, "weight")
    if module.bias() is not None:
        yield Packed(module, "bias")


def logical_shape(tensor: Any) -> tuple[int, ...]:
    """The shape of the numbers that a tensor stands for: of four bits each, two are stored in one element."""
    state = getattr(tensor, "quant_state", None)
    return tuple(tensor.shape if state is None else state.shape)


def is_packed(tensor: Any) -> bool:
    """Whether a tensor stands for other numbers than the elements it is stored in."""
    return isinstance(tensor, Packed) or getattr(tensor, "quant_state", None) is not None


def packed_bytes(tensor: Any) -> Optional[int]:
    """The bytes that a packed tensor takes; None for one that is stored as it is."""
    if not is_packed(tensor):
        return None
    return tensor.nbytes if isinstance(tensor, Packed) else int(tensor.numel() * tensor.element_size())


def left_out(tensor: Any) -> int:
    """How many of the numbers that a packed tensor stands for ``parameters()`` does not count."""
    return prod(logical_shape(tensor)) - (0 if isinstance(tensor, Packed) else int(tensor.numel()))


class _AsBefore:
    """A packed layer's configuration, with a bias or None where the float layer has an attribute."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self.bias = None if not any(one.name == "bias" for one in packed(module)) else module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def hides(module: nn.Module) -> bool:
    """Whether a module keeps weights where nobody can ask for them."""
    return any(name.startswith("torch.ao.nn.quantized.dynamic.modules.rnn.") for name in _names(type(module)))  # type: ignore[arg-type]


def _recurrent(law: Callable[[Any, str], Law], kind: str) -> Rule:
    """The law before quantisation; where its tensors are kept cannot be looked at, so they are worked out and not verified."""
    return lambda m: Law(Frozen(law(m, kind).spec))


def _like(rule: Rule, activation: Optional[str] = None) -> Rule:
    """The law of the layer before it was packed, with the activation that was fused into it."""

    def law(m: Any) -> Optional[Law]:
        found = rule(_AsBefore(m))
        return found and (found if activation is None else Law(found.spec.replace(activation=activation), found.layouts))

    return law


def rules(float_rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """Rules by full class name, made from those of the float layers."""
    linear = float_rules["Linear"]
    found: dict[str, Rule] = {
        "torch.ao.nn.quantized.modules.linear.Linear": _like(linear),
        "torch.ao.nn.quantized.dynamic.modules.linear.Linear": _like(linear),
        "torch.ao.nn.intrinsic.quantized.modules.linear_relu.LinearReLU": _like(linear, "relu"),
        "torch.ao.nn.intrinsic.quantized.dynamic.modules.linear_relu.LinearReLU": _like(linear, "relu"),
        "torch.ao.nn.quantized.modules.Quantize": lambda m: Law(Quantize(), _STEP),
        "torch.ao.nn.quantized.modules.DeQuantize": lambda m: Law(Identity()),
        "bitsandbytes.nn.modules.Linear4bit": linear,
        "bitsandbytes.nn.modules.Linear8bitLt": linear,
    }
    for kind in ("LSTM", "GRU"):
        found[f"torch.ao.nn.quantized.dynamic.modules.rnn.{kind}"] = _recurrent(recurrent, kind)
    for kind in ("LSTM", "GRU", "RNN"):
        found[f"torch.ao.nn.quantized.dynamic.modules.rnn.{kind}Cell"] = _recurrent(cell, kind)
    for n in (1, 2, 3):
        conv = float_rules[f"Conv{n}d"]
        found[f"torch.ao.nn.quantized.modules.conv.Conv{n}d"] = _like(conv)
        found[f"torch.ao.nn.intrinsic.quantized.modules.conv_relu.ConvReLU{n}d"] = _like(conv, "relu")
    return {**{name.replace("torch.ao.", "torch."): rule for name, rule in found.items()}, **found}  # before PyTorch 1.13


_STEP = {"scale": ("scale", "one"), "zero_point": ("zero_point", "one")}


@lru_cache(maxsize=1024)
def _names(cls: Any) -> frozenset[str]:
    """The full names of a class and its parents, of whatever is quantised as PyTorch has had them since 1.13."""
    names = (f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__)
    return frozenset(re.sub(r"^torch\.nn\.(?=quantized\.|intrinsic\.)", "torch.ao.nn.", name) for name in names)
