"""A block's second run is not made: what the first did is written down again, with the second's own layers.

Two modules alike, given arguments of the same shapes, make the same calls, as long as `forward` depends on nothing else and
leaves nothing else behind. What was seen to do either runs as it is, each time: code that keeps a tensor, writes to a module,
changes what it is given, takes or returns objects of its own, or reads a tensor that is neither given nor the module's.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from operator import is_
from typing import Any, Callable, NamedTuple, Optional, Protocol

import torch
from torch import nn

from introspect.algebra import unknowns
from introspect.building import Builder
from introspect.ir import Shape, Spec, Value
from introspect.passages import Mark, Passage

from .meta import leaves
from .outlines import WALKED, Entered, Inside, NotPlainError, Outlines, attributes, plain
from .skeleton import Place, Twins
from .standins import StandIn

_OWN = 4  # what a stand-in is made with; more was put there by the model's code
Run = Callable[..., Any]


class HeldTensor(NamedTuple):
    """Where a tensor stands: its module, and its name there."""

    module: nn.Module
    name: str


class Walk(Protocol):
    """Whose calls are repeated."""

    builder: Builder
    twins: Twins
    tensor_values: dict[int, StandIn]
    held: dict[int, HeldTensor]

    def apply(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a PyTorch function."""

    def standin(self, value: int, shape: Shape, dtype: Any) -> StandIn:
        """A stand-in for a value."""

    def shape_of(self, module: nn.Module, name: str, tensor: Any) -> tuple[Shape, bool]:
        """The shape of a module's tensor, and whether it is the framework's."""

    def hold(self, module: nn.Module, name: str, tensor: Any, made: StandIn) -> None:
        """Have `made` stand for a module's tensor from now on."""

    def function_layers(self, uses: Iterable[tuple[str, Spec, str]]) -> None:
        """A layer for each use of a function: where, its law, what it is called."""


class _Ref:
    """In what a block returns: a value, as in a passage."""

    __slots__ = ("dtype", "shape", "value")

    def __init__(self, value: int, shape: Shape, dtype: Any) -> None:
        self.value, self.shape, self.dtype = value, shape, dtype


class _Function(NamedTuple):
    """A bare function, used in the code of the member at `position`."""

    position: int
    spec: Spec
    kind_name: str


class _Use(NamedTuple):
    """A tensor of the member at `position` that the code read. `offset`: of its value, where the passage made it."""

    position: int
    name: str
    shape: Shape
    dtype: Any
    offset: int = -1


class _Repeat(NamedTuple):
    """What a block does. `given`: tensors with numbers among its arguments, held so that their ids stay theirs."""

    passage: Passage
    functions: Sequence[_Function]
    uses: Sequence[_Use]
    result: Any
    given: Sequence[Any]


class _Arguments:
    """What a block is given: its form, and the stand-ins in it, each once."""

    def __init__(self, args: Any, kwargs: Any) -> None:
        self.standins: dict[int, StandIn] = {}  # by value
        self.positions: dict[int, int] = {}
        self.tensors: list[Any] = []
        self.form = (self._form(args), self._form(kwargs) if kwargs else ())

    def _form(self, tree: Any) -> Any:
        kind = type(tree)
        if kind is StandIn:
            if len(tree.__dict__) != _OWN:
                raise NotPlainError
            self.standins.setdefault(tree.value, tree)
            return tree.known_shape, tree.known_dtype, self.positions.setdefault(tree.value, len(self.positions))
        if kind is tuple or kind is list:
            return kind, tuple([self._form(item) for item in tree])
        if kind is dict:
            return kind, tuple([(plain(key), self._form(item)) for key, item in tree.items()])
        if isinstance(tree, torch.Tensor):
            self.tensors.append(tree)
            return id(tree), tree._version
        return plain(tree)

    def same(self, other: _Arguments) -> bool:
        """Whether nothing has been done to what was given."""
        return self.form == other.form and self.positions == other.positions


