"""What all answers share: they print as text, and render as Markdown and JSON."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar


class Printed:
    """An answer; `renderer` is the module whose ``render(answer, form)`` writes it, imported when something is printed."""

    renderer: ClassVar[str] = "introspect.rendering"

    def render(self, form: str = "text", **options: Any) -> str:
        """As ``text``, ``markdown`` or ``json``. Raises `ValueError` for any other form."""
        text: str = import_module(self.renderer).render(self, form, **options)
        return text

    def to_json(self) -> str:
        """JSON with a schema version."""
        return self.render("json")

    def __str__(self) -> str:
        return self.render("text")

    def _repr_markdown_(self) -> str:
        return self.render("markdown")  # notebooks show this
