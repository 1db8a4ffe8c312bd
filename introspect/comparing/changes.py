"""From one law to another, convention by convention: what is owned and what comes out after every step.

Every step is proved by the laws themselves. A step that changes nothing is no reason for anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple, Optional

from ..algebra import Dim, evaluate, product
from ..conventions import Convention, conventions, field_differences, rewrapped, unwrapped
from ..errors import IntrospectError
from ..layers.base import Shape, Spec
from .forms import Form, form_of
from .units import Inputs, Ledger, ledger_of

_LAYOUT = frozenset({"channels", "channel_axis", "ranks", "unbatched", "activation", "mode", "time_major", "states",
                     "padding_limit", "window_must_fit", "indices", "averaged", "batched", "padding_mode"})  # fmt: skip
_MOST_STEPS = 5  # so many are tried in every combination


class Cause(NamedTuple):
    """Why something differs: the convention or hyper-parameter, and what it is on both sides, in words."""

    code: str
    mine: str = ""
    theirs: str = ""
    because: str = ""


class State(NamedTuple):
    """What a law owns, and what comes out of it."""

    ledger: Ledger
    gives: Form
    neurons: Optional[Dim]


class Step(NamedTuple):
    """One change of fields on the way."""

    cause: Cause
    fields: Mapping[str, object]


def state_of(spec: Spec, inputs: Inputs, layout: str) -> Optional[State]:
    """None where the law cannot be applied."""
    try:
        y: Optional[Shape] = spec.output(*[x for x in inputs if x is not None]) if inputs and None not in inputs else None
        ledger = ledger_of(spec, inputs)
        neurons = 0 if y is None or not spec.weighted else evaluate(product(spec.per_example(y)))
        return State(ledger, form_of(spec, y, layout), neurons)
    except (IntrospectError, TypeError, IndexError):
        return None


def steps(mine: Spec, theirs: Spec, inputs: Inputs, reader: str = "", *, relaid: bool = False) -> list[Step]:
    """The changes that lead from one law to another of its kind.

    `reader`: the kind of layer that reads the output. `relaid`: the two models keep their axes in another order.
    """
    found: list[Step] = []
    current, goal = unwrapped(mine), unwrapped(theirs)
    differing = _differing(current, goal, relaid)
    while differing:
        step = _foreseen(current, goal, differing, inputs, reader) or _rest(current, goal, differing)
        found.append(step)
        current = current.replace(**step.fields)
        differing = _differing(current, goal, relaid)
    return found


def _differing(a: Spec, b: Spec, relaid: bool) -> set[str]:
    return {name for name in field_differences(a, b) if name not in _LAYOUT and not (relaid and _same_axes(a, b, name))}


def _same_axes(a: Spec, b: Spec, name: str) -> bool:
    """As many axes are the same ones, wherever a framework keeps them."""
    return name == "parameter_axis" and len(getattr(a, name)) == len(getattr(b, name))


def _foreseen(current: Spec, goal: Spec, differing: set[str], inputs: Inputs, reader: str) -> Optional[Step]:
    """The first convention of the table one of whose other values is the goal's."""
    for entry in conventions(current):
        leading = next((name for name in entry.fields if hasattr(current, name)), "")
        if leading not in differing or (entry.before and reader not in entry.before):
            continue
        for option in entry.others(current, inputs):
            if leading in option and all(getattr(goal, name) == value for name, value in option.items()):
                return _step(current, entry, {name: value for name, value in option.items() if name in differing}, goal)
    return None


def _rest(current: Spec, goal: Spec, differing: set[str]) -> Step:
    """A value that no table foresaw: all of its convention, or one hyper-parameter."""
    for entry in conventions(current):
        touched = differing & set(entry.fields)
        if touched and not entry.before:
            return _step(current, entry, {name: getattr(goal, name) for name in sorted(touched)}, goal)
    order = [*current.terms, *sorted(differing)]
    name = min(differing, key=order.index)
    if name == "inner":
        return _inside(current.inner, goal.inner)  # type: ignore[attr-defined]
    cause = Cause(name, _value(getattr(current, name)), _value(getattr(goal, name)))
    return Step(cause, {name: getattr(goal, name)})


def _inside(current: Spec, goal: Spec) -> Step:
    """One change of the law that two wrappers of one kind are around."""
    if type(current) is not type(goal):
        return Step(Cause("inner_law", current.kind, goal.kind), {"inner": goal})
    differing = _differing(current, goal, relaid=False)
    step = _foreseen(current, goal, differing, (), "") or _rest(current, goal, differing)
    return Step(step.cause, {"inner": rewrapped(current, step.fields)})


def _step(current: Spec, entry: Convention, fields: Mapping[str, object], goal: Spec) -> Step:
    return Step(Cause(entry.code, entry.states(current), entry.states(goal), entry.because), fields)


def _value(value: object) -> str:
    if isinstance(value, tuple) and value and all(isinstance(n, int) for n in value):
        return "×".join(str(n) for n in value)
    return str(value)


def smallest(path: list[Step], mine: Spec, wanted: State, inputs: Inputs, layout: str, of: str) -> list[tuple[Step, State]]:
    """The fewest of the steps that turn `mine` into what is `wanted`, by its ledger or by its output; all where none do."""
    start = state_of(mine, inputs, layout)
    if start is None or getattr(start, of) == getattr(wanted, of):
        return []
    for count in range(1, len(path) + 1 if len(path) <= _MOST_STEPS else 2):
        for chosen in combinations(path, count):
            walked = list(_walk(chosen, mine, inputs, layout))
            if len(walked) == count and getattr(walked[-1][1], of) == getattr(wanted, of):
                return walked
    return list(_walk(path, mine, inputs, layout))


def _walk(path: Iterable[Step], mine: Spec, inputs: Inputs, layout: str) -> Iterator[tuple[Step, State]]:
    """Each step applied after the one before; one that no law allows where it stands is passed over."""
    spec = mine
    for step in path:
        try:
            changed = rewrapped(spec, step.fields)
        except (TypeError, ValueError):
            continue
        state = state_of(changed, inputs, layout)
        if state is not None:
            spec = changed
            yield step, state
