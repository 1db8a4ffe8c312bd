"""Along an axis: summed up, sorted, rolled, picked from by position. Nothing is owned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..algebra import Dim, maximum, minimum
from ..errors import ConfigurationError, ShapeError
from .base import Shape, Spec, require_dim, require_rank, show
from .merge import broadcast
from .window import require_at_least


def axis_of(x: Shape, axis: int, what: str) -> int:
    """`axis` counted from the front; a scalar is taken for one element along one axis."""
    rank = max(len(x), 1)
    if not -rank <= axis < rank:
        raise ShapeError(f"{what} has no such axis", got=show(x), expected=f"an axis {axis}")
    return axis % rank


@dataclass(frozen=True)
class Along(Spec):
    """As many elements as before, each from others along `over`: cumulative sums, sorting, rolling, flipping.

    `copies`: how many results of that shape there are (sorted values, and where they were). `distinct`: whether an axis named
    twice is refused; `least_axes`: how many axes an input has at least.
    """

    operation: str
    over: tuple[int, ...] = ()
    copies: int = 1
    distinct: bool = False
    least_axes: int = 0
    kind: ClassVar[str] = "along"
    passes: ClassVar[bool] = True

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if len(x) < self.least_axes:
            raise ShapeError(f"{self.operation} asks for more axes", got=show(x), expected=f"at least {self.least_axes} axes")
        axes = [axis_of(x, axis, self.operation) for axis in self.over]
        if self.distinct and len(set(axes)) < len(axes):
            raise ConfigurationError(f"{self.operation} names an axis twice", got=self.over, expected="each axis once")
        return x

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (self.output(*inputs),) * self.copies


@dataclass(frozen=True)
class TopK(Spec):
    """The `count` largest along an axis, and where they are. Source: PyTorch's ``topk`` page.

    >>> TopK(3, -1).outputs((2, 10))
    ((2, 3), (2, 3))
    """

    count: int
    axis: int = -1
    kind: ClassVar[str] = "top_k"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        axis = axis_of(x, self.axis, "topk")
        n = x[axis] if x else 1
        require_at_least(self.count, 0, "how many are picked")
        if isinstance(n, int) and self.count > n:
            raise ShapeError("there are not that many to pick", got=self.count, expected=f"at most {n}")
        return (*x[:axis], self.count, *x[axis + 1 :]) if x else x

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (self.output(*inputs),) * 2


@dataclass(frozen=True)
class Gather(Spec):
    """Elements picked along `axis` by an index as wide as the result. Sources: PyTorch's ``gather`` and ``scatter`` pages.

    `scattered`: the other way round: the first input with elements put where the index says; what is put there, if it is a
    tensor, is the third input. `stretched`: axes of size 1 are broadcast, but the one that is picked along.

    >>> Gather(1).output((4, 9), (4, 2)), Gather(1, scattered=True).output((4, 9), (4, 2), (4, 5))
    ((4, 2), (4, 9))
    """

    axis: int
    scattered: bool = False
    stretched: bool = False
    kind: ClassVar[str] = "gather"

    def output(self, *inputs: Shape) -> Shape:
        x, index, *source = inputs
        axis = axis_of(x, self.axis, "gather")
        if self.stretched:
            require_rank(index, (len(x),), "an index")
            rest = broadcast((*x[:axis], *x[axis + 1 :]), (*index[:axis], *index[axis + 1 :]))
            return (*rest[:axis], index[axis], *rest[axis:])
        self._require_inside(index, x, axis)
        if self.scattered and source:
            self._require_inside(index, source[0], None)
        return x if self.scattered else index

    @staticmethod
    def _require_inside(index: Shape, x: Shape, free: object) -> None:
        """An index is no larger than what it picks from, but along the axis that is picked along."""
        if max(len(index), 1) != max(len(x), 1):
            require_rank(index, (len(x),), "an index")
        for i, (m, n) in enumerate(zip(index, x)):
            if i != free and isinstance(m, int) and isinstance(n, int) and m > n:
                raise ShapeError("an index is larger than what it picks from", got=show(index), expected=f"at most {show(x)}")


@dataclass(frozen=True)
class IndexSelect(Spec):
    """Rows along `axis`, as a list of indices says. Source: PyTorch's ``index_select`` page."""

    axis: int
    kind: ClassVar[str] = "index_select"

    def output(self, *inputs: Shape) -> Shape:
        x, index = inputs
        require_rank(index, (0, 1), "a list of indices")
        axis = axis_of(x, self.axis, "index_select")
        if not x and index:
            require_dim(index[0], 1, "how often a scalar is picked")
        return (*x[:axis], index[0] if index else 1, *x[axis + 1 :]) if x else x


@dataclass(frozen=True)
class Diagonal(Spec):
    """Two axes become one, their diagonal, which goes last. Source: PyTorch's ``diagonal`` page.

    >>> Diagonal(0, 1, 2).output((5, 3, 4)), Diagonal(2, 0, 1).output((3, 4))
    ((5, 3), (2,))
    """

    offset: int = 0
    first: int = 0
    second: int = 1
    kind: ClassVar[str] = "diagonal"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        a, b = (axis_of(x, axis, "diagonal") for axis in (self.first, self.second))
        if a == b or len(x) < 2:
            raise ShapeError("a diagonal runs along two axes", got=show(x), expected=f"axes {self.first} and {self.second}")
        rows, columns = x[a] + min(self.offset, 0), x[b] - max(self.offset, 0)
        return (*(dim for i, dim in enumerate(x) if i not in (a, b)), maximum(minimum(rows, columns), 0))


@dataclass(frozen=True)
class SlidingView(Spec):
    """Windows of `size` elements along `axis`, `step` apart, on a new last axis. Source: PyTorch's ``Tensor.unfold`` page.

    >>> SlidingView(1, 3, 2).output((4, 9))
    (4, 4, 3)
    """

    axis: int
    size: int
    step: int
    kind: ClassVar[str] = "sliding_view"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        axis = axis_of(x, self.axis, "a view of windows")
        require_at_least(self.step, 1, "a window's step")
        n: Dim = x[axis] if x else 1
        if isinstance(n, int) and self.size > n:
            raise ShapeError("a window is larger than the axis", got=self.size, expected=f"at most {n}")
        return (*x[:axis], (n - self.size) // self.step + 1, *x[axis + 1 :], self.size) if x else (self.size,)


@dataclass(frozen=True)
class OneHot(Spec):
    """A new axis, the last unless `axis` says otherwise, as long as there are classes. Sources: the ``one_hot`` pages of
    PyTorch and TensorFlow.
    """

    classes: int
    axis: int = -1
    kind: ClassVar[str] = "one_hot"

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if not -len(x) - 1 <= self.axis <= len(x):
            raise ShapeError("a one-hot vector has no such place", got=show(x), expected=f"an axis {self.axis}")
        axis = self.axis % (len(x) + 1)
        return (*x[:axis], self.classes, *x[axis:])
