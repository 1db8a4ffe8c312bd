"""How a law's tensors lie in a framework's memory: patterns of named axes, in the manner of einops.

``out in kh kw`` is PyTorch's kernel and ``kh kw in out`` Keras'; ``(gate out) in`` stacks an LSTM's gates; an axis that is
left out is stored as several tensors; several roles in one tensor are stacked along an axis called ``set``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from .algebra import Dim, product
from .errors import ConfigurationError
from .layers.base import Shape, Tensor


@cache
def parse_layout(layout: str) -> tuple[tuple[str, ...], ...]:
    """Groups of axis names, one group a stored axis.

    >>> parse_layout("(gate out) in")
    (('gate', 'out'), ('in',))
    """
    return tuple(tuple(group.strip("()").split()) for group in re.findall(r"\([^()]*\)|[^\s()]+", layout))


def stored_shape(layout: str, tensors: Sequence[Tensor]) -> Shape:
    """The shape in which `tensors` (stacked, if several) are stored by `layout`.

    >>> kernel = Tensor("kernel", (("gate", 4), ("in", 16), ("out", 32)))
    >>> stored_shape("(gate out) in", [kernel]), stored_shape("in out", [kernel])
    ((128, 16), (16, 32))
    """
    dims: dict[str, Dim] = dict(tensors[0].axes)
    dims["set"] = len(tensors)
    dims["one"] = 1
    try:
        groups = parse_layout(layout)
        return tuple(dims[group[0]] if len(group) == 1 else product(dims[name] for name in group) for group in groups)
    except KeyError as missing:
        raise ConfigurationError(
            f"the layout {layout!r} names an axis that {tensors[0].key} does not have",
            got=missing.args[0],
            expected=", ".join(dims),
        ) from None


def default_layout(tensor: Tensor) -> str:
    """The law's own order of axes."""
    return " ".join(name for name, _ in tensor.axes)


def by_key(tensors: Sequence[Tensor]) -> Mapping[str, Tensor]:
    """A law's tensors by role and part."""
    return {tensor.key: tensor for tensor in tensors}
