"""What PyTorch says itself: the sizes of the tensors that modules hold, and the shapes of one run on the meta device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any, Callable, Optional

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from introspect.algebra import unknowns
from introspect.inputs import InputShape
from introspect.ir import Model, Shape
from introspect.layers import Input
from introspect.reported import Reported, ReportedLayer, ReportedOutput, ReportedTensor

from .creation import listening
from .meta import leaves, mapped, site
from .skeleton import Place, Twins, places
from .specs import version
from .standins import concrete, sample

_LONGEST_REASON = 160  # PyTorch lists every backend it has when a kernel is missing
Record = tuple[str, list[Shape], list[tuple[int, ...]]]  # path, shapes that went in, shapes that came out


def report(model: nn.Module, translated: Model, *, full: bool = True) -> Reported:
    """Tensor sizes; with `full`, also output shapes, by one forward pass without data."""
    if not full:
        opaque = {layer.path for layer in translated.layers for h in layer.holdings if not h.roles}
        asked = [place for place in places(model) if place.path in opaque and _reportable(place)] if opaque else []
        return Reported(tuple(_layer(place) for place in asked), source=f"torch {version()}")
    placed = list(places(model))
    outputs, notes = _outputs(placed, translated)
    parameters = {id(p): p for p in model.parameters()}.values()
    lazy = any(is_lazy(p) for p in parameters)
    return Reported(
        tuple(_layer(place) for place in placed if _reportable(place)),
        outputs,
        None if lazy else sum(p.numel() for p in parameters),
        None if lazy else sum(p.numel() for p in parameters if p.requires_grad),
        f"torch {version()}: tensor sizes" + (" and a forward pass on the meta device" if outputs else ""),
        notes,
        _samples(translated),
    )


def _samples(translated: Model) -> tuple[tuple[str, int], ...]:
    """What the run on the meta device put in place of the inputs' open dimensions."""
    shapes = [shape for shape in translated.shapes(translated.inputs) if shape is not None]
    return tuple(sorted({name: sample(name) for shape in shapes for dim in shape for name in unknowns(dim)}.items()))


def _reportable(place: Place) -> bool:
    """Whether a module holds tensors that have a size: those of a lazy module have none before its first run."""
    held = [*place.module._parameters.values(), *place.module._buffers.values()]
    return any(t is not None for t in held) and not any(is_lazy(t) for t in held)


def _layer(place: Place) -> ReportedLayer:
    tensors = [
        ReportedTensor(name, tuple(tensor.shape), kind == "_parameters" and tensor.requires_grad, kind == "_buffers")
        for kind in ("_parameters", "_buffers")
        for name, tensor in getattr(place.module, kind).items()
        if tensor is not None
    ]
    return ReportedLayer(place.path, tuple(tensors))


def _outputs(placed: Sequence[Place], translated: Model) -> tuple[tuple[ReportedOutput, ...], tuple[str, ...]]:
    """Each call's output as recorded, matched by path and by how often that path was called before."""
    if not translated.inputs:
        return (), ()
    records, failure = record(placed, _given(translated))
    waiting: dict[str, list[list[tuple[int, ...]]]] = defaultdict(list)
    for path, _, shapes in records:
        waiting[path].append(shapes)
    found = []
    for index, call in enumerate(translated.calls):
        layer = translated.layers[call.layer]
        if layer.spec.kind == "input":
            found.append(ReportedOutput(index, _known(translated.shapes(call.outputs))))
        elif waiting[layer.path.partition("#")[0]]:
            found.append(ReportedOutput(index, tuple(waiting[layer.path.partition("#")[0]].pop(0))))
    return tuple(found), (f"the forward pass on the meta device stopped: {failure}",) if failure else ()


def _known(shapes: Sequence[Optional[Shape]]) -> tuple[Any, ...]:
    return tuple(tuple(dim if isinstance(dim, int) else None for dim in shape or ()) for shape in shapes)


def _given(translated: Model) -> Any:
    """The inputs again, as `translate` was given them: by keyword or by position."""
    found: dict[str, Any] = {}
    for call in translated.calls:
        layer = translated.layers[call.layer]
        if isinstance(layer.spec, Input):
            dtype = getattr(torch, str(layer.spec.dtype).rpartition(".")[2], None)
            found[layer.spec.keyword or ""] = (
                *found.get(layer.spec.keyword or "", ()),
                InputShape(layer.spec.shape or (), dtype),
            )
    if set(found) == {""}:
        return found[""]
    return {keyword: given[0] if len(given) == 1 else given for keyword, given in found.items()}


def called_with(arguments: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments of a call with one input, several, or some by name."""
    if isinstance(arguments, dict):
        return (), arguments
    return (arguments if isinstance(arguments, tuple) else (arguments,)), {}


def record(placed: Sequence[Place], given: Any) -> tuple[list[Record], str]:
    """Every module call of a run on meta tensors, and why it stopped, if it did. The model itself is not run."""
    records: list[Record] = []
    inside: list[str] = []
    twins = Twins(placed, lambda module, tensors: {name: _meta(tensor) for name, tensor in tensors.items()})
    for place in placed:
        twin = twins.of(place.module)
        own = twin.__dict__.get("forward") or type(twin).forward.__get__(twin)
        twin.__dict__["forward"] = partial(_noted, records, inside, place.path, own)
        _attributes_to_meta(twin)
    args, kwargs = called_with(mapped(given, _meta_input))
    try:
        with torch.no_grad(), listening(partial(_heard, records, inside)):
            twins.root(*args, **kwargs)
    except Exception as error:  # whatever the user's code raises: it is reported, and the records up to there stand
        first_line = (str(error).splitlines() or [""])[0]
        return records, f"{type(error).__name__}: {first_line[:_LONGEST_REASON]}"
    finally:
        twins.dissolve()
    return records, ""


def _heard(records: list[Record], inside: list[str], function: Callable[..., Any], result: Any) -> None:
    shapes = _shapes(result)
    if shapes:
        records.append((site(inside, function), [], shapes))


def _noted(records: list[Record], inside: list[str], path: str, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    inside.append(path)
    try:
        result = forward(*args, **kwargs)
    finally:
        inside.pop()
    records.append((path, _shapes((args, kwargs)), _shapes(result)))
    return result


def _shapes(tree: Any) -> list[Any]:
    return [tuple(leaf.shape) for leaf in leaves(tree) if isinstance(leaf, torch.Tensor)]


def _meta(tensor: Any) -> Any:
    if not isinstance(tensor, torch.Tensor) or is_lazy(tensor):
        return tensor
    made = torch.empty(tuple(tensor.shape), dtype=tensor.dtype, device="meta")
    return nn.Parameter(made, requires_grad=False) if isinstance(tensor, nn.Parameter) else made


def _meta_input(one: Any) -> Any:
    if not isinstance(one, InputShape):
        return one
    dtype = one.dtype if isinstance(one.dtype, torch.dtype) else torch.get_default_dtype()
    return torch.empty(concrete(one.shape), dtype=dtype, device="meta")


def _attributes_to_meta(twin: nn.Module) -> None:
    """Plain tensor attributes, which no module registers, must be where the rest is."""
    for name, value in twin.__dict__.items():
        if isinstance(value, torch.Tensor):
            twin.__dict__[name] = _meta(value)
