"""Rearranging: the same elements in other axes, fewer of them, or copies of them. Nothing is owned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional, Union

from ..algebra import Dim, Expr, exact_div, product
from ..errors import ConfigurationError, ShapeError
from .base import Shape, Spec, axis_suffixes, positive, require_dim, require_divisible, require_rank, show
from .sizes import Size, size_of, sizes_of
from .window import require_padding


class _Rearranged(Spec):
    """The output's dimensions are products of the input's, which keep their names in a formula."""

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return tuple(_sample_axes(len(x) - 1, getattr(self, "channels", "first")) for x in inputs)


def _sample_axes(rank: int, channels: str) -> tuple[str, ...]:
    """Names of an example's axes: channels and up to three spatial ones; numbered beyond that."""
    if not 2 <= rank <= 4:
        return ("", *(f"d{i}" for i in range(1, rank + 1)))[: rank + 1]
    spatial = tuple(suffix or "n" for suffix in axis_suffixes(rank - 1))
    return ("", "c", *spatial) if channels == "first" else ("", *spatial, "c")


@dataclass(frozen=True)
class Flatten(_Rearranged):
    """Axes `start` to `end`, both included, become one.

    >>> Flatten().output((1, 32, 5, 5)), Flatten(start=2).output((1, 32, 5, 5))
    ((1, 800), (1, 32, 25))
    """

    start: int = 1
    end: int = -1
    channels: str = "first"
    widens: bool = False  # an input too short for that gets an axis of size 1 more (Keras, Lasagne)
    kind: ClassVar[str] = "flatten"
    reshapes: ClassVar[bool] = True

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        rank = max(len(x), 1)
        if self.widens and self.start == rank:
            return (*x, 1)
        if not (-rank <= self.start < rank and -rank <= self.end < rank):
            raise ShapeError("no such axes to flatten", got=show(x), expected=f"axes {self.start} to {self.end}")
        start, end = self.start % rank, self.end % rank
        if start > end:
            raise ShapeError("flattening ends before it starts", got=f"axes {start} to {end} of {show(x)}")
        return (*x[:start], product(x[start : end + 1]), *x[end + 1 :])


@dataclass(frozen=True)
class Reshape(_Rearranged):
    """The same elements in the shape `target`, after the first `keep` axes. One entry may be -1: what is left.

    An entry may be taken from a shape that flows in, too, of this input or of a further one.

    >>> Reshape((-1, 5), keep=1).output((2, 3, 10)), Reshape((("input", 0), -1)).output((2, 3, 10))
    ((2, 6, 5), (2, 30))
    """

    target: tuple[Size, ...]
    keep: int = 0
    only: Optional[int] = None  # the one axis that is reshaped, all others staying (PyTorch's `unflatten`)
    kind: ClassVar[str] = "reshape"
    reshapes: ClassVar[bool] = True

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if self.only is not None:
            return self._unflattened(x, self.only)
        free = product(x[self.keep :])
        sizes = [size_of(entry, inputs) for entry in self.target]
        fixed = product(size for size in sizes if not _is_rest(size))
        rests = sum(1 for size in sizes if _is_rest(size))
        if rests > 1:
            raise ConfigurationError("only one size can be left open", got=self.target)
        divisible = isinstance(free, int) and isinstance(fixed, int)
        if divisible and (free != fixed if not rests else fixed == 0 or free % fixed):  # type: ignore[operator]
            raise ShapeError("the elements do not fit", got=f"{show(x)} into {self.target}", expected=f"{free} elements")
        return (*x[: self.keep], *(exact_div(free, fixed) if _is_rest(size) else size for size in sizes))

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        """Axes that were joined are joined again; of an axis that was split, the last part takes the change."""
        if self.only is not None or before == now or any(isinstance(entry, tuple) for entry in self.target):
            return self
        return Reshape(regrouped(before[0], self.output(before[0]), now[0]))

    def _unflattened(self, x: Shape, axis: int) -> Shape:
        if not -len(x) <= axis < len(x):
            raise ShapeError("no such axis to reshape", got=show(x), expected=f"an axis {axis}")
        axis %= len(x)
        return (*x[:axis], *Reshape(self.target).output((x[axis],)), *x[axis + 1 :])


