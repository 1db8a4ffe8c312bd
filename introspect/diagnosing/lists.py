"""Several claims at once: by layer, in order, or as another tool printed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

from ..errors import IntrospectError
from .claims import Claim, Reading, read_claim
from .diagnosis import Diagnosis, diagnose_one
from .naming import listed, plural
from .proving import Reason
from .tally import WORDS, Tally, find_scope

if TYPE_CHECKING:
    from ..explaining import Explanation
    from ..pasted import Pair, Pasted

_WHOLE = ("", "total", "sum")


def diagnose_each(explanation: Explanation, claims: Any, at: Optional[str], quantity: str) -> Diagnosis:
    """A claim for each of several layers, and perhaps one for the whole model."""
    if at is not None:
        raise IntrospectError("claims for several layers say themselves where they belong", got=at, expected="no `at`")
    named = dict(claims) if isinstance(claims, Mapping) else _in_order(explanation, claims, quantity)
    if not named:
        raise IntrospectError("there is nothing to diagnose", got=claims, expected="at least one claim")
    tally = Tally(explanation, quantity)
    parts: dict[str, Diagnosis] = {}
    for path, claim in named.items():
        if not isinstance(path, str):
            raise IntrospectError(
                "a claim belongs to a layer's path", got=repr(path), expected='a path, or "" for the whole model'
            )
        where = "" if path in _WHOLE and not _is_layer(explanation, path) else path
        parts[where] = diagnose_one(
            tally.over(quantity, find_scope(explanation.model, where)), read_claim(claim), where or None
        )
    return _together(explanation, tally, parts, quantity)


def _is_layer(explanation: Explanation, path: str) -> bool:
    return bool(path) and any(layer.path == path for layer in explanation.model.layers)


def _in_order(explanation: Explanation, claims: Sequence[Any], quantity: str) -> dict[str, Any]:
    """A list of claims belongs to the weighted layers in order; one more at the end is the whole model's."""
    paths = list(dict.fromkeys(row.path for row in explanation.layers if row.spec.weighted and row.called))
    if len(claims) not in (len(paths), len(paths) + 1):
        raise IntrospectError(
            "a list has one claim for each weighted layer", got=len(claims), expected=f"{len(paths)}: {listed(paths)}"
        )
    return dict(zip([*paths, ""], claims))


def _together(explanation: Explanation, tally: Tally, parts: dict[str, Diagnosis], quantity: str) -> Diagnosis:
    layers = {path: part for path, part in parts.items() if path}
    wrong = {path: part for path, part in layers.items() if not part.right}
    reasons = [reason for part in wrong.values() for reason in part.reasons[:1]]
    whole = parts.get("")
    if whole is not None and wrong and whole.reasons and not whole.reasons[0].exact and not whole.right:
        whole = parts[""] = replace(whole, reasons=())  # something always fits a rounded total: the list is what counts
    notes = [f"{listed(list(wrong))}: not as the model has it" if wrong else f"all {len(layers)} are right"] if layers else []
    claim = whole.claim if whole is not None else _sum(layers)
    notes += _consistency(layers, wrong, whole)
    if whole is not None:
        reasons += [reason for reason in whole.reasons[:1] if not (whole.right and wrong)]
    if not wrong and whole is None:
        reasons = [reason for part in layers.values() for reason in part.reasons[:1]][:1]
    return Diagnosis(explanation.model.name, claim, quantity, None, tally.total, "", tuple(reasons), tuple(notes), parts)


def _sum(layers: Mapping[str, Diagnosis]) -> Claim:
    """What exact claims add up to."""
    total = sum(part.claim.readings[0].low for part in layers.values())
    return Claim(
        f"{total:,}" if all(part.claim.exact for part in layers.values()) else f"about {total:,}", (Reading(total, total),)
    )


def _consistency(layers: Mapping[str, Diagnosis], wrong: Mapping[str, Diagnosis], whole: Optional[Diagnosis]) -> list[str]:
    """Whether the claims for the layers add up to the one for the model, and whether the right numbers would do so better."""
    if len(layers) < 2 or not all(part.claim.exact for part in layers.values()):
        return []
    claimed = sum(part.claim.readings[0].low for part in layers.values())
    corrected = sum(part.value for part in layers.values())
    text = f"the {plural(len(layers), 'number')} add up to {claimed:,}"
    if not wrong:
        return [text]
    text += f", with the model's own to {corrected:,}"
    if whole is None:
        return [text]
    stated = whole.claim.readings[0]
    middle = (stated.low + stated.high) // 2
    if abs(corrected - middle) < abs(claimed - middle):
        slip = f"{listed(list(wrong))} speaks for a slip, not for another model"
        return [f"{text}, which is nearer to the stated {whole.claim.text}: {slip}"]
    return [f"{text}; {whole.claim.text} was stated"]


