"""Which tensors a module holds, under which names: its own, and those of its parametrizations.

A parametrized module and what computes its weight are one layer here: the weight is one idea, however it is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from torch import nn

from .skeleton import Place
from .specs_quantized import keeps_packed, packed

FOLDER = "parametrizations"


class Held(NamedTuple):
    """One tensor, by its name within the layer. `of`: the object that it is the same as, where that is not the tensor."""

    name: str
    tensor: Any
    buffer: bool
    of: Any = None

    @property
    def key(self) -> Any:
        """Equal for two that are one and the same tensor."""
        return id(self.tensor) if self.of is None else (id(self.of), self.name)


def held(module: nn.Module) -> list[Held]:
    """What `module` holds, its parametrizations' tensors among it."""
    found = [Held(name, tensor, False) for name, tensor in module._parameters.items() if tensor is not None]
    if module._buffers:
        found += [Held(name, tensor, True) for name, tensor in module._buffers.items() if tensor is not None]
    if keeps_packed(type(module)):  # type: ignore[arg-type]
        found += [Held(tensor.name, tensor, False, module) for tensor in packed(module)]
    inner = parametrizations(module)
    if inner is not None:
        for path, part in inner.named_modules(prefix=FOLDER):
            found += [one._replace(name=f"{path}.{one.name}") for one in held(part)]
    return found


def parametrizations(module: nn.Module) -> Optional[nn.ModuleDict]:
    """What computes some of a module's tensors from others; None where nothing does."""
    if FOLDER not in module._modules:
        return None
    inner = module._modules[FOLDER]
    if not isinstance(inner, nn.ModuleDict):
        return None
    known = all(hasattr(part, "is_tensor") and hasattr(part, "unsafe") for part in inner.values())
    return inner if known and len(inner) else None


def parts(placed: Sequence[Place]) -> frozenset[int]:
    """The modules that are part of another's layer."""
    found = [parametrizations(module) for _, module in placed if FOLDER in module._modules]
    return frozenset(id(part) for inner in found if inner is not None for part in inner.modules())
