"""An explanation as text for a terminal, Markdown or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..explaining import Explanation

FORMS = ("text", "markdown", "json")


def render(explanation: Explanation, form: str, **options: Any) -> str:
    """`explanation` in one of `FORMS`. Raises `ValueError` for any other."""
    if form not in FORMS:
        raise ValueError(f"cannot render as {form!r}; there are {', '.join(FORMS)}")
    from importlib import import_module

    text: str = import_module(f".{form}", __name__).write(explanation, **options)
    return text
