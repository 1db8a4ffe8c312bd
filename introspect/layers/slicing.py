"""Parts of a tensor: slices, consecutive pieces, and what indexing picks. Nothing is owned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional, Union

from ..algebra import Dim, exact_div, maximum, minimum, unknown
from ..errors import ShapeError
from .base import Shape, Spec, require_dim, require_divisible, show
from .merge import broadcast, require_equal
from .sizes import Size, size_of


@dataclass(frozen=True)
class Slice(Spec):
    """Part of one axis: ``start:stop:step``, or a single index that drops the axis."""

    axis: int
    start: Optional[Dim] = None
    stop: Optional[Dim] = None
    step: int = 1
    index: Optional[int] = None
    kind: ClassVar[str] = "slice"

    def output(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if not -len(x) <= self.axis < len(x):
            raise ShapeError("no such axis to slice", got=show(x), expected=f"an axis {self.axis}")
        axis = self.axis % len(x)
        n = x[axis]
        if self.index is not None:
            if isinstance(n, int) and not -n <= self.index < n:
                raise ShapeError("index out of range", got=self.index, expected=f"within an axis of {n}")
            return (*x[:axis], *x[axis + 1 :])
        return (*x[:axis], self._length(n), *x[axis + 1 :])

    def _length(self, n: Dim) -> Dim:
        if not all(end is None or isinstance(end, int) for end in (self.start, self.stop)):
            up_to = self.step == 1 and self.stop is not None and isinstance(self.start, (int, type(None))) and not self.start
            return minimum(self.stop, n) if up_to else unknown()  # type: ignore[arg-type]
        return self._between(n, self.start, self.stop)  # type: ignore[arg-type]

    def _between(self, n: Dim, start: Optional[int], stop: Optional[int]) -> Dim:
        if isinstance(n, int):
            return len(range(*slice(start, stop, self.step).indices(n)))
        if self.step == 1 and not start and stop is None:
            return n
        if self.step == -1 and start is None and stop is None:
            return n
        if self.step == 1 and (start or 0) >= 0 and stop is not None and stop < 0:
            return n + stop - (start or 0)
        if self.step == 1 and stop is None and start is not None:
            return -start if start < 0 else n - start
        if self.step == 1 and stop is not None and stop >= 0 and (start or 0) >= 0:
            end = minimum(stop, n)
            return maximum(end - start, 0) if start else end
        return unknown()  # a length that depends on where the slice's ends fall


@dataclass(frozen=True)
class Split(Spec):
    """Consecutive pieces of one axis, of the given `sizes`; `drop` removes the axis of pieces of size 1 (unbind)."""

    sizes: tuple[Dim, ...]
    axis: int = 0
    drop: bool = False
    kind: ClassVar[str] = "split"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        (x,) = inputs
        if not -len(x) <= self.axis < len(x):
            raise ShapeError("no such axis to split", got=show(x), expected=f"an axis {self.axis}")
        axis = self.axis % len(x)
        whole: Dim = sum(self.sizes, 0)
        require_dim(x[axis], whole, "the axis that is split")
        return tuple((*x[:axis], *(() if self.drop else (size,)), *x[axis + 1 :]) for size in self.sizes)

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]

    def following(self, before: tuple[Shape, ...], now: tuple[Shape, ...]) -> Spec:
        """Equal pieces stay equal."""
        whole = now[0][self.axis]
        return self if len(set(self.sizes)) > 1 else self.replace(sizes=_shared(whole, len(self.sizes)))


def _shared(whole: Dim, pieces: int) -> tuple[Dim, ...]:
    require_divisible(whole, pieces, "the axis that is split")
    return (exact_div(whole, pieces),) * pieces


@dataclass(frozen=True)
class Index(Spec):
    """NumPy's indexing. An entry is an index, a ``(start, stop, step)`` slice, None for a new axis, ``"..."``, or
    ``"tensor"``: whole numbers, given as a further input, which pick along that axis. A slice may end at a size that is worked
    out from what flows in.

    Source: NumPy's page on indexing, PyTorch's on tensor views. Several tensors are broadcast; their axes stand where the
    first is, or in front if something else stands between them.

    >>> Index((0, (None, None, 2), None)).output((4, 9, 3))
    (5, 1, 3)
    >>> Index(("tensor", (None, None, None))).output((10, 3), (4, 5))
    (4, 5, 3)
    >>> Index(("tensor", None, "tensor")).output((4, 9), (2,), (2,))
    (2, 1)

    `batched`: so many axes in front are common to the tensor and to what picks from it (TensorFlow's `batch_dims`).

    >>> Index(((None, None, None), "tensor"), batched=1).output((4, 9, 3), (4, 2))
    (4, 2, 3)
    """

    entries: tuple[Union[int, str, tuple[Union[Size, None], ...], None], ...]
    batched: int = 0
    kind: ClassVar[str] = "index"

    def output(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if self.batched:
            shared = require_equal(tuple(one[: self.batched] for one in inputs), "the batch of what is picked from")
            return (*shared, *Index(self.entries[self.batched :]).output(*(one[self.batched :] for one in inputs)))
        consumed = sum(1 for entry in self.entries if entry is not None and entry != "...")
        if consumed > len(x):
            raise ShapeError("too many indices", got=consumed, expected=f"at most {len(x)} for {show(x)}")
        if "tensor" in self.entries:
            return self._picked(x, inputs[1:], consumed)
        axis = 0
        for entry in self.entries:
            if entry is None:
                x, axis = (*x[:axis], 1, *x[axis:]), axis + 1
            elif entry == "...":
                axis += len(inputs[0]) - consumed
            elif isinstance(entry, tuple):
                x, axis = self._slice(axis, entry, inputs).output(x), axis + 1
            else:
                x = Slice(axis, index=int(entry)).output(x)
        return x

    @staticmethod
    def _slice(axis: int, entry: tuple[Optional[Size], ...], inputs: tuple[Shape, ...]) -> Slice:
        start, stop, step = (None if end is None else size_of(end, inputs) for end in entry)
        return Slice(axis, start, stop, step if isinstance(step, int) and step else 1)

    def _picked(self, x: Shape, picks: tuple[Shape, ...], consumed: int) -> Shape:
        """Indexing by tensors; plain indices are applied first, as PyTorch does and NumPy does not."""
        picked: Shape = ()
        for pick in picks:
            picked = broadcast(picked, pick)
        kept: list[Dim] = []
        places: list[int] = []  # where, among the kept axes, each advanced index stands
        axis = 0
        for entry in self.entries:
            if entry == "...":
                kept, axis = kept + list(x[axis : axis + len(x) - consumed]), axis + len(x) - consumed
            elif entry is None:
                kept.append(1)
            elif isinstance(entry, tuple):
                kept.extend(self._slice(0, entry, (x, *picks)).output((x[axis],)))
                axis += 1
            else:
                places += [len(kept)] if entry == "tensor" else []
                axis += 1
        start = places[0] if len(set(places)) == 1 else 0
        whole = [*kept, *x[axis:]]
        return (*whole[:start], *picked, *whole[start:])
