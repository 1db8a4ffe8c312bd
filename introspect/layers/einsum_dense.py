"""A dense layer over any axes, as an Einstein sum with a kernel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Optional

from ..algebra import Dim, known, product, symbol
from ..errors import ConfigurationError, ShapeError
from .base import Connections, Reading, Shape, Spec, Tensor, need, show

_FORMS = (r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)", r"0([a-zA-Z]+),([a-zA-Z]+)->0([a-zA-Z]+)",
          r"([a-zA-Z]{2,})0,([a-zA-Z]+)->([a-zA-Z]+)0")  # fmt: skip


class _Parts(NamedTuple):
    """The letters of the input, the kernel and the output, and on which side an ellipsis stands."""

    read: str
    kernel: str
    made: str
    dots: str


@dataclass(frozen=True)
class EinsumDense(Spec):
    """The kernel has the axes that its letters name, the bias those of `bias_axes`. Source: Keras' ``EinsumDense`` page.

    `output_shape` is declared without the batch and without what an ellipsis stands for; None takes the input's axis.

    >>> layer = EinsumDense("abc,cde->abde", (None, 4, 16), bias_axes="de")
    >>> [tensor.shape for tensor in layer.tensors((None, 10, 64))], layer.output((8, 10, 64))
    ([(64, 4, 16), (4, 16)], (8, 10, 4, 16))
    """

    equation: str
    output_shape: tuple[Optional[int], ...]
    bias_axes: Optional[str] = None
    activation: Optional[str] = None
    kind: ClassVar[str] = "einsum_dense"
    weighted: ClassVar[bool] = True

    def _parts(self) -> _Parts:
        text = self.equation.replace("...", "0")
        for form, dots in zip(_FORMS, ("", "left", "right")):
            found = re.match(form, text)
            if found:
                return _Parts(found[1], found[2], found[3], dots)
        forms = "[X],[Y]->[Z], ...[X],[Y]->...[Z] or [X]...,[Y]->[Z]..."
        raise ConfigurationError("this is no equation of a dense layer", got=self.equation, expected=forms)

    def _sizes(self, x: Shape) -> tuple[dict[str, Dim], dict[str, Optional[Dim]], Shape]:
        """The input's and the declared output's sizes by letter, and what the ellipsis stands for."""
        parts = self._parts()
        hidden = len(x) - len(parts.read)
        if hidden < 0 or (hidden and not parts.dots):
            raise ShapeError(f"{self.equation!r} cannot take this input", got=show(x), expected=f"{len(parts.read)} axes")
        left = hidden if parts.dots == "left" else 0
        spread = x[:left] if left else x[len(parts.read) :]
        declared: list[Optional[Dim]] = [*(() if left else x[:1]), *self.output_shape]
        if len(declared) != len(parts.made):
            raise ConfigurationError("the output shape is not that of the equation", got=self.output_shape, expected=parts.made)
        return dict(zip(parts.read, x[left : left + len(parts.read)])), dict(zip(parts.made, declared)), spread

    def _settled(self, x: Shape) -> tuple[dict[str, Dim], Shape]:
        """The size of every letter, and the axes behind the ellipsis."""
        read, declared, spread = self._sizes(x)
        parts = self._parts()
        sizes = dict(read)
        for letter, size in declared.items():
            if letter not in read and letter not in parts.kernel:
                raise ConfigurationError("an axis of the output comes from nowhere", got=letter, expected=self.equation)
            if letter in read and size is not None and size != read[letter]:
                raise ShapeError(f"axis {letter!r} of {self.equation!r} does not fit", got=show((read[letter],)), expected=size)
            if letter not in read:
                if size is None:
                    raise ConfigurationError(f"axis {letter!r} of the output needs a size", got=self.output_shape)
                sizes[letter] = size
        return sizes, spread

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = need(inputs[0] if inputs else None, "EinsumDense's kernel")
        sizes, spread = self._settled(x)
        parts = self._parts()
        if any(letter not in sizes for letter in parts.kernel):
            raise ConfigurationError("an axis of the kernel has no size", got=parts.kernel, expected=self.equation)
        if not all(known(sizes[letter]) for letter in parts.kernel):
            raise ShapeError("a kernel cannot have an open size", got=show(x), expected=f"numbers for {parts.kernel}")
        kernel = Tensor("kernel", tuple((letter, sizes[letter]) for letter in parts.kernel))
        return (kernel,) if self.bias_axes is None else (kernel, self._bias(parts, sizes, spread))

    def _bias(self, parts: _Parts, sizes: dict[str, Dim], spread: Shape) -> Tensor:
        axes = self.bias_axes or ""
        if not axes or any(letter not in parts.made for letter in axes):
            raise ConfigurationError("the bias has an axis that the output lacks", got=axes, expected=parts.made)
        behind = parts.made[min(parts.made.index(letter) for letter in axes) :]
        ones = len(spread) if parts.dots == "right" else 0
        shape: list[tuple[str, Dim]] = [(letter, sizes[letter] if letter in axes else 1) for letter in behind]
        return Tensor("bias", (*shape, *((f"one{i}", 1) for i in range(ones))))

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        self.tensors(x)
        sizes, spread = self._settled(x)
        parts = self._parts()
        named = tuple(sizes[letter] for letter in parts.made)
        return (*spread, *named) if parts.dots == "left" else (*named, *spread)

    def connections(self, *inputs: Shape) -> Connections:
        """One edge for every combination of all axes but the batch; one from a bias for every output."""
        (x,) = inputs
        sizes, spread = self._settled(x)
        if self._parts().dots == "left" and spread:
            places = product(spread[1:])
            inner = product(sizes.values())
        else:
            places = product(spread)
            inner = product(size for letter, size in sizes.items() if letter != self._parts().read[0])
        made = product(self.per_example(self.output(x)))
        return Connections(places * inner, made if self.bias_axes is not None else 0)

    def reading(self, role: str, *inputs: Optional[Shape]) -> Reading:
        parts = self._parts()
        if parts.dots:
            raise ConfigurationError(
                "no kernel is quantised beside an ellipsis", got=self.equation, expected="a letter for each axis"
            )
        summed = tuple(letter for letter in parts.kernel if letter not in parts.made)
        return Reading(summed, _scaled(parts.read, parts.kernel, parts.made))

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        (x,) = inputs
        parts = self._parts()
        hidden = ("",) * (len(x) - len(parts.read))
        names = (*hidden, *parts.read) if parts.dots == "left" else (*parts.read, *hidden)
        return (("", *names[1:]),)

    def named(self, prefix: str = "") -> EinsumDense:
        twin: Any = super().named(prefix)
        parts = self._parts()
        letters = parts.made[len(parts.made) - len(self.output_shape) :]
        declared = [None if n is None else symbol(prefix + letter, n) for letter, n in zip(letters, self.output_shape)]
        twin.__dict__["output_shape"] = tuple(declared)
        result: EinsumDense = twin
        return result


def _scaled(read: str, kernel: str, made: str) -> tuple[str, ...]:
    """The axes of a kernel's scales, as Keras lays them over the output: an axis of 1 for each that the kernel lacks.

    >>> _scaled("abc", "cde", "abde"), _scaled("abc", "bcd", "ad")
    (('', '', 'd', 'e'), ('', 'd'))
    """
    last = _placed(read, made, 0)[3]
    order, free, dropped, _ = _placed(kernel, made, last)
    names = [kernel[i] if kernel[i] in made else "" for i in order]
    for place in free:
        names.insert(place, "")
    for place in reversed(dropped):
        names.pop(place)
    return tuple(names)


def _placed(letters: str, made: str, last: int) -> tuple[list[int], list[int], list[int], int]:
    """An operand's axes in the output's order, those it sums over where the output has an axis that is not its own.

    Also the places that are left, the axes for which there was none, and the last place that was taken.
    """
    order = [letters.index(letter) for letter in made if letter in letters]
    free = [place for place, letter in enumerate(made) if letter not in letters]
    dropped = []
    for i, letter in enumerate(letters):
        if letter not in made:
            if free:
                last = free.pop(0)
            else:
                dropped.append(i)
            order.insert(last, i)
    return order, free, dropped, last
