"""What PyTorch says itself: the sizes of the tensors that modules hold, and the shapes of one run on the meta device."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Optional

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from introspect.algebra import evaluate, symbol, unknowns
from introspect.inputs import InputShape, parse_inputs
from introspect.ir import Layer, Model, Shape, lawless
from introspect.reported import Reported, ReportedLayer, ReportedOutput, ReportedTensor

from .creation import drawn_apart, is_made_anew, listening, may_be_real, plainly
from .guests import StandFor, guest_on, held_layers, of_another, tensors_in
from .holding import held, parts
from .meta import THERE_IS_META, leaves, mapped, property_name, shapes_in, site
from .packed import PACKING, as_given, shapes, with_packed_inputs
from .skeleton import Place, Twins, as_module, forward_of, in_flat_pieces, places, standing_at
from .specs import version
from .specs_quantized import hides, is_packed, left_out, logical_shape, packed_bytes
from .standins import concrete, sample

_LONGEST_REASON = 160  # PyTorch lists every backend it has when a kernel is missing
Record = tuple[str, list[tuple[int, ...]], list[Any]]  # path, shapes that went in, shapes that came out

_LAZY = getattr(nn.parameter, "UninitializedTensorMixin", nn.parameter.UninitializedParameter)  # the latter before PyTorch 1.9


def is_lazy(tensor: Any) -> bool:
    """Whether a tensor of a lazy module has no size yet."""
    return isinstance(tensor, _LAZY)


def report(model: Any, translated: Model, inputs: Any = None, *, full: bool = True) -> Reported:
    """Tensor sizes; with `full`, also output shapes, by one forward pass without data on `inputs`."""
    model = as_module(model)
    if not full:
        opaque = [layer.path for layer in translated.layers if layer.holdings and lawless(layer.holdings)]
        asked = [Place(path, module) for path in opaque for module in standing_at(model, path)]
        return Reported(_layers(asked), source=f"torch {version()}")
    placed = places(model)
    outputs, notes, run = _outputs(placed, translated, inputs)
    params, trainable, remark = _totals(model, placed)
    source = f"torch {version()}: tensor sizes" + (f" and {run}" if outputs else "")
    return Reported(_layers(placed), outputs, params, trainable, source, (*notes, *remark), _samples(translated))


def _totals(model: nn.Module, placed: Sequence[Place]) -> tuple[Optional[int], Optional[int], tuple[str, ...]]:
    """Parameters and trainable ones of the whole model, quantised ones among them; and a remark where these differ."""
    if any(of_another(place.module) for place in placed):
        return None, None, ()  # PyTorch has the seeds of Keras' layers for parameters, and not what is not built
    parameters = {id(p): p for p in model.parameters()}.values()
    if any(is_lazy(p) for p in parameters) or any(hides(place.module) for place in placed):
        return None, None, ()
    if in_flat_pieces(placed):
        return None, None, ("each process holds a piece of one flat row of parameters: their sizes say nothing of the model",)
    counted = sum(p.numel() for p in parameters)
    trainable = sum(p.numel() for p in parameters if p.requires_grad)
    packed = {one.key: one.tensor for place in placed for one in held(place.module) if is_packed(one.tensor)}
    missed = sum(left_out(tensor) for tensor in packed.values())
    remark = f"parameters() counts {counted:,} elements: quantised tensors are stored packed, or are none to it"
    return counted + missed, trainable, (remark,) if missed else ()


def _samples(translated: Model) -> tuple[tuple[str, int], ...]:
    """What the run on the meta device put in place of the inputs' open dimensions."""
    shapes = [shape for shape in translated.shapes(translated.inputs) if shape is not None]
    return tuple(sorted({name: sample(name) for shape in shapes for dim in shape for name in unknowns(dim)}.items()))


def _layers(placed: Sequence[Place]) -> tuple[ReportedLayer, ...]:
    if in_flat_pieces(placed):
        return ()
    inner = parts(placed)
    own = tuple(_layer(p) for p in placed if id(p.module) not in inner and not of_another(p.module) and _reportable(p))
    guests = [held_layers(*place) for place in placed if of_another(place.module)]
    return (*own, *(layer for one in guests for layer in one))


def _reportable(place: Place) -> bool:
    """Whether a module holds tensors that have a size: those of a lazy module have none before its first run."""
    tensors = [one.tensor for one in held(place.module)]
    return bool(tensors) and not any(is_lazy(tensor) for tensor in tensors)


