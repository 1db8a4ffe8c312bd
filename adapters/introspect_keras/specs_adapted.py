"""What `enable_lora` and `quantize` make of the law of a layer: of its own kernels, and of those of the layers inside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple, Optional

from introspect.errors import ConfigurationError
from introspect.layers import LowRank, Opaque, Quantized

from .detecting import framework_class, is_a
from .stored import Law, Stored

_ALL = ("int8", "int4", "float8", "gptq", "awq")
_MODES = {"Dense": _ALL, "EinsumDense": _ALL, "Embedding": _ALL[:2], "ReversibleEmbedding": _ALL[:2]}
_ADAPTABLE = {*_MODES, "Conv1D", "Conv2D", "Conv3D"}
_PROJECTING = ("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention")  # make their layers when they are built
_LAYOUTS = {  # of the table of whole numbers, and of what each block of its rows has
    "kernel": ("row column", "group column"),
    "embeddings": ("column row", "column group"),
    "reverse_embeddings": ("row column", "group column"),
}
_CALIBRATED = ("column row", "column group")  # by `gptq` and `awq`, which keep them at an attribute of their own


class _Kernel(NamedTuple):
    """A kernel of a law, and the layer of Keras' whose configuration speaks for it, by its class."""

    item: Stored
    holder: Any
    kind: str

    @property
    def name(self) -> str:
        """What its layer calls it."""
        return self.item.name.rpartition(".")[2]

    @property
    def role(self) -> str:
        return self.item.roles[0]

    def beside(self, name: str, role: str, layout: str = "") -> Stored:
        """Another variable of the same layer."""
        label, dot, _ = self.item.name.rpartition(".")
        path, _, _ = (self.item.attribute or self.item.name).rpartition(".")
        return Stored(f"{label}{dot}{name}", (role,), layout, f"{path}.{name}" if path else "")

    def refuse(self, what: str, got: Any, expected: str) -> None:
        """Raise `ConfigurationError` where the layer is still to be built, which Keras then refuses."""
        if not self.holder.built:
            raise ConfigurationError(what, got=got, expected=expected)


def adapted(layer: Any, law: Optional[Law]) -> Optional[Law]:
    """The law of a layer with the low-rank kernels and the quantised numbers that its configuration asks for."""
    if law is None or not law.stored:
        return law
    for kernel in _kernels(layer, law):
        unknown_rank = _is_low_rank(kernel) and kernel.holder.lora_rank is None  # Keras 3.0 does not take it down
        if unknown_rank or (kernel.kind in _MODES and _undecided(kernel.holder)):
            return Law(Opaque(type(layer).__name__, law.spec))
        if _is_low_rank(kernel):
            law = _low_rank(law, kernel, frozen=not getattr(_taken(layer, kernel), "trainable", False))
        mode = getattr(kernel.holder, "quantization_mode", None) if kernel.kind in _MODES else None
        if mode is not None:
            law = _quantized(layer, law, kernel, mode)
    return law


def _kernels(layer: Any, law: Law) -> Iterator[_Kernel]:
    """The kernels of a law that could be adapted."""
    kind = getattr(framework_class(layer), "__name__", "")
    if kind not in _ADAPTABLE and kind not in _PROJECTING and not any(item.inside for item in law.stored):
        return
    for item in law.stored:
        if (item.attribute or item.name).rpartition(".")[2] in _LAYOUTS:
            holder = item.holder(layer)
            if holder is None and kind in _PROJECTING:
                yield _Kernel(item, layer, "EinsumDense")
            elif holder is not None and getattr(framework_class(holder), "__name__", "") in _ADAPTABLE:
                yield _Kernel(item, holder, framework_class(holder).__name__)  # type: ignore[union-attr]


def _is_low_rank(kernel: _Kernel) -> bool:
    holder = kernel.holder
    asked = getattr(holder, "lora_enabled", False) or (getattr(holder, "lora_rank", None) and not holder.built)
    return bool(asked) and kernel.name != "reverse_embeddings"


