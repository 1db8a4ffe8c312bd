"""Kernels as whole numbers of a few bits, and what stands beside these to turn them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, ceil_div, evaluate, product
from ..errors import ConfigurationError, ShapeError
from .base import Shape, Tensor, Term
from .wrapped import _Around

Axes = tuple[tuple[str, Dim], ...]


@dataclass(frozen=True)
class Quantized(_Around):
    """Whole numbers for the kernel `of` and the scales that turn them back. Source: Keras' ``quantize`` guide; `kept` says
    that the kernel is still there beside its ``quantized_`` numbers, none of which is trained.

    ``int8``: as many whole numbers, and a scale for each place that the kernel's reader keeps; ``int4`` likewise where it is
    not `tabled`. All others but ``float8`` see a table. ``int4`` has a row for each place that is summed over, and a column
    for each that is kept; a scale for each column, or with a `block` a scale and a zero point for so many rows of it, and
    the block of each row, unless the `index` is another kernel's. ``gptq`` (arXiv:2210.17323) and ``awq`` (arXiv:2306.00978,
    with a scale for each row beside) have blocks always, all rows in one without a `block`; the rows of a kernel of three
    axes are the first where that is the longest, else the first two. ``float8``: the kernel stays, and for the inputs, the
    kernel and the gradient of the outputs there are a scale each and a history of `history` maxima, all of which Keras calls
    trainable. `packed`: along which axis of the table two numbers share a byte.

    >>> from .dense import Dense
    >>> [(t.role, t.shape) for t in Quantized(Dense(6)).tensors((None, 4))]
    [('kernel', (4, 6)), ('bias', (6,)), ('kernel_scale', (6,))]
    >>> [(t.role, t.shape) for t in Quantized(Dense(6, bias=False), scheme="int4", block=3).tensors((None, 4))]
    [('kernel', (4, 6)), ('kernel_scale', (2, 6)), ('kernel_zero', (2, 6)), ('kernel_group_index', (4,))]
    """

    of: str = "kernel"
    scheme: str = "int8"
    tabled: bool = True
    block: Optional[int] = None
    index: bool = True
    kept: bool = False
    history: int = 1024
    packed: str = ""
    kind: ClassVar[str] = "quantized"
    terms = {"block": Term("block")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        own, kernel = self.inner.tensors(*inputs), self.kernel(self.of, inputs)
        if self.scheme == "float8":
            return (*own, *self._watched(kernel))
        by_places = self.scheme == "int8" or not self.tabled
        whole, *beside = self._by_places(kernel, inputs) if by_places else self._by_blocks(kernel, inputs)
        if self.kept:
            return (*own, whole._replace(role=f"quantized_{kernel.role}"), *beside)
        return (*(whole if t.key == self.of else t for t in own), *beside)

    def _beside(self, kernel: Tensor, what: str, axes: Axes, trainable: bool = False) -> Tensor:
        return Tensor(f"{kernel.role}_{what}", axes, trainable, part=kernel.part)

    def _watched(self, kernel: Tensor) -> list[Tensor]:
        history = (("step", self.history),)
        each = [(what, axes) for who in ("inputs_", "", "outputs_grad_")
                for what, axes in ((f"{who}scale", ()), (f"{who}amax_history", history))]  # fmt: skip
        return [self._beside(kernel, what, axes, trainable=True) for what, axes in each]

    def _by_places(self, kernel: Tensor, inputs: tuple[Optional[Shape], ...]) -> list[Tensor]:
        sizes = dict(kernel.axes)
        places = self.inner.reading(self.of, *inputs).scaled
        axes = tuple((name or f"one{i}", sizes[name] if name else 1) for i, name in enumerate(places))
        return [kernel._replace(trainable=False), self._beside(kernel, "scale", axes)]

    def _by_blocks(self, kernel: Tensor, inputs: tuple[Optional[Shape], ...]) -> list[Tensor]:
        summed = self.inner.reading(self.of, *inputs).summed if self.scheme == "int4" else self._guessed(kernel)
        row = ("row", product(size for name, size in kernel.axes if name in summed))
        column = ("column", product(size for name, size in kernel.axes if name not in summed))
        whole = kernel._replace(axes=(row, column), trainable=False, packed=self.packed)
        if self.scheme == "int4" and self.block is None:
            return [whole, self._beside(kernel, "scale", (column,))]
        group = ("group", 1 if self.block is None else ceil_div(row[1], self.block))
        found = [self._beside(kernel, what, (group, column)) for what in ("scale", "zero")]
        rows = (*(("input_scale",) if self.scheme == "awq" else ()), *(("group_index",) if self.index else ()))
        return [whole, *found, *(self._beside(kernel, what, (row,)) for what in rows)]

    def _guessed(self, kernel: Tensor) -> tuple[str, ...]:
        """Which axes of a kernel are rows for a scheme that does not ask how it is read."""
        names, sizes = [name for name, _ in kernel.axes], [evaluate(size) for size in kernel.shape]
        if len(names) not in (2, 3):
            raise ConfigurationError(
                f"{self.scheme} quantises no such kernel", got=f"{len(names)} axes", expected="2 or 3 axes"
            )
        known = [size for size in sizes if isinstance(size, int)]
        if len(known) < len(sizes):
            raise ShapeError(f"{self.scheme} needs a kernel of known size", got=", ".join(names))
        return tuple(names[:1] if len(names) == 2 or known[0] == max(known) else names[:2])
