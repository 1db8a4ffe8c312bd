"""How many examples a property test gets when one test covers several laws: the profile's number for each of them."""

from __future__ import annotations

from typing import Any

from hypothesis import settings


def covering(laws: int) -> Any:
    """Decorates a test whose strategy draws evenly from `laws` laws (one more share is added, as draws are not exact)."""
    return settings(max_examples=_share() * (laws + 1))


def sharing(parts: int) -> Any:
    """Decorates a test that is one of `parts` for the same laws, or whose examples cost as much as so many."""
    return settings(max_examples=max(_share() // parts, 5))


def _share() -> int:
    """The profile's number of examples."""
    return settings.default.max_examples if settings.default is not None else 100
