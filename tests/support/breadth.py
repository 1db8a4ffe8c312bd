"""How many examples a property test gets when one test covers several laws: the profile's number for each of them."""

from __future__ import annotations

from typing import Any

from hypothesis import settings


def covering(laws: int) -> Any:
    """Decorates a test whose strategy draws evenly from `laws` laws (one more share is added, as draws are not exact)."""
    share = settings.default.max_examples if settings.default is not None else 100
    return settings(max_examples=share * (laws + 1))
