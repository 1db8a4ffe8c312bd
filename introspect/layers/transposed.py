"""Transposed convolution in any number of spatial axes, by PyTorch's and Lasagne's rule and by TensorFlow's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, exact_div, maximum, product
from ..errors import ConfigurationError
from .base import Connections, Shape, Tensor, Term, require_divisible
from .conv import SLIDING_TERMS, Sliding
from .window import margins, outputs_of


@dataclass(frozen=True)
class TransposedConv(Sliding):
    """The shape of a convolution's gradient. Sources: PyTorch's ``ConvTranspose2d`` page; for ``same`` and ``valid``
    Keras' ``compute_conv_transpose_output_shape``; Lasagne's ``TransposedConv2DLayer`` (its `crop` is the padding).

    `padding` removes elements from the output (``full`` and ``half``: as many as a convolution would add). ``same`` is
    n·s, ``valid`` n·s + max(k − s, 0), the TensorFlow way.

    >>> TransposedConv((2,), (3,), ((0, 0),), filters=4).output((1, 8, 5))
    (1, 4, 14)
    >>> TransposedConv((2,), (3,), "valid", filters=4).output((1, 8, 5))
    (1, 4, 15)
    """

    filters: int = 1
    groups: int = 1
    output_padding: tuple[int, ...] = ()
    output_size: Optional[tuple[Optional[Dim], ...]] = None
    kind: ClassVar[str] = "transposed_conv"
    terms = {
        **SLIDING_TERMS,
        "filters": Term("filters"),
        "groups": Term("groups", neutral=1),
        "output_padding": Term("op", neutral=0),
    }

    def out_channels(self, x: Optional[Shape]) -> Dim:
        return self.filters

    def positions(self, x: Shape) -> Shape:
        spread = tuple(self._spread(n, i) for i, n in enumerate(self.spatial(self.check(x))))
        wanted = self.output_size or (None,) * self.rank()
        return outputs_of(self, (m if size is None else size for m, size in zip(spread, wanted)))

    def _spread(self, n: Dim, i: int) -> Dim:
        k, s, dilation = self.kernel_size[i], self.stride[i], self.dilation[i] if self.dilation else 1
        reach = dilation * (k - 1) + 1
        if self.padding in ("same", "valid"):
            return self._tensorflow(n, s, reach, self.output_padding[i] if self.output_padding else None)
        before, after = margins(self.padding if isinstance(self.padding, str) else self.padding[i], k, dilation)
        extra = self.output_padding[i] if self.output_padding else 0
        if int(extra) and int(extra) >= max(int(s), int(dilation)):
            raise ConfigurationError(
                "output padding is too wide", got=extra, expected=f"less than {max(int(s), int(dilation))}"
            )
        return (n - 1) * s - before - after + reach + extra

    def _tensorflow(self, n: Dim, s: Dim, reach: Dim, extra: Optional[Dim]) -> Dim:
        """What TensorFlow makes of ``same`` and ``valid``; an `extra` that is given, even 0, replaces its own choice."""
        if extra is None:
            return n * s if self.padding == "same" else n * s + maximum(reach - s, 0)
        removed = reach // 2 * 2 if self.padding == "same" else 0
        return (n - 1) * s + reach - removed + extra

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = inputs[0] if inputs else None
        c_in = self.input_channels(x)
        require_divisible(c_in, self.groups, "the input channels")
        require_divisible(self.filters, self.groups, "the filters")
        kernel = (*self.window_axes(), ("in", c_in), ("out", exact_div(self.filters, self.groups)))
        return (Tensor("kernel", kernel), *self.bias_tensors(x))

    def connections(self, *inputs: Shape) -> Connections:
        """Every kernel element is used once at every *input* position."""
        x = inputs[0]
        kernel = self.tensors(x)[0].size
        bias_edges = product(self.positions(x)) * self.filters if self.bias else 0
        return Connections(product(self.spatial(x)) * kernel, bias_edges)
