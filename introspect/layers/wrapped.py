"""Layers around another layer that add tensors to it and leave its shapes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Optional

from ..algebra import Dim, product
from ..errors import ConfigurationError
from ..storage import by_key, default_layout, parse_layout
from .base import Connections, Reading, Shape, Spec, Tensor, Term
from .basic import Identity


@dataclass(frozen=True)
class _Around(Spec):
    """Everything but the tensors is the `inner` law's."""

    inner: Spec = Identity()  # noqa: RUF009  frozen, so it can be shared

    @property
    def weighted(self) -> bool:  # type: ignore[override]
        return self.inner.weighted

    @property
    def nonlinear(self) -> bool:
        return self.inner.nonlinear

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        return self.inner.outputs(*inputs)

    def output(self, *inputs: Shape) -> Shape:
        return self.inner.output(*inputs)

    def connections(self, *inputs: Shape) -> Connections:
        return self.inner.connections(*inputs)

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return self.inner.axes(*inputs)

    def batch_axis(self, x: Shape) -> Optional[int]:
        return self.inner.batch_axis(x)

    def per_example(self, y: Shape) -> Shape:
        return self.inner.per_example(y)

    def channels_of(self, y: Shape) -> Dim:
        return self.inner.channels_of(y)

    def reading(self, role: str, *inputs: Optional[Shape]) -> Reading:
        return self.inner.reading(role, *inputs)

    def named(self, prefix: str = "") -> Any:
        twin = super().named(prefix)
        twin.__dict__["inner"] = self.inner.named(prefix)
        return twin

    def kernel(self, role: str, inputs: tuple[Optional[Shape], ...]) -> Tensor:
        """The inner law's tensor called `role`."""
        found = by_key(self.inner.tensors(*inputs)).get(role)
        if found is None:
            raise ConfigurationError("the layer inside has no such tensor", got=self.inner.kind, expected=role)
        return found


@dataclass(frozen=True)
class WeightNorm(_Around):
    """A kernel kept as its direction and, along some axes, its magnitude. Source: arXiv:1602.07868; PyTorch's
    ``weight_norm`` page. `of` is the kernel's role; `along` its axes that have a magnitude each, none: one for all.

    >>> from .dense import Dense
    >>> [(t.role, t.shape) for t in WeightNorm(Dense(5), along=("out",)).tensors((None, 3))]
    [('kernel_magnitude', (5,)), ('kernel_direction', (3, 5)), ('bias', (5,))]
    """

    of: str = "kernel"
    along: tuple[str, ...] = ()
    kind: ClassVar[str] = "weight_norm"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        kernel = self.kernel(self.of, inputs)
        sizes = dict(kernel.axes)
        magnitude = kernel._replace(role=f"{kernel.role}_magnitude", axes=tuple((name, sizes[name]) for name in self.along))
        direction = kernel._replace(role=f"{kernel.role}_direction")
        return (magnitude, direction, *(t for t in self.inner.tensors(*inputs) if t.key != self.of))


@dataclass(frozen=True)
class Computed(_Around):
    """One tensor of the layer is computed, in a way that no law knows, from others that the framework holds.

    >>> from .dense import Dense
    >>> [t.role for t in Computed(Dense(5), "kernel").tensors((None, 3))]
    ['bias']
    """

    of: str = "kernel"
    kind: ClassVar[str] = "computed"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        self.kernel(self.of, inputs)
        return tuple(t for t in self.inner.tensors(*inputs) if t.key != self.of)


@dataclass(frozen=True)
class Pruned(_Around):
    """A kernel beside a mask of its shape that says which elements are used. Source: PyTorch's pruning tutorial.

    >>> from .dense import Dense
    >>> [(t.role, t.shape, t.buffer) for t in Pruned(Dense(5)).tensors((None, 3))]
    [('kernel', (3, 5), False), ('bias', (5,), False), ('kernel_mask', (3, 5), True)]
    """

    of: str = "kernel"
    kind: ClassVar[str] = "pruned"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        kernel = self.kernel(self.of, inputs)
        mask = kernel._replace(role=f"{kernel.role}_mask", trainable=False, buffer=True)
        return (*self.inner.tensors(*inputs), mask)


