"""Many models at once: found where they are named, explained in processes of their own, one line for each."""

from __future__ import annotations

from .line import Line
from .running import explain_many

__all__ = ["Line", "explain_many"]
