"""The lines of tensors, read: what each layer holds, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

from ..algebra import Dim, Expr
from ..errors import UnreadableError
from ..ir import Holding
from ..layers.base import Shape
from ..notation import parse
from ..reported import ReportedTensor
from .eliding import Record, Seen
from .form import Item


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
    found: dict[str, Record] = {}
    for line in lines:
        record = found.setdefault(line.layer, Record((), {}))
        held = (*record.holdings, line.holding) if line.held else record.holdings
        found[line.layer] = Record(held, {**record.tensors, line.name: line.seen})
    return found


def lines_of(item: Item) -> list[Line]:
    """A tensor's line: its first holder, then the others.

    Raises `UnreadableError`, or what Python raises for a part that is missing or of another kind.
    """
    layer, name = _place(item)
    opaque = item.get("opaque", False)
    shape = None if opaque else shape_of(item["shape"])
    flags = _flag(item["trainable"]), _flag(item.get("buffer", False))
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
    return Holding(item.get("name") or _place(item)[1], identity, _keys(item), item.get("axes", ""), trainable, buffer, tags)


def _told(item: Item, name: str, flags: tuple[bool, bool]) -> Optional[ReportedTensor]:
    """What the framework said of it; None where nobody was asked."""
    if item["shape"] is None:
        return None
    shape = tuple(dim if isinstance(dim, int) else None for dim in item["shape"])
    return ReportedTensor(name, shape, *flags, item.get("nbytes"))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnreadableError("a tensor's line is damaged", got=value, expected="true or false")
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
