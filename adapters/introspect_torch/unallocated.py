"""Ways of making a module without memory for its parameters: their sizes are all that is looked at."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_UNFILLED = (torch.empty, torch.Tensor.new_empty)


class _EmptyOnMeta(TorchFunctionMode):  # type: ignore[misc]
    """Puts on the meta device only what is made without a value, as a layer's parameters are: what is computed from values
    (the widths of a RegNet, from `torch.arange`) still is.
    """

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(kwargs or {})
        if function in _UNFILLED and given.get("device") is None:
            given["device"] = "meta"
        return function(*args, **given)


def ways() -> list[AbstractContextManager[Any]]:
    """The meta device for everything, then for what is empty."""
    return [torch.device("meta"), _EmptyOnMeta()]
