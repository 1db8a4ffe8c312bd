"""A stretch of calls that is made again elsewhere: with other layers, on other values of the same shapes.

Deep models repeat their blocks. What one of them did is written down relative to what went into it, and put down again for
the next without asking any law anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Callable, NamedTuple, Optional, Union

from .building import Builder
from .ir import Call, Value

_Places = Union[int, Callable[[Sequence[int]], Any]]  # one place, or what reads several


class Mark(NamedTuple):
    """How far a builder had come."""

    layers: int
    calls: int
    values: int

    @classmethod
    def of(cls, builder: Builder) -> Mark:
        return cls(len(builder.layers), len(builder.calls), len(builder.values))


class Passage(NamedTuple):
    """Calls, relative to their surroundings: each layer and value by its place among those from outside, then its own."""

    values: tuple[Value, ...]
    calls: tuple[tuple[int, _Places, _Places], ...]  # layer, inputs, outputs

    @classmethod
    def since(cls, mark: Mark, builder: Builder, layers: Sequence[int], values: Sequence[int]) -> Optional[Passage]:
        """What was built since `mark`; None where it uses anything that is neither its own nor among those from outside."""
        layer_at = {index: i for i, index in enumerate([*layers, *range(mark.layers, len(builder.layers))])}
        at = {value: i for i, value in enumerate([*values, *range(mark.values, len(builder.values))])}
        try:
            calls = tuple(
                (layer_at[layer], _places(inputs, at), _places(outputs, at))
                for layer, inputs, outputs in builder.calls[mark.calls :]
            )
        except KeyError:
            return None
        return cls(tuple(builder.values[mark.values :]), calls)

    def put(self, builder: Builder, layers: Sequence[int], values: Sequence[int]) -> int:
        """Make the calls again, its own layers being among `layers` already. Returns the id of its first value."""
        first = len(builder.values)
        builder.values += self.values
        at = [*values, *range(first, len(builder.values))]
        single = [(value,) for value in at]
        new = tuple.__new__
        builder.calls += [
            new(
                Call,
                (
                    layers[layer],
                    single[inputs] if type(inputs) is int else inputs(at),  # type: ignore[operator]
                    single[outputs] if type(outputs) is int else outputs(at),  # type: ignore[operator]
                ),
            )
            for layer, inputs, outputs in self.calls
        ]
        return first


def _places(values: Sequence[int], at: Mapping[int, int]) -> _Places:
    """Where some values stand."""
    if len(values) == 1:
        return at[values[0]]
    return itemgetter(*[at[value] for value in values]) if values else tuple