def regrouped(before: Shape, after: Shape, now: Shape) -> Shape:
    """What `now` is reshaped to, where `before` was reshaped to `after`: axis by axis, joined or split alike.

    >>> regrouped((1, 32, 5, 5), (1, 800), (1, 32, 7, 7)), regrouped((1, 10, 64), (1, 10, 4, 16), (1, 10, 128))
    ((1, 1568), (1, 10, 4, 32))
    """
    sizes: list[Dim] = []
    i = j = 0
    while i < len(before) or j < len(after):
        start, first = i, j
        i, j = min(i + 1, len(before)), min(j + 1, len(after))
        while product(before[start:i]) != product(after[first:j]) and (i < len(before) or j < len(after)):
            i, j = _widened(before, after, (start, i), (first, j))
        if before[start:i] == now[start:i]:
            sizes += after[first:j]
        elif first == j:
            raise ShapeError("an axis of size 1 that was dropped has grown", got=show(now), expected=show(before))
        else:
            fixed = product(after[first : j - 1])
            whole = product(now[start:i])
            require_divisible(whole, fixed, "an axis that is split")
            sizes += [*after[first : j - 1], exact_div(whole, fixed)]
    return tuple(sizes)


def _widened(before: Shape, after: Shape, taken: tuple[int, int], made: tuple[int, int]) -> tuple[int, int]:
    """The ends of two groups of axes, the one with fewer elements one axis longer."""
    i, j = taken[1], made[1]
    more = product(after[made[0] : j]) - product(before[taken[0] : i])
    grows = i < len(before) and (j == len(after) or (isinstance(more, int) and more > 0))
    return (i + 1, j) if grows or j == len(after) else (i, j + 1)


def _is_rest(size: Dim) -> bool:
    return isinstance(size, int) and size == -1


@dataclass(frozen=True)
class Permute(Spec):
    """Axes in another order; output axis i is the input's axis ``order[i]``. None as an entry is a new axis of size 1."""

    order: tuple[Optional[int], ...]
    kind: ClassVar[str] = "permute"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        used = [axis for axis in self.order if axis is not None]
        if any(not -len(x) <= axis < len(x) for axis in used) or len({axis % len(x) for axis in used}) != len(used):
            raise ShapeError("these axes cannot be put in that order", got=show(x), expected=f"axes {self.order}")
        dropped = [dim for i, dim in enumerate(x) if i not in {axis % len(x) for axis in used}]
        if any(isinstance(dim, int) and dim != 1 for dim in dropped):
            raise ShapeError("only axes of size 1 can be dropped", got=show(x), expected=f"axes {self.order}")
        return tuple(1 if axis is None else x[axis] for axis in self.order)

    def per_example(self, y: Shape) -> Shape:
        """The batch is where axis 0 went."""
        batch = self.order.index(0) if 0 in self.order else 0
        return (*y[:batch], *y[batch + 1 :])


@dataclass(frozen=True)
class Pad(Spec):
    """``(before, after)`` elements more along each of the last axes listed; negative numbers cut (cropping).

    `axis` is the first of these axes.
    """

    amounts: tuple[tuple[int, int], ...]
    axis: int
    mode: str = "constant"
    ranks: tuple[int, ...] = ()
    kind: ClassVar[str] = "pad"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.ranks:
            require_rank(x, self.ranks, "Pad")
        start = self.axis % len(x) if -len(x) <= self.axis < len(x) else len(x)
        if start + len(self.amounts) > len(x):
            raise ShapeError("there are not that many axes to pad", got=show(x), expected=f"{len(self.amounts)} axes")
        padded = [
            self._checked(n, before, after)
            for n, (before, after) in zip(x[start:], self.amounts)
        ]  # fmt: skip
        return (*x[:start], *padded, *x[start + len(padded) :])

    def _checked(self, n: Dim, before: int, after: int) -> Dim:
        require_padding(n, max(before, after), self.mode)
        return positive(n + before + after, "Pad")


_WITHOUT_CORNERS = ("nearest", "nearest-exact", "area")


