"""Takes the calls of Keras' layers and operations away from Keras while a model's own code runs, for this thread alone.

What the code sets on the layers meanwhile is put back.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Callable, NamedTuple, Optional, Protocol


class Taker(Protocol):
    """Who answers instead of Keras."""

    def layer(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A layer is called."""

    def operation(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operation is applied to symbolic tensors."""

    def weight(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A layer asks for a variable of its own."""

    def loss(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A layer adds to the loss of its model."""

    def drawn(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Random numbers are asked for."""


class _Point(NamedTuple):
    """A method of Keras, or a function of a module, and the method of the taker that stands in for it."""

    owner: Any
    name: str
    answer: str


SEED = "make_default_seed"
DRAWS = (SEED, "normal", "uniform", "truncated_normal", "randint", "gamma", "binomial", "beta", "categorical", "dropout",
         "shuffle")  # fmt: skip
_lock = threading.Lock()
_takers: dict[int, Taker] = {}
_originals: dict[_Point, Callable[..., Any]] = {}


@contextmanager
def intercepted(taker: Taker, layer: type, operation: Optional[type] = None, random: Sequence[Any] = ()) -> Iterator[None]:
    """`taker` answers in this thread until it leaves, the one before it then; every other thread reaches Keras.

    `random`: the modules whose functions draw numbers.
    """
    points = [_Point(layer, "__call__", "layer"), _Point(layer, "add_weight", "weight"), _Point(layer, "add_loss", "loss")]
    if operation is not None:
        points.append(_Point(operation, "symbolic_call", "operation"))
    if "add_metric" in vars(layer):  # in Keras 2 it makes variables
        points.append(_Point(layer, "add_metric", "loss"))
    points += [_Point(module, name, "drawn") for module in random for name in DRAWS if name in vars(module)]
    with _lock:
        if not _takers:
            for point in points:
                _install(point)
        before = _takers.get(threading.get_ident())
        _takers[threading.get_ident()] = taker
    try:
        yield
    finally:
        with _lock:
            if before is not None:
                _takers[threading.get_ident()] = before
            else:
                del _takers[threading.get_ident()]
            if not _takers:
                for point, original in _originals.items():
                    setattr(point.owner, point.name, original)
                _originals.clear()


def _install(point: _Point) -> None:
    original = point.owner.__dict__[point.name]

    def dispatched(self: Any, *args: Any, **kwargs: Any) -> Any:
        taker = _takers.get(threading.get_ident())
        if taker is None:
            return original(self, *args, **kwargs)
        return getattr(taker, point.answer)(self, args, kwargs)

    def drawn(*args: Any, **kwargs: Any) -> Any:
        taker = _takers.get(threading.get_ident())
        return original(*args, **kwargs) if taker is None else taker.drawn(point.name, args, kwargs)

    _originals[point] = original
    setattr(point.owner, point.name, dispatched if isinstance(point.owner, type) else drawn)


def original(layer: Any) -> Callable[..., Any]:
    """Keras' own ``__call__`` of `layer`, while it is taken away."""
    return next((own for point, own in _originals.items() if point.name == "__call__"), type(layer).__call__)


@contextmanager
def names_kept() -> Iterator[None]:
    """What Keras 3 numbers meanwhile, and the variables that it lists as not initialised yet, are forgotten again."""
    state = sys.modules["keras.src.backend.common.global_state"]
    kept: list[tuple[str, Any, Any]] = []
    for name, kind in (("object_name_uids", dict), ("uninitialized_variables", list)):
        found: Any = state.get_global_attribute(name)
        kept.append((name, found, None if found is None else kind(found)))
    held: dict[str, Any] = vars(state.GLOBAL_STATE_TRACKER)
    known = set(held)
    try:
        yield
    finally:
        for name, found, before in kept:
            if found is None:
                state.set_global_attribute(name, None)
            else:
                found.clear()
                (found.update if isinstance(found, dict) else found.extend)(before)
        for name in set(held) - known:
            del held[name]


@contextmanager
def untouched(layers: list[Any]) -> Iterator[None]:
    """The attributes of `layers`, and what their lists, dicts and sets hold, are afterwards what they were."""
    owners = [owner for layer in layers for owner in (layer, getattr(layer, "_tracker", None)) if owner is not None]
    before = [(owner, dict(vars(owner))) for owner in owners]
    held: dict[int, tuple[Any, Any]] = {}
    for _, attributes in before:
        _keep(attributes.values(), held)
    try:
        yield
    finally:
        for owner, attributes in before:
            vars(owner).clear()
            vars(owner).update(attributes)
        for container, contents in held.values():
            _put_back(container, contents)


def _keep(values: Iterable[Any], held: dict[int, tuple[Any, Any]]) -> None:
    """Write down what containers hold, and those within them."""
    for value in values:
        if isinstance(value, (list, dict, set)) and id(value) not in held:
            kind = next(kind for kind in (list, dict, set) if isinstance(value, kind))
            held[id(value)] = (value, kind(value))
            _keep(value.values() if isinstance(value, dict) else value, held)


def _put_back(value: Any, held: Any) -> None:
    """The plain containers' own methods, so that nobody who tracks one is told."""
    if isinstance(value, list) and [id(x) for x in value] != [id(x) for x in held]:
        list.__setitem__(value, slice(None), held)
    elif isinstance(value, dict) and {k: id(v) for k, v in value.items()} != {k: id(v) for k, v in held.items()}:
        dict.clear(value)
        dict.update(value, held)
    elif isinstance(value, set) and value != held:
        set.clear(value)
        set.update(value, held)
