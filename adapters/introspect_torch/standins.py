"""Stand-ins for tensors: they know a shape and a dtype, and hand every operation to the walk that made them.

A stand-in is a tensor without storage, so that `isinstance` and PyTorch's own argument parsing find what they expect. It
answers `__torch_function__`: PyTorch's functions, called on it, come to us before any kernel is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, Protocol

import torch

from introspect.algebra import evaluate, product, unknowns
from introspect.errors import IntrospectError, ShapeError
from introspect.ir import Shape

SAMPLES = {"N": 2}  # what an open dimension is tried with; others are large enough for most architectures
OTHER_SAMPLE = 224


_NUMBERS = {int}


class ValueNeededError(IntrospectError):
    """The model's code asked a stand-in for a value; the walk cannot go on."""


class StoppedError(ShapeError):
    """The model's own code raised an error when it was given stand-ins."""


class Walk(Protocol):
    """Who answers for a stand-in."""

    def apply(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a PyTorch function of which at least one argument is a stand-in."""


def sample(name: str) -> int:
    """The number that an open dimension is tried with."""
    return SAMPLES.get(name, OTHER_SAMPLE)


def concrete(shape: Shape) -> tuple[int, ...]:
    """`shape` with sample numbers in place of what is open."""
    if _NUMBERS.issuperset(map(type, shape)):
        return shape  # type: ignore[return-value]
    values = {name: sample(name) for dim in shape for name in unknowns(dim)}
    return tuple(int(evaluate(dim, values)) for dim in shape)


class StandIn(torch.Tensor):  # type: ignore[misc]
    """A tensor without data. `value` is its id in the model that is being built."""

    walk: Walk
    value: int
    known_shape: Shape
    known_dtype: Any

    @staticmethod
    def of(walk: Walk, value: int, shape: Shape, dtype: Any) -> StandIn:
        """A stand-in for the value called `value`."""
        made: StandIn = _without_storage(concrete(shape), dtype)
        made.walk, made.value, made.known_shape, made.known_dtype = walk, value, shape, dtype
        return made

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _walk_of((args, kwargs or {})).apply(function, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise ValueNeededError(f"{function} was called on a tensor that has no data")

    @property
    def shape(self) -> Any:
        shape = self.known_shape
        return torch.Size(shape) if all(isinstance(dim, int) for dim in shape) else shape

    def size(self, dim: Any = None) -> Any:
        return self.shape if dim is None else self.known_shape[dim]

    def dim(self) -> int:
        return len(self.known_shape)

    ndimension = dim

    @property
    def ndim(self) -> int:
        return len(self.known_shape)

    @property
    def dtype(self) -> Any:
        return self.known_dtype

    def numel(self) -> Any:
        return product(self.known_shape)

    nelement = numel

    @property
    def data(self) -> Any:
        return self

    @property
    def requires_grad(self) -> bool:
        return False

    def __len__(self) -> int:
        return int(self.known_shape[0])

    def __iter__(self) -> Any:
        return iter(self.unbind(0))

    def __setitem__(self, key: Any, value: Any) -> None:
        """Writing into a tensor changes values, never the shape."""

    def _refuse(self, *args: Any) -> Any:
        raise ValueNeededError(
            "the model's code looks at a tensor's values", hint="nothing: shapes are recorded from a run without data"
        )

    __bool__ = __int__ = __float__ = __index__ = __contains__ = _refuse
    item = tolist = numpy = _refuse

    def __repr__(self, **_: Any) -> str:
        return f"<stand-in {self.known_shape}>"

    __hash__ = object.__hash__


_wrapping = getattr(torch.Tensor, "_make_wrapper_subclass", None)


def _without_storage(shape: Sequence[int], dtype: Any) -> Any:
    if _wrapping is not None:
        return _wrapping(StandIn, shape, dtype=dtype, device="cpu")
    empty = torch.sparse_coo_tensor(torch.empty((len(shape), 0)), torch.empty(0, dtype=dtype), tuple(shape))
    return torch.Tensor._make_subclass(StandIn, empty)  # older ones: sparse, so that no kernel finds numbers in it


def _walk_of(tree: Any) -> Any:
    """The walk behind the first stand-in found in a nest of arguments."""
    if type(tree) is StandIn:
        return tree.walk
    items = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (tuple, list)) else ()
    for item in items:
        found = _walk_of(item)
        if found is not None:
            return found
    return None


def is_standin(x: Any) -> bool:
    """Whether `x` is one of ours."""
    return type(x) is StandIn


def _taking_sizes(name: str) -> Callable[..., Any]:
    method = getattr(torch.Tensor, name)

    def apply(self: StandIn, *args: Any, **kwargs: Any) -> Any:
        return self.walk.apply(method, (self, *args), kwargs)

    return apply


for _name in "view reshape expand repeat tile unflatten narrow split new_zeros new_ones new_empty new_full".split():
    setattr(StandIn, _name, _taking_sizes(_name))  # PyTorch's own parser refuses a size that is no number yet
