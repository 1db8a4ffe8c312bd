"""Keras layers around other frameworks; what PyTorch's modules are, PyTorch's adapter says, below the wrapper's path."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Optional

from introspect.guests import Guest
from introspect.inputs import InputShape
from introspect.layers import Shape

from .detecting import framework_class, overrides, root
from .dialect import Node

_HOLDERS = {"TorchModuleWrapper": "module"}
_OWN = ("call", "__call__", "build", "compute_output_shape", "compute_output_spec")


def held_by(layer: Any) -> Optional[Any]:
    """What a layer that only wraps another framework's model holds; None for any other layer."""
    name = _HOLDERS.get(getattr(framework_class(layer), "__name__", ""))
    return None if name is None or overrides(layer, _OWN) else getattr(layer, name)


def guest_at(path: str, layer: Any, shapes: Sequence[Optional[Shape]], node: Optional[Node]) -> tuple[Guest, list[int]]:
    """The model that `layer` wraps, called as in `node` on inputs of these shapes, and in which order it takes those."""
    inputs, order = _called(layer, shapes, node)
    known = all(shape is not None for shape in shapes)
    return Guest.of(held_by(layer), path, inputs if known else None), order


def _called(layer: Any, shapes: Sequence[Optional[Shape]], node: Optional[Node]) -> tuple[Any, list[int]]:
    given = [InputShape(shape or ()) for shape in shapes]
    if node is None or not (node.args or node.kwargs):
        return tuple(given), list(range(len(given)))
    arguments = _arguments(layer, node)
    positions = {id(tensor): i for i, tensor in enumerate(node.inputs)}
    return _put(arguments, positions, given), list(_order(arguments, positions))


def _arguments(layer: Any, node: Node) -> Any:
    """The call of the module inside: a tuple where all is given by position, else by its own names."""
    named = {name: value for name, value in node.kwargs.items() if name != "training"}
    if not named:
        return tuple(node.args)
    return dict(inspect.signature(held_by(layer).forward).bind(*node.args, **named).arguments)  # type: ignore[union-attr]


def _put(value: Any, positions: dict[int, int], given: Sequence[InputShape]) -> Any:
    """A nest of arguments with the shape in place of each tensor."""
    if isinstance(value, dict):
        return {key: _put(item, positions, given) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_put(item, positions, given) for item in value)
    return given[positions[id(value)]] if id(value) in positions else value


def _order(value: Any, positions: dict[int, int]) -> Iterator[int]:
    """The tensors in a nest, in its own order."""
    if isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _order(item, positions)
    elif id(value) in positions:
        yield positions[id(value)]


def keys_of(variables: Sequence[Any]) -> list[int]:
    """What tells variables apart: on PyTorch the parameters that they are made of, which modules may hold as well."""
    if variables and root(type(getattr(variables[0], "_value", None))) == "torch":
        return [id(variable._value) for variable in variables]
    return list(map(id, variables))


def counted_again(variables: Sequence[Any]) -> tuple[int, int]:
    """How many numbers, and trained ones, are of parameters that an earlier variable is made of as well."""
    again, trained, seen = 0, 0, set()
    for variable, key in zip(variables, keys_of(variables)):
        if key in seen:  # on PyTorch alone; Keras 1's variables know neither their shape nor their flag
            size = prod(variable.shape)
            again, trained = again + size, trained + (size if variable.trainable else 0)
        seen.add(key)
    return again, trained


def note_on_counting_again(params: int, again: int) -> str:
    """Why Keras counts more than there is."""
    return f"count_params() says {params:,}: it counts {again:,} twice, where two variables are made of one parameter"


def knows_its_weights(layer: Any) -> bool:
    """Whether a layer around a function of JAX or TensorFlow has what that works with, so that it can say what comes out."""
    if of_jax(layer):
        return layer.params is not None or layer.state is not None
    return getattr(framework_class(layer), "__name__", "") == "TFSMLayer"


def of_jax(layer: Any) -> bool:
    """Whether this is a layer around a function of JAX; on JAX, a base of every layer has the same name."""
    return getattr(framework_class(layer), "__name__", "") in ("JaxLayer", "FlaxLayer")


def place_in_tree(layer: Any, variable: Any) -> str:
    """Where a variable is among the parameters or the state of a function of JAX: ``params.dense.kernel``."""
    flattened = sys.modules["jax"].tree_util.tree_flatten_with_path
    for name in ("params", "state"):
        for path, leaf in flattened(getattr(layer, name))[0]:
            if leaf is variable:
                return ".".join([name, *(_key(part) for part in path)])
    return str(variable.name)


def _key(part: Any) -> str:
    """A step in a tree of JAX: a key, a number or the name of an attribute."""
    return str(next((getattr(part, name) for name in ("key", "idx", "name") if hasattr(part, name)), part))