def _low_rank(law: Law, kernel: _Kernel, frozen: bool) -> Law:
    for constraint in ("kernel_constraint", "embeddings_constraint"):
        if getattr(kernel.holder, constraint, None) is not None:
            kernel.refuse("a kernel of low rank cannot be constrained", constraint, "no constraint, or no lora_rank")
    late = not getattr(kernel.holder, "tie_weights", True) and getattr(kernel.holder, "quantization_mode", None) is None
    if late:  # its other kernel is made when Keras takes no more variables
        kernel.refuse("an untied embedding of low rank cannot be built", "lora_rank", "enable_lora once it is built")
    spec = LowRank(law.spec, kernel.role, int(kernel.holder.lora_rank), kernel.item.layout, frozen)
    made = (kernel.beside(f"lora_{kernel.name}_{which}", f"lora_{kernel.role}_{which}") for which in "ab")
    return replace(law, spec=spec, stored=(*law.stored, *made))


def _quantized(layer: Any, law: Law, kernel: _Kernel, mode: str) -> Law:
    if mode not in _MODES[kernel.kind]:
        kernel.refuse(f"{kernel.kind} cannot be quantised so", mode, ", ".join(_MODES[kernel.kind]))
    if mode in ("gptq", "awq") and _is_low_rank(kernel):
        kernel.refuse("a kernel of low rank cannot be quantised so", mode, "no lora_rank, or int8 or int4")
    if mode == "float8":
        return _float8(law, kernel)
    if "..." in getattr(kernel.holder, "equation", ""):
        kernel.refuse("no kernel is quantised beside an ellipsis", kernel.holder.equation, "a letter for each axis")
    if is_a(layer, "SpectralNormalization") and not _is_low_rank(kernel):  # whose sum with the kernel is no whole number
        kernel.refuse("a kernel of whole numbers cannot be normalised", mode, "a layer that is quantised once it is built")
    return _whole(law, kernel, mode, _kept(layer, kernel, mode))


def _float8(law: Law, kernel: _Kernel) -> Law:
    history = int(getattr(kernel.holder.dtype_policy, "amax_history_length", 1024))
    own = [(f"{who}_{what}", f"{kernel.role}_{'' if who == kernel.name else f'{who}_'}{what}")
           for who in ("inputs", kernel.name, "outputs_grad") for what in ("scale", "amax_history")]  # fmt: skip
    spec = Quantized(law.spec, kernel.role, "float8", history=history)
    return replace(law, spec=spec, stored=(*law.stored, *(kernel.beside(name, role) for name, role in own)))


def _whole(law: Law, kernel: _Kernel, mode: str, kept: Optional[str]) -> Law:
    """`kept`: where the kernel itself still is, beside its whole numbers."""
    calibrated, first = mode in ("gptq", "awq"), kernel.name != "reverse_embeddings"  # which reads the blocks of the other
    block = None if mode == "int8" else _setting(kernel.holder, "group_size" if calibrated else "block_size")
    tabled = mode != "int8" and (calibrated or kernel.name != "kernel" or _cuts_blocks())
    halves = mode in ("int4", "awq") or (mode == "gptq" and _setting(kernel.holder, "weight_bits") == 4)
    packed = "" if not tabled or not halves else "column" if calibrated or kernel.name == "kernel" else "row"
    spec = Quantized(law.spec, kernel.role, mode, tabled or mode == "int8", block, first, kept=kept is not None, packed=packed)
    table, blocks = _CALIBRATED if calibrated else _LAYOUTS[kernel.name]
    whole = kernel.beside(
        "quantized_kernel" if calibrated else kernel.name, kernel.role, table if tabled else kernel.item.layout
    )
    if kept is None:
        stored = [whole if item is kernel.item else item for item in law.stored]
    else:
        float_kernel = replace(kernel.item, attribute=kept)
        own = replace(whole, name=kernel.beside("quantized_kernel", "").name, roles=(f"quantized_{kernel.role}",),
                      attribute=whole.attribute or whole.name)  # fmt: skip
        stored = [*(float_kernel if item is kernel.item else item for item in law.stored), own]
    lie = "" if not tabled else "column" if mode == "int4" and block is None else blocks
    scale = kernel.beside(f"{kernel.name}_scale", f"{kernel.role}_scale", lie)
    return replace(law, spec=spec, stored=(*stored, scale, *_beside(kernel, spec, blocks)))


