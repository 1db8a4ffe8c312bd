"""A candidate becomes a reason only here: the revised model is counted as a whole, and the working has to come to the claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

from ..errors import IntrospectError
from ..ir import Model
from .claims import CUT, Claim, Reading
from .edits import Edit, Piece, gathered, merged, total, written
from .searching import Candidate
from .tally import Tally
from .workings import differences, of_model, spelled_out

_POWERS = {10**3: "10³", 10**6: "10⁶", 10**9: "10⁹", 10**12: "10¹²", 2**10: "2¹⁰", 2**20: "2²⁰", 2**30: "2³⁰", 2**40: "2⁴⁰"}
RIGHT, BINARY, BYTES, CUT_OFF = "right", "binary_unit", "bytes", "cut_off"


@dataclass(frozen=True)
class Reason:
    """Why somebody has the claimed number, proved: `working` comes to `value`, and that is how the claim is written.

    `code` names the reason (several, joined by ``+``), `text` says it in a sentence, `places` are the layers it is about.
    `exact`: the claim is this number, and not only rounded to it. The lower the `cost`, the simpler the reason.
    """

    code: str
    text: str
    working: str
    exact: bool
    value: int
    places: tuple[str, ...] = ()
    cost: float = 0.0

    def __str__(self) -> str:
        return f"{self.text}: {self.working}"


@dataclass(frozen=True)
class Proved:
    """A candidate with its reason, and what tells its ledger from another's."""

    candidate: Candidate
    reason: Reason
    ledger: tuple[object, ...]
    model: Model

    @property
    def alike(self) -> object:
        """Equal for a slip and a revision that say the same of the same layers."""
        return frozenset((edit.code, edit.touched, edit.delta) for edit in self.candidate.edits) or self.candidate


def prove(tally: Tally, claim: Claim, candidate: Candidate) -> Optional[Proved]:
    """The reason that a candidate is; None where counting it as a whole does not come to the claim."""
    revisions = [edit for edit in candidate.edits if edit.fields]
    others = [edit for edit in candidate.edits if not edit.fields]
    specs = merged(tally.model, revisions)
    try:
        model = tally.reviser.revise(specs).model if specs else tally.model
        pieces = _pieces(tally, model, revisions, others)
        value = (tally.on(model) if specs else tally.total) + sum(edit.delta for edit in others)
    except IntrospectError:
        return None
    if value != candidate.value or not candidate.reading.fits(value):
        return None
    if total(pieces) != value:
        return None
    reason = Reason(
        code=" + ".join([*(edit.code for edit in candidate.edits), *_codes(candidate)]),
        text=_sentence(tally, claim, candidate),
        working=_working(claim, candidate.reading, pieces, value),
        exact=candidate.reading.exact,
        value=value,
        places=tuple(dict.fromkeys(place for edit in candidate.edits for place in edit.places)),
        cost=round(candidate.cost, 2),
    )
    return Proved(candidate, reason, _ledger(tally, model, others), model)


def _ledger(tally: Tally, model: Model, slips: Iterable[Edit]) -> tuple[object, ...]:
    """Equal for two candidates that stand for the same tensors."""
    held = tuple((e.path, e.role, e.size, e.trainable, e.buffer) for row in tally.rows_of(model) for e in row.entries)
    shapes = tuple(value.shape for value in model.values)
    return held, shapes, tuple(sorted((edit.code, edit.delta) for edit in slips))


def _pieces(tally: Tally, model: Model, revisions: list[Edit], others: list[Edit]) -> list[Piece]:
    whole = next((edit for edit in others if edit.whole), None)
    if whole is not None:
        return whole.pieces()
    if not revisions and not others:
        return of_model(tally, model, tally.rows) or [Piece(tally.total)]
    found: Optional[list[Piece]] = None
    if revisions:
        rows = tally.rows_of(model)
        found = of_model(tally, model, rows)
        if found is None or others:
            recount = tally.recount(merged(tally.model, revisions))
            found = [Piece(tally.total), *differences(tally, recount.changes if recount else [], model)]
            formula = revisions[0].formula() if len(revisions) == 1 and not others else None
            if len(found) == 3 and all(isinstance(piece.expression, int) for piece in found):
                if formula is not None:
                    return [Piece(formula)]  # nearly all is different: the formula in the one term says more
                if not others:
                    found = spelled_out(tally, model, rows) or found
    return [*(found or [Piece(tally.total)]), *(piece for edit in others for piece in gathered(edit.pieces()))]


def _codes(candidate: Candidate) -> list[str]:
    """What has to be said about how the claim is read."""
    reading = candidate.reading
    found = [BYTES] if reading.width else []
    binary = reading.scale > 1 and reading.scale & (reading.scale - 1) == 0
    found += [BINARY] if binary and not reading.width else []
    found += [CUT_OFF] if reading.how == CUT else []
    return found if found or candidate.edits else [RIGHT]


def _sentence(tally: Tally, claim: Claim, candidate: Candidate) -> str:
    said = [edit.text for edit in candidate.edits]
    reading = candidate.reading
    if reading.width:
        said.append(
            f"it is a number of bytes, {reading.width} for each element" if reading.width > 1 else "it is a number of bytes"
        )
    if _codes(candidate).count(BINARY):
        said.append(f"the unit is {_POWERS[reading.scale]}, not {_POWERS[10 ** (3 * (reading.scale.bit_length() - 1) // 10)]}")
    if reading.how == CUT:
        said.append("it is cut off, not rounded")
    return "; and ".join(said) if said else "it is right" + ("" if reading.exact else ", rounded")


def _working(claim: Claim, reading: Reading, pieces: list[Piece], value: int) -> str:
    """``(5·5 + 1)·64 = 1,664``; with a unit, ``138,357,544/2²⁰ = 131.948``."""
    text = written(pieces)
    if text != f"{value:,}":
        text += f" = {value:,}"
    if reading.scale == 1 and not reading.width:
        return text
    times = f"{reading.width}·" if reading.width > 1 else ""
    per = f"/{_POWERS[reading.scale]}" if reading.scale > 1 else ""
    amount = value * max(reading.width, 1) / reading.scale
    shown = f"{amount:,.3f}" if reading.scale > 1 else f"{value * reading.width:,}"
    return (f"{text}, and " if " = " in text else "") + f"{times}{value:,}{per} = {shown}"
