"""Reasons in words and in arithmetic: shares of one cause put together, with a sentence and a working that gives the amount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..algebra import Dim
from ..conventions import WORDS
from ..notation import formula
from .accounting import Share, pair_name
from .changes import Cause
from .forms import Form
from .result import Place, Reason, Side
from .workings import formula_of, worked

NAMED = 3  # so many places are named in a sentence
Roots = Mapping[Cause, Sequence[str]]


def reasons_of(shares: Iterable[Share], a: Side, b: Side, roots: Roots) -> tuple[Reason, ...]:
    """Shares of one quantity put together by cause, the largest first."""
    grouped: dict[tuple[tuple[str, ...], ...], list[Share]] = {}
    for share in shares:
        grouped.setdefault(_key(share), []).append(share)
    found = [_reason(group, a, b, roots) for group in grouped.values()]
    return tuple(sorted(found, key=lambda r: (-abs(r.amount), r.code)))


def _key(share: Share) -> tuple[tuple[str, ...], ...]:
    """What makes two shares have one reason: a convention and its two values; a hyper-parameter, whatever its values."""
    return tuple(sorted({(c.code, c.mine, c.theirs) if c.because else (c.code,) for c in share.causes}))


def _reason(group: Sequence[Share], a: Side, b: Side, roots: Roots) -> Reason:
    causes = list(dict.fromkeys(cause for share in group for cause in sorted(share.causes)))
    places = places_of(group)
    codes = list(dict.fromkeys(cause.code for cause in causes))
    named = {pair_name(place.a, place.b) for place in places}
    text = "; ".join(_told(code, [c for c in causes if c.code == code], a, b, roots, named) for code in codes)
    working = worked(group) or arithmetic(places)
    return Reason(" + ".join(codes), text, sum(p.amount for p in places), working, places, formula_of(group))


def places_of(shares: Iterable[Share]) -> tuple[Place, ...]:
    """One place for each pair, its roles together."""
    grouped: dict[tuple[int, int], list[Share]] = {}
    for share in shares:
        grouped.setdefault((id(share.match[0]), id(share.match[1])), []).append(share)
    return tuple(_place(group) for group in grouped.values())


def _place(group: Sequence[Share]) -> Place:
    u, v = group[0].match
    roles = tuple(dict.fromkeys(share.role for share in group if share.role))
    return Place(None if u is None else u.path, None if v is None else v.path, sum(share.amount for share in group), roles)


def arithmetic(places: Sequence[Place]) -> str:
    """A sum of what the places come to, equal ones together: ``7·64 + 2·128``.

    >>> arithmetic([Place("a", "a", 64), Place("b", "b", 128), Place("c", "c", 64)])
    '2·64 + 128'
    >>> arithmetic([Place("a", "a", -5), Place("b", "b", 7)])
    '−5 + 7'
    """
    counted = Counter(place.amount for place in places if place.amount)
    text = ""
    for amount, times in sorted(counted.items(), key=lambda item: abs(item[0])):
        term = f"{times}·{abs(amount):,}" if times > 1 else f"{abs(amount):,}"
        sign = "−" if amount < 0 else "+"
        text += f" {sign} {term}" if text else term if amount > 0 else sign + term
    return text or "0"


def _told(code: str, causes: Sequence[Cause], a: Side, b: Side, roots: Roots, places: set[str]) -> str:
    """The sentence for one code; it says where the cause lies, unless that is wherever it is felt."""
    first = causes[0]
    names = list(dict.fromkeys(name for cause in causes for name in roots.get(cause, ())))
    where = f", at {listed(names)}" if set(names) != places and names else ""
    if code in _TOLD:
        said = {"mine": first.mine, "theirs": first.theirs, "a": a.label, "b": b.label}
        return _TOLD[code].format(**said, where=where, side=a.label if first.mine else b.label, what=first.mine or first.theirs)
    if first.because:
        return f"{a.label} has {first.mine}, {b.label} has {first.theirs}{where}: {first.because}"
    values = list(dict.fromkeys((c.mine, c.theirs) for c in causes))
    shown = ", ".join(f"{mine} in {a.label} and {theirs} in {b.label}" for mine, theirs in values[:NAMED])
    more = f", and {len(values) - NAMED} more" if len(values) > NAMED else ""
    return f"{WORDS.get(code, code.replace('_', ' '))}: {shown}{more}{where}"


_TOLD = {
    "only_in_a": "{a} has layers without a counterpart in {b}",
    "only_in_b": "{b} has layers without a counterpart in {a}",
    "input_shape": "the inputs are not the same: {mine} in {a}, {theirs} in {b}",
    "input_channels": "the inputs have other channels: {mine} in {a}, {theirs} in {b}",
    "layer_kind": "another kind of layer{where}: {mine} in {a}, {theirs} in {b}",
    "inner_value": "a value inside a layer of one model is a layer's own output in the other",
    "stride_placement": "the stride is on {mine} in {a}, on {theirs} in {b}: what comes out in the end is the same, what lies "
    "between is not",
    "fed_by_another_layer": "what comes before it is not the same: {mine} in {a}, {theirs} in {b}",
    "tied": "{side} has a tensor {what}, counted there",
    "directions": "{side} has {what}", "layers": "{side} has {what} in a stack",
    "shared_layer": "{side} applies a layer again where the other has one of its own",
    "frozen": "{side} has tensors that are {what}{where}",
}  # fmt: skip

TITLES = {  # what a sum calls its terms
    "bias_before_batchnorm": "biases before BatchNorm", "running_statistics": "running statistics",
    "batchnorm_counter": "BatchNorm counters", "second_recurrent_bias": "second recurrent biases",
    "untied_bias": "untied biases",
    "separable_middle_bias": "biases inside separable convolutions", "bias": "biases", "groups_ignored": "groups",
    "no_gamma": "scales (gamma)", "no_beta": "shifts (beta)", "reset_after": "second biases of GRUs that reset after",
    "stride_placement": "strides on other layers", "pool_rounding": "pools that round otherwise", "tied": "tied tensors",
    "inner_value": "values inside layers", "directions": "a second direction", "layer_kind": "other kinds of layers",
    "quantized": "quantised kernels", "low_rank": "kernels of low rank", "whole_numbers": "whole numbers of another kind",
}  # fmt: skip


def title_of(reason: Reason, a: Side, b: Side) -> str:
    """What a sum calls a reason."""
    own = {"only_in_a": f"layers of {a.label} alone", "only_in_b": f"layers of {b.label} alone"}
    names = (
        own.get(code) or TITLES.get(code) or WORDS.get(code) or code.replace("_", " ") for code in reason.code.split(" + ")
    )
    return " and ".join(names)


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """The first few names, and how many more there are.

    >>> listed(["a", "b", "c", "d"]), listed(["a"])
    ('a, b, c and 1 more', 'a')
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def shown(form: Form) -> str:
    """A shape in the one form, for people."""
    return "" if form is None else "×".join(_dim(n) for n in form) or "scalar"


def _dim(n: Dim) -> str:
    return formula(n)