def diagnose_pasted(explanation: Explanation, text: str, at: Optional[str]) -> Diagnosis:
    """A summary that another tool printed: each row that has a number, then the totals."""
    from ..pasted import align, read

    if at is not None:
        raise IntrospectError("a summary says itself where its numbers belong", got=at, expected="no `at`")
    pasted = read(text)
    tally = Tally(explanation, "params")
    aligned = align(pasted, explanation.layers)
    rows = _rows(tally, aligned.pairs)
    wrong = {path: part for path, part in rows.items() if not part.right}
    totals = _totals(tally, pasted, wrong)
    if not rows and not totals:
        raise IntrospectError(
            "no row of this summary is the model's", got=pasted.tool, expected="the model's layers, or totals"
        )
    notes = [f"{len(rows) - len(wrong)} of {plural(len(rows), 'row')} as the model has {'it' if len(rows) == 1 else 'them'}"]
    strangers = [row.name or row.kind_name for row in aligned.only_pasted]
    notes += [f"rows that are not the model's: {listed(strangers)}"] if strangers else []
    return _of_summary(explanation, tally, {**totals, **rows}, tuple(notes))


def _rows(tally: Tally, pairs: Sequence[Pair]) -> dict[str, Diagnosis]:
    """A diagnosis for each printed row; equal layers with equal claims share one."""
    found: dict[str, Diagnosis] = {}
    known: dict[object, Diagnosis] = {}
    for pair in pairs:
        path = _shared_path([row.path for row in pair.rows])
        if pair.pasted.params is None or pair.pasted.repeated or not path or path in found:
            continue
        specs = tuple((row.spec, row.input_shapes) for row in pair.rows)
        key = (specs, tuple(t.keys for row in pair.rows for t in row.tensors), pair.pasted.params)
        if key not in known:
            claim = read_claim(pair.pasted.params)
            known[key] = diagnose_one(tally.over("params", find_scope(tally.model, path)), claim, path)
        found[path] = known[key]
    return found


def _totals(tally: Tally, pasted: Pasted, wrong: Mapping[str, Diagnosis]) -> dict[str, Diagnosis]:
    """The totals; where the rows that are wrong account for one, nothing else is looked for."""
    quantities = {"total": "params", "trainable": "trainable", "non_trainable": "non_trainable", "buffers": "buffers"}
    found: dict[str, Diagnosis] = {}
    more = sum(part.claim.readings[0].low - part.value for part in wrong.values() if part.claim.exact)
    for name, quantity in quantities.items():
        if name not in pasted.totals:
            continue
        own, claim = tally.over(quantity), read_claim(pasted.totals[name])
        key = "" if name == "total" else f"total of {WORDS[quantity]}"
        if wrong and more and claim.exact and claim.readings[0].low - own.total == more:
            notes = (f"the rows account for it: {own.total:,} {'+' if more > 0 else '−'} {abs(more):,} = {own.total + more:,}",)
            found[key] = Diagnosis(tally.model.name, claim, quantity, None, own.total, "", (), notes)
        else:
            found[key] = diagnose_one(own, claim, None)
    return found


def _shared_path(paths: Sequence[str]) -> str:
    """What several paths have in front of their last differing part."""
    shared = []
    for parts in zip(*(path.split(".") for path in paths)):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared)


def _of_summary(explanation: Explanation, tally: Tally, parts: dict[str, Diagnosis], notes: tuple[str, ...]) -> Diagnosis:
    whole = parts.get("")
    reasons: dict[str, Reason] = {}
    for part in parts.values():
        for reason in part.reasons[:1] if not part.right else ():
            reasons.setdefault(f"{reason.code} {reason.text}", reason)
    if all(part.right for part in parts.values()):
        reasons = {"": next(iter(parts.values())).reasons[0]}
    claim = whole.claim if whole is not None else _sum(parts)
    value = whole.value if whole is not None else tally.total
    return Diagnosis(explanation.model.name, claim, "params", None, value, "", tuple(reasons.values()), notes, parts)
