"""Locally connected layers: a convolution whose kernel is not shared between positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import product
from ..errors import ShapeError
from .base import Connections, Shape, Tensor, Term, axis_suffixes, need
from .conv import SLIDING_TERMS, Sliding


@dataclass(frozen=True)
class LocallyConnected(Sliding):
    """A kernel of its own at every output position: ``positions·K·c_in·filters``. Sources: Keras 2's ``LocallyConnected2D`` and
    Lasagne's ``LocallyConnected2DLayer`` pages, which differ in whether the bias is shared between positions.

    `channelwise`: each channel has one filter of its own, which sees nothing else.

    >>> local = LocallyConnected((3, 3), (1, 1), "same", filters=4)
    >>> [tensor.shape for tensor in local.tensors((1, 2, 5, 6))]
    [(3, 3, 2, 4, 5, 6), (4,)]
    """

    filters: int = 1
    channelwise: bool = False
    kind: ClassVar[str] = "locally_connected"
    terms = {**SLIDING_TERMS, "filters": Term("filters")}

    def out_channels(self, x: Optional[Shape]) -> int:
        return self.filters

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = need(inputs[0] if inputs else None, "a kernel for each position")
        c_in = self.input_channels(x)
        if self.channelwise and isinstance(c_in, int) and isinstance(self.filters, int) and c_in != self.filters:
            raise ShapeError("channelwise filters need as many channels", got=c_in, expected=self.filters)
        names = tuple(suffix or "n" for suffix in axis_suffixes(self.rank()))
        sides = (("in", 1 if self.channelwise else c_in), ("out", self.filters))
        kernel = (*self.window_axes(), *sides, *zip(names, self.positions(x)))
        return (Tensor("kernel", kernel), *self.bias_tensors(x))

    def connections(self, *inputs: Shape) -> Connections:
        """Every kernel element is used once."""
        kernel = self.tensors(*inputs)[0].size
        return Connections(kernel, product(self.per_example(self.output(*inputs))) if self.bias else 0)
