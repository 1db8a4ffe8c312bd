"""What `enable_lora` and `quantize` make of a Keras layer's law."""

from __future__ import annotations

from typing import Any, Optional

from introspect.layers import LowRank, Opaque, Quantized

from .detecting import framework_class
from .stored import Law, Stored

_PACKED = ("int4", "gptq", "awq")
_KERNELS = {"Dense": "kernel", "EinsumDense": "kernel", "Embedding": "embeddings",
            **{f"Conv{rank}D": "kernel" for rank in (1, 2, 3)}}  # fmt: skip


def adapted(layer: Any, law: Optional[Law]) -> Optional[Law]:
    """The law of a layer with the low-rank kernels and the quantised numbers that its configuration asks for."""
    cls = framework_class(layer)
    name = "" if cls is None else cls.__name__
    mode = getattr(layer, "quantization_mode", None)
    if law is None or (mode is None and getattr(layer, "lora_rank", None) is None):
        return law
    if mode in _PACKED:  # several weights in one byte: no law for how they are packed
        return Law(Opaque(name, law.spec))
    variable = _KERNELS.get(name)
    kernel = next((item for item in law.stored if item.name == variable), None)
    if kernel is None:
        return law
    if mode in ("int8", "float8"):
        law = _quantized(layer, law, kernel, mode)
    return _low_rank(layer, law, kernel) if _is_low_rank(layer) else law


def _is_low_rank(layer: Any) -> bool:
    return bool(getattr(layer, "lora_enabled", False) or (layer.lora_rank and not layer.built))


def _low_rank(layer: Any, law: Law, kernel: Stored) -> Law:
    layout = kernel.layout or " ".join(layer.equation.partition(",")[2].partition("->")[0])
    *first, _ = layout.split()
    spec = LowRank(law.spec, kernel.roles[0], int(layer.lora_rank), layout)
    a = Stored(f"lora_{kernel.name}_a", ("lora_kernel_a",), " ".join([*first, "rank"]))
    return Law(spec, (*law.stored, a, Stored(f"lora_{kernel.name}_b", ("lora_kernel_b",), "rank out")))


def _quantized(layer: Any, law: Law, kernel: Stored, mode: str) -> Law:
    role = kernel.roles[0]
    spec = Quantized(law.spec, role, mode, _scaled(layer, kernel))
    if mode == "float8":
        extra = [f"{what}_{part}" for what in ("inputs", kernel.name, "outputs_grad") for part in ("scale", "amax_history")]
        return Law(spec, (*law.stored, *(Stored(n, (n.replace(kernel.name, role),)) for n in extra)))
    return Law(spec, (*law.stored, Stored(f"{kernel.name}_scale", (f"{role}_scale",))))


def _scaled(layer: Any, kernel: Stored) -> tuple[str, ...]:
    """Along which axes of the kernel each place has a scale of its own."""
    if kernel.name == "embeddings":
        return ("in",)
    equation = getattr(layer, "equation", None)
    if equation is None:
        return ("out",)
    read, _, made = equation.replace("...", "").partition(",")[2].partition("->")
    return tuple(letter if letter in read else "" for letter in made)
