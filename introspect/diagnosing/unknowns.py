"""Hyper-parameters that a claim may have been counted with: what each is called, where it stands, and what it is now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import gcd
from typing import Any, Callable, Optional

from ..algebra import Dim
from ..conventions import WORDS, hyper_parameters, unwrapped
from ..ir import Call, Layer
from ..layers.base import Spec
from . import costs
from .naming import KINDS, in_places, listed, name_of
from .tally import Tally

WIDTHS = ("filters", "units", "dimension", "width")


@dataclass(frozen=True)
class Unknown:
    """One hyper-parameter, perhaps of several layers at once. `fields(x)`: what changes in the laws if it is x."""

    code: str
    name: str
    now: int
    fields: Callable[[Any], dict[int, dict[str, Any]]]
    places: tuple[str, ...] = ()
    most: int = 10**7
    step: int = 1  # the value said is x·step
    extra: float = 0.0
    usual: tuple[int, ...] = field(default=())

    @property
    def base(self) -> float:
        """What it costs that this is what differs, whatever its value."""
        return costs.UNKNOWN.get(self.code, costs.UNKNOWN["other"]) + self.extra

    def cost(self, x: int) -> float:
        """What it costs to believe in the value x."""
        return self.base + costs.of_value(x * self.step, self.now * self.step, self.code)

    def text(self, x: int) -> str:
        """The value in words."""
        return f"{self.name}: {x * self.step:,}, not {self.now * self.step:,}"

    def trials(self) -> list[int]:
        """Values worth trying together with something else."""
        found = {self.now * 2, self.now // 2, *(self.usual or costs.USUAL.get(self.code, ()))}
        return sorted(x for x in found if 0 < x <= self.most and x != self.now)


def unknowns(tally: Tally) -> Iterator[Unknown]:
    """The hyper-parameters of the whole model."""
    yield from _inputs(tally)
    heads = _heads(tally)
    if heads:
        yield _joint(tally, "classes", "the number of classes", heads, places=True)
    yield from _vocabularies(tally, heads)
    yield from _widths(tally, heads)
    yield from _kernels(tally)


def _set(layer: Layer, name: str) -> Callable[[Any], dict[str, Any]]:
    """How a field takes a value; a window is square where it was."""
    value = getattr(unwrapped(layer.spec), name)
    return lambda x: {name: (x,) * len(value) if isinstance(value, tuple) else x}


def _joint(tally: Tally, code: str, name: str, held: dict[int, str], places: bool = False, **more: Any) -> Unknown:
    """One number that stands in several layers: `held` names the field of each."""
    layers = {i: tally.model.layers[i] for i in held}
    setters = {i: _set(layers[i], held[i]) for i in held}
    now = _first(getattr(unwrapped(next(iter(layers.values())).spec), next(iter(held.values()))))
    where = f" ({listed([name_of(layer) for layer in layers.values()])})" if places else ""
    paths = tuple(layer.path for layer in layers.values())
    return Unknown(code, name + where, now, lambda x: {i: put(x) for i, put in setters.items()}, paths, **more)


def _first(value: Any) -> int:
    return value[0] if isinstance(value, tuple) else value  # type: ignore[no-any-return]


def _width_field(spec: Spec) -> Optional[str]:
    inner = unwrapped(spec)
    return next((name for name in WIDTHS if isinstance(getattr(inner, name, None), int) and inner.kind != "opaque"), None)


def _heads(tally: Tally) -> dict[int, str]:
    """The layers whose width is the number of classes: the last weighted ones before the outputs."""
    model = tally.model
    if sum(1 for layer in model.layers if layer.spec.weighted) < 2:
        return {}  # of a layer alone, nobody says that it decides between classes
    producers = {value: call for call in model.calls for value in call.outputs}
    found: dict[int, str] = {}
    for value in model.outputs:
        call: Optional[Call] = producers.get(value)
        while call is not None and not model.layers[call.layer].spec.weighted:
            call = producers.get(call.inputs[0]) if len(call.inputs) == 1 else None
        name = _width_field(model.layers[call.layer].spec) if call is not None else None
        if call is not None and name:
            found[call.layer] = name
    if not model.calls:
        for i in range(len(model.layers) - 1, -1, -1):
            name = _width_field(model.layers[i].spec)
            if name:
                return {i: name}
    return found


def _inputs(tally: Tally) -> Iterator[Unknown]:
    """Channels, resolution and length of what the model takes."""
    model = tally.model
    for i, layer in enumerate(model.layers):
        calls = tally.reviser.calls_of.get(i, [])
        shape = model.values[model.calls[calls[0]].outputs[0]].shape if calls and layer.spec.kind == "input" else None
        if shape is None or getattr(layer.spec, "shape", None) is None:
            continue
        names = _axes(tally, model.calls[calls[0]].outputs[0])
        axes = [a for a, name in enumerate(names) if name in ("c_in", "c", "inputs", "i", "d") and isinstance(shape[a], int)]
        if axes:
            called = "the number of input channels" if "c_in" in names else "the number of input features"
            usual = () if "c_in" in names else (shape[axes[0]],)
            yield _of_input("input_channels", called, i, shape, axes[:1], usual=usual)
        sides = [a for a, name in enumerate(names) if name in ("h", "w", "n") and isinstance(shape[a], int)]
        if sides and len({shape[a] for a in sides}) == 1:
            yield _of_input(
                "resolution", "the input's side" if len(sides) > 1 else "the input's length", i, shape, sides, most=4096
            )
        else:
            for a in sides:
                yield _of_input("resolution", f"the input's {names[a]}", i, shape, [a], most=4096)
        if len(shape) > 1 and "t" in names and isinstance(shape[names.index("t")], int):
            yield _of_input("sequence", "the input's length", i, shape, [names.index("t")])


def _axes(tally: Tally, value: int) -> list[str]:
    """What the layer that reads an input calls its axes, behind layers that only hand it on."""
    for _ in range(4):
        for index in tally.reviser.readers.get(value, ()):
            call = tally.model.calls[index]
            shapes = tally.model.shapes(call.inputs)
            spec = tally.model.layers[call.layer].spec
            if spec.weighted and all(shape is not None for shape in shapes):
                return list(spec.axes(*[shape for shape in shapes if shape is not None])[call.inputs.index(value)])
        readers = tally.reviser.readers.get(value, [])
        if not readers or not tally.model.layers[tally.model.calls[readers[0]].layer].spec.passes:
            break
        value = tally.model.calls[readers[0]].outputs[0]
    return []


def _of_input(code: str, name: str, layer: int, shape: tuple[Dim, ...], axes: list[int], **more: Any) -> Unknown:
    def fields(x: Any) -> dict[int, dict[str, Any]]:
        return {layer: {"shape": tuple(x if a in axes else dim for a, dim in enumerate(shape))}}

    return Unknown(code, name, int(shape[axes[0]]), fields, **more)


def _vocabularies(tally: Tally, heads: dict[int, str]) -> Iterator[Unknown]:
    """The rows of each embedding, together with whatever is tied to it or as wide as it at the end."""
    for i, layer in enumerate(tally.model.layers):
        if layer.spec.kind != "embedding":
            continue
        held = {i: "vocabulary"}
        size = layer.spec.vocabulary  # type: ignore[attr-defined]
        for head, name in heads.items():
            if getattr(unwrapped(tally.model.layers[head].spec), name) == size:
                held[head] = name
        where = f" of {name_of(layer)}"
        small = any(part in layer.path.lower() for part in ("pos", "wpe"))
        code, name = ("positions", "the number of positions") if small else ("vocabulary", "the vocabulary")
        yield _joint(tally, code, name + where, held)
        if len(held) > 1:
            yield _joint(tally, code, name + where + " alone", {i: "vocabulary"}, extra=costs.ODD_ONE)


def _widths(tally: Tally, heads: dict[int, str]) -> Iterator[Unknown]:
    """All widths in proportion, and a width that several layers share, with its multiples."""
    widths: dict[int, tuple[str, int]] = {}
    for i, layer in enumerate(tally.model.layers):
        name = _width_field(layer.spec)
        if name and i not in heads:
            widths[i] = (name, getattr(unwrapped(layer.spec), name))
    values = sorted({value for _, value in widths.values()})
    if len(widths) > 1:
        unit = gcd(*values)
        yield _proportional(tally, "width", "every width", widths, unit, unit)
    for value in values:
        held = {i: (name, n) for i, (name, n) in widths.items() if n % value == 0}
        alike = [i for i, (_, n) in held.items() if n == value]
        if len(alike) > 1:
            yield _proportional(tally, "hidden_size", f"the width of {len(alike)} layers (now {value:,})", held, value, 1)
            exact = {i: held[i] for i in alike}
            if len(exact) < len(held):
                yield _proportional(tally, "hidden_size", f"the width of {len(alike)} layers", exact, value, 1, 0.8)
    kinds = sorted({tally.model.layers[i].spec.kind for i in widths})
    for kind in kinds if len(kinds) > 1 else ():
        held = {i: width for i, width in widths.items() if tally.model.layers[i].spec.kind == kind}
        if len(held) > 1:
            unit = gcd(*(n for _, n in held.values()))
            called = f"every width of a {KINDS.get(kind, kind)}"
            yield _proportional(tally, "width", called, held, unit, unit, 0.2)


def _proportional(
    tally: Tally, code: str, name: str, held: dict[int, tuple[str, int]], value: int, unit: int, extra: float = 0.0
) -> Unknown:
    """Widths that are multiples of `value` become the same multiples of x (of x·unit, for a unit that all share)."""

    def fields(x: Any) -> dict[int, dict[str, Any]]:
        return {i: {field_name: n // value * x} for i, (field_name, n) in held.items()}

    if code == "width":
        return _Ratio(code, name, value, fields, tuple(tally.model.layers[i].path for i in held), extra=extra)
    return Unknown(code, name, value, fields, tuple(tally.model.layers[i].path for i in held), extra=extra)


class _Ratio(Unknown):
    """Said as a multiplier of all widths."""

    def cost(self, x: int) -> float:
        shared = gcd(x, self.now)
        parts = max(x // shared, self.now // shared)
        return costs.UNKNOWN["width"] + self.extra + (0.0 if parts <= 4 else 1.0 if parts <= 10 else 3.0)

    def text(self, x: int) -> str:
        shared = gcd(x, self.now)
        ratio = f"{x // shared}/{self.now // shared}" if x % self.now else f"{x // self.now}"
        return f"{self.name} {ratio} times what it is"

    def trials(self) -> list[int]:
        return sorted({x for x in (self.now // 4, self.now // 2, self.now * 3 // 4, self.now * 2) if x and x != self.now})


def _kernels(tally: Tally) -> Iterator[Unknown]:
    """The kernels of all convolutions at once, where they are alike."""
    groups: dict[tuple[str, tuple[int, ...]], dict[int, str]] = {}
    for i, layer in enumerate(tally.model.layers):
        kernel = getattr(unwrapped(layer.spec), "kernel_size", None)
        if kernel and set(kernel) != {1} and len(set(kernel)) == 1:
            groups.setdefault((layer.spec.kind, kernel), {})[i] = "kernel_size"
    for (_, kernel), held in groups.items():
        if len(held) > 1:
            where = in_places([tally.model.layers[i] for i in held])
            for kept in (True, False):
                yield _padded(tally, "all_kernels", f"the kernel size {where}", held, kernel[0], kept)


def _padded(tally: Tally, code: str, name: str, held: dict[int, str], now: int, kept: bool, **more: Any) -> Unknown:
    """A kernel size; with padding that keeps what comes out as it is, or as it stands."""

    def fields(x: Any) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for i in held:
            spec = unwrapped(tally.model.layers[i].spec)
            found[i] = {"kernel_size": (x,) * len(spec.kernel_size)}  # type: ignore[attr-defined]
            padding = spec.padding  # type: ignore[attr-defined]
            if kept and not isinstance(padding, str):
                found[i]["padding"] = tuple((a + (x - now) // 2, b + (x - now) // 2) for a, b in padding)
        return found

    paths = tuple(tally.model.layers[i].path for i in held)
    said = f"{name} (padded to match)" if kept else name
    return Unknown(code, said, now, fields, paths, most=31, extra=0.0 if kept else 0.1, **more)


def of_layers(tally: Tally) -> Iterator[Unknown]:
    """The hyper-parameters of each layer, equal layers once."""
    heads = _heads(tally)
    seen: set[Any] = set()
    for i, layer in enumerate(tally.model.layers):
        calls = tally.reviser.calls_of.get(i)
        key = (layer.spec, tally.model.shapes(tally.model.calls[calls[0]].inputs) if calls else i)
        if key in seen:
            continue
        seen.add(key)
        for name in hyper_parameters(layer.spec):
            value = getattr(unwrapped(layer.spec), name)
            if heads.get(i) == name or name in ("vocabulary", "groups", "output_padding") or not _number(value):
                continue
            yield from _one(tally, i, layer, name, value)


def _number(value: Any) -> bool:
    """Whether it is one positive number, or the same one along every axis."""
    one = value[0] if isinstance(value, tuple) and value and len(set(value)) == 1 else value
    return isinstance(one, int) and not isinstance(one, bool) and one > 0


def _one(tally: Tally, i: int, layer: Layer, name: str, value: Any) -> Iterator[Unknown]:
    called = f"the {WORDS.get(name, name.replace('_', ' '))} of {name_of(layer)}"
    if name == "kernel_size":
        for kept in (True, False):
            yield _padded(tally, "kernel_size", called, {i: name}, _first(value), kept)
        return
    most = {"stride": 32, "pool_size": 64, "dilation": 16, "depth_multiplier": 64}.get(name, 10**7)
    usual: tuple[int, ...] = (1, 2, 3) if name in ("pool_size", "dilation", "depth_multiplier", "pieces") else ()
    if name in WIDTHS:
        usual = (8, 16, 32, 64, 128, 256, 512, 1024, 10, 50, 100, 200, 500, 1000)
    yield _joint(tally, name, called, {i: name}, most=most, usual=usual)
