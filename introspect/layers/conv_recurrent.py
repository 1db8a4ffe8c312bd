"""A recurrent layer whose two connections are convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, product
from ..errors import ShapeError
from .base import Connections, Shape, Spec, Tensor, Term, axis_suffixes, kernel_axes, require_rank, show
from .conv import Conv
from .recurrent import GATES
from .window import Padding


@dataclass(frozen=True)
class ConvRecurrent(Spec):
    """An LSTM over maps: ``4·filters·(K·c_in + K·filters + 1)``. Sources: arXiv:1506.04214; Keras' ``ConvLSTM2D`` page.

    The convolution of the state has stride 1 and keeps its size. The maps' size has to be known.

    >>> sum(t.size for t in ConvRecurrent((3, 3), filters=8).tensors((None, 5, 16, 16, 3)))
    3200
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] = ()
    padding: Padding = "same"
    dilation: tuple[int, ...] = ()
    filters: int = 1
    bias: bool = True
    channels: str = "last"
    return_sequences: bool = True
    states: bool = False
    activation: Optional[str] = "tanh"
    kind: ClassVar[str] = "conv_recurrent"
    weighted: ClassVar[bool] = True
    terms = {"kernel_size": Term("k"), "filters": Term("filters"), "stride": Term("s"), "dilation": Term("dilation", neutral=1)}

    def _conv(self) -> Conv:
        """The convolution of one step's input."""
        rank = len(self.kernel_size)
        ones = (1,) * rank
        fields = {"dilation": self.dilation or ones, "channels": self.channels, "unbatched": False}
        return Conv(self.kernel_size, self.stride or ones, self.padding, filters=self.filters, **fields)  # type: ignore[arg-type]

    def _step(self, x: Optional[Shape]) -> Shape:
        if x is None:
            raise ShapeError("a convolutional recurrent layer's tensors depend on the input's shape", expected="an input shape")
        require_rank(x, (len(self.kernel_size) + 3,), "a convolutional recurrent layer")
        step = (x[0], *x[2:])
        spatial = step[2:] if self.channels == "first" else step[1:-1]
        if not all(isinstance(n, int) or self.__dict__.get("_prefix") is not None for n in spatial):
            raise ShapeError("the maps of a recurrent layer need a known size", got=show(x), expected="numbers")
        return step

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        step = self._step(inputs[0] if inputs else None)
        window = tuple(zip(kernel_axes(len(self.kernel_size)), self.kernel_size))
        c_in = step[1] if self.channels == "first" else step[-1]
        gates = (("gate", GATES["lstm"]), ("out", self.filters))
        found = [
            Tensor("kernel", (*window, ("in", c_in), *gates)),
            Tensor("recurrent_kernel", (*window, ("state", self.filters), *gates)),
        ]
        return (*found, Tensor("bias", gates)) if self.bias else tuple(found)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x = inputs[0]
        batch, *maps = self._conv().output(self._step(x))
        steps = (x[1],) if self.return_sequences else ()
        state = (batch, *maps)
        return ((batch, *steps, *maps), *((state, state) if self.states else ()))

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]

    def connections(self, *inputs: Shape) -> Connections:
        """Every kernel element once at every position of every step."""
        x = inputs[0]
        _, *maps = self._conv().output(self._step(x))
        places: Dim = product(maps[1:] if self.channels == "first" else maps[:-1]) * x[1]
        sizes = [(t.size, t.is_bias) for t in self.tensors(x)]
        return Connections(places * sum(n for n, bias in sizes if not bias), places * sum(n for n, bias in sizes if bias))

    def channels_of(self, y: Shape) -> Dim:
        return self.filters

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        spatial = tuple(suffix or "n" for suffix in axis_suffixes(len(self.kernel_size)))
        maps = ("c_in", *spatial) if self.channels == "first" else (*spatial, "c_in")
        return (("", "t", *maps), *(("",) * len(other) for other in inputs[1:]))
