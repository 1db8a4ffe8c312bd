"""A diagnosis as a good answer on a forum: the number, its formula, the reason, done. Also as Markdown and JSON."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Optional

from ..diagnosing.naming import listed
from . import FORMS
from .markdown import escaped

if TYPE_CHECKING:
    from ..diagnosing import Diagnosis, Reason

SCHEMA = "introspect/diagnosis/1"
_WORDS = {
    "params": "parameters", "trainable": "trainable parameters", "non_trainable": "parameters that are not trained",
    "connections": "connections", "bias_connections": "connections from a bias", "buffers": "elements in buffers",
}  # fmt: skip


def render(diagnosis: Diagnosis, form: str = "text", **options: Any) -> str:
    """`diagnosis` as ``text``, ``markdown`` or ``json``. Raises `ValueError` for any other form."""
    if form not in FORMS:
        raise ValueError(f"cannot render as {form!r}; there are {', '.join(FORMS)}")
    return {"text": text, "markdown": markdown, "json": as_json}[form](diagnosis, **options)


def text(diagnosis: Diagnosis, *, width: Optional[int] = None) -> str:
    """Plain text, never wider than `width` columns (the terminal's, if not given)."""
    columns = max(30, width or shutil.get_terminal_size((100, 24)).columns - 1)
    return "\n".join(folded(line, columns) for line in _lines(diagnosis))


def folded(line: str, columns: int) -> str:
    """A line folded at its own indentation, numbers in front of it standing out."""
    stripped = line.lstrip(" ")
    indent = len(line) - len(stripped)
    head, _, rest = stripped.partition(" ")
    hanging = indent + (len(head) + 1 if rest and (head.rstrip(".").isdigit() or head == "·") else 0)
    return textwrap.fill(
        stripped, columns, initial_indent=" " * indent, subsequent_indent=" " * hanging, break_on_hyphens=False
    )


def _lines(d: Diagnosis) -> Iterator[str]:
    if d.parts:
        yield from _parts(d)
        return
    yield headline(d)
    if d.right:
        yield f"  {d.reasons[0].working}"
        return
    if d.reasons:
        yield ""
        yield leading(d)
        for i, reason in enumerate(d.reasons, 1):
            yield f"  {i}. {reason.text}"
            yield f"     {reason.working}{_rounding(reason)}"
    if d.notes:
        yield ""
        yield from (f"  · {note}" for note in d.notes)


def headline(d: Diagnosis) -> str:
    """What the model has, and how that comes about."""
    what = _named(d.quantity)
    what = what[:-1] if d.value == 1 and what.endswith("s") else what
    where = f"{d.at} of {d.model}" if d.at else d.model or "the model"
    if d.right:
        return f"{where}: {d.claim.text} {what} is right{'' if d.reasons[0].exact else ', rounded'}."
    worked = f" = {d.working}" if d.working and d.working != f"{d.value:,}" else ""
    return f"{where} has {d.value:,}{worked} {what}, not {d.claim.text}."


def _named(quantity: str) -> str:
    kind, _, axis = quantity.partition(":")
    return f"elements along output axis {int(axis) + 1}" if kind == "output" else _WORDS.get(kind, kind)


def leading(d: Diagnosis) -> str:
    """What stands before the reasons."""
    return f"What gives {d.claim.text}{', the simplest first' if len(d.reasons) > 1 else ''}:"


def _rounding(reason: Reason) -> str:
    return "" if reason.exact else "  (within the rounding)"


def _parts(d: Diagnosis) -> Iterator[str]:
    """A line for each claim that is not right, with its first reason, then what is to be said of all of them."""
    what = _named(d.quantity)
    wrong = {path: part for path, part in d.parts.items() if not part.right}
    yield f"{d.model or 'the model'}: {len(d.parts) - len(wrong)} of {len(d.parts)} claimed numbers of {what} are right."
    for names, part in _alike(wrong):
        yield ""
        yield f"  {names}: {part.value:,}, not {part.claim.text}"
        for reason in part.reasons[:1]:
            yield f"    {reason.text}"
            yield f"    {reason.working}{_rounding(reason)}"
        yield from (f"    · {note}" for note in part.notes)
    yield ""
    yield from (f"· {note}" for note in d.notes)


def _alike(parts: Mapping[str, Diagnosis]) -> Iterator[tuple[str, Diagnosis]]:
    """Parts that say the same of several layers, with the names of these."""
    groups: dict[int, list[str]] = {}
    for path, part in parts.items():
        groups.setdefault(id(part), []).append(path or "the whole model")
    for part in parts.values():
        names = groups.pop(id(part), None)
        if names:
            yield listed(names), part


def markdown(diagnosis: Diagnosis) -> str:
    """GitHub-flavoured Markdown."""
    said = []
    for line in _lines(diagnosis):
        stripped = line.strip()
        numbered = stripped.partition(" ")[0].rstrip(".").isdigit() and line.startswith("  ")
        mark = "" if numbered else "- " if stripped.startswith("·") else ""
        body = escaped(stripped.lstrip("· ") if mark else stripped)
        said.append(f"   {body}" if line.startswith("     ") else f"{mark}{body}")
    return "\n".join(said).replace("\n\n\n", "\n\n") + "\n"


def as_json(diagnosis: Diagnosis, *, indent: Optional[int] = 1) -> str:
    """JSON with a schema version."""
    return json.dumps({"schema": SCHEMA, **_plain(diagnosis)}, indent=indent, ensure_ascii=False)


def _plain(d: Diagnosis) -> dict[str, Any]:
    return {
        "model": d.model,
        "at": d.at,
        "quantity": d.quantity,
        "claim": d.claim.text,
        "value": d.value,
        "working": d.working,
        "right": d.right,
        "reasons": [_reason(reason) for reason in d.reasons],
        "notes": list(d.notes),
        "parts": {path: _plain(part) for path, part in d.parts.items()},
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code, "text": reason.text, "working": reason.working, "value": reason.value, "exact": reason.exact,
        "places": list(reason.places), "cost": reason.cost,
    }  # fmt: skip
