"""Fourier transforms of real numbers along the last axis; a spectrum is two tensors, its real and its imaginary part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..errors import ShapeError
from .base import Shape, Spec, positive, show


@dataclass(frozen=True)
class RealFourier(Spec):
    """``n`` numbers as ``n // 2 + 1`` frequencies; `inverse` goes back, to ``2·(n − 1)``. `length`: n, where it is given.

    Source: NumPy's ``rfft`` and ``irfft`` pages; Keras' of the same names.

    >>> RealFourier().outputs((4, 9)), RealFourier(inverse=True).outputs((4, 5), (4, 5))
    (((4, 5), (4, 5)), ((4, 8),))
    """

    length: Optional[int] = None
    inverse: bool = False
    kind: ClassVar[str] = "real_fourier"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x = inputs[0]
        if not x:
            raise ShapeError("a Fourier transform runs along an axis", got=show(x), expected="at least 1 axis")
        if self.inverse:
            return ((*x[:-1], 2 * (x[-1] - 1) if self.length is None else self.length),)
        return ((*x[:-1], (x[-1] if self.length is None else self.length) // 2 + 1),) * 2

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]


@dataclass(frozen=True)
class ShortFourier(Spec):
    """Windows of `size` samples, `step` apart, each as ``size // 2 + 1`` frequencies; `inverse` lays them over one another.

    `centred`: the first window's middle is the first sample, half a window being added on both sides. `length`: how many
    samples are wanted back. Source: Keras' ``stft`` and ``istft`` pages.

    >>> ShortFourier(8, 2).outputs((4, 20)), ShortFourier(8, 2, inverse=True).outputs((4, 11, 5), (4, 11, 5))
    (((4, 11, 5), (4, 11, 5)), ((4, 20),))
    """

    size: int
    step: int
    centred: bool = True
    inverse: bool = False
    length: Optional[int] = None
    kind: ClassVar[str] = "short_fourier"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x = inputs[0]
        if len(x) < (2 if self.inverse else 1):
            raise ShapeError("a spectrogram has windows and frequencies, sound has samples", got=show(x))
        added = self.size // 2 * 2 if self.centred else 0
        if self.inverse:
            samples = (x[-2] - 1) * self.step + self.size - added
            return ((*x[:-2], samples if self.length is None else self.length),)
        count = positive((x[-1] + added - self.size) // self.step + 1, "a spectrogram")
        return ((*x[:-1], count, self.size // 2 + 1),) * 2

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]