class Repeats:
    """The blocks of one model that are alike. `recording`: how many of them are being written down just now."""

    def __init__(self, walk: Walk, placed: Sequence[Place], entered: Mapping[int, Entered]) -> None:
        self._walk, self._placed, self._entered = walk, placed, entered
        self._classes = Counter(type(module) for _, module in placed)
        self._known: dict[Any, Optional[_Repeat]] = {}
        self._made: list[StandIn] = []
        self._obstacles = 0
        self.recording = 0

    def around(self, module: nn.Module, run: Run) -> Run:
        """What is called in place of `run`, a module's code."""
        if self._classes[type(module)] < 2 or not self._outlines.repeated(module):
            return run
        return lambda *args, **kwargs: self._called(module, run, args, kwargs)

    @cached_property
    def _outlines(self) -> Outlines:
        return Outlines(self._placed, self._entered)

    @cached_property
    def _paths(self) -> dict[int, str]:
        return {id(module): path for path, module in self._placed}

    def made(self, standin: StandIn) -> None:
        """Told of each stand-in that the walk makes while it is recorded."""
        self._made.append(standin)

    def obstacle(self) -> None:
        """Told of what cannot be repeated."""
        self._obstacles += 1

    def _called(self, module: nn.Module, run: Run, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inside = self._outlines.inside(module)
        try:
            given = _Arguments(args, kwargs)
            self._require_untouched(inside)
        except NotPlainError:
            self.obstacle()
            return run(*args, **kwargs)
        key = (self._outlines.number[id(module)], given.form, inside.again)
        if key not in self._known:
            return self._recorded(key, given, inside, run, args, kwargs)
        repeat = self._known[key]
        tensors = None if repeat is None else self._tensors(repeat, inside)
        if repeat is None or tensors is None:
            return run(*args, **kwargs)
        return self._again(repeat, given, inside, tensors)

    def _require_untouched(self, inside: Inside) -> None:
        """Raise `NotPlainError` if code has written to one of these modules' twins; one not made yet is as its original."""
        made = self._walk.twins.made
        for one in [one for one in inside.ids if one in made]:
            original, twin = self._outlines.module(one).__dict__, made[one].__dict__
            if not _as_made(twin, original):
                raise NotPlainError
            own = self._outlines.attributes.get(one)
            if own and attributes(twin) != own:
                raise NotPlainError

    def _recorded(
        self, key: Any, given: _Arguments, inside: Inside, run: Run, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        mark, obstacles, first = Mark.of(self._walk.builder), self._obstacles, len(self._made)
        self.recording += 1
        try:
            box = [run(*args, **kwargs)]  # nothing else holds what comes out, so that what is kept elsewhere can be told
            self._known[key] = None
            if obstacles == self._obstacles and not self._kept(first, box) and given.same(_Arguments(args, kwargs)):
                self._require_untouched(inside)
                self._known[key] = self._written(mark, given, inside, box[0])
        except NotPlainError:
            self.obstacle()
        finally:
            self.recording -= 1
            if not self.recording:
                self._made.clear()
        return box[0]

    def _kept(self, first: int, box: list[Any]) -> bool:
        """Whether a stand-in made meanwhile is held by more than what comes out."""
        returned = Counter(id(leaf) for leaf in leaves(box))
        made = self._made
        return any(sys.getrefcount(made[i]) > 2 + returned[id(made[i])] for i in range(first, len(made)))

    def _written(self, mark: Mark, given: _Arguments, inside: Inside, result: Any) -> Optional[_Repeat]:
        """What was built since `mark`; None where it came from elsewhere, too."""
        builder, places = self._walk.builder, dict(given.positions)
        uses = self._uses(mark, places, inside)
        functions = self._functions(mark, inside)
        passage = None if uses is None or functions is None else Passage.since(mark, builder, inside.layers, list(places))
        if uses is None or functions is None or passage is None or any(_unnamed(value) for value in passage.values):
            return None
        at = {value: i for i, value in enumerate([*places, *range(mark.values, len(builder.values))])}
        return _Repeat(passage, functions, uses, _noted(result, at), given.tensors)

    def _uses(self, mark: Mark, places: dict[int, int], inside: Inside) -> Optional[list[_Use]]:
        """The members' tensors that were read; those read before, too, are added to `places`. None: others were read."""
        walk = self._walk
        positions = {one: i for i, one in enumerate(inside.ids)}
        read = {i for _, inputs, _ in walk.builder.calls[mark.calls :] for i in inputs}
        found = []
        for value, (module, name) in walk.held.items():
            if value in places or (value < mark.values and value not in read):
                continue
            if id(module) not in positions:
                return None
            standin = walk.tensor_values[id(_tensor(module, name))]
            offset = value - mark.values
            found.append(_Use(positions[id(module)], name, standin.known_shape, standin.known_dtype, max(offset, -1)))
            if offset < 0:
                places[value] = len(places)
        return found

    def _functions(self, mark: Mark, inside: Inside) -> Optional[list[_Function]]:
        """The functions used since `mark`; None where it is not the members' code that used one."""
        positions = {self._paths[one]: i for i, one in enumerate(inside.ids)}
        found = []
        for layer in self._walk.builder.layers[mark.layers :]:
            user = layer.path.partition("#")[0][: -len(layer.kind_name) - 1]
            if user not in positions:
                return None
            found.append(_Function(positions[user], layer.spec, layer.kind_name))
        return found

    def _tensors(self, repeat: _Repeat, inside: Inside) -> Optional[list[Any]]:
        """The tensors that take the place of those which the block read; None where they are not alike."""
        walk = self._walk
        found = [_tensor(inside.modules[use.position], use.name) for use in repeat.uses]
        if len({id(tensor) for tensor in found}) < len(found):
            return None
        for use, tensor in zip(repeat.uses, found):
            before = walk.tensor_values.get(id(tensor))
            if (before is None) != (use.offset >= 0) or tensor.dtype != use.dtype:
                return None
            reported = use.offset >= 0 and repeat.passage.values[use.offset].reported
            now = (
                walk.shape_of(inside.modules[use.position], use.name, tensor) if before is None else (before.known_shape, False)
            )
            if now != (use.shape, reported):
                return None
        return found

    def _again(self, repeat: _Repeat, given: _Arguments, inside: Inside, tensors: Sequence[Any]) -> Any:
        walk, ids = self._walk, inside.ids
        outside = list(given.standins.values())
        outside += [walk.tensor_values[id(t)] for use, t in zip(repeat.uses, tensors) if use.offset < 0]
        added = len(walk.builder.layers)
        walk.function_layers([(f"{self._paths[ids[i]]}.{name}", spec, name) for i, spec, name in repeat.functions])
        layers = [*inside.layers, *range(added, len(walk.builder.layers))]
        first = repeat.passage.put(walk.builder, layers, [standin.value for standin in outside])
        for use, tensor in zip(repeat.uses, tensors):
            if use.offset >= 0:
                made = StandIn.of(walk, first + use.offset, use.shape, use.dtype)
                walk.hold(inside.modules[use.position], use.name, tensor, made)
        return self._rebuilt(repeat.result, first - len(outside), outside, {})

    def _rebuilt(self, tree: Any, first: int, outside: Sequence[StandIn], made: dict[int, StandIn]) -> Any:
        """What the block returns, with this time's values."""
        kind = type(tree)
        if kind is _Ref:
            if tree.value < len(outside):
                return outside[tree.value]
            if tree.value not in made:
                made[tree.value] = self._walk.standin(first + tree.value, tree.shape, tree.dtype)
            return made[tree.value]
        if kind is tuple or kind is list:
            return kind([self._rebuilt(item, first, outside, made) for item in tree])
        if kind is dict:
            return {key: self._rebuilt(item, first, outside, made) for key, item in tree.items()}
        return tree


def _noted(tree: Any, at: Mapping[int, int]) -> Any:
    """What a block returns, references in place of stand-ins. Raises `NotPlainError` where it is not plain."""
    kind = type(tree)
    if kind is StandIn:
        if tree.value not in at or len(tree.__dict__) != _OWN:
            raise NotPlainError
        return _Ref(at[tree.value], tree.known_shape, tree.known_dtype)
    if kind is tuple or kind is list:
        return kind([_noted(item, at) for item in tree])
    if kind is dict:
        return {key: _noted(item, at) for key, item in tree.items() if plain(key)}
    plain(tree)
    return tree


def _unnamed(value: Value) -> bool:
    """Whether a dimension is unknown and has no name: no two of these are equal."""
    return any(name[:1] == "_" for dim in value.shape or () for name in unknowns(dim))


def _tensor(module: nn.Module, name: str) -> Any:
    found = module._parameters.get(name)
    return module._buffers.get(name) if found is None else found


def _as_made(twin: Mapping[str, Any], original: Mapping[str, Any]) -> bool:
    """Whether a twin's registers hold what they held when it was made, and it has no attributes but what the walk gave it."""
    if len(twin) != len(original) + sum([name in twin for name in WALKED]):
        return False
    for kind in ("_parameters", "_buffers", "_modules"):
        now, own = twin[kind], original[kind]
        if len(now) != len(own) or not all(map(is_, dict.values(now), own.values())):
            return False
    return True