def _layer(place: Place) -> ReportedLayer:
    tensors = tuple(
        ReportedTensor(
            one.name,
            logical_shape(one.tensor),
            not one.buffer and one.tensor.requires_grad,
            one.buffer,
            packed_bytes(one.tensor),
        )
        for one in held(place.module)
    )
    return ReportedLayer(place.path, tensors)


def _outputs(
    placed: Sequence[Place], translated: Model, inputs: Any
) -> tuple[tuple[ReportedOutput, ...], tuple[str, ...], str]:
    """Each call's output as recorded, matched by path and by how often that path was called before; notes; what was run."""
    if not translated.inputs or inputs is None:
        return (), (), ""
    records, failure, run = recorded(placed, _with_dtypes(parse_inputs(with_packed_inputs(inputs)), translated))
    waiting: dict[str, list[list[Any]]] = defaultdict(list)
    for path, _, made in records:
        waiting[path].append(made)
    for place in _told_apart_by_nothing(translated, waiting):
        del waiting[place]
    found = []
    for index, call in enumerate(translated.calls):
        layer = translated.layers[call.layer]
        if layer.spec.kind == "input":
            found.append(ReportedOutput(index, _known(translated.shapes(call.outputs))))
        elif waiting[_place(layer)]:
            found.append(ReportedOutput(index, tuple(waiting[_place(layer)].pop(0))))
    if failure:
        return tuple(found), (f"{run} stopped: {failure}",), f"{run}, as far as it came"
    return tuple(found), (), run


def _place(layer: Layer) -> str:
    return layer.path.partition("#")[0]


def _told_apart_by_nothing(translated: Model, waiting: Mapping[str, Sequence[Any]]) -> list[str]:
    """Places of bare functions that one road used more often than the other: nothing says which use is which."""
    uses = Counter(_place(translated.layers[call.layer]) for call in translated.calls if translated.layers[call.layer].function)
    return [place for place, count in uses.items() if place in waiting and count != len(waiting[place])]


def _known(shapes: Sequence[Optional[Shape]]) -> tuple[Any, ...]:
    return tuple(tuple(dim if isinstance(dim, int) else None for dim in shape or ()) for shape in shapes)


def _with_dtypes(given: Any, translated: Model) -> Any:
    """The inputs, whole numbers where an embedding reads them."""
    declared = {out: translated.layers[call.layer].spec for call in translated.calls for out in call.outputs}
    specs = iter([declared[i] for i in translated.inputs])

    def one(x: Any) -> Any:
        if not isinstance(x, InputShape):
            return x
        return replace(x, dtype=getattr(torch, str(getattr(next(specs), "dtype", None)).rpartition(".")[2], None))

    return mapped(given, one)


