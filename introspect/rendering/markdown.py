"""The explanation as Markdown: a table, the totals, and the findings, for a pull request or a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .wording import MARKS, findings, lines, title, totals, verdict

if TYPE_CHECKING:
    from ..explaining import Explanation

_HEAD = ("layer", "class", "output", "working", "params", "neurons", "")
_RULE = ("---", "---", "---", "---", "---:", "---:", ":-:")


def write(explanation: Explanation, *, neurons: str = "weighted") -> str:
    """`explanation` as GitHub-flavoured Markdown."""
    e = explanation
    rows = [(*line[:-1], MARKS[line.status] if e.verified else "") for line in lines(e, neurons)]
    parts = [f"### {escaped(title(e))}", "\n".join(_row(row) for row in (_HEAD, _RULE, *rows))]
    parts.append("\n".join(_row(row) for row in (("total", "", ""), ("---", "---:", "---"), *totals(e, neurons))))
    parts.append(f"**{escaped(verdict(e))}**")
    for heading, sentences in findings(e):
        parts.append(f"**{heading}**\n\n" + "\n".join(f"- {escaped(sentence)}" for sentence in sentences))
    return "\n\n".join(parts) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell if set(cell) <= set("-:") else escaped(cell) for cell in cells) + " |"


def escaped(text: str) -> str:
    """`text` with what Markdown would read as marks written out."""
    for mark in "\\`*_|<":
        text = text.replace(mark, f"\\{mark}")
    return text
