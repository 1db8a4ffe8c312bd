"""A comparison as text, Markdown or JSON: the number, where it comes from, and why."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from textwrap import TextWrapper
from typing import Any, Callable, Optional

from ..comparing.accounting import pair_name
from ..comparing.result import Account, Comparison, PairRow, Place, Reason, Side, Tensors
from ..comparing.wording import listed, title_of
from ..errors import UnreadableError
from ..files import parse_json
from .markdown import escaped

SCHEMA = "introspect/comparison/1"
_WORDS = {"params": "parameters", "trainable": "trainable", "buffers": "buffers", "neurons": "neurons"}
_PIPED = 120
_LONG = 10  # a working of more terms than this is left to the JSON
_MOST_ROWS = 8
_MOST_TERMS = 6  # of a sum
_MOST_REASONS = 12


def render(comparison: Comparison, form: str, **options: Any) -> str:
    """`comparison` as ``text``, ``markdown`` or ``json``. Raises `ValueError` for any other form."""
    forms: dict[str, Callable[..., str]] = {"text": text, "markdown": markdown, "json": to_json}
    if form not in forms:
        raise ValueError(f"cannot render as {form!r}; there are {', '.join(forms)}")
    return forms[form](comparison, **options)


def text(c: Comparison, *, width: Optional[int] = None, rows: Optional[bool] = None, most: int = _MOST_REASONS) -> str:
    """The answer, `width` columns wide (the terminal's, if not given). `rows`: whether the layers that differ follow; `most`:
    how many reasons are told in full.
    """
    columns = max(width or shutil.get_terminal_size((_PIPED, 24)).columns, 40)
    lines = [*wrapped(heading(c), columns), ""]
    for account in told_of(c):
        lines += wrapped(f"{_WORDS[account.quantity]:<11} {told(account, c)}", columns, " " * 12)
    for sentence in c.coincidences:
        lines += ["", *wrapped(sentence[0].upper() + sentence[1:] + ".", columns)]
    found = reasons(c.accounts)
    for reason, amounts in found[:most]:
        lines += ["", *wrapped(f"{amounts}: {reason.code}", columns)]
        lines += [line for part in details(reason) for line in wrapped(part, columns, "    ", "    ")]
    if len(found) > most:
        lines += ["", *wrapped(f"{len(found) - most} more reasons: render(most={len(found)}) tells them", columns)]
    lines += [line for part in unexplained(c) for line in wrapped(part, columns, "    ")]
    differing = [row for row in c.rows if row.differs]
    asked = rows if rows is not None else bool(c.coincidences or unexplained(c)) and len(differing) <= _MOST_ROWS
    if differing and asked:
        lines += ["", *(line for row in differing for line in wrapped(row_text(row), columns, "    "))]
    for note in c.notes:
        lines += ["", *wrapped(f"note: {note}", columns)]
    return "\n".join(lines)


def wrapped(sentence: str, width: int, indent: str = "", first: str = "") -> list[str]:
    """A sentence in lines of at most `width` columns."""
    wrapper = TextWrapper(width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
    return wrapper.wrap(sentence)


def heading(c: Comparison) -> str:
    """The two models, and whether they are the same."""
    names = f"{_named(c.a)} against {_named(c.b)}"
    return f"{names}: the same" if c.same else names


def _named(side: Side) -> str:
    return f"{side.name} ({f'{side.framework} {side.version}'.strip()})" if side.framework else side.name


def told_of(c: Comparison) -> list[Account]:
    """The accounts that say something: trainable parameters do not where they are what parameters are."""
    params = c["params"]
    again = Account("trainable", params.a, params.b, params.reasons, params.unexplained)
    return [account for account in c.accounts if account != again and (account.a != 0 or account.b != 0)]


def told(account: Account, c: Comparison) -> str:
    """One quantity of both, the difference as a sum of reasons, and what is left."""
    if account.difference is None:
        unknown = [side.label for side, n in ((c.a, account.a), (c.b, account.b)) if n is None]
        return f"not known in {' and '.join(unknown)}: give an input"
    if not account.difference and not account.reasons:
        return f"{account.a:,} in both"
    numbers = f"{account.a:,} in {c.a.label}, {account.b:,} in {c.b.label}"
    return f"{numbers}: {equation(account, c)}"


def equation(account: Account, c: Comparison) -> str:
    """``79,680 more in Keras = 53,120 running statistics + 26,560 biases before BatchNorm, 0 left``."""
    difference = account.difference or 0
    sign = -1 if difference < 0 else 1
    head = f"{abs(difference):,} more in {(c.b if sign < 0 else c.a).label}" if difference else "0 apart"
    terms = ""
    told = [(sign * reason.amount, title_of(reason, c.a, c.b)) for reason in account.reasons[:_MOST_TERMS]]
    more = account.reasons[_MOST_TERMS:]
    told += [(sign * sum(reason.amount for reason in more), f"for {len(more)} more reasons")] if more else []
    for amount, title in sorted(told, key=lambda term: term[0] < 0):
        mark = "−" if amount < 0 else "+" if terms else ""
        terms += f"{f' {mark} ' if terms else mark}{abs(amount):,} {title}"
    left = f"{sign * account.left:,}".replace("-", "−")
    return f"{head} = {terms or '0'}, {left} left"


def reasons(accounts: Iterable[Account]) -> list[tuple[Reason, str]]:
    """Every reason once, with what it comes to in each quantity; the first quantity's places speak for it."""
    found: dict[tuple[str, str], list[tuple[str, Reason]]] = {}
    for account in accounts:
        for reason in account.reasons:
            found.setdefault((reason.code, reason.text), []).append((account.quantity, reason))
    return [(group[0][1], _amounts(group)) for group in found.values()]


def _amounts(group: list[tuple[str, Reason]]) -> str:
    parts = [f"{r.amount:+,} {_WORDS[quantity]}".replace("-", "−") for quantity, r in group if quantity != "trainable"]
    trainable = [r.amount for quantity, r in group if quantity == "trainable"]
    params = [r.amount for quantity, r in group if quantity == "params"]
    if trainable and trainable != params:
        parts.append(f"{trainable[0]:+,} trainable".replace("-", "−"))
    return ", ".join(parts)


def details(reason: Reason) -> list[str]:
    """The sentence, the places, and the working where it is short enough to be read."""
    names = [pair_name(place.a, place.b) for place in reason.places]
    parts = [reason.text + "."]
    parts.append(f"{len(names)} layers: {listed(names)}" if len(names) > 1 else f"at {names[0]}")
    terms = reason.working.count(" + ") + reason.working.count(" − ") + 1
    amount = f"{reason.amount:,}".replace("-", "−")
    each = f"{reason.formula} each: " if reason.formula and len(names) > 1 else f"{reason.formula}: " if reason.formula else ""
    if terms > _LONG:
        parts += [f"{each}{amount} in all"] if each else []
    elif reason.working != amount:
        parts.append(f"{each}{reason.working} = {amount}")
    elif each:
        parts.append(f"{reason.formula} = {amount}")
    return parts


def unexplained(c: Comparison) -> list[str]:
    """What has no reason, with its place."""
    found = []
    for account in c.accounts:
        for place in account.unexplained:
            roles = f" ({', '.join(place.roles)})" if place.roles else ""
            amount = f"{place.amount:+,} {_WORDS[account.quantity]}".replace("-", "−")
            found.append(f"unexplained: {amount} at {pair_name(place.a, place.b)}{roles}")
    return ["", *found] if found else []


def row_text(row: PairRow) -> str:
    """One pair of layers in a line."""
    tensors = ", ".join(f"{t.role} {_size(t.a, t.note_a)} against {_size(t.b, t.note_b)}" for t in row.tensors)
    shape = f"output {row.shape_a or 'none'} against {row.shape_b or 'none'}" if row.shape_a != row.shape_b else ""
    return f"{pair_name(row.a, row.b)}: {'; '.join(p for p in (tensors, shape) if p)}"


def _size(size: Optional[int], note: str) -> str:
    return "none" if size is None else f"{size:,}" + (f" ({note})" if note else "")


def markdown(c: Comparison, *, rows: bool = True) -> str:
    """The comparison as GitHub-flavoured Markdown."""
    parts = [f"### {escaped(heading(c))}"]
    parts.append("\n".join(f"- **{_WORDS[a.quantity]}** {escaped(told(a, c))}" for a in told_of(c)))
    parts += [f"**{escaped(sentence)}**" for sentence in c.coincidences]
    for reason, amounts in reasons(c.accounts):
        inner = "\n".join(f"- {escaped(part)}" for part in details(reason))
        parts.append(f"**{escaped(amounts)}: `{reason.code}`**\n\n{inner}")
    parts += [escaped(part) for part in unexplained(c) if part]
    differing = [row for row in c.rows if row.differs]
    if differing and rows:
        table = [f"| {' | '.join(escaped(cell) for cell in _cells(row))} |" for row in differing]
        parts.append("\n".join([f"| {c.a.label} | {c.b.label} | differs |", "| --- | --- | --- |", *table]))
    parts += [f"*{escaped(note)}*" for note in c.notes]
    return "\n\n".join(parts) + "\n"


def _cells(row: PairRow) -> tuple[str, str, str]:
    return row.a or "", row.b or "", row_text(row).partition(": ")[2]


def to_json(c: Comparison, *, indent: Optional[int] = 1) -> str:
    """The comparison as JSON, with sums that a reader need not work out again."""
    data = {"schema": SCHEMA, **asdict(c)}
    for given, account in zip(data["accounts"], c.accounts):
        given.update(difference=account.difference, left=account.left)
    return json.dumps(data, indent=indent, ensure_ascii=False)


def read(source: str) -> Comparison:
    """The comparison that `to_json` wrote. Raises `UnreadableError` for anything else."""
    data = parse_json(source)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        got = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise UnreadableError("this is not a comparison", got=got, expected=SCHEMA)
    try:
        return Comparison(
            Side(**data["a"]), Side(**data["b"]), tuple(_account(item) for item in data["accounts"]),
            tuple(PairRow(**{**row, "tensors": tuple(Tensors(**t) for t in row["tensors"])}) for row in data["rows"]),
            tuple(data["coincidences"]), tuple(data["notes"]),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableError("a comparison is damaged", got=repr(error)) from None


def _account(data: dict[str, Any]) -> Account:
    found = tuple(Reason(**{**reason, "places": _places(reason["places"])}) for reason in data["reasons"])
    return Account(data["quantity"], data["a"], data["b"], found, _places(data["unexplained"]))


def _places(data: list[dict[str, Any]]) -> tuple[Place, ...]:
    return tuple(Place(**{**place, "roles": tuple(place["roles"])}) for place in data)
