"""Calls of TensorFlow's functions in a graph of Keras 2: their arguments by name, and the sizes among them.

A size may be a number, or taken from a shape that is asked for on the way: ``tf.reshape(x, (tf.shape(x)[0], 64))``. What asks
for it is followed back to the tensor whose shape it is, which then counts among the inputs.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Optional

from introspect.layers.sizes import Size

from .dialect import Node, is_constant, leaves

SIZES = ("shape", "dims", "multiples", "output_shape", "start", "limit", "delta", "repeats", "begin", "end")
_SETTINGS = frozenset(
    "name axis axes perm paddings keepdims keep_dims dtype output_type ord method mode num_or_size_splits num depth k sorted "
    "size strides ksize ksizes sizes rates padding data_format dilations dilation_rate block_size batch_dims "
    "equation transpose_a transpose_b adjoint_a adjoint_b shift direction stable exclusive slice_spec pad_mode seed "
    "squeeze_dims dimension reduction_indices target_height target_width offset_height offset_width rate alpha maxlen "
    "frame_length frame_step pool_size pool_mode num_lower num_upper clip_value_min clip_value_max epsilon "
    "begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask var pattern rep n height_factor width_factor".split()
)  # fmt: skip
_HANDED_ON = ("cast", "identity", "convert_to_tensor", "math.reduce_max", "get_static_value")
_ARITHMETIC = {"multiply": "times", "mul": "times", "add": "plus", "sub": "minus", "subtract": "minus", "floordiv": "over",
               "floor_div": "over", "truediv": "", "__operators__": ""}  # fmt: skip


class NoLawError(Exception):
    """This call has no law: something about it is not known."""


@dataclass(frozen=True)
class Listed:
    """A number, or numbers in plain lists, as the array that they stand for."""

    shape: tuple[int, ...]
    dtype: str = "float32"

    @classmethod
    def of(cls, value: Any) -> Optional[Listed]:
        """Of a list of numbers, or of such lists; None for anything else."""
        numbers = list(leaves(value))
        if not isinstance(value, (list, tuple)) or not numbers or not all(_is_number(number) for number in numbers):
            return None
        shape = []
        while isinstance(value, (list, tuple)):
            shape.append(len(value))
            value = value[0]
        return cls(tuple(shape))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def name_of_function(layer: Any) -> str:
    """What TensorFlow calls the function of a layer, whichever of its versions it is of."""
    symbol = str(getattr(layer, "symbol", "") or "")
    return symbol[len("compat.v1.") :] if symbol.startswith("compat.v1.") else symbol


def arguments(layer: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """A call's arguments by the names in the function's signature, defaults included."""
    function = getattr(layer, "function", None)
    try:
        bound = inspect.signature(function).bind(*args, **{k: v for k, v in kwargs.items() if k != "name"})  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return {**{str(i): value for i, value in enumerate(args)}, **kwargs}
    bound.apply_defaults()
    return dict(bound.arguments)


def operands(layer: Any, symbolic: Iterable[Any], args: Any, kwargs: Any) -> tuple[Any, ...]:
    """What flows into a call: tensors and arrays, then the tensors whose shapes are asked for."""
    known = {id(tensor) for tensor in symbolic}
    given = arguments(layer, args, kwargs)
    found: list[Any] = []
    for name, value in given.items():
        if name not in SIZES:
            found += [leaf for leaf in _data(name, value) if id(leaf) in known or isinstance(leaf, Listed) or is_constant(leaf)]
    sizes = Sizes(found)
    for name in SIZES:
        if name in given:
            sizes.tried(given[name], known)
    for end in ends_of(given.get("slice_spec")):
        sizes.tried(end, known)
    return tuple(sizes.tensors)


def _data(name: str, value: Any) -> list[Any]:
    """The data in an argument: arrays count only where they are not a setting."""
    if name == "slice_spec":
        return []  # where it ends may be worked out
    if name in _SETTINGS:
        return [leaf for leaf in leaves(value) if not is_constant(leaf) or hasattr(leaf, "_keras_history")]
    whole = Listed.of(value)
    if whole is not None:
        return [whole]
    if not isinstance(value, (list, tuple)):
        return list(leaves(value))
    return [leaf for item in value for leaf in ([Listed(())] if _is_number(item) else _data(name, item))]


class Sizes:
    """Reads sizes. `tensors`: what flows in; a tensor whose shape is asked for joins them."""

    def __init__(self, tensors: Iterable[Any]) -> None:
        self.tensors = list(tensors)

    def tried(self, value: Any, known: set[int]) -> None:
        """Add the tensors behind `value`; those in it, where nobody knows what is behind."""
        before = list(self.tensors)
        try:
            self.several(value) if isinstance(value, (list, tuple)) or _rank(value) else self.one(value)
        except NoLawError:
            self.tensors = [*before, *(leaf for leaf in leaves(value) if id(leaf) in known)]

    def one(self, value: Any) -> Size:
        """A single size. Raises `NoLawError`."""
        number = plain(value)
        if isinstance(number, int):
            return number
        function, given, index = _made(value)
        if function == "__operators__.getitem":
            return self._element(given)
        if function == "unstack":
            return self.several(given["value"])[index]
        if function in _HANDED_ON:
            return self.one(next(iter(given.values())))
        if function == "rank":
            return _rank(given["input"])
        if function == "size":
            return _product(self._shape_of(given["input"]))
        if function == "math.reduce_prod":
            return _product(self.several(given["input_tensor"]))
        operation = _ARITHMETIC.get(function.rpartition(".")[2])
        if not operation:
            raise NoLawError
        return (operation, self.one(given["x"]), self.one(given["y"]))

    def several(self, value: Any) -> tuple[Size, ...]:
        """A shape. Raises `NoLawError`."""
        if isinstance(value, (list, tuple)):
            return tuple(self.one(item) for item in value)
        numbers = plain(value)
        if isinstance(numbers, list):
            return tuple(self.one(number) for number in numbers)
        function, given, _ = _made(value)
        if function in ("shape", "shape_v2"):
            return self._shape_of(given["input"])
        if function == "__operators__.getitem":
            return self._part(given)
        if function == "concat":
            return tuple(size for part in given["values"] for size in self.several(part))
        if function == "stack":
            return self.several(given["values"])
        if function in _HANDED_ON:
            return self.several(next(iter(given.values())))
        raise NoLawError

    def _shape_of(self, tensor: Any) -> tuple[Size, ...]:
        which = next((i for i, known in enumerate(self.tensors) if known is tensor), len(self.tensors))
        if which == len(self.tensors):
            self.tensors.append(tensor)
        return tuple(("input", axis, which) for axis in range(_rank(tensor)))

    def _element(self, given: dict[str, Any]) -> Size:
        whole = self.several(given["tensor"])
        items = _items(given["slice_spec"])
        if len(items) != 1 or not -len(whole) <= _index(items[0]) < len(whole):
            raise NoLawError
        return whole[_index(items[0])]

    def _part(self, given: dict[str, Any]) -> tuple[Size, ...]:
        items = _items(given["slice_spec"])
        if len(items) != 1 or not isinstance(items[0], tuple):
            raise NoLawError
        return self.several(given["tensor"])[slice(*(None if end is None else _index(end) for end in items[0]))]


def _product(sizes: tuple[Size, ...]) -> Size:
    return ("times", *sizes) if len(sizes) > 1 else sizes[0] if sizes else 1


def _rank(tensor: Any) -> int:
    """How many axes a tensor has. Raises `NoLawError` where that is open."""
    try:
        return len(tensor.shape)
    except (ValueError, TypeError, AttributeError):
        raise NoLawError from None


def _made(tensor: Any) -> tuple[str, dict[str, Any], int]:
    """The function that a tensor comes from, its arguments, and which of its outputs the tensor is."""
    history = getattr(tensor, "_keras_history", None)
    if history is None or not name_of_function(history.layer):
        raise NoLawError
    node = history.layer._inbound_nodes[history.node_index]
    given = arguments(history.layer, node.call_args or (), node.call_kwargs or {})
    return name_of_function(history.layer), given, int(history.tensor_index)


def plain(value: Any) -> Any:
    """Numbers as Python has them, out of an array of constants; None for anything that is none."""
    if _is_number(value) or isinstance(value, bool):
        return value
    if hasattr(value, "_keras_history") or not is_constant(value) or isinstance(value, Listed):
        return None
    array = value.numpy() if hasattr(value, "numpy") else value
    return array.tolist() if hasattr(array, "tolist") else None


def _items(key: Any) -> tuple[Any, ...]:
    """What is written between the brackets of ``x[...]``; a slice is a tuple of three."""
    return tuple(_ends(item) or item for item in (key if isinstance(key, (tuple, list)) else (key,)))


def _ends(item: Any) -> Optional[tuple[Any, ...]]:
    """Of a slice, which Keras 2 keeps as a dict; None for anything else."""
    if not isinstance(item, (dict, slice)):
        return None
    get = item.get if isinstance(item, dict) else lambda name: getattr(item, name)
    return tuple(get(name) for name in ("start", "stop", "step"))


def ends_of(key: Any) -> list[Any]:
    """Where the slices between brackets begin and end, as far as that is worked out on the way."""
    ends = [end for item in _items(key) if isinstance(item, tuple) for end in item[:2]]
    return [end for end in ends if end is not None and plain(end) is None]


def _index(value: Any) -> int:
    number = plain(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise NoLawError
    return number


class Call:
    """A call as its law reads it; whatever is not as a law wants it raises `NoLawError`."""

    def __init__(self, layer: Any, node: Node) -> None:
        self.node = node
        self.given = arguments(layer, node.args, node.kwargs)
        self._inputs = {id(tensor) for tensor in node.inputs}
        self._sizes = Sizes(node.inputs)
        for name, value in self.given.items():
            if name not in SIZES and name not in _SETTINGS:
                self._require_known(value)

    def _require_known(self, value: Any) -> None:
        """A variable, say, flows in without being an input."""
        for leaf in leaves(value):
            if id(leaf) not in self._inputs and hasattr(leaf, "shape") and not is_constant(leaf):
                raise NoLawError

    def get(self, *names: str) -> Any:
        """The first of these arguments that is there."""
        return next((self.given[name] for name in names if self.given.get(name) is not None), None)

    def number(self, *names: str, default: Optional[int] = None) -> int:
        """An argument that is a whole number."""
        value = self.get(*names)
        found = default if value is None else plain(value)
        if not isinstance(found, int) or isinstance(found, bool):
            raise NoLawError
        return found

    def numbers(self, *names: str) -> tuple[int, ...]:
        """An argument that is one whole number, or several."""
        value = self.get(*names)
        items = value if isinstance(value, (list, tuple)) else plain(value)
        found = [plain(item) for item in (items if isinstance(items, (list, tuple)) else [items])]
        if not found or any(not isinstance(item, int) or isinstance(item, bool) for item in found):
            raise NoLawError
        return tuple(found)

    def flag(self, *names: str) -> bool:
        """An argument that is true or false."""
        return bool(self.get(*names))

    def size(self, name: str) -> Size:
        """An argument that is one size."""
        return self._checked((self._sizes.one(self.given[name]),))[0]

    def sizes(self, name: str) -> tuple[Size, ...]:
        """An argument that is a shape."""
        return self._checked(self._sizes.several(self.given[name]))

    def _checked(self, sizes: tuple[Size, ...]) -> tuple[Size, ...]:
        if len(self._sizes.tensors) > len(self.node.inputs):
            raise NoLawError  # taken from the shape of something that is no input
        return sizes

    def entries(self, name: str) -> tuple[Any, ...]:
        """What is written between brackets."""
        return tuple(self._entry(item) for item in _items(self.given[name]))

    def _entry(self, item: Any) -> Any:
        if item is None or item is Ellipsis:
            return item
        if not isinstance(item, tuple):
            return _index(item)
        start, stop = self._checked(tuple(None if end is None else self._sizes.one(end) for end in item[:2]))  # type: ignore[misc]
        step = None if item[2] is None else _index(item[2])
        return (start, stop, None if start is stop is None and step == 1 else step)

    def shape(self, *names: str) -> tuple[Any, ...]:
        """The shape of an argument, open sizes as None: of the weights of a function, whose sizes it is configured by."""
        value = self.get(*names)
        if id(value) not in self._inputs:
            raise NoLawError
        _rank(value)
        return tuple(value.shape)

    def rank(self, which: int = 0) -> int:
        """How many axes an input has."""
        return self.rank_of(self.node.inputs[which])

    @staticmethod
    def rank_of(value: Any) -> int:
        """How many axes an argument has."""
        return _rank(value)

    def axis(self, *names: str, default: Optional[int] = None, rank: Optional[int] = None) -> int:
        """An argument that is an axis, counted from the front."""
        rank = self.rank() if rank is None else rank
        axis = self.number(*names, default=default)
        if not -rank <= axis < rank:
            raise NoLawError
        return axis % rank
