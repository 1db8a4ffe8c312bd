"""The working behind a number: the same laws, run on named terms instead of ints.

A dimension that came out of a reshape keeps its factors one step back, so that a dense layer behind a flatten reads
``(32·5·5 + 1)·256``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

from .algebra import Dim, Expr, evaluate, spelled_out, symbol
from .counting import Row, law_tensors, repeats
from .errors import IntrospectError
from .ir import Call, Layer, Model
from .layers.base import Shape, Spec, Tensor

_STEPS_BACK = 16  # dropouts and activations between a reshape and the layer that reads its result


class Workings:
    """Expressions for the rows of one model, made when asked for."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._producers: Optional[dict[int, Call]] = None

    def tensors(self, row: Row, prefix: str = "") -> dict[str, Tensor]:
        """The row's tensors with named dimensions, by key."""
        inputs = self._inputs(row) if row.call is not None else ()
        named = Layer(row.layer.path, row.layer.spec.named(prefix))
        return {t.key: t for t in law_tensors(named, inputs) or ()}

    def params(self, row: Row, keys: Iterable[str]) -> Dim:
        """The sum of the sizes of the row's tensors called `keys`."""
        tensors = self.tensors(row)
        total: Dim = 0
        for key in keys:
            total = total + tensors[key].size
        return total

    def output(self, row: Row) -> Optional[Shape]:
        """The row's first output, each dimension worked out from named terms."""
        inputs = self._inputs(row)
        known = [shape for shape in inputs if shape is not None]
        if row.output is None or row.reported_output or len(known) < len(inputs) or not inputs:
            return row.output
        return row.layer.spec.named().output(*known)

    def connections(self, row: Row) -> Dim:
        """The row's edges."""
        return row.layer.spec.named().connections(*[x for x in self._inputs(row) if x is not None]).edges * repeats(row)

    def _inputs(self, row: Row) -> tuple[Optional[Shape], ...]:
        if row.call is None:
            return ()
        call = self.model.calls[row.call]
        return named_inputs(row.layer.spec, row.inputs, [self._factors(value) for value in call.inputs])

    def _factors(self, value: int) -> Optional[Shape]:
        """The dimensions of a value as products of what went into the reshape it came out of."""
        for _ in range(_STEPS_BACK):
            call = self._producer(value)
            spec = self.model.layers[call.layer].spec if call else None
            if call is None or spec is None or not call.inputs:
                return None
            if spec.reshapes:
                shapes = self.model.shapes(call.inputs)
                (named, *_) = named_inputs(spec, shapes, [None] * len(shapes))
                return spec.output(named) if named is not None else None
            if not spec.passes:
                return None
            value = call.inputs[0]
        return None

    def _producer(self, value: int) -> Optional[Call]:
        if self._producers is None:
            self._producers = {out: call for call in self.model.calls for out in call.outputs}
        return self._producers.get(value)


def named_inputs(
    spec: Spec, shapes: Sequence[Optional[Shape]], factors: Sequence[Optional[Shape]]
) -> tuple[Optional[Shape], ...]:
    """`shapes` with the names that `spec` has for its inputs' axes; a dimension with factors keeps those instead."""
    if any(shape is None for shape in shapes):
        return tuple(shapes)
    known = [shape for shape in shapes if shape is not None]
    return tuple(_named(shape, names, f) for shape, names, f in zip(known, spec.axes(*known), factors))


def _named(shape: Shape, names: Sequence[str], factors: Optional[Shape]) -> Shape:
    origins = factors if factors is not None else (None,) * len(shape)
    return tuple(_name(dim, name, origin) for dim, name, origin in zip(shape, names, origins))


def _name(dim: Dim, name: str, factor: Optional[Dim]) -> Dim:
    if isinstance(factor, Expr) and spelled_out(factor) is factor and evaluate(factor) == dim and not _is_term(factor):
        return factor
    return symbol(name, dim) if name else dim


def _is_term(e: Expr) -> bool:
    """Whether `e` is one named term rather than a product or sum."""
    ((_, factors),) = e.terms.values() if len(e.terms) == 1 else [(0, ())]
    return len(factors) == 1


def closed_formula(model: Model, rows: Sequence[Row]) -> list[Dim]:
    """The parameters of each row in the names of the whole model's hyper-parameters, from the inputs to the outputs.

    Each layer's terms carry its path (``conv1.filters``); the inputs' axes are ``c``, ``h``, ``w``. A size that depends
    on something unknown, or that no law gives, stays a number.
    """
    values: dict[int, Optional[Shape]] = {}
    found: list[Dim] = []
    for row in rows:
        prefix = f"{row.layer.path}."
        spec = row.layer.spec.named(prefix)
        ids = model.calls[row.call].inputs if row.call is not None else ()
        inputs = tuple(values.get(i, model.values[i].shape) for i in ids)
        tensors = {t.key: t for t in law_tensors(Layer(row.layer.path, spec), inputs) or ()}
        held = [(tuple(t.key for t in e.tensors), e.size or 0) for e in row.entries if not e.buffer]
        found.append(in_terms(held, tensors))
        if row.call is not None:
            _propagate(model, row, spec, inputs, values)
    return found


def in_terms(held: Iterable[tuple[tuple[str, ...], Dim]], named: dict[str, Tensor]) -> Dim:
    """The sum of sizes, each with the keys of the law's tensors behind it, in the law's terms.

    Parts of one tensor make up its term together; what is there only in part, or without a law, stays a number.
    """
    sizes: dict[tuple[str, ...], Dim] = {}
    for keys, size in held:
        sizes[keys] = sizes.get(keys, 0) + size
    total: Dim = 0
    for keys, size in sizes.items():
        whole: Dim = sum((named[key].size for key in keys if key in named), 0)
        total = total + (whole if keys and evaluate(whole) == evaluate(size) else size)
    return total


def _propagate(
    model: Model, row: Row, spec: Spec, inputs: tuple[Optional[Shape], ...], values: dict[int, Optional[Shape]]
) -> None:
    call = model.calls[row.call or 0]
    if not call.inputs and row.output is not None:
        axes = _axes_of_input(model, call.outputs[0], row.output)
        outputs: Sequence[Optional[Shape]] = [tuple(symbol(n, d) if n else d for n, d in zip(axes, row.output))]
    else:
        outputs = _outputs(spec, inputs, row)
    values.update(zip(call.outputs, outputs))


def _axes_of_input(model: Model, value: int, shape: Shape) -> Sequence[str]:
    """What the first layer that reads an input calls its axes."""
    for call in model.calls:
        shapes = model.shapes(call.inputs)
        if value in call.inputs and all(x is not None for x in shapes):
            names = model.layers[call.layer].spec.axes(*[x for x in shapes if x is not None])
            return ["c" if name == "c_in" else name for name in names[call.inputs.index(value)]]
    return [""] * len(shape)


def _outputs(spec: Spec, inputs: tuple[Optional[Shape], ...], row: Row) -> Sequence[Optional[Shape]]:
    known = [shape for shape in inputs if shape is not None]
    if row.reported_output or len(known) < len(inputs):
        return row.outputs
    try:
        return spec.outputs(*known)
    except IntrospectError:
        return row.outputs  # a law that needs numbers keeps its numbers
