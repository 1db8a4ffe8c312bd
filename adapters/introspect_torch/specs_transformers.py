"""Layers of Hugging Face's transformers that own tensors themselves: told by full name, nothing is imported.

Source: each class's `__init__` and `forward` in ``transformers.models``. A norm's width is not in its configuration; it is the
input's last axis.
"""

from __future__ import annotations

from typing import Any

from introspect.layers import Dense, RMSNorm

from .lawful import Law, Rule

_NORMS = {
    "chameleon": "ChameleonRMSNorm", "falcon_mamba": "FalconMambaRMSNorm", "gemma": "GemmaRMSNorm",
    "gemma2": "Gemma2RMSNorm", "glm": "GlmRMSNorm", "granite": "GraniteRMSNorm", "granitemoe": "GraniteMoeRMSNorm",
    "idefics": "IdeficsRMSNorm", "idefics2": "Idefics2RMSNorm", "idefics3": "Idefics3RMSNorm", "jamba": "JambaRMSNorm",
    "jetmoe": "JetMoeRMSNorm", "llama": "LlamaRMSNorm", "longt5": "LongT5LayerNorm", "mamba": "MambaRMSNorm",
    "mamba2": "Mamba2RMSNorm", "mistral": "MistralRMSNorm", "mixtral": "MixtralRMSNorm", "mllama": "MllamaTextRMSNorm",
    "mt5": "MT5LayerNorm", "olmoe": "OlmoeRMSNorm", "phi3": "Phi3RMSNorm", "pixtral": "PixtralRMSNorm",
    "qwen2": "Qwen2RMSNorm", "qwen2_moe": "Qwen2MoeRMSNorm", "qwen2_vl": "Qwen2RMSNorm",
    "recurrent_gemma": "RecurrentGemmaRMSNorm", "t5": "T5LayerNorm", "umt5": "UMT5LayerNorm", "zamba": "ZambaRMSNorm",
}  # fmt: skip


def _norm(m: Any) -> Law:
    return Law(RMSNorm(), {"weight": ("gamma", "d0")})


def _conv1d(m: Any) -> Law:
    """GPT-2's name for a dense layer that stores its kernel the other way round."""
    return Law(Dense(m.nf, True, m.nx), {"weight": ("kernel", "in out"), "bias": ("bias", "out")})


BY_NAME: dict[str, Rule] = {
    "transformers.pytorch_utils.Conv1D": _conv1d,
    **{f"transformers.models.{folder}.modeling_{folder}.{name}": _norm for folder, name in _NORMS.items()},
}
