"""Shapes in one form, whatever order a framework keeps its axes in: channels first, no batch, no spatial axes of size 1."""

from __future__ import annotations

from typing import Optional

from ..algebra import Dim, evaluate
from ..conventions import unwrapped
from ..ir import Model
from ..layers import Dense, TimeDistributed
from ..layers.base import Shape, Spec
from ..layers.window import Windowed

Form = Optional[tuple[Dim, ...]]


def core_of(spec: Spec) -> Spec:
    """The law that a wrapper (weight normalisation, pruning, every time step) is put around."""
    inner = getattr(spec, "inner", None)
    return core_of(inner) if isinstance(inner, Spec) else spec


def layout_of(model: Model) -> str:
    """Whether the model's images have their channels ``first`` or ``last``: as its first layer with windows has them."""
    found = (unwrapped(layer.spec) for layer in model.layers)
    return next((str(getattr(spec, "channels", "first")) for spec in found if isinstance(spec, Windowed)), "first")


def form_of(spec: Spec, x: Optional[Shape], layout: str = "first", *, incoming: bool = False) -> Form:
    """What flows into or out of a layer, in the one form.

    >>> from ..layers import Conv
    >>> form_of(Conv((3, 3), (1, 1), "same", channels="last"), (None, 28, 28, 3))
    (3, 28, 28)
    """
    if x is None:
        return None
    spec = spec if isinstance(spec, TimeDistributed) else core_of(spec)
    if incoming and isinstance(spec, Dense):
        kept = spec.kept(x)
        return (spec.replace(in_features=None).features(x), *x[1:kept])
    one = tuple(evaluate(n) for n in _example(spec, x, incoming))
    at = _channel(spec, one, x, layout)
    moved: tuple[Dim, ...] = (one[at], *one[:at], *one[at + 1 :]) if one else ()
    spatial = moved[1:]
    return moved[:1] if len(spatial) > 1 and all(n == 1 for n in spatial) else moved


def _example(spec: Spec, x: Shape, incoming: bool) -> Shape:
    if not incoming or isinstance(spec, Windowed):
        return spec.per_example(x)
    batch = spec.batch_axis(x)
    return x if batch is None else (*x[:batch], *x[batch + 1 :])


def _channel(spec: Spec, one: Shape, x: Shape, layout: str) -> int:
    """Where the channels are, among the axes of one example."""
    last = max(len(one) - 1, 0)
    if isinstance(spec, Dense):
        return last
    if isinstance(spec, Windowed):
        return 0 if spec.channels_first() or spec.batch_last() else last
    axes: tuple[int, ...] = getattr(spec, "parameter_axis", ())
    if len(axes) == 1 and len(one) == len(x) - 1:
        return max(axes[0] % len(x) - 1, 0)
    return last if layout == "last" and len(one) > 2 else 0


def shape_from(spec: Spec, like: Shape, form: Form, layout: str = "first") -> Optional[Shape]:
    """`form` as an input that a layer would be given which now is given `like`; None where it has other axes.

    >>> from ..layers import Conv
    >>> shape_from(Conv((3, 3), (1, 1), "same", channels="last"), (None, 28, 28, 3), (4, 32, 30))
    (None, 32, 30, 4)
    """
    if form is None or not form:
        return None
    if isinstance(spec, Windowed):
        spatial = form[1:] if len(form) > 1 else (1,) * spec.rank()
        return spec.arranged(like, form[0], spatial) if len(spatial) == spec.rank() else None
    if isinstance(spec, Dense):
        return (*like[:1], *form[1:], form[0])
    batch = spec.batch_axis(like)
    one = _example(spec, like, incoming=True)
    if len(one) != len(form):
        return None
    at = _channel(spec, one, like, layout)
    rest = list(form[1:])
    rest.insert(at, form[0])
    if batch is not None:
        rest.insert(batch, like[batch])
    return tuple(rest)


def following(spec: Spec) -> Spec:
    """The law without what only restates its input, so that it takes another one."""
    if isinstance(spec, TimeDistributed):
        return spec.replace(inner=following(spec.inner))
    return spec.replace(**dict.fromkeys(spec.declared)) if spec.declared else spec
