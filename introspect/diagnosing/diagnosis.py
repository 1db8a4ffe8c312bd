"""`diagnose(model, claim)`: why somebody has another number, or that it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Optional

from ..errors import IntrospectError
from ..explaining import explained
from ..rendering.printed import Printed
from . import costs
from .claims import Claim, Reading, read_claim
from .nothing import unexplained
from .proving import RIGHT, Proved, Reason, prove
from .searching import Candidate, Search
from .squares import mistaken, windows_near
from .tally import OUTPUT, WORDS, Tally, find_scope
from .workings import of_model

if TYPE_CHECKING:
    from ..explaining import Explanation

MOST_REASONS = 4
_MANY = 3
_TRIED = 40  # candidates that are counted as a whole before the rest is given up


@dataclass(frozen=True)
class Diagnosis(Printed):
    """A claim about a model and the reasons for it, the simplest first; none where nothing fits.

    `value` is what the model has, `notes` what else there is to say. `parts`: the same for each layer, where a claim was made
    for several; `reasons` are then those of all of them.
    """

    model: str
    claim: Claim
    quantity: str
    at: Optional[str]
    value: int
    working: str
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    parts: Mapping[str, Diagnosis] = field(default_factory=dict)
    renderer: ClassVar[str] = "introspect.rendering.diagnosis"

    @property
    def right(self) -> bool:
        """Whether the claim is what the model has, perhaps rounded."""
        return bool(self.reasons) and all(reason.code == RIGHT for reason in self.reasons[:1])

    @property
    def explained(self) -> bool:
        """Whether there is any reason."""
        return bool(self.reasons)

    def __repr__(self) -> str:
        said = self.reasons[0].code if self.reasons else "unexplained"
        return f"<Diagnosis of {self.claim.text} {WORDS.get(self.quantity, self.quantity)}: {said}>"


def diagnose(model: Any, claim: Any, at: Optional[str] = None, quantity: str = "params", *, inputs: Any = None) -> Diagnosis:
    """Why `claim` is not what `model` has: the smallest change of the model, or slip of the count, that yields it.

    `model`: a live model, an explanation, or a :class:`~introspect.ir.Model`. `claim`: ``1664``, ``"117M"``, ``"21.4MB"``, a
    dict of claims by layer (``""`` for the whole model), a list of them for the weighted layers, or a summary's pasted text.
    `at`: the layer, block or tensor meant. `quantity`: params, trainable, non_trainable, buffers, weights, biases, neurons,
    connections, or output: one dimension of what comes out. `inputs`: as in :func:`explain`.

    Raises `IntrospectError` for a claim that cannot be read, an unknown layer, or a number that needs an input.
    """
    explanation = explained(model, inputs, verify=False)
    if isinstance(claim, Mapping) or (isinstance(claim, Sequence) and not isinstance(claim, str)):
        from .lists import diagnose_each

        return diagnose_each(explanation, claim, at, quantity)
    if isinstance(claim, str) and "\n" in claim.strip():
        from .lists import diagnose_pasted

        return diagnose_pasted(explanation, claim, at)
    if quantity == "output":
        return diagnose_output(explanation, read_claim(claim), at)
    return diagnose_one(Tally(explanation, quantity, find_scope(explanation.model, at)), read_claim(claim), at)


def diagnose_output(explanation: Explanation, claim: Claim, at: Optional[str]) -> Diagnosis:
    """One axis of what comes out of a layer: the axis that the claim is right of, else the one with the simplest reason."""
    scope = find_scope(explanation.model, at)
    rows = [row for row in Tally(explanation).rows if scope.holds(row.layer_index) and row.call is not None]
    if at is None or len({row.layer_index for row in rows}) != 1 or rows[0].output is None:
        raise IntrospectError(
            "an output belongs to one layer", got=at, expected="the path of a layer that is called, and an input"
        )
    axes = range(len(rows[0].layer.spec.per_example(rows[0].output)))
    found = [diagnose_one(Tally(explanation, f"{OUTPUT}{axis}", scope), claim, at) for axis in axes]
    return min(found, key=lambda d: (not d.right, d.reasons[0].cost if d.reasons else float("inf")))


def diagnose_one(tally: Tally, claim: Claim, at: Optional[str]) -> Diagnosis:
    """One number of one scope."""
    search = Search(tally)
    found = [one.reason for one in ranked(search, claim)]
    wanted = claim.readings[0]
    notes: list[str] = []
    right = bool(found) and found[0].code == RIGHT
    if not right and claim.exact:
        notes += windows_near(tally, wanted.low)
    pairs = {frozenset(edit.text for edit in c.edits) for c in search.last if len(c.edits) > 1}
    if found and " + " in found[0].code and len(pairs) >= _MANY:
        notes.append(f"{len(pairs)} pairs of changes give this number; all but one of them at most are accidents")
    if not right and search.cut_short:
        notes.append("there are more pairs of changes than were looked at")
    if not found:
        notes += unexplained(search, (wanted.low + wanted.high) // 2, claim.exact)
    return Diagnosis(
        tally.model.name,
        claim,
        tally.quantity,
        at,
        tally.total,
        _own_working(tally),
        tuple(found[:1] if right else found),
        tuple(notes),
    )


def ranked(search: Search, claim: Claim) -> list[Proved]:
    """What yields the claim, counted as a whole, each ledger once, the simplest first."""
    tally = search.tally
    found: list[Proved] = []
    candidates = [*search.candidates(claim), *_squares(tally, claim)]
    for candidate in sorted(candidates, key=lambda c: c.cost)[:_TRIED]:
        if len(found) == MOST_REASONS or (found and candidate.cost > found[0].candidate.cost + costs.SHOWN):
            break
        if found and candidate.edits and not found[0].candidate.edits:
            continue  # the model's own number is the claim, read as it is: no other model is needed
        one = prove(tally, claim, candidate)
        if one is not None and not any(one.ledger == other.ledger or one.alike == other.alike for other in found):
            found.append(one)
    return found


def _squares(tally: Tally, claim: Claim) -> list[Candidate]:
    if not claim.exact:
        return []
    wanted = claim.readings[0].low
    return [Candidate(Reading(wanted, wanted), edits, wanted) for edits in mistaken(tally, wanted)]


def _own_working(tally: Tally) -> str:
    from .edits import written

    pieces = of_model(tally, tally.model, tally.rows)
    return written(pieces) if pieces else ""


__all__ = ["Diagnosis", "Reason", "diagnose", "diagnose_one"]
