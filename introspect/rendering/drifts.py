"""Many drifts as text, Markdown or JSON: a line for each file, then those that differ in full."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING, Any, Callable, Optional

from ..drifting.result import Drifts, Pairing, said
from . import drift as one
from .markdown import escaped

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA = "introspect/drifts/1"
_HEAD = ("baseline", "before", "now", "difference", "")
_MOST = 20  # told in full


def render(drifts: Drifts, form: str, **options: Any) -> str:
    """`drifts` as ``text``, ``markdown`` or ``json``. Raises `ValueError` for any other form."""
    forms: dict[str, Callable[..., str]] = {"text": text, "markdown": markdown, "json": to_json}
    if form not in forms:
        raise ValueError(f"cannot render as {form!r}; there are {', '.join(forms)}")
    return forms[form](drifts, **options)


def heading(d: Drifts) -> str:
    """How many of how many differ."""
    differing = sum(1 for file in d.files if not file.same)
    if not differing:
        return f"{one.number(len(d.files), 'baseline')}: the same"
    return f"{differing:,} of {len(d.files):,} baselines {'differs' if differing == 1 else 'differ'}"


def line(file: Pairing) -> tuple[str, str, str, str, str]:
    """A file's name, its parameters before and now, their difference, and the verdict."""
    if file.drift is None:
        return file.name, "", "", "", "new" if file.new else "gone"
    params = file.drift["params"]
    difference = "" if params.same else one.signed(params.difference)
    return file.name, said(params.old), said(params.new), difference, one.verdict(file.drift)


def text(d: Drifts, *, width: Optional[int] = None) -> str:
    """The answer, `width` columns wide (the terminal's, if not given)."""
    from rich.console import Console

    out = io.StringIO()
    columns = width or shutil.get_terminal_size((one.PIPED, 24)).columns
    print_to(Console(file=out, width=columns, no_color=True, force_terminal=False, legacy_windows=False), d)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def print_to(console: Console, d: Drifts) -> None:
    """Print `d` to a rich console, in colour where it has any."""
    from rich.text import Text

    console.print(heading(d), style="bold", markup=False, highlight=False)
    table = one.new_table(_HEAD, right=_HEAD[1:4])
    for file in d.files:
        table.add_row(*[Text(cell) for cell in line(file)])
    console.print("", table, sep="\n", markup=False, highlight=False)
    told = _told(d)
    for file in told[:_MOST]:
        console.print("", f"{file.name}", sep="\n", style="bold", markup=False, highlight=False)
        one.print_to(console, file.drift)  # type: ignore[arg-type]
    if len(told) > _MOST:
        console.print(f"\nand {len(told) - _MOST:,} more, not told in full", markup=False, highlight=False)


def _told(d: Drifts) -> list[Pairing]:
    return [file for file in d.files if file.drift is not None and not file.drift.same]


def markdown(d: Drifts) -> str:
    """The drifts as GitHub-flavoured Markdown: the files that differ in a table, then each behind a click."""
    parts = [f"### {escaped(heading(d))}"]
    differing = [file for file in d.files if not file.same]
    if differing:
        parts.append(one.grid(_HEAD, "-rrr-", [(f"`{file.name}`", *line(file)[1:]) for file in differing]))
    told = _told(d)
    for file in told[:_MOST]:
        inner = file.drift.render("markdown") if file.drift is not None else ""
        parts.append(f"<details{' open' * (len(told) == 1)}><summary>{file.name}</summary>\n\n{inner}\n</details>")
    if len(told) > _MOST:
        parts.append(f"*and {len(told) - _MOST:,} more, not told in full*")
    return "\n\n".join(parts) + "\n"


def to_json(d: Drifts, *, indent: Optional[int] = 1) -> str:
    """The drifts as JSON."""
    files = [
        {"name": file.name, "old": file.old, "new": file.new, "same": file.same,
         "drift": None if file.drift is None else one.as_data(file.drift)}
        for file in d.files
    ]  # fmt: skip
    data = {"schema": SCHEMA, "same": d.same, "old": d.old, "new": d.new, "files": files}
    return json.dumps(data, indent=indent, ensure_ascii=False, default=one.written)
