"""The fixture `introspect_baseline`: holds models against their baselines, and their numbers against what they should be.

Every check works out what is wrong, in words; a test that fails says that and shows nothing of what is in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional, Union

from ..errors import IntrospectError
from ..explaining import Explanation, explained
from . import budgets
from .against import Against
from .parts import Part
from .places import Place
from .records import Records

Number = Union[int, str]
Mark = tuple[Optional[str], Mapping[str, Any]]  # at, and a budget or range for each quantity


@dataclass(frozen=True, repr=False)
class Baseline:
    """The fixture `introspect_baseline` of one test.

    A check that does not hold raises `AssertionError`; what cannot be checked at all (an input that the model refuses, a layer
    that is not there) raises `IntrospectError`. `model` is whatever `explain` takes, or an explanation.
    """

    test: str
    place: Place
    records: Records
    started: Path
    update: bool = False
    marks: tuple[Mark, ...] = ()

    def check(
        self, model: Any, inputs: Any = None, name: Optional[str] = None, *, opaque: Union[str, Iterable[str]] = ()
    ) -> None:
        """Hold `model` against its baseline; where pytest runs with ``--introspect-update``, make it the baseline.

        `name` tells apart the checks of one test. `opaque`: paths, or patterns of paths, of the layers that have no law and may
        be carried as the framework reports them.
        """
        __tracebackhide__ = True
        patterns = (opaque,) if isinstance(opaque, str) else tuple(opaque)
        against = Against(self.test, self.place.file(name), self.records, self.started, self.update)
        self._hold(lambda: against.complaint(explained(model, inputs), patterns, self._beyond))

    def exactly(
        self, model: Any, number: Number, quantity: str = "params", at: Optional[str] = None, inputs: Any = None
    ) -> None:
        """Hold a number of the model, or of the layer, block or tensor `at` a path, to be `number`."""
        __tracebackhide__ = True
        self._hold(lambda: budgets.exactly(Part(explained(model, inputs), quantity, at), number))

    def at_most(
        self, model: Any, budget: Number, quantity: str = "params", at: Optional[str] = None, inputs: Any = None
    ) -> None:
        """Hold a number to be within a budget: 12_000_000, "12M", "21.4MB"."""
        __tracebackhide__ = True
        self._hold(lambda: budgets.at_most(Part(explained(model, inputs), quantity, at), budget))

    def within(
        self, model: Any, low: Number, high: Number, quantity: str = "params", at: Optional[str] = None, inputs: Any = None
    ) -> None:
        """Hold a number to be in a range, its ends included."""
        __tracebackhide__ = True
        self._hold(lambda: budgets.within(Part(explained(model, inputs), quantity, at), low, high))

    def __repr__(self) -> str:
        return f"<introspect_baseline of {self.test}>"

    def _hold(self, complaint: Callable[[], str]) -> None:
        __tracebackhide__ = True
        try:
            said = complaint()
        except IntrospectError as error:
            raise error.with_traceback(None) from None  # where it was raised says nothing to who reads a test
        if said:
            raise AssertionError(said)

    def _beyond(self, e: Explanation) -> str:
        """What does not hold of the test's marks ``introspect_budget``."""
        found = [_beyond(Part(e, quantity, at), bound) for at, mark in self.marks for quantity, bound in mark.items()]
        return "\n".join(text for text in found if text)


def _beyond(part: Part, bound: Any) -> str:
    """A budget, or a range where there are two numbers."""
    if not isinstance(bound, (tuple, list)):
        return budgets.at_most(part, bound)
    if len(bound) != 2:
        raise IntrospectError("this is no range", got=bound, expected="two numbers, the smaller one first")
    return budgets.within(part, *bound)
