"""Files of PyTorch's that the user trusts: unpickled by PyTorch itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from introspect.errors import IntrospectError, UnreadableError
from introspect.saved import tensors
from introspect.saved.recognising import EXPORTED

MOST_LEVELS = 20


def opened(path: str, kind: str) -> Any:
    """The module in a file, or an explanation of the tensors in it. Runs what the file says."""
    import torch

    try:
        found = torch.export.load(path) if kind == EXPORTED else _loaded(torch, path)
    except Exception as error:  # unpickling runs code of any kind
        raise UnreadableError("PyTorch cannot load this file", got=f"{type(error).__name__}: {error}"[:500]) from None
    if isinstance(found, torch.nn.Module) or kind == EXPORTED:
        return found
    stored = list(_tensors(torch, found, "", 0))
    if not stored:
        raise IntrospectError("this file holds neither a module nor tensors", got=type(found).__name__)
    return tensors.explained(tensors.Contents("state dict", stored, str(torch.__version__)), Path(path).name)


def _loaded(torch: Any, path: str) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except TypeError:  # PyTorch before 1.13 has no such argument
        return torch.load(path, map_location="cpu")


def _tensors(torch: Any, value: Any, name: str, depth: int) -> Iterator[tensors.Stored]:
    if isinstance(value, torch.Tensor):
        buffer = False if isinstance(value, torch.nn.Parameter) else None
        kept = value.layout == torch.strided and value.numel() > 0
        identity = f"{value.data_ptr()} {tuple(value.shape)} {value.stride()}" if kept else ""
        yield tensors.Stored(name or "tensor", tuple(value.shape), identity, buffer)
    elif isinstance(value, (dict, list, tuple)) and depth < MOST_LEVELS:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _tensors(torch, item, f"{name}.{key}" if name else str(key), depth + 1)