def called_with(arguments: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments of a call with one input, several, or some by name."""
    if isinstance(arguments, dict):
        return (), arguments
    return (arguments if type(arguments) is tuple else (arguments,)), {}


def recorded(placed: Sequence[Place], given: Any) -> tuple[list[Record], str, str]:
    """A run without data, or on the examples where that does not come to its end: the calls, why it stopped, what it was."""
    records, failure = record(placed, given) if THERE_IS_META else ([], "this PyTorch has no meta device")
    shapes = shapes_in(given)
    if failure and shapes and all(isinstance(one.example, (torch.Tensor, PackedSequence)) for one in shapes):
        return (*record(placed, given, on_example=True), "a forward pass on the example")
    return records, failure, "a forward pass on the meta device"


def record(placed: Sequence[Place], given: Any, *, on_example: bool = False) -> tuple[list[Record], str]:
    """Every module call of a run on meta tensors, or on the examples given, and why it stopped, if it did.

    What runs is a copy of the module tree. `on_example`: it reads the model's own weights, and copies of its buffers.
    """
    records: list[Record] = []
    inside: list[str] = []
    put, put_input = (_alias, _example) if on_example else (_meta, _meta_input)

    def ready(place: Place, twin: nn.Module) -> None:
        if isinstance(twin, StandFor):
            twin.__dict__["forward"] = partial(_hosted, records, place)
            return
        twin.__dict__["forward"] = partial(_noted, records, inside, place, forward_of(twin))
        if not on_example:
            _attributes_to_meta(twin)

    twins = Twins(placed, lambda module, tensors: {name: put(tensor) for name, tensor in tensors.items()}, ready)
    args, kwargs = called_with(mapped(given, put_input))
    try:
        call = drawn_apart(torch.Generator()) if on_example else plainly
        with torch.no_grad(), listening(_Listener(records, inside, not on_example), call):
            twins.root(*args, **kwargs)
    except Exception as error:  # whatever the user's code raises: it is reported, and the records up to there stand
        first_line = (str(error).splitlines() or [""])[0]
        return records, f"{type(error).__name__}: {first_line[:_LONGEST_REASON]}"
    finally:
        twins.dissolve()
    return records, ""


class _Listener:
    """Notes what bare functions give; what is computed from constants alone is no call of the model."""

    def __init__(self, records: list[Record], inside: list[str], without_data: bool) -> None:
        self.records, self.inside, self.without_data = records, inside, without_data
        self._constants: dict[int, Any] = {}  # by id; held, so that no id is used again

    def __call__(self, function: Callable[..., Any], arguments: Any, result: Any) -> None:
        if property_name(function) in PACKING:
            return  # what comes out is laid out in another way than we have it
        made = [leaf for leaf in leaves(result) if isinstance(leaf, torch.Tensor)]
        taken = [leaf for leaf in leaves(arguments) if isinstance(leaf, torch.Tensor)]
        if all(self._is_constant(tensor) for tensor in taken) or is_made_anew(function):
            self._constants.update((id(tensor), tensor) for tensor in made if may_be_real(function, tensor))
        elif made:
            self.records.append((site(self.inside, function), [], [tuple(tensor.shape) for tensor in made]))

    def _is_constant(self, tensor: Any) -> bool:
        """Whether a tensor comes from neither the inputs nor the model: what flows has no data here."""
        return id(tensor) in self._constants or (self.without_data and not tensor.is_meta)


def _hosted(records: list[Record], place: Place, *args: Any, **kwargs: Any) -> Any:
    """What a layer of another framework's gives, in the words of that one."""
    inputs = tensors_in(args, kwargs)
    batch = symbol("N")  # what the layer was built on may be of another
    guest = guest_on(place.path, place.module, [(batch, *x.shape[1:]) for x in inputs])
    said = {one.call: one.shapes for one in guest.report(0, full=True).outputs}
    for i, call in enumerate(guest.calls()):
        layer = guest.model.layers[guest.model.calls[call].layer]
        shapes = [shape for shape in said.get(i, ()) if shape is not None]
        records.append((guest.place(layer.path), [], [(None, *shape[1:]) for shape in shapes]))  # of any batch
    sizes = {"N": int(inputs[0].shape[0])}
    made = [inputs[0].new_empty([int(evaluate(dim, sizes)) for dim in shape]) for shape in guest.outputs() or ()]
    return made[0] if len(made) == 1 else made


def _noted(
    records: list[Record], inside: list[str], place: Place, forward: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    inside.append(place.path)
    try:
        result = forward(*args, **kwargs)
    finally:
        inside.pop()
    batch_first = bool(getattr(place.module, "batch_first", False))
    records.append((place.path, shapes((args, kwargs), batch_first), shapes(result, batch_first)))
    return result


def _meta(tensor: Any) -> Any:
    if not isinstance(tensor, torch.Tensor) or is_lazy(tensor):
        return tensor
    made = torch.empty(tuple(tensor.shape), dtype=tensor.dtype, device="meta")
    return nn.Parameter(made, requires_grad=False) if isinstance(tensor, nn.Parameter) else made


def _alias(tensor: Any) -> Any:
    """A parameter's own data, without its history; a buffer's copy, as a run may write to it."""
    if is_lazy(tensor):
        return tensor
    return tensor.detach() if isinstance(tensor, nn.Parameter) else None if tensor is None else tensor.clone()


def _example(one: Any) -> Any:
    if not isinstance(one, InputShape):
        return one
    return as_given(one, lambda: one.example.clone(), lambda data: data.clone())


def _meta_input(one: Any) -> Any:
    if not isinstance(one, InputShape):
        return one
    dtype = one.dtype if isinstance(one.dtype, torch.dtype) else torch.get_default_dtype()
    return as_given(
        one,
        lambda: torch.empty(concrete(one.shape), dtype=dtype, device="meta"),
        lambda data: torch.empty(tuple(data.shape), dtype=data.dtype, device="meta"),
    )


def _attributes_to_meta(twin: nn.Module) -> None:
    """Plain tensor attributes, which no module registers, must be where the rest is."""
    for name, value in twin.__dict__.items():
        if isinstance(value, torch.Tensor):
            twin.__dict__[name] = _meta(value)
