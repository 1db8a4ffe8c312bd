"""What `enable_lora` and `quantize` make of a Keras layer's law."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from introspect.layers import LowRank, Opaque, Quantized

from .detecting import framework_class
from .stored import Law, Stored

_CALIBRATED = ("gptq", "awq")  # what such a layer holds depends on a run over data
_QUANTISED = {"Dense": ("kernel",), "EinsumDense": ("kernel",), "Embedding": ("embeddings",),
              "ReversibleEmbedding": ("embeddings", "reverse_embeddings")}  # fmt: skip
_KERNELS = {**_QUANTISED, **{f"Conv{rank}D": ("kernel",) for rank in (1, 2, 3)}}


class _Places(NamedTuple):
    """Along which axes of a kernel blocks are cut, and along which each place has a scale of its own; how the scales lie."""

    grouped: tuple[str, ...]
    scaled: tuple[str, ...]
    layout: str


def adapted(layer: Any, law: Optional[Law]) -> Optional[Law]:
    """The law of a layer with the low-rank kernels and the quantised numbers that its configuration asks for."""
    cls = framework_class(layer)
    name = "" if cls is None else cls.__name__
    if law is None:
        return None
    if _quantised_inside(layer):
        return Law(Opaque(name, law.spec))
    mode: Any = layer.quantization_mode if name in _QUANTISED and hasattr(layer, "quantization_mode") else None
    if mode in _CALIBRATED:
        return Law(Opaque(name, law.spec))
    if name not in _KERNELS or (mode is None and getattr(layer, "lora_rank", None) is None):
        return law
    kernels = [item for item in law.stored if item.name in _KERNELS[name]]
    for kernel in kernels if mode in ("int8", "int4", "float8") else ():
        law = _float8(law, kernel) if mode == "float8" else _whole(layer, law, kernel, mode)
    return _low_rank(layer, law, kernels[0]) if _is_low_rank(layer) else law


def _quantised_inside(layer: Any) -> bool:
    """Whether some of the layers that a layer's one law speaks of were quantised, each for itself."""
    parts: Any = getattr(layer, "_layers", None)
    return bool(parts) and any(getattr(part, "quantization_mode", None) for part in parts)


def _is_low_rank(layer: Any) -> bool:
    return bool(getattr(layer, "lora_enabled", False) or (getattr(layer, "lora_rank", None) and not layer.built))


def _low_rank(layer: Any, law: Law, kernel: Stored) -> Law:
    layout = kernel.layout or " ".join((_letters(layer) or ("", ""))[0])
    *first, _ = layout.split()
    spec = LowRank(law.spec, kernel.roles[0], int(layer.lora_rank), layout)
    a = Stored(f"lora_{kernel.name}_a", ("lora_kernel_a",), " ".join([*first, "rank"]))
    return Law(spec, (*law.stored, a, Stored(f"lora_{kernel.name}_b", ("lora_kernel_b",), "rank out")))


def _float8(law: Law, kernel: Stored) -> Law:
    role = kernel.roles[0]
    extra = [f"{what}_{part}" for what in ("inputs", kernel.name, "outputs_grad") for part in ("scale", "amax_history")]
    return Law(Quantized(law.spec, role, "float8"), (*law.stored, *(Stored(n, (n.replace(kernel.name, role),)) for n in extra)))


def _whole(layer: Any, law: Law, kernel: Stored, mode: str) -> Law:
    """Whole numbers of eight bits, or of four, which an Einstein sum stores as rows and columns."""
    role, letters = kernel.roles[0], _letters(layer)
    if mode == "int8":
        scaled = _places(letters, kernel).scaled if letters is None else tuple(c if c in letters[0] else "" for c in letters[1])
        return Law(Quantized(law.spec, role, scaled=scaled), (*law.stored, Stored(f"{kernel.name}_scale", (f"{role}_scale",))))
    grouped, scaled, layout = _places(letters, kernel)
    block, first = _block(layer), kernel.name != "reverse_embeddings"  # which reads the blocks of the other
    own = law.stored
    if letters is not None:
        flat = Stored(kernel.name, kernel.roles, f"({' '.join(grouped)}) ({' '.join(scaled)})", kernel.attribute)
        own = tuple(flat if item is kernel else item for item in own)
    parts = ("scale",) if block is None else ("scale", "zero")
    lies = layout if block is not None else layout.replace("group", "").strip()
    made = [Stored(f"{kernel.name}_{part}", (f"{role}_{part}",), lies) for part in parts]
    if block is not None and first:
        made.append(Stored("g_idx", ("group_index",), f"({' '.join(grouped)})"))
    return Law(Quantized(law.spec, role, mode, scaled, grouped=grouped, block=block, index=first), (*own, *made))


def _places(letters: Optional[tuple[str, str]], kernel: Stored) -> _Places:
    if kernel.name == "embeddings":
        return _Places(("out",), ("in",), "in group")
    if kernel.name == "reverse_embeddings":
        return _Places(("out",), ("in",), "group in")
    if letters is None:
        return _Places(("in",), ("out",), "group out")
    read, made = letters
    kept = tuple(letter for letter in read if letter in made)
    return _Places(tuple(letter for letter in read if letter not in made), kept, f"group ({' '.join(kept)})")


def _letters(layer: Any) -> Optional[tuple[str, str]]:
    """The letters of the kernel and of the output of an Einstein sum."""
    equation = getattr(layer, "equation", None)
    if equation is None:
        return None
    read, _, made = equation.replace("...", "").partition(",")[2].partition("->")
    return read, made


def _block(layer: Any) -> Optional[int]:
    """How many places share a scale, by the layer's own configuration of `int4`, else by its dtype policy; None: all."""
    config, policy = getattr(layer, "quantization_config", None), layer.dtype_policy
    if not hasattr(config, "block_size"):
        config = policy[layer.path] if hasattr(policy, "default_policy") else policy
    size = getattr(config, "block_size", None)
    return None if size is None or size == -1 else int(size)
