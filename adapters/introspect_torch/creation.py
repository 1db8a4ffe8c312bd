"""Tensors that `forward` makes from nothing (`torch.zeros`, `arange`, …) become stand-ins, so that nothing is allocated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Callable

import torch

try:
    from torch.overrides import TorchFunctionMode

    with TorchFunctionMode():
        pass
except (ImportError, TypeError):  # before PyTorch 1.13 such tensors are made for real, and bare functions not reported on
    TorchFunctionMode = None


if TorchFunctionMode is not None:

    class _Handled(TorchFunctionMode):  # type: ignore[misc]
        """A function mode, of this thread alone, that hands every PyTorch function to `handle`."""

        def __init__(self, handle: Callable[..., Any]) -> None:
            super().__init__()
            self.handle = handle

        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return self.handle(function, args, kwargs or {})


def _mode(handle: Callable[..., Any]) -> Any:
    """The mode around `handle`, where this PyTorch has modes."""
    return nullcontext() if TorchFunctionMode is None else _Handled(handle)


@contextmanager
def listening(heard: Callable[[Callable[..., Any], Any], None]) -> Iterator[None]:
    """While it is open, `heard(function, result)` is told of each of this thread's function calls."""

    def handle(function: Any, args: Any, kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        heard(function, result)
        return result

    with _mode(handle):
        yield


_SIZED = frozenset(getattr(torch, name) for name in ("zeros", "ones", "empty", "rand", "randn"))
_OTHERS = frozenset(getattr(torch, name) for name in ("arange", "full", "linspace", "eye", "randint", "randperm"))


@contextmanager
def creating(constant: Callable[..., Any]) -> Iterator[None]:
    """While it is open, this thread's creation functions answer with `constant(shape, dtype)`."""

    def handle(function: Any, args: Any, kwargs: Any) -> Any:
        if kwargs.get("device") == "meta":
            return function(*args, **kwargs)  # made without data already
        if function in _SIZED and not _plain(args):
            sizes = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
            return constant(tuple(sizes), kwargs.get("dtype") or torch.get_default_dtype())
        if function not in _SIZED and function not in _OTHERS:
            return function(*args, **kwargs)
        made = function(*args, **{**{k: v for k, v in kwargs.items() if k != "generator"}, "device": "meta"})
        return constant(tuple(made.shape), made.dtype)

    with _mode(handle):
        yield


def _plain(args: Any) -> bool:
    """Whether all sizes are numbers."""
    flat = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
    return all(isinstance(n, int) for n in flat)
