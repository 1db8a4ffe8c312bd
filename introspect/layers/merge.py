"""Several inputs into one: element by element, or one after another along an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, minimum
from ..errors import ShapeError
from .base import Shape, Spec, require_dim, require_rank, show


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an element-wise result, aligned at the last axis. Source: NumPy's broadcasting rules.

    >>> broadcast((8, 1, 6), (7, 1)), broadcast((3,), ())
    ((8, 7, 6), (3,))
    """
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    padded = (1,) * (len(longer) - len(shorter)) + shorter
    return tuple(_met(m, n, a, b) for m, n in zip(longer, padded))


def broadcast_all(inputs: tuple[Shape, ...]) -> Shape:
    """The shape of an element-wise result of several inputs."""
    result = inputs[0]
    for x in inputs[1:]:
        result = broadcast(result, x)
    return result


def require_equal(inputs: tuple[Shape, ...], what: str) -> Shape:
    """The shape that all `inputs` have, unknown dimensions settled; raises `ShapeError` where two are known to differ."""
    for x in inputs[1:]:
        if len(x) != len(inputs[0]):
            raise ShapeError("the inputs differ", got=show(x), expected=show(inputs[0]))
    return tuple(_agreed(dims, what) for dims in zip(*inputs))


def _met(m: Dim, n: Dim, a: Shape, b: Shape) -> Dim:
    if isinstance(m, int) and m == 1:
        return n
    if isinstance(n, int) and n != 1 and isinstance(m, int) and m != n:
        raise ShapeError("these shapes cannot be combined element by element", got=f"{show(a)} and {show(b)}")
    return n if isinstance(n, int) and n != 1 else m


def cropped(inputs: tuple[Shape, ...], axes: tuple[bool, ...]) -> tuple[Shape, ...]:
    """`inputs` with every axis marked True as long as the shortest of them.

    >>> cropped(((8, 5, 9), (8, 7, 6)), (False, True, True))
    ((8, 5, 6), (8, 5, 6))
    """
    if not any(axes):
        return inputs
    rank = len(inputs[0])
    if any(len(x) != rank for x in inputs):
        raise ShapeError("inputs that are cropped need as many axes", got=" and ".join(show(x) for x in inputs))
    marked = (*axes, *((False,) * rank))[:rank]
    least = [minimum(*dims) for dims in zip(*inputs)]
    return tuple(tuple(low if cut else dim for dim, low, cut in zip(x, least, marked)) for x in inputs)


@dataclass(frozen=True)
class Elementwise(Spec):
    """Add, subtract, multiply, average, maximum, minimum of two or more inputs.

    `broadcasting`: ``numpy``; ``to_first``, where the first input is not stretched (in place); ``per_example``, where the batch
    stands apart (Keras); or ``none`` where all shapes must be equal. `cropping`: an axis marked True is cut to the smallest
    input's (Lasagne).
    """

    operation: str = "add"
    broadcasting: str = "numpy"
    cropping: tuple[bool, ...] = ()
    kind: ClassVar[str] = "elementwise"

    def output(self, *inputs: Shape) -> Shape:
        inputs = cropped(inputs, self.cropping)
        if self.broadcasting == "numpy":
            return broadcast_all(inputs)
        if self.broadcasting == "to_first":
            return require_equal((broadcast_all(inputs), inputs[0]), "what is written in place")
        if self.broadcasting == "per_example":
            batch = _agreed(tuple(x[0] for x in inputs), "the batch of an element-wise layer")
            return (batch, *broadcast_all(tuple(x[1:] for x in inputs)))
        return require_equal(inputs, "the inputs of an element-wise layer")


@dataclass(frozen=True)
class Concatenate(Spec):
    """Inputs one after another along `axis`; all other axes must agree, once cut to size where `cropping` marks them."""

    axis: int = 1
    cropping: tuple[bool, ...] = ()
    kind: ClassVar[str] = "concatenate"

    def output(self, *inputs: Shape) -> Shape:
        inputs = cropped(inputs, self.cropping)
        first = inputs[0]
        if not -len(first) <= self.axis < len(first) or any(len(x) != len(first) for x in inputs):
            shapes = " and ".join(show(x) for x in inputs)
            raise ShapeError("these cannot be concatenated", got=shapes, expected=f"as many axes, {self.axis} among them")
        axis = self.axis % len(first)
        joined: Dim = 0
        for x in inputs:
            joined = joined + x[axis]
        others = [joined if i == axis else _agreed(dims, "a concatenation's inputs") for i, dims in enumerate(zip(*inputs))]
        return tuple(others)


@dataclass(frozen=True)
class Stack(Spec):
    """Equal inputs side by side along a new axis."""

    axis: int = 0
    kind: ClassVar[str] = "stack"

    def output(self, *inputs: Shape) -> Shape:
        first = inputs[0]
        if any(len(x) != len(first) for x in inputs) or not -len(first) - 1 <= self.axis <= len(first):
            raise ShapeError("these cannot be stacked", got=" and ".join(show(x) for x in inputs))
        agreed = tuple(_agreed(dims, "a stack's inputs") for dims in zip(*inputs))
        axis = self.axis % (len(first) + 1)
        return (*agreed[:axis], len(inputs), *agreed[axis:])