@dataclass(frozen=True)
class Upsample(Spec):
    """Each spatial axis `factors` times as long, or of a given `size`; one number stands for every axis.

    `ranks`: how many axes the mode takes. `align_corners` may be said, True or False, only where values are interpolated.
    `start`: the factors are those of the axes from there on, whatever axes there are beside them.

    >>> Upsample((2, 2, 2), channels="last", start=1).output((8, 3, 4, 5, 6, 7))
    (8, 6, 8, 10, 6, 7)
    """

    factors: Union[tuple[Union[int, float], ...], int, float] = ()
    size: Union[tuple[int, ...], int] = ()
    mode: str = "nearest"
    channels: str = "first"
    ranks: tuple[int, ...] = (3, 4, 5)
    align_corners: Optional[bool] = None
    start: Optional[int] = None
    kind: ClassVar[str] = "upsample"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.start is not None and isinstance(self.factors, tuple):
            end = self.start + len(self.factors)
            return (*x[: self.start], *(positive(n, "Upsample") for n in self._sizes(x[self.start : end])), *x[end:])
        require_rank(x, self.ranks, "Upsample")
        if self.align_corners is not None and self.mode in _WITHOUT_CORNERS:
            raise ConfigurationError("this mode has no corners to align", got=self.mode, expected="linear, bilinear, ...")
        spatial = x[2:] if self.channels == "first" else x[1:-1]
        sizes = tuple(positive(size, "Upsample") for size in self._sizes(spatial))
        return (*x[:2], *sizes) if self.channels == "first" else (x[0], *sizes, x[-1])

    def _sizes(self, spatial: Shape) -> Shape:
        if self.size and self.factors:
            raise ConfigurationError("Upsample has a size and factors", got=(self.size, self.factors), expected="one of them")
        given = self.size or self.factors
        each = given if isinstance(given, tuple) else (given,) * len(spatial)
        if len(each) != len(spatial):
            raise ShapeError("Upsample's axes are not the input's", got=f"{len(spatial)} spatial axes", expected=len(each))
        if self.size:
            return tuple(e if isinstance(e, Expr) else int(e) for e in each)
        return tuple(_scaled(n, e) for n, e in zip(spatial, each))


def _scaled(n: Dim, factor: Union[int, float]) -> Dim:
    if isinstance(factor, int) or float(factor).is_integer():
        return n * int(factor)
    if not isinstance(n, int):
        raise ShapeError("a fractional scale needs a known size", got=f"{n} × {factor}", expected="a number")
    return int(n * factor)


@dataclass(frozen=True)
class Repeat(Spec):
    """A vector for each example, `times` times one after another (Keras' ``RepeatVector``)."""

    times: int
    kind: ClassVar[str] = "repeat"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        require_rank(x, (2,), "Repeat")
        return (x[0], self.times, x[1])


@dataclass(frozen=True)
class Reduce(Spec):
    """Mean, sum, max … over `axes`, which stay with size 1 if `keepdims`. No axes: over all.

    `copies`: how many results there are (the largest, and where they were; variance and mean).
    """

    operation: str
    over: Optional[tuple[int, ...]] = None
    keepdims: bool = False
    copies: int = 1
    kind: ClassVar[str] = "reduce"

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        over = range(len(x)) if self.over is None else self.over
        if any(not -max(len(x), 1) <= axis < max(len(x), 1) for axis in over):
            raise ShapeError("no such axis to reduce", got=show(x), expected=f"axes {self.over}")
        gone = {axis % max(len(x), 1) for axis in over}
        if len(gone) < len(tuple(over)):
            raise ShapeError("an axis is reduced twice", got=self.over, expected=f"each axis of {show(x)} at most once")
        kept = [(1 if i in gone else dim) for i, dim in enumerate(x) if self.keepdims or i not in gone]
        return tuple(kept)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (self.output(*inputs),) * self.copies


@dataclass(frozen=True)
class Expand(Spec):
    """Axes of size 1 stretched to `target`; -1 keeps an axis. Source: PyTorch's ``Tensor.expand`` page."""

    target: tuple[Size, ...]
    kind: ClassVar[str] = "expand"

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if len(self.target) < len(x):
            raise ShapeError("expanding cannot drop axes", got=show(x), expected=f"at most {len(self.target)} axes")
        new, target = len(self.target) - len(x), sizes_of(self.target, inputs)
        return (*target[:new], *(self._stretched(n, wanted) for n, wanted in zip(x, target[new:])))

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        """An axis that is not stretched follows."""
        new = len(self.target) - len(now[0])
        kept = [has if had == wanted else wanted for had, has, wanted in zip(before[0], now[0], self.target[new:])]
        return Expand((*self.target[:new], *kept))

    @staticmethod
    def _stretched(n: Dim, wanted: Dim) -> Dim:
        if _is_rest(wanted):
            return n
        if isinstance(n, int) and n != 1:
            require_dim(n, wanted, "an axis that is expanded")
        return wanted


@dataclass(frozen=True)
class Tile(Spec):
    """The input repeated `times` along each axis; axes may be added in front. Source: PyTorch's ``Tensor.repeat`` page."""

    times: tuple[Size, ...]
    kind: ClassVar[str] = "tile"

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if len(self.times) < len(x):
            raise ShapeError("too few numbers of repeats", got=self.times, expected=f"one for each axis of {show(x)}")
        padded = (1,) * (len(self.times) - len(x)) + x
        return tuple(n * times for n, times in zip(padded, sizes_of(self.times, inputs)))