def _beside(kernel: _Kernel, spec: Quantized, blocks: str) -> Iterator[Stored]:
    """What stands beside whole numbers and their scales."""
    if spec.scheme == "int8" or (spec.scheme == "int4" and spec.block is None):
        return
    yield kernel.beside(f"{kernel.name}_zero", f"{kernel.role}_zero", blocks)
    if spec.scheme == "awq":
        yield kernel.beside("awq_scales", f"{kernel.role}_input_scale", "row")
    if spec.index:
        yield kernel.beside("g_idx", f"{kernel.role}_group_index", "row")


def _kept(layer: Any, kernel: _Kernel, mode: str) -> Optional[str]:
    """Where the kernel itself is still held: until it is calibrated, or by a wrapper that took it before it was quantised."""
    if mode in ("gptq", "awq") and kernel.item.of(layer) is not None:
        return kernel.item.attribute or kernel.item.name
    return None if _taken(layer, kernel) is None else "kernel"


def _taken(layer: Any, kernel: _Kernel) -> Any:
    """The kernel that a wrapper took from the layer inside, where that has another one by now."""
    held = vars(layer).get("kernel") if is_a(layer, "SpectralNormalization") else None
    is_variable = any(cls.__name__ == "Variable" for cls in type(held).__mro__)
    return held if is_variable and held is not kernel.item.of(layer) else None


def _setting(holder: Any, name: str) -> Optional[int]:
    """A number by the layer's own configuration of the mode, else by its dtype policy; None where all go together."""
    config, policy = getattr(holder, "quantization_config", None), holder.dtype_policy
    if not hasattr(config, name):
        config = policy[holder.path] if hasattr(policy, "default_policy") and holder.path else policy
        config = getattr(config, "default_policy", config)
    size = getattr(config, name, None)
    return None if size is None or size == -1 else int(size)


def _cuts_blocks() -> bool:
    """Whether this Keras gives blocks of a kernel scales of their own; before, one of four bits lies like one of eight."""
    return hasattr(sys.modules.get("keras.src.dtype_policies.dtype_policy"), "Int4DTypePolicy")


def _undecided(holder: Any) -> bool:
    """Whether the layer's policy depends on the path that it will be built at."""
    policy: Any = getattr(holder, "dtype_policy", None)
    if not hasattr(policy, "default_policy") or getattr(holder, "path", None) or holder.built:
        return False
    every = [policy.default_policy, *(policy[key] for key in policy)]
    return any(one.quantization_mode for one in every) and len({one.name for one in every}) > 1


def refused_when_run(model: Any) -> list[str]:
    """In words, where a dtype asks for numbers that a layer cannot compute with: Keras builds such a layer, and no more."""
    if not hasattr(type(model), "quantization_mode"):
        return []
    quantised = [layer for layer in model._flatten_layers() if layer.quantization_mode is not None]
    unable = [layer for layer in quantised if not _computes(layer)]
    if not unable:
        return []
    names = ", ".join(dict.fromkeys(str(layer.name) for layer in unable[:4])) + (", ..." if len(unable) > 4 else "")
    hint = "model.quantize() passes such layers by"
    return [f"Keras counts what has the dtype {unable[0].dtype_policy.name} and refuses to run {names} in it: {hint}"]


def _computes(layer: Any) -> bool:
    """Whether the layer's class says how it is computed in its quantised dtype."""
    method = f"_{layer.quantization_mode}_call"
    return any(method in vars(cls) for cls in type(layer).__mro__ if cls.__name__ != "Layer")
