"""Locally connected layers: a convolution whose kernel is not shared between positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, evaluate, product
from ..errors import ShapeError
from .base import Connections, Shape, Tensor, Term, axis_suffixes, need, show
from .conv import SLIDING_TERMS, Sliding


@dataclass(frozen=True)
class LocallyConnected(Sliding):
    """A kernel of its own at every output position: ``positions·K·c_in·filters``. Sources: Keras 2's ``LocallyConnected2D`` and
    Lasagne's ``LocallyConnected2DLayer`` pages, which differ in whether the bias is shared between positions.

    `channelwise`: each channel has one filter of its own, which sees nothing else. `stored`: a kernel for each of the
    ``positions``; ``everything``, a number for each input and output whether they meet or not; or ``pairs``, one for each input
    and output that meet, a window around ``position·stride`` being cut at the edges (tf.keras' `implementation` 1, 2 and 3).

    >>> local = LocallyConnected((3, 3), (1, 1), "same", filters=4)
    >>> [tensor.shape for tensor in local.tensors((1, 2, 5, 6))]
    [(3, 3, 2, 4, 5, 6), (4,)]
    >>> [local.replace(stored=how).tensors((1, 2, 5, 6))[0].shape for how in ("everything", "pairs")]
    [(5, 6, 2, 5, 6, 4), (1664,)]
    """

    filters: int = 1
    channelwise: bool = False
    stored: str = "positions"
    kind: ClassVar[str] = "locally_connected"
    terms = {**SLIDING_TERMS, "filters": Term("filters")}

    def out_channels(self, x: Optional[Shape]) -> int:
        return self.filters

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = need(inputs[0] if inputs else None, "a kernel for each position")
        c_in = self.input_channels(x)
        if self.channelwise and isinstance(c_in, int) and isinstance(self.filters, int) and c_in != self.filters:
            raise ShapeError("channelwise filters need as many channels", got=c_in, expected=self.filters)
        return (Tensor("kernel", self._kernel(x, 1 if self.channelwise else c_in)), *self.bias_tensors(x))

    def _kernel(self, x: Shape, c_in: Dim) -> tuple[tuple[str, Dim], ...]:
        names = tuple(suffix or "n" for suffix in axis_suffixes(self.rank()))
        places = tuple(zip(names, self.positions(x)))
        if self.stored == "positions":
            return (*self.window_axes(), ("in", c_in), ("out", self.filters), *places)
        if self.stored == "everything":
            fed = tuple(zip((f"in_{name}" for name in names), self.spatial(x)))
            return (*fed, ("in", c_in), *places, ("out", self.filters))
        return (("pairs", self._pairs(x, c_in)),)

    def _pairs(self, x: Shape, c_in: Dim) -> Dim:
        """Inputs and outputs that meet."""
        axes = zip(self.spatial(x), self.positions(x), self.kernel_size, self.stride)
        return product(self._met(*sizes) for sizes in axes) * c_in * self.filters

    def _met(self, n: Dim, positions: Dim, k: Dim, s: Dim) -> Dim:
        """Along one axis: the elements in all windows, those outside the input left out."""
        if self.padding != "same":
            return positions * k
        whole, count, k, s = (evaluate(number) for number in (n, positions, k, s))
        if not all(isinstance(number, int) for number in (whole, count)):
            raise ShapeError("which inputs and outputs meet depends on the size", got=show((n,)), expected="a number")
        starts = [i * int(s) - int(k) // 2 for i in range(int(count))]
        return sum(min(int(whole), start + int(k)) - max(0, start) for start in starts)

    def connections(self, *inputs: Shape) -> Connections:
        """Every kernel element is used once, if it is used."""
        x = self.check(inputs[0])
        whole = self.stored == "positions"
        kernel = self.tensors(x)[0].size if whole else self._pairs(x, self.input_channels(x))
        return Connections(kernel, product(self.per_example(self.output(*inputs))) if self.bias else 0)
