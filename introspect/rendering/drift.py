"""A drift as text, Markdown or JSON: what became of which tensor, what it comes to, and why."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Callable, Optional

from ..algebra import Dim
from ..comparing.result import Reason
from ..comparing.wording import listed
from ..drifting.result import APPEARED, CHANGED, DISAPPEARED, Drift, Reshaped, Row, said
from ..notation import PYTHON, formula
from .comparison import details, wrapped
from .comparison import reasons as told
from .markdown import escaped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SCHEMA = "introspect/drift/1"
PIPED = 120
_MOST, _MOST_LAYERS = 40, 12  # rows of a table
_MOST_REASONS = 6
_WHOLE = 44  # columns that a tensor's name may take before it is folded
_FEW = 6  # rows that changed alike and are still shown one by one
_SHORT = 12  # a table of more rows than this is folded in Markdown
_MARKS = {APPEARED: "+", DISAPPEARED: "−", CHANGED: "~"}
_COLORS = {APPEARED: "green", DISAPPEARED: "red", CHANGED: "yellow"}
WORDS = {"params": "parameters", "non_trainable": "not trainable"}


def render(drift: Drift, form: str, **options: Any) -> str:
    """`drift` as ``text``, ``markdown`` or ``json``. Raises `ValueError` for any other form."""
    forms: dict[str, Callable[..., str]] = {"text": text, "markdown": markdown, "json": to_json}
    if form not in forms:
        raise ValueError(f"cannot render as {form!r}; there are {', '.join(forms)}")
    return forms[form](drift, **options)


def text(d: Drift, *, width: Optional[int] = None, most: Optional[int] = None) -> str:
    """The answer, `width` columns wide (the terminal's, if not given); at most `most` rows of each table."""
    from rich.console import Console

    out = io.StringIO()
    columns = width or shutil.get_terminal_size((PIPED, 24)).columns
    console = Console(file=out, width=columns, no_color=True, force_terminal=False, legacy_windows=False)
    print_to(console, d, most=most)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def print_to(console: Console, d: Drift, *, most: Optional[int] = None) -> None:
    """Print `d` to a rich console, in colour where it has any."""
    options: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
    console.print(*wrapped(heading(d), console.width), sep="\n", style="bold", **options)
    rows, groups = alike(d.rows)
    if rows:
        _print_table(console, _tensors(rows[: most or _MOST]), len(rows), most or _MOST)
    if d.layers:
        _print_table(console, _layers(d.layers[: most or _MOST_LAYERS]), len(d.layers), most or _MOST_LAYERS)
    for sentence in groups:
        console.print("", *wrapped(sentence, console.width, "   "), sep="\n", style=_COLORS[CHANGED], **options)
    if not d.same:
        console.print("", _totals(d), sep="\n", markup=False, highlight=False)
    for reason, amounts in reasons(d):
        console.print("", *wrapped(f"{amounts}: {reason.code}", console.width), sep="\n", style="bold", **options)
        for part in details(reason):
            console.print(*wrapped(part, console.width, "    ", "    "), sep="\n", **options)
    for sentence in remarks(d):
        console.print("", *wrapped(sentence, console.width), sep="\n", style="dim", **options)


def _print_table(console: Console, table: Table, there: int, most: int) -> None:
    console.print("", table, sep="\n", markup=False, highlight=False)
    if there > most:
        console.print(f"    and {there - most:,} more: render(most={there}) shows them", markup=False, highlight=False)


def alike(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The rows to be shown one by one, and a sentence for every many that changed alike and are as large as they were."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row.change == CHANGED and _elements(row) == 0:
            groups.setdefault(row.what, []).append(row)
    many = {what: group for what, group in groups.items() if len(group) > _FEW}
    alone = [row for row in rows if row.what not in many or _elements(row) != 0 or row.change != CHANGED]
    return alone, [_of_group(what, group) for what, group in many.items()]


def _of_group(what: Sequence[str], group: Sequence[Row]) -> str:
    size = said(sum((row.new.size or 0 for row in group if row.new is not None), 0))
    names = listed([row.name for row in group], 6)
    return f"~  {', '.join(what)}: {number(len(group), 'tensor')} of {size} elements: {names}"


def heading(d: Drift) -> str:
    """The model, its versions, and how much of it differs."""
    a, b = d.old, d.new
    versions = [f"{side.framework} {side.version}".strip() for side in (a, b)]
    told = versions[1] if versions[0] == versions[1] else f"{versions[0] or 'no framework'} → {versions[1] or 'no framework'}"
    name = b.name if a.name == b.name else f"{a.name} → {b.name}"
    return " · ".join(part for part in (name, told) if part) + f": {verdict(d)}"


def verdict(d: Drift) -> str:
    """What differs, in a few words."""
    if d.same:
        return "the same"
    counted = {change: sum(1 for row in d.rows if row.change == change) for change in _MARKS}
    parts = [f"{number(n, 'tensor')} {change}" for change, n in counted.items() if n]
    if d.layers:
        parts.append(f"{number(len(d.layers), 'layer')} without a changed tensor {'gives' if len(d.layers) == 1 else 'give'} "
                     "something else")  # fmt: skip
    return ", ".join(parts) or "other totals"


def number(n: int, thing: str) -> str:
    """``1 tensor``, ``2 tensors``."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def _tensors(rows: Sequence[Row]) -> Table:
    from rich.text import Text

    changed = any(row.what for row in rows)
    names = ("", "tensor", "role", "before", "now", "difference")
    table = new_table((*names, " ") if changed else names, right=("difference",))
    table.columns[1].no_wrap = max(len(row.name) for row in rows) <= _WHOLE  # a name in two pieces is not found again
    for row in rows:
        cells = [Text(cell) for cell in (*cells_of(row), *([", ".join(row.what)] if changed else []))]
        table.add_row(Text(_MARKS[row.change], style=_COLORS[row.change]), *cells)
    return table


def cells_of(row: Row) -> tuple[str, str, str, str, str]:
    """Name, role, before, now and difference of a tensor's row."""
    before, now = ("" if held is None else held.worked + (" buffer" if held.buffer else "") for held in (row.old, row.new))
    return row.name, row.role, before, now, signed(_elements(row)) if _elements(row) != 0 else ""


def _elements(row: Row) -> Optional[Dim]:
    """How many elements more there are now, parameters or not."""
    old, new = (0 if held is None else held.size for held in (row.old, row.new))
    return None if old is None or new is None else new - old


def signed(number: Optional[Dim]) -> str:
    """A difference for people: ``+64``."""
    text = said(number)
    return f"+{text}" if isinstance(number, int) and number > 0 else text


def _layers(layers: Sequence[Reshaped]) -> Table:
    from rich.text import Text

    table = new_table(
        ("layer", "class", "output before", "output now", "neurons before", "neurons now"),
        right=("neurons before", "neurons now"),
    )
    for layer in layers:
        table.add_row(*[Text(cell) for cell in layer_cells(layer)])
    return table


def layer_cells(layer: Reshaped) -> tuple[str, ...]:
    """Name, class, outputs and neurons of a layer's row."""
    neurons = [said(n) if n != 0 else "" for n in (layer.old_neurons, layer.neurons)]
    return layer.path, layer.kind, layer.old_output, layer.output, *neurons


def _totals(d: Drift) -> Table:
    from rich.text import Text

    table = new_table(("", "before", "now", "difference"), right=("before", "now", "difference"))
    for cells in totals(d):
        table.add_row(*[Text(cell) for cell in cells])
    return table


def totals(d: Drift) -> list[tuple[str, str, str, str]]:
    """Name, before, now and difference of every quantity that there is any of."""
    return [
        (WORDS.get(t.quantity, t.quantity).replace("_", " "), said(t.old), said(t.new), "" if t.same else signed(t.difference))
        for t in d.totals
        if t.quantity == "params" or (t.old, t.new) != (0, 0)
    ]


def new_table(names: Sequence[str], right: Sequence[str] = ()) -> Table:
    """An empty table with these columns, those called in `right` aligned right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True, show_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold", no_wrap=name in right)
    return table


def reasons(d: Drift, most: int = _MOST_REASONS) -> list[tuple[Reason, str]]:
    """Why, the first few reasons with what they come to."""
    return [(reason, amounts) for reason, amounts in told(d.accounts) if amounts][:most]


def remarks(d: Drift) -> list[str]:
    """What is no drift."""
    found = list(d.notes)
    if d.renamed:
        names = [f"{pair.old} → {pair.new}" for pair in d.renamed]
        found.append(f"renamed, else as before: {listed(names, 6)}")
    return found


def markdown(d: Drift, *, most: int = _MOST) -> str:
    """The drift as GitHub-flavoured Markdown, long tables folded."""
    parts = [f"### {escaped(heading(d))}"]
    if not d.same:
        parts.append(grid(("", "before", "now", "difference"), "-rrr", totals(d)))
    rows, groups = alike(d.rows)
    if rows:
        head = ("", "tensor", "role", "before", "now", "difference", "")
        cells = [(_MARKS[row.change], *_code(cells_of(row)), "; ".join(row.what)) for row in rows[:most]]
        parts.append(_folded("tensors", rows, most, grid(head, "-----r-", cells)))
    parts += [escaped(sentence) for sentence in groups]
    if d.layers:
        told_of = [_code(layer_cells(layer)) for layer in d.layers[:most]]
        titles = ("layer", "class", "output before", "output now", "neurons before", "neurons now")
        parts.append(_folded("layers that give something else", d.layers, most, grid(titles, "----rr", told_of)))
    for reason, amounts in reasons(d):
        inner = "\n".join(f"- {escaped(part)}" for part in details(reason))
        parts.append(f"**{escaped(amounts)}: `{reason.code}`**\n\n{inner}")
    parts += [f"*{escaped(sentence)}*" for sentence in remarks(d)]
    return "\n\n".join(parts) + "\n"


def _code(cells: tuple[str, ...]) -> tuple[str, ...]:
    return (f"`{cells[0]}`", *cells[1:])


def grid(head: Sequence[str], align: str, rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; `align` has an ``r`` for each column of numbers."""
    rule = ["---:" if mark == "r" else "---" for mark in align]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *([_cell(c) for c in row] for row in rows)))


def _cell(text: str) -> str:
    return text.replace("|", "\\|") if text.startswith("`") else escaped(text)


def _folded(what: str, rows: Sequence[Any], most: int, table: str) -> str:
    """A table; behind a click where it is long."""
    more = f"\n\n*and {len(rows) - most} more*" if len(rows) > most else ""
    if len(rows) <= _SHORT:
        return table + more
    return f"<details><summary>{len(rows)} {what}</summary>\n\n{table}{more}\n\n</details>"


def to_json(d: Drift, *, indent: Optional[int] = 1) -> str:
    """The drift as JSON."""
    return json.dumps(as_data(d), indent=indent, ensure_ascii=False, default=written)


def as_data(d: Drift) -> dict[str, Any]:
    """The drift as plain data, with sums that a reader need not work out again."""
    data = {"schema": SCHEMA, "same": d.same, **asdict(d)}
    for given, row in zip(data["rows"], d.rows):
        given.update(name=row.name, difference=_elements(row))
    for given, total in zip(data["totals"], d.totals):
        given.update(difference=total.difference)
    return data


def written(dim: Dim) -> str:
    """A number that depends on an open dimension, for JSON."""
    return formula(dim, PYTHON)
