"""Stand-ins for tensors: they know a shape and a dtype, and hand every operation to the walk that made them.

A stand-in answers `__torch_function__`, so PyTorch's own functions, called on it, come to us. It holds no data.
"""

from __future__ import annotations

from typing import Any, Callable, Protocol

import torch

from introspect.errors import IntrospectError, ShapeError
from introspect.ir import Shape


class ValueNeededError(IntrospectError):
    """The model's code asked a stand-in for a value; the walk cannot go on."""


class StoppedError(ShapeError):
    """The model's own code raised an error when it was given stand-ins."""


class Walk(Protocol):
    """Who answers for a stand-in."""

    def apply(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a PyTorch function of which at least one argument is a stand-in."""


class StandIn:
    """A tensor without data. `value` is its id in the model that is being built."""

    def __init__(self, walk: Walk, value: int, shape: Shape, dtype: Any, index: bool = False) -> None:
        self.walk, self.value, self._shape, self.dtype = walk, value, shape, dtype
        self.index = index

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # code that asks `isinstance(x, torch.Tensor)` is told what it needs to hear
        return torch.Tensor

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _walk_of((args, kwargs or {})).apply(function, args, kwargs or {})

    @property
    def shape(self) -> Any:
        if all(isinstance(dim, int) for dim in self._shape):
            return torch.Size(self._shape)
        return self._shape

    def size(self, dim: Any = None) -> Any:
        return self.shape if dim is None else self._shape[dim]

    def dim(self) -> int:
        return len(self._shape)

    ndimension = dim

    @property
    def ndim(self) -> int:
        return len(self._shape)

    def numel(self) -> Any:
        from introspect.algebra import product

        return product(self._shape)

    nelement = numel

    @property
    def device(self) -> Any:
        return torch.device("cpu")

    @property
    def layout(self) -> Any:
        return torch.strided

    @property
    def requires_grad(self) -> bool:
        return False

    is_cuda = is_sparse = is_quantized = is_mkldnn = is_nested = is_meta = False
    grad_fn = grad = None

    @property
    def data(self) -> StandIn:
        return self

    def is_floating_point(self) -> bool:
        return bool(self.dtype.is_floating_point)

    def is_complex(self) -> bool:
        return bool(self.dtype.is_complex)

    def is_contiguous(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def __len__(self) -> int:
        return int(self._shape[0])

    def __iter__(self) -> Any:
        return iter(self.unbind(0))

    def __setitem__(self, key: Any, value: Any) -> None:
        """Writing into a tensor changes values, never the shape."""

    def __getattr__(self, name: str) -> Any:
        method = getattr(torch.Tensor, name)  # an AttributeError here is the user's
        if not callable(method):
            return self.walk.apply(_property(name), (self,), {})
        return lambda *args, **kwargs: self.walk.apply(method, (self, *args), kwargs)

    def _refuse(self, *args: Any) -> Any:
        raise ValueNeededError(
            "the model's code looks at a tensor's values", hint="nothing: shapes are recorded from a run without data"
        )

    __bool__ = __int__ = __float__ = __index__ = _refuse
    item = tolist = numpy = cpu_numpy = _refuse

    def __repr__(self) -> str:
        return f"<stand-in {self._shape}>"

    __hash__ = object.__hash__


def _property(name: str) -> Callable[..., Any]:
    def read(x: Any) -> Any:
        return getattr(x, name)

    read.__name__ = name
    return read


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
    """Whether `x` is one of ours (`isinstance` would also be told so by a tensor)."""
    return type(x) is StandIn


_OPERATORS = (
    "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul neg pos abs "
    "invert and rand or ror xor rxor lshift rshift eq ne lt le gt ge getitem iadd isub imul itruediv"
).split()


def _operator(name: str) -> Callable[..., Any]:
    method: Callable[..., Any] = getattr(torch.Tensor, name)

    def apply(self: StandIn, *args: Any) -> Any:
        return self.walk.apply(method, (self, *args), {})

    return apply


for _name in _OPERATORS:
    if hasattr(torch.Tensor, f"__{_name}__"):
        setattr(StandIn, f"__{_name}__", _operator(f"__{_name}__"))