@dataclass(frozen=True)
class MatMul(Spec):
    """Matrix product over the last two axes, the others broadcast. Source: PyTorch's ``matmul`` page.

    `ranks`: how many axes the two have, where that is fixed (``bmm``, ``mm``, ``mv``); the others are then equal. What is
    given besides them is stretched to the product, and added. `turned`: which of the two has its last axes exchanged first.

    >>> MatMul(turned=(False, True)).output((8, 5, 64), (8, 7, 64))
    (8, 5, 7)
    """

    ranks: tuple[int, ...] = ()
    turned: tuple[bool, bool] = (False, False)
    kind: ClassVar[str] = "matmul"

    def output(self, *inputs: Shape) -> Shape:
        for x, rank in zip(inputs, self.ranks):
            require_rank(x, (rank,), "this matrix product")
        whole = self._product(*inputs[:2])
        for added in inputs[2:]:
            require_equal((broadcast(whole, added), whole), "what is added to a matrix product")
        return whole

    def _product(self, a: Shape, b: Shape) -> Shape:
        if not a or not b:
            raise ShapeError("a matrix product needs at least vectors", got=f"{show(a)} and {show(b)}")
        if any(turned and len(x) < 2 for turned, x in zip(self.turned, (a, b))):
            raise ShapeError("a vector has no axes to exchange", got=f"{show(a)} and {show(b)}")
        a, b = (((*x[:-2], x[-1], x[-2]) if turned else x) for turned, x in zip(self.turned, (a, b)))
        left, right = ((1, *a) if len(a) == 1 else a), ((*b, 1) if len(b) == 1 else b)
        require_dim(left[-1], right[-2], "the inner axis of a matrix product")
        if self.ranks:
            require_equal((left[:-2], right[:-2]), "the batch of a matrix product")
        rows = () if len(a) == 1 else (left[-2],)
        columns = () if len(b) == 1 else (right[-1],)
        return (*broadcast(left[:-2], right[:-2]), *rows, *columns)


@dataclass(frozen=True)
class Einsum(Spec):
    """A sum over named axes. Source: PyTorch's ``einsum`` page; an ellipsis stands for axes that are broadcast.

    >>> Einsum("bhid,bhjd->bhij").output((2, 8, 5, 16), (2, 8, 7, 16)), Einsum("...i,...i").output((3, 4), (4,))
    ((2, 8, 5, 7), (3,))
    """

    equation: str
    kind: ClassVar[str] = "einsum"

    def output(self, *inputs: Shape) -> Shape:
        left, arrow, right = self.equation.replace(" ", "").partition("->")
        operands = left.split(",")
        if len(operands) != len(inputs):
            raise ShapeError(f"einsum of {self.equation!r} takes other inputs", got=len(inputs), expected=len(operands))
        sizes: dict[str, Dim] = {}
        spread: Shape = ()
        for names, x in zip(operands, inputs):
            spread = broadcast(spread, self._read(names, x, sizes))
        wanted = right if arrow else self._implied(operands)
        head, dots, tail = wanted.partition("...")
        if any(name not in sizes for name in head + tail):
            raise ShapeError(f"einsum of {self.equation!r} asks for an axis that no input has", got=wanted)
        return (*(sizes[n] for n in head), *(spread if dots else ()), *(sizes[n] for n in tail))

    def _read(self, names: str, x: Shape, sizes: dict[str, Dim]) -> Shape:
        """Note the sizes of an operand's named axes; returns those its ellipsis stands for."""
        head, dots, tail = names.partition("...")
        named = len(head) + len(tail)
        if len(x) < named or (not dots and len(x) != named):
            raise ShapeError(f"einsum of {self.equation!r} has {named} axes here", got=show(x), expected=names)
        inner = len(x) - len(tail)
        for name, dim in [*zip(head, x), *zip(tail, x[inner:])]:
            (sizes[name],) = broadcast((sizes.get(name, dim),), (dim,))
        return x[len(head) : inner]

    @staticmethod
    def _implied(operands: list[str]) -> str:
        """Without an arrow: what the ellipsis stands for, then every axis named once, in alphabetical order."""
        letters = "".join(operands).replace(".", "")
        dots = "..." if any("..." in operand for operand in operands) else ""
        return dots + "".join(sorted(name for name in set(letters) if letters.count(name) == 1))


def _agreed(dims: tuple[Dim, ...], what: str) -> Dim:
    known: Optional[Dim] = next((dim for dim in dims if isinstance(dim, int)), None)
    for dim in dims:
        require_dim(dim, dims[0] if known is None else known, what)
    return dims[0] if known is None else known


@dataclass(frozen=True)
class Meshgrid(Spec):
    """Vectors spread over a grid, one output for each; ``xy`` exchanges the first two axes. Source: NumPy's ``meshgrid``."""

    indexing: str = "ij"
    kind: ClassVar[str] = "meshgrid"

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        if any(len(x) > 1 for x in inputs):
            raise ShapeError("a grid is made from vectors", got=" and ".join(show(x) for x in inputs))
        sizes = [x[0] if x else 1 for x in inputs]
        if self.indexing == "xy" and len(sizes) > 1:
            sizes[:2] = sizes[1::-1]
        return (tuple(sizes),) * len(inputs)

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]
