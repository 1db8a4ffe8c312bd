"""A bare function as a law: what each entry of the tables of functions gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NamedTuple, Optional

import torch

from introspect.ir import Shape, Spec

from .standins import is_standin


class Applied(NamedTuple):
    """A law and the tensors it is applied to.

    `nest`: what PyTorch makes of several outputs; `keep`: only so many were asked for; `dtypes`: of each, where they differ;
    `indices`: which inputs hold whole numbers.
    """

    spec: Spec
    inputs: tuple[Any, ...]
    dtype: Any = None  # None: the first input's
    nest: Optional[Callable[[Sequence[Any]], Any]] = None
    dtypes: Sequence[Any] = ()
    keep: Optional[int] = None
    indices: Sequence[int] = ()


class NoLawError(Exception):
    """These arguments are not covered; the function is run on meta tensors instead."""


Entry = Callable[..., Applied]


def shape_of(x: Any) -> Shape:
    """A tensor's shape, that of a stand-in as far as it is known."""
    return x.known_shape if is_standin(x) else tuple(x.shape)


def rank_of(x: Any) -> int:
    return len(shape_of(x))


def sizes_of(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """``x.view(2, 3)`` and ``x.view((2, 3))`` alike."""
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes


def length_of(x: Any, dim: int) -> int:
    """How long an axis is, where that is a number."""
    n = shape_of(x)[dim]
    if not isinstance(n, int):
        raise NoLawError
    return n


def tensors_of(*found: Any) -> tuple[Any, ...]:
    """The tensors among some arguments."""
    return tuple(x for x in found if hasattr(x, "dtype"))


def several(spec: Spec, inputs: tuple[Any, ...], nest: Any, dtypes: Sequence[Any] = (), keep: Optional[int] = None) -> Applied:
    """A function that gives several tensors."""
    return Applied(spec, inputs, nest=nest, dtypes=dtypes, keep=keep)


def returned(name: str) -> Callable[[Sequence[Any]], Any]:
    """PyTorch's own kind of tuple for what `name` gives."""
    return getattr(torch.return_types, name, tuple)
