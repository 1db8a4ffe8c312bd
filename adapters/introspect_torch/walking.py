"""One symbolic pass through `forward`: stand-ins go in, laws answer, and the calls are written down.

A module's law stands in for its `forward` only while that is the framework's own; a module that overrides it is walked
through. A function without a law is run on meta tensors and its result marked as reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Callable, Optional

import torch
from torch import nn

from introspect.building import Builder
from introspect.errors import IntrospectError, ShapeError
from introspect.ir import Call, Holding, Layer, Shape, Spec
from introspect.layers import Opaque
from introspect.memory import interned
from introspect.storage import by_key, stored_shape

from .calls import READERS, Reader, Reading
from .creation import creating, is_made_anew, may_be_real
from .functions import FUNCTIONS, Applied, NoLawError
from .guests import StandFor, guest_on, tensors_in
from .meta import THERE_IS_META, leaves, mapped, meta_tensor, plain_name, property_name, site
from .outlines import Entered
from .repeating import HeldTensor, Repeats
from .skeleton import Place, Twins, forward_of, own_names
from .standins import StandIn, StoppedError, ValueNeededError, is_standin

_PLAIN_PROPERTIES = frozenset(
    "device layout is_cuda is_cpu is_meta is_sparse is_quantized is_mkldnn is_nested is_leaf is_mps is_xpu is_xla is_ort "
    "is_vulkan is_ipu is_hpu is_mtia is_maia names grad grad_fn _version output_nr retains_grad name".split()
)


_RUN = "_compiled_call_impl" if hasattr(nn.Module, "_compiled_call_impl") else "forward"  # what a call comes to before any hook


class Held(dict):  # type: ignore[type-arg]
    """A twin's tensors: the originals, of which code that reads one gets a stand-in."""

    __slots__ = ("module", "walker")
    walker: Walker
    module: nn.Module

    def __getitem__(self, name: str) -> Any:
        tensor = super().__getitem__(name)
        return tensor if tensor is None else self.walker.tensor(self.module, name, tensor)

    def values(self) -> Any:
        self.walker.repeats.obstacle()  # the originals are handed out
        return super().values()

    def items(self) -> Any:
        self.walker.repeats.obstacle()
        return super().items()


