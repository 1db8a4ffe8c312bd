"""`compare(a, b)`: where two models differ, tensor by tensor, and why; every difference accounted for to the last unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from ..defaults import NAMES
from ..errors import InputNeededError, IntrospectError
from ..explaining import Explanation, explain
from ..rendering.wording import tensors_alone
from .accounting import QUANTITIES, Accountant, Share
from .aligning import Match, align
from .by_name import by_name
from .flow import Flow
from .groups import apart, together
from .result import Account, Comparison, PairRow, Place, Reason, Side, Tensors
from .units import Held
from .wording import Roots, listed, places_of, reasons_of, shown

__all__ = ["Account", "Comparison", "PairRow", "Place", "Reason", "Side", "Tensors", "compare"]


def compare(a: Any, b: Any, inputs: Any = None) -> Comparison:
    """Two models, in the same or different frameworks: every difference between them, with its reason.

    `a`, `b`: live models, or explanations of them (also those read back from JSON). `inputs`: what a model that does not
    say what it takes is given, as in :func:`~introspect.explain`; where the two are given different things, explain them first.
    Without it, such a model is given what the other one declares.
    """
    notes: list[str] = []
    first, second = _explained(a, inputs), _explained(b, inputs)
    first = first or _as_the_other(a, second, notes)
    second = second or _as_the_other(b, first, notes)
    return comparison(first, second, notes)


def _explained(model: Any, inputs: Any) -> Optional[Explanation]:
    """The explanation of a model; None where it cannot be explained without an input that nobody gave."""
    if isinstance(model, Explanation):
        return model
    try:
        found = explain(model)
    except InputNeededError:
        found = None
    if found is not None and found.model.complete:
        return found
    return None if inputs is None else explain(model, inputs)


def _as_the_other(model: Any, other: Optional[Explanation], notes: list[str]) -> Explanation:
    """A model explained with the inputs of the other one; without any, where it takes none of them."""
    for inputs in _declared(other):
        try:
            found = explain(model, inputs)
        except IntrospectError:
            continue
        if found.model.complete and found.status != "mismatch":
            notes.append(f"{found.model.name} was given the input of {other.model.name}" if other else "")
            return found
    return explain(model)


def _declared(e: Optional[Explanation]) -> list[Any]:
    """What a model takes, channels first and as it is."""
    if e is None:
        return []
    shapes = [row.output_shape for row in e.layers if row.kind == "input"]
    if not shapes or any(x is None or not all(isinstance(n, int) for n in x[1:]) for x in shapes):
        return []
    given = [tuple(n if isinstance(n, int) else None for n in x) for x in shapes if x is not None]
    first = [(x[0], x[-1], *x[1:-1]) if len(x) > 2 else x for x in given]
    return [x[0] if len(x) == 1 else tuple(x) for x in (first, given)]


def comparison(
    a: Explanation, b: Explanation, notes: Sequence[str] = (), labels: Optional[tuple[str, str]] = None
) -> Comparison:
    """Two explanations compared. `labels`: how the two are called in a sentence, if not by what tells them apart.

    Where one is of tensors alone, they are compared by their names.
    """
    if tensors_alone(a) or tensors_alone(b):
        return by_name(a, b, _sides(a, b, labels))
    flows = Flow(a), Flow(b)
    for change in (together, lambda flow, others: apart(flow.units, others)):
        changed = change(flows[0], flows[1].units), change(flows[1], flows[0].units)
        for flow, units in zip(flows, changed):
            flow.settle(units)
    matches = align(flows[0].units, flows[1].units)
    accountant = Accountant(*flows, matches)
    shares = accountant.shares()
    sides = _sides(a, b, labels)
    accounts = tuple(_account(name, a, b, shares, sides, accountant.roots) for name in (*QUANTITIES, "neurons"))
    rows = tuple(_row(match) for match in matches)
    doubts = [f"{e.model.name} is not what its framework reports: see explain()" for e in (a, b) if e.status == "mismatch"]
    return Comparison(*sides, accounts, rows, _coincidences(accounts[0], rows, sides), (*notes, *doubts))


def _sides(a: Explanation, b: Explanation, labels: Optional[tuple[str, str]]) -> tuple[Side, Side]:
    first, second = labels or _labels(a, b)
    return _side(a, first), _side(b, second)


def _side(e: Explanation, label: str) -> Side:
    return Side(e.model.framework, e.model.version, e.model.name, label, e.status)


def _labels(a: Explanation, b: Explanation) -> tuple[str, str]:
    """What tells the two apart: the framework, else the name, else which of the two it is."""
    frameworks = [NAMES.get(e.model.framework, e.model.framework) for e in (a, b)]
    for x, y in (frameworks, (a.model.name, b.model.name)):
        if x and y and x != y:
            return x, y
    return "the first", "the second"


def _account(
    quantity: str, a: Explanation, b: Explanation, shares: list[Share], sides: tuple[Side, Side], roots: Roots
) -> Account:
    mine, theirs = (value if isinstance(value, int) else None for value in (getattr(e, quantity).value for e in (a, b)))
    if mine is None or theirs is None:
        return Account(quantity, mine, theirs)
    own = [share for share in shares if share.quantity == quantity]
    reasons = reasons_of([share for share in own if share.causes], *sides, roots)
    return Account(quantity, mine, theirs, reasons, places_of(share for share in own if not share.causes))


def _row(match: Match) -> PairRow:
    u, v = match
    unit = u or v
    assert unit is not None
    held = [{} if x is None else x.held for x in match]
    tensors = [_tensors(role, held[0].get(role), held[1].get(role)) for role in {**held[0], **held[1]}]
    return PairRow(
        None if u is None else u.path, None if v is None else v.path, unit.spec.kind,
        tuple(t for t in tensors if t.a != t.b or t.note_a != t.note_b),
        shown(u.gives if u else None), shown(v.gives if v else None),
    )  # fmt: skip


def _tensors(role: str, a: Optional[Held], b: Optional[Held]) -> Tensors:
    mine, theirs = (held.size if held is not None and isinstance(held.size, int) else None for held in (a, b))
    notes = ["" if h is None else "buffer" if h.buffer else "" if h.trainable else "not trained" for h in (a, b)]
    return Tensors(role, mine, theirs, *notes)


def _coincidences(params: Account, rows: Sequence[PairRow], sides: tuple[Side, Side]) -> tuple[str, ...]:
    """Equal totals of parameters that are made of different tensors."""
    if params.difference != 0 or not (params.reasons or params.unexplained):
        return ()
    made = [_surplus(rows, side.label, first=side is sides[0]) for side in sides]
    return (f"both have {params.a:,} parameters, but by coincidence: {made[0]}, {made[1]}",)


def _surplus(rows: Sequence[PairRow], label: str, *, first: bool) -> str:
    """What only one of the two has, by role."""
    extra: dict[str, int] = {}
    for tensor in (tensor for row in rows for tensor in row.tensors):
        mine, theirs = (tensor.a or 0, tensor.b or 0) if first else (tensor.b or 0, tensor.a or 0)
        note = tensor.note_a if first else tensor.note_b
        if mine > theirs and note != "buffer":
            extra[tensor.role] = extra.get(tensor.role, 0) + mine - theirs
    found = [f"{size:,} of {role}" for role, size in extra.items()]
    return f"{label} has {listed(found)} more" if found else f"{label} has nothing more"