@dataclass(frozen=True)
class SpectralNorm(_Around):
    """A vector for the power iteration on the kernel, as long as the kernel's axis `along`, and not trained; with `both`, a
    second one as long as the others together. `buffers`: the framework does not call them parameters.

    Sources: arXiv:1802.05957; Keras' ``SpectralNormalization`` page, PyTorch's ``spectral_norm`` page. `of`: the kernel's role;
    `along` is its last axis where that has no name.

    >>> from .dense import Dense
    >>> [(t.role, t.shape) for t in SpectralNorm(Dense(5), "kernel", "out").tensors((None, 3))]
    [('kernel', (3, 5)), ('bias', (5,)), ('vector_u', (1, 5))]
    """

    of: str = "kernel"
    along: str = "out"
    both: bool = False
    buffers: bool = False
    kind: ClassVar[str] = "spectral_norm"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        sizes = dict(self.kernel(self.of, inputs).axes)
        along = self.along or list(sizes)[-1]
        u = Tensor("vector_u", (("one", 1), ("out", sizes[along])), trainable=False, buffer=self.buffers)
        rest = product(size for name, size in sizes.items() if name != along)
        v = (Tensor("vector_v", (("one", 1), ("rest", rest)), trainable=False, buffer=self.buffers),) if self.both else ()
        return (*self.inner.tensors(*inputs), u, *v)


@dataclass(frozen=True)
class Frozen(_Around):
    """The layer inside, of which nothing can be trained: a quantised recurrence.

    >>> from .dense import Dense
    >>> [t.trainable for t in Frozen(Dense(5)).tensors((None, 3))]
    [False, False]
    """

    kind: ClassVar[str] = "frozen"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return tuple(t._replace(trainable=False) for t in self.inner.tensors(*inputs))


@dataclass(frozen=True)
class Quantize(Spec):
    """Turns numbers into whole ones by one scale and one zero point, both buffers. Source: PyTorch's quantisation page."""

    kind: ClassVar[str] = "quantize"
    passes: ClassVar[bool] = True

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return tuple(Tensor(role, (("one", 1),), trainable=False, buffer=True) for role in ("scale", "zero_point"))


@dataclass(frozen=True)
class LowRank(_Around):
    """A kernel held fast beside the product of two narrow ones: ``rank·(inputs + outputs)`` more. Source: arXiv:2106.09685.

    Keras' ``enable_lora``: the first narrow kernel has the kernel's stored axes (`layout`) with the last replaced by the
    `rank`, the second `rank` and that last axis. The kernel is trained no more, unless it is not `frozen`.

    >>> from .dense import Dense
    >>> [(t.role, t.shape, t.trainable) for t in LowRank(Dense(6), "kernel", rank=2).tensors((None, 4))]
    [('kernel', (4, 6), False), ('bias', (6,), True), ('lora_kernel_a', (4, 2), True), ('lora_kernel_b', (2, 6), True)]
    """

    of: str = "kernel"
    rank: int = 1
    layout: str = ""
    frozen: bool = True
    kind: ClassVar[str] = "low_rank"
    terms = {"rank": Term("rank")}

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        kernel = self.kernel(self.of, inputs)
        sizes = dict(kernel.axes)
        *first, last = parse_layout(self.layout or default_layout(kernel))
        narrow = tuple((" ".join(group), product(sizes[name] for name in group)) for group in first)
        wide = product(sizes[name] for name in last)
        held = kernel._replace(trainable=kernel.trainable and not self.frozen)
        own = tuple(held if t.key == self.of else t for t in self.inner.tensors(*inputs))
        a, b = (kernel._replace(role=f"lora_{kernel.role}_{which}", trainable=True) for which in "ab")
        return (*own, a._replace(axes=(*narrow, ("rank", self.rank))), b._replace(axes=(("rank", self.rank), ("out", wide))))