class Walker:
    """Walks one model once. `entered`: the modules that are layers, by the id of the module."""

    def __init__(
        self,
        builder: Builder,
        placed: Sequence[Place],
        entered: Mapping[int, Entered],
        held_by_guest: Callable[[Sequence[Holding]], Sequence[Holding]] = tuple,
    ) -> None:
        self.builder, self._entered, self._held_by_guest = builder, entered, held_by_guest
        self.index_inputs: set[int] = set()
        self._path: list[str] = []
        self._stopped_at = ""
        self._producers: dict[int, Call] = {}
        self._seen_calls = 0
        self._names: dict[str, int] = {}
        self.tensor_values: dict[int, StandIn] = {}  # by the id of the tensor
        self.held: dict[int, HeldTensor] = {}  # by value
        self.repeats = Repeats(self, placed, entered)
        self.twins = Twins(placed, self._held, self._ready, self._runs_by_law)

    def _runs_by_law(self, module: nn.Module) -> bool:
        entered = self._entered.get(id(module))
        return entered is not None and entered.kind.runs

    def _ready(self, place: Place, twin: nn.Module) -> None:
        """What runs when a twin is called: its law, or its own code."""
        entered = self._entered.get(id(place.module))
        if isinstance(twin, StandFor):
            twin.__dict__["forward"] = partial(self._hosted, place)
        elif entered is not None and entered.kind.runs:
            twin.__dict__["forward"] = twin.__dict__[_RUN] = self._by_law(entered.layer, twin)
        else:
            self._open(place, twin)

    def _hosted(self, place: Place, *args: Any, **kwargs: Any) -> Any:
        """A layer of another framework's is called: its own adapter says what happens in it."""
        self.repeats.obstacle()
        inputs = [self._as_standin(x) for x in tensors_in(args, kwargs)]
        guest = guest_on(place.path, place.module, [x.known_shape for x in inputs])
        made = guest.embed(self.builder, [x.value for x in inputs], self._held_by_guest)
        if guest.outputs() is None:
            raise ValueNeededError("not all that happens in this layer is known", path=place.path)
        outputs = [self._made(i, torch.get_default_dtype()) for i in made]
        return outputs[0] if len(outputs) == 1 else outputs

    def run(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[int]:
        """Call the model on stand-ins; returns the ids of what comes out.

        Raises `ShapeError` where a law refuses, `ValueNeededError` where the code asks for values, `StoppedError` where it
        raises something itself.
        """
        try:
            with creating(self.constant):
                result = self.twins.root(*args, **kwargs)
        except IntrospectError as error:
            raise error.at(self._stopped_at) if self._stopped_at else error from None
        except Exception as error:  # the user's code, or PyTorch's, cannot go on with a stand-in
            raise StoppedError(
                "the model's own code stops with these inputs",
                got=f"{type(error).__name__}: {error}",
                path=self._stopped_at or None,
            ) from error
        finally:
            self.twins.dissolve()
            self.tensor_values.clear()
            del self.twins, self.repeats  # nothing is left that only the garbage collector could take apart
        return [leaf.value for leaf in leaves(_opened(result)) if is_standin(leaf)]

    def constant(self, shape: Shape, dtype: Any, reported: bool = False) -> StandIn:
        """A stand-in for a tensor that is not computed from the inputs."""
        return self.standin(self.builder.value(shape, reported), shape, dtype)

    def standin(self, value: int, shape: Shape, dtype: Any) -> StandIn:
        """A stand-in for a value."""
        made = StandIn.of(self, value, shape, dtype)
        if self.repeats.recording:
            self.repeats.made(made)
        return made

    def _open(self, place: Place, twin: nn.Module) -> None:
        """Let a twin's own `forward` run, and be seen to run."""
        run = partial(self._inside, place.path, forward_of(twin))
        twin.__dict__["forward"] = self.repeats.around(place.module, run)
        state = twin.__dict__
        for name in own_names(state):
            if isinstance(state[name], torch.Tensor):  # a plain attribute, which no module registers
                state[name] = self.constant(tuple(state[name].shape), state[name].dtype, reported=True)

    def _inside(self, path: str, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._path.append(path)
        try:
            return forward(*args, **kwargs)
        except Exception:
            self._stopped_at = self._stopped_at or (path if len(self._path) > 1 else "")
            raise
        finally:
            self._path.pop()

    def _by_law(self, index: int, twin: nn.Module) -> Callable[..., Any]:
        """What answers for a twin whose law stands in for its code."""
        spec = self.builder.layers[index].spec
        if type(spec) is Opaque and spec.shaped_by is not None:
            spec = spec.shaped_by
        reader = READERS.get(spec.kind)
        return partial(self._answer, index) if reader is None else partial(self._read_by, reader, spec, index, twin)

    def _answer(self, index: int, *args: Any, **kwargs: Any) -> Any:
        """A call of tensors in, tensors out, as most are."""
        if len(args) == 1 and not kwargs and type(args[0]) is StandIn:
            inputs: Sequence[StandIn] = args
        else:
            inputs = [self._as_standin(x) for x in leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        outputs = [self._made(i, inputs[0].known_dtype) for i in self.builder.call(index, [x.value for x in inputs])]
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def _read_by(self, reader: Reader, spec: Spec, index: int, twin: nn.Module, *args: Any, **kwargs: Any) -> Any:
        """A call as `reader` has it."""
        reading = reader(spec, args, kwargs)
        if reading is None:  # the law does not speak of such a call
            return self._inside(self.builder.layers[index].path, type(twin).forward.__get__(twin), *args, **kwargs)
        return self._read(index, reading)

    def _read(self, index: int, reading: Reading) -> Any:
        """A call whose arguments or outputs are not plain."""
        inputs = [self._as_standin(x) for x in reading.inputs]
        for i in reading.indices:
            self._mark_index(inputs[i])
        ids = self.builder.call(index, [x.value for x in inputs], keep=reading.keep)
        dtypes = [*reading.dtypes, *[inputs[0].known_dtype] * len(ids)]
        return reading.nest([self._made(i, dtype) for i, dtype in zip(ids, dtypes)])

    def apply(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A bare function, by its law or on meta tensors."""
        name = property_name(function)
        if name in _PLAIN_PROPERTIES:
            with torch._C.DisableTorchFunction():
                return function(*args)
        if is_made_anew(function):
            return self._made_anew(function, args, kwargs)
        if "input" in kwargs:
            args, kwargs = (kwargs["input"], *args), {k: v for k, v in kwargs.items() if k != "input"}
        try:
            applied = FUNCTIONS[name](*args, **kwargs)
        except (LookupError, NoLawError, TypeError, AttributeError, ValueError):
            return self._on_meta(function, args, kwargs)
        return self._by_function_law(function, applied, args, kwargs)

    def _made_anew(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """``x.new_zeros(2, 3)``: a constant of its own."""
        x, *given = args
        name = function.__name__
        dtype = kwargs.get("dtype") or x.dtype
        sizes = given[0] if given and isinstance(given[0], (tuple, list)) else given or kwargs["size"]
        if not all(isinstance(n, int) for n in sizes):
            return self.constant(tuple(sizes), dtype)
        device = "meta" if THERE_IS_META else "cpu"
        made = getattr(torch.empty(0, dtype=dtype, device=device), name)(*given, **{**kwargs, "device": device})
        if may_be_real(function, made):
            return getattr(torch.zeros(0, dtype=dtype), name)(*given, **{**kwargs, "device": "cpu"})
        return self.constant(tuple(made.shape), made.dtype)

    def _by_function_law(
        self, function: Callable[..., Any], applied: Applied, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        inputs = [self._as_standin(x) for x in applied.inputs]
        for i in applied.indices:
            self._mark_index(inputs[i])
        spec = interned(applied.spec)
        index = self._function_layer(function, spec)
        ids = self.builder.call(index, [x.value for x in inputs], keep=applied.keep)
        dtype = applied.dtype or _result_dtype(function.__name__, inputs, args, kwargs)
        outputs = [self._made(i, own) for i, own in zip(ids, [*applied.dtypes, *[dtype] * len(ids)])]
        return outputs[0] if applied.nest is None else applied.nest(outputs)

    def _on_meta(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = plain_name(function)
        inputs = [self._as_standin(leaf) for leaf in leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if any(not isinstance(dim, int) for x in inputs for dim in x.known_shape):
            raise ValueNeededError(f"{name}() has no law and needs a full input shape", hint="numbers for every dimension")
        if not THERE_IS_META:
            raise ValueNeededError(f"{name}() has no law, and this PyTorch no meta device", hint="an example instead of shapes")
        try:
            with torch.no_grad():
                result = function(*mapped(args, meta_tensor), **mapped(kwargs, meta_tensor))
        except NotImplementedError as error:
            raise ValueNeededError(f"{name}() has neither a law nor a kernel without data", got=error) from None
        except (RuntimeError, IndexError, ValueError, TypeError) as error:
            raise ShapeError(f"{name}() refuses these arguments", got=str(error).splitlines()[0]).at(
                site(self._path, function)
            ) from None
        return self._carried(function, inputs, result)

    def _carried(self, function: Callable[..., Any], inputs: Sequence[StandIn], result: Any) -> Any:
        tensors = [leaf for leaf in leaves(result) if isinstance(leaf, torch.Tensor)]
        if not tensors:
            return result
        index = self._function_layer(function, Opaque(plain_name(function)))
        ids = iter(self.builder.carry(index, [x.value for x in inputs], [tuple(t.shape) for t in tensors]))
        return mapped(result, lambda t: self._made(next(ids), t.dtype) if isinstance(t, torch.Tensor) else t)

    def _function_layer(self, function: Callable[..., Any], spec: Any) -> int:
        self.function_layers([(site(self._path, function), spec, f"{plain_name(function)}()")])
        return len(self.builder.layers) - 1

    def function_layers(self, uses: Iterable[tuple[str, Spec, str]]) -> None:
        """A layer for each use of a function: ``block1.add()``, then ``block1.add()#2``."""
        names, layers = self._names, self.builder.layers
        for place, spec, kind_name in uses:
            number = names[place] = names.get(place, 0) + 1
            layers.append(Layer.of(place if number == 1 else f"{place}#{number}", spec, (), kind_name, True))

    def _made(self, value: int, dtype: Any) -> StandIn:
        shape = self.builder.shape(value)
        if shape is None:
            raise ValueNeededError("a shape is not known here", hint="a full input shape")
        return self.standin(value, shape, dtype)

    def _as_standin(self, x: Any) -> StandIn:
        return x if is_standin(x) else self.constant(tuple(x.shape), x.dtype)

    def _held(self, module: nn.Module, tensors: dict[str, Any]) -> dict[str, Any]:
        held = Held(tensors)
        held.walker, held.module = self, module
        return held

    def tensor(self, module: nn.Module, name: str, tensor: Any) -> StandIn:
        """A stand-in for a module's own tensor."""
        made = self.tensor_values.get(id(tensor))
        if made is None:
            shape, reported = self.shape_of(module, name, tensor)
            made = StandIn.of(self, self.builder.value(shape, reported), shape, tensor.dtype)
            self.hold(module, name, tensor, made)
        elif self.held[made.value] != (module, name):
            self.repeats.obstacle()  # one tensor in two places
        return made

    def hold(self, module: nn.Module, name: str, tensor: Any, made: StandIn) -> None:
        """Have `made` stand for a module's tensor from now on."""
        self.tensor_values[id(tensor)] = made
        self.held[made.value] = HeldTensor(module, name)

    def shape_of(self, module: nn.Module, name: str, tensor: Any) -> tuple[Shape, bool]:
        """The shape of a module's tensor by its law, or as declared where there is none; and whether it is that."""
        shape = self._law_shape(module, name)
        return (tuple(tensor.shape), True) if shape is None else (shape, False)

    def _law_shape(self, module: nn.Module, name: str) -> Optional[Shape]:
        entered = self._entered.get(id(module))
        law = None if entered is None else entered.kind.law
        if law is None or name not in law.layouts:
            return None
        keys, layout = law.layouts[name]
        try:
            owned = by_key(law.spec.tensors())
            return stored_shape(layout, [owned[key] for key in keys.split()])
        except (IntrospectError, KeyError):
            return None

    def _mark_index(self, x: StandIn) -> None:
        """Whatever feeds an embedding is whole numbers: remembered for the run on meta tensors."""
        self.repeats.obstacle()
        for call in self.builder.calls[self._seen_calls :]:
            self._producers.update(dict.fromkeys(call.outputs, call))
        self._seen_calls = len(self.builder.calls)
        value = x.value
        while value in self._producers and self._producers[value].inputs:
            value = self._producers[value].inputs[0]
        self.index_inputs.add(value)


def _result_dtype(name: str, inputs: Sequence[StandIn], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    for given in (*args, *kwargs.values()):
        if isinstance(given, torch.dtype):
            return given
    fixed = {"float": torch.float32, "half": torch.float16, "double": torch.float64, "long": torch.int64, "int": torch.int32,
             "bool": torch.bool, "bfloat16": torch.bfloat16, "argmax": torch.int64, "argmin": torch.int64}  # fmt: skip
    if name in fixed:
        return fixed[name]
    if name.strip("_") in ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_not"):
        return torch.bool
    dtype = inputs[0].dtype
    for other in inputs[1:]:
        dtype = torch.promote_types(dtype, other.dtype)
    return dtype


def _opened(result: Any) -> Any:
    """A dataclass or dict-like output as a dict."""
    if hasattr(result, "__dataclass_fields__") and not isinstance(result, dict):
        return {name: getattr(result, name) for name in result.__dataclass_fields__}
    return dict(result) if hasattr(result, "keys") else result
