"""Lasagne's ways of writing an argument, in the one form that the laws take."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any, Optional, Union

from introspect.algebra import Dim, unknown

Pair = tuple[int, int]


def function_name(function: Any) -> str:
    """What a nonlinearity, a pooling function or a Theano operation is called.

    >>> def rectify(x): return x
    >>> function_name(rectify), function_name(None)
    ('rectify', 'linear')
    """
    if function is None:
        return "linear"
    name = getattr(function, "__name__", None) or getattr(getattr(function, "scalar_op", None), "name", None)
    return str(name or type(function).__name__)


def rate(value: Any) -> Optional[float]:
    """A dropout rate or noise level for reading; None where it is a Theano variable."""
    return float(value) if isinstance(value, (int, float)) else None


def spatial(value: Any, axes: int) -> tuple[int, ...]:
    """One number for each spatial axis; a single one stands for all.

    >>> spatial(3, 2), spatial((3, 5), 2)
    ((3, 3), (3, 5))
    """
    if isinstance(value, Iterable):
        return tuple(index(n) for n in value)
    return (index(value),) * axes


def pairs(width: Any, axes: int = 0) -> tuple[Pair, ...]:
    """Padding as (before, after) for each axis, from a number, numbers, or pairs.

    >>> pairs(2, 2), pairs((1, (0, 3)))
    (((2, 2), (2, 2)), ((1, 1), (0, 3)))
    """
    each = tuple(width) if isinstance(width, Iterable) else (width,) * axes
    return tuple((index(w[0]), index(w[1])) if isinstance(w, (tuple, list)) else (index(w), index(w)) for w in each)


def amounts(pad: Any, axes: int) -> Union[str, tuple[Pair, ...]]:
    """A convolution's or pool's `pad`: ``full`` and ``same`` as they are, numbers as pairs.

    >>> amounts("full", 2), amounts(1, 2)
    ('full', ((1, 1), (1, 1)))
    """
    return pad if isinstance(pad, str) else pairs(pad, axes)


def in_range(axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """The axes that Lasagne takes for shared: those it meets when counting from the front."""
    return tuple(axis for axis in range(rank) if axis in set(axes))


def reshape_target(shape: Iterable[Any]) -> tuple[Any, ...]:
    """Numbers, ``[i]`` for the input's axis i, and an unknown for a size that only Theano knows."""
    return tuple(_target(entry) for entry in shape)


def _target(entry: Any) -> Union[Dim, tuple[str, int]]:
    if isinstance(entry, list):
        return ("input", index(entry[0]))
    try:
        return index(entry)
    except TypeError:
        return unknown()


def sliced(indices: Any) -> dict[str, Any]:
    """The fields of a slice, or of a single index.

    >>> sliced(slice(1, None)), sliced(-1)
    ({'start': 1, 'stop': None, 'step': 1}, {'index': -1})
    """
    if not isinstance(indices, slice):
        return {"index": index(indices)}
    return {"start": indices.start, "stop": indices.stop, "step": 1 if indices.step is None else indices.step}


def hidden_units(layer: Any) -> int:
    """A recurrent layer's units; a plain one keeps them in the dense layer that it is made of."""
    own = getattr(layer, "num_units", None)
    return index(layer.hidden_to_hidden.num_units if own is None else own)
