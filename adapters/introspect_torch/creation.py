"""Tensors that `forward` makes from nothing: `torch.zeros`, `arange`, a mask.

Small ones are made for real, as code that looks at a mask's values then goes on; large and random ones become stand-ins, so
that nothing is allocated at the model's size. PyTorch's own parser refuses a size that is no number yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Callable

import torch

from .standins import is_standin

try:
    from torch.overrides import TorchFunctionMode
except ImportError:  # before PyTorch 1.12 such tensors are made for real, and bare functions not reported on
    TorchFunctionMode = None


if TorchFunctionMode is not None:

    class _Handled(TorchFunctionMode):  # type: ignore[misc]
        """A function mode, of this thread alone, that hands every PyTorch function to `handle`."""

        handle: Callable[..., Any]

        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return self.handle(function, args, kwargs or {})


def _mode(handle: Callable[..., Any]) -> Any:
    """The mode around `handle`, where this PyTorch has modes."""

    def made(**around: Any) -> Any:
        mode = _Handled(**around)
        mode.handle = handle
        return mode

    if TorchFunctionMode is None:
        return nullcontext()
    if hasattr(TorchFunctionMode, "__enter__"):
        return made()
    push = getattr(torch.overrides, "push_torch_function_mode")  # noqa: B009
    return push(made)  # PyTorch 1.12 makes the mode itself, and says what is around it


@contextmanager
def listening(heard: Callable[[Callable[..., Any], Any, Any], None], call: Callable[..., Any]) -> Iterator[None]:
    """While it is open, `call` makes this thread's function calls, and `heard(function, arguments, result)` is told of each."""

    def handle(function: Any, args: Any, kwargs: Any) -> Any:
        result = call(function, args, kwargs)
        heard(function, (args, kwargs), result)
        return result

    with _mode(handle) if TorchFunctionMode is not None else torch.random.fork_rng(devices=[]):
        yield  # without modes nothing is heard, and what is drawn is put back


_LIKE = frozenset({"rand_like", "randn_like", "randint_like"})
_TAKE_A_GENERATOR = _LIKE if "generator" in str(torch.rand_like.__doc__) else frozenset()  # older versions' do not
_DRAWING = _TAKE_A_GENERATOR | frozenset(
    "rand randn randint randperm normal bernoulli multinomial normal_ uniform_ bernoulli_ random_ exponential_ geometric_ "
    "log_normal_ cauchy_ poisson".split()
)
_DRAWING_FROM_ALL = (_LIKE - _TAKE_A_GENERATOR) | frozenset(  # these take none: PyTorch's own is put back behind them
    "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout feature_dropout rrelu rrelu_ gumbel_softmax "
    "scaled_dot_product_attention fractional_max_pool2d fractional_max_pool3d fractional_max_pool2d_with_indices "
    "fractional_max_pool3d_with_indices multi_head_attention_forward lstm gru rnn_tanh rnn_relu".split()
)


def drawn_apart(generator: torch.Generator) -> Callable[[Callable[..., Any], Any, Any], Any]:
    """Calls functions so that what is random comes from `generator`: the numbers that others draw stay what they are."""

    def call(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if function.__name__ in _DRAWING_FROM_ALL:
            with torch.random.fork_rng(devices=[]):
                return function(*args, **kwargs)
        if function.__name__ not in _DRAWING or kwargs.get("generator") is not None:
            return function(*args, **kwargs)
        return function(*args, **{**kwargs, "generator": generator})

    return call


def plainly(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Calls a function as it is."""
    return function(*args, **kwargs)


_SMALL = 1 << 20  # elements: a mask over a thousand positions
_CERTAIN = frozenset(getattr(torch, name) for name in ("zeros", "ones", "arange", "full", "linspace", "eye"))
_UNCERTAIN = frozenset(getattr(torch, name) for name in ("empty", "rand", "randn", "randint", "randperm"))
_LIKE_AN_INPUT = frozenset({"new_zeros", "new_ones", "new_empty", "new_full"})


def is_made_anew(function: Callable[..., Any]) -> bool:
    """Whether a function makes a tensor of which only type and device are another's: ``x.new_zeros(2, 3)``."""
    return function.__name__ in _LIKE_AN_INPUT


def may_be_real(function: Callable[..., Any], made: torch.Tensor) -> bool:
    """Whether what a creation function makes is made for real: its values are certain, and there are not many."""
    return function not in _UNCERTAIN and function.__name__ != "new_empty" and bool(made.numel() <= _SMALL)


@contextmanager
def creating(constant: Callable[..., Any]) -> Iterator[None]:
    """While it is open, this thread's creation functions answer with `constant(shape, dtype)`."""

    def handle(function: Any, args: Any, kwargs: Any) -> Any:
        if kwargs.get("device") == "meta":
            return function(*args, **kwargs)  # made without data already
        if function is torch.as_tensor and is_standin(args[0]):
            return args[0].walk.apply(function, args, kwargs)  # PyTorch asks for its data, not for its answer
        if function not in _CERTAIN and function not in _UNCERTAIN:
            return function(*args, **kwargs)
        made = function(*args, **{**{k: v for k, v in kwargs.items() if k != "generator"}, "device": "meta"})
        if may_be_real(function, made):
            return function(*args, **kwargs)
        return constant(tuple(made.shape), made.dtype)

    with _mode(handle):
        yield
