"""The lines of tensors, read: what each layer holds, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional, TypeVar

from ..algebra import Dim, Expr
from ..errors import UnreadableError
from ..fitting import misfit
from ..ir import Holding
from ..layers.base import Shape
from ..notation import parse
from ..reported import ReportedTensor
from .eliding import Record, Seen
from .form import Item

T = TypeVar("T")


class Line(NamedTuple):
    """One holder of a tensor, with what its line says. `first`: it is counted here; `held`: it is stored at all."""

    layer: str
    name: str
    holding: Holding
    seen: Seen
    first: bool
    held: bool
    told: Optional[ReportedTensor]


def records(items: Iterable[Item]) -> dict[str, Record]:
    """What is recorded of each layer that has any tensor."""
    return recorded(line for item in items for line in lines_of(item))


def recorded(lines: Iterable[Line]) -> dict[str, Record]:
    """The same, of lines that have been read."""
    by_layer: dict[str, list[Line]] = {}
    for line in lines:
        by_layer.setdefault(line.layer, []).append(line)
    return {
        layer: Record(tuple(line.holding for line in own if line.held), {line.name: line.seen for line in own})
        for layer, own in by_layer.items()
    }


def lines_of(item: Item) -> list[Line]:
    """A tensor's line: its first holder, then the others.

    Raises `UnreadableError`, or what Python raises for a part that is missing or of another kind.
    """
    layer, name = _place(item)
    opaque = item.get("opaque", False)
    shape = None if opaque else shape_of(item["shape"])
    flags = flag(item["trainable"]), flag(item.get("buffer", False))
    seen = Seen(() if opaque else _keys(item), shape, None if opaque else flags)
    holding = _holding(item, item["tensor"], flags)
    line = Line(layer, name, holding, seen, True, item.get("held", True), _told(item, name, flags))
    return [line, *(_other(also, item["tensor"], shape) for also in item.get("also", ()))]


def _other(item: Item, identity: str, shape: Optional[Shape]) -> Line:
    layer, name = _place(item)
    seen = Seen(_keys(item), shape, None)
    return Line(layer, name, _holding(item, identity, (True, False)), seen, False, True, None)


def _place(item: Item) -> tuple[str, str]:
    full: str = item["tensor"]
    if "name" not in item:
        layer, _, name = full.rpartition(".")
        return layer, name
    name = item["name"]
    if full != name and not full.endswith(f".{name}"):
        raise UnreadableError("a tensor's line is damaged", got=full, expected=f"a name that ends in .{name}")
    return full[: len(full) - len(name) - 1] if full != name else "", name


def _keys(item: Item) -> tuple[str, ...]:
    return (item["role"],) if "role" in item else tuple(item.get("roles", ()))


def _holding(item: Item, identity: str, flags: tuple[Optional[bool], bool]) -> Holding:
    trainable, buffer = item.get("configured", flags)
    tags = tuple(item.get("tags", ()))
    fields = (_place(item)[1], identity, _keys(item), item.get("axes", ""), trainable, buffer, tags)
    return fitting(Holding(*fields), dict(zip(Holding._fields, fields)))


def _told(item: Item, name: str, flags: tuple[bool, bool]) -> Optional[ReportedTensor]:
    """What the framework said of it; None where nobody was asked."""
    if item["shape"] is None:
        return None
    shape = tuple(dim if isinstance(dim, int) else None for dim in item["shape"])
    found = ReportedTensor(name, shape, *flags, item.get("nbytes"))
    return fitting(found, vars(found))


def fitting(made: T, fields: Mapping[str, Any]) -> T:
    """`made`, of these fields. Raises `UnreadableError` where one of them is not what it is declared to be."""
    wrong = misfit(type(made), fields)
    if wrong is not None:
        raise UnreadableError(f"a {type(made).__name__} is damaged", got=wrong)
    return made


def flag(value: Any) -> bool:
    """True or false. Raises `UnreadableError` for anything else."""
    if not isinstance(value, bool):
        raise UnreadableError("this is neither true nor false", got=value)
    return value


def shape_of(dims: Any) -> Optional[Shape]:
    """The shape that was written as `dims`. Raises `UnreadableError` for anything else."""
    if dims is None:
        return None
    if not isinstance(dims, list):
        raise UnreadableError("this is not a shape", got=dims, expected="a list of dimensions")
    return tuple(_dim(dim) for dim in dims)


def _dim(dim: Any) -> Dim:
    found = parse(dim) if isinstance(dim, str) else dim
    if isinstance(found, bool) or not isinstance(found, (int, Expr)):
        raise UnreadableError("this is not a dimension", got=dim, expected="a number or an expression")
    return found
