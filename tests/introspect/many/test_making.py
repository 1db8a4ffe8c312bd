"""How a model is made: without weights, and in the first way that works."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

from introspect.many.making import make


def test_no_weights_are_fetched_and_the_first_way_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    @contextlib.contextmanager
    def way(name: str) -> Any:
        tried.append(name)
        yield

    ways = SimpleNamespace(unallocated=lambda: [way("first"), way("second")])
    monkeypatch.setattr("introspect.many.making.adapters", lambda: {"none": SimpleNamespace(), "some": ways})

    def factory(*, weights: Any = "imagenet", weights_backbone: Any = "imagenet", width: int = 4) -> Any:
        if len(tried) < 2:
            raise RuntimeError("not in this way")
        return weights, weights_backbone, width

    assert make(factory) == (None, None, 4)
    assert tried == ["first", "second"]


@pytest.mark.parametrize(("words", "calls"), [("no such luck", 2), ("not on the meta device", 3)])
def test_the_ordinary_way_is_not_tried_where_the_factory_fails_of_its_own(
    monkeypatch: pytest.MonkeyPatch, words: str, calls: int
) -> None:
    ways = SimpleNamespace(unallocated=lambda: [contextlib.nullcontext(), contextlib.nullcontext()])
    monkeypatch.setattr("introspect.many.making.adapters", lambda: {"some": ways})
    made: list[int] = []

    def factory() -> Any:
        made.append(1)
        raise ValueError(words)

    with pytest.raises(ValueError, match=words):
        make(factory)
    assert len(made) == calls
