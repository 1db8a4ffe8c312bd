"""Which layer of the new model is which of the old one: by path where it is what it was, by what it holds and its place in the
order where its path is another one, then by path alone, and last by kind, for what stands between two pairs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher
from typing import Callable, NamedTuple, Optional

from ..layers.base import show
from ..rows import LayerRow, TensorRow


class Place(NamedTuple):
    """One row of an explanation, and how often its layer was called before."""

    row: LayerRow
    nth: int

    @property
    def key(self) -> tuple[str, int]:
        return self.row.path, self.nth

    @property
    def kept(self) -> Hashable:
        """What is the same in a layer that only moved; of one that owns nothing, also what it gives."""
        tensors = tuple(trait(t) for t in self.row.tensors)
        return (
            self.row.kind,
            tensors,
            None if tensors or self.row.shared else given(self.row),
            tuple(map(_leaf, self.row.shared)),
        )


Pair = tuple[Optional[Place], Optional[Place]]
_Partners = dict[tuple[str, int], Place]
_Step = Callable[[Sequence[Place], Sequence[Place], _Partners], None]


def trait(tensor: TensorRow) -> Hashable:
    """What is the same in a tensor that is only called otherwise."""
    shape = None if tensor.shape is None else show(tensor.shape)
    return tensor.role, tensor.keys, shape, tensor.trainable, tensor.buffer, len(tensor.holders), tensor.opaque


def given(row: LayerRow) -> str:
    """What comes out of a layer for one example."""
    if not row.called:
        return "never called"
    return "" if row.output_shape is None else show(row.spec.per_example(row.output_shape))


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def places_of(rows: Sequence[LayerRow]) -> list[Place]:
    """The rows in order, each with how often its path came before."""
    times: dict[str, int] = {}
    found = []
    for row in rows:
        times[row.path] = times.get(row.path, 0) + 1
        found.append(Place(row, times[row.path]))
    return found


def paired(old: Sequence[Place], new: Sequence[Place]) -> list[Pair]:
    """Every place of both once, in the order of `new`, what only `old` has where it stood."""
    resized = _skeleton(old) == _skeleton(new)
    return _merged(old, new, _partners(old, new, (_called, _moved) if resized else (_moved, _called)))


def _skeleton(places: Sequence[Place]) -> list[Hashable]:
    """Names and kinds of what has tensors."""
    return [(place.key, place.row.kind) for place in places if place.row.tensors]


def _partners(old: Sequence[Place], new: Sequence[Place], steps: Sequence[_Step]) -> _Partners:
    """The old place that each new one was: what did not change at all, then step by step what is left."""
    partner: _Partners = {}
    for step in (_kept, *steps):
        step(*_left(old, new, partner), partner)
    _alone(old, new, partner)
    return partner


def _kept(old: Sequence[Place], new: Sequence[Place], partner: _Partners) -> None:
    """Pair what is the same under the same path."""
    by_key = {place.key: place for place in old}
    partner.update((p.key, by_key[p.key]) for p in new if p.key in by_key and by_key[p.key].kept == p.kept)


def _called(old: Sequence[Place], new: Sequence[Place], partner: _Partners) -> None:
    """Pair what is of one kind under the same path."""
    by_key = {place.key: place for place in old}
    partner.update((p.key, by_key[p.key]) for p in new if p.key in by_key and by_key[p.key].row.kind == p.row.kind)


def _left(old: Sequence[Place], new: Sequence[Place], partner: _Partners) -> tuple[list[Place], list[Place]]:
    taken = {place.key for place in partner.values()}
    return [p for p in old if p.key not in taken], [p for p in new if p.key not in partner]


def _moved(old: Sequence[Place], new: Sequence[Place], partner: _Partners) -> None:
    """Pair what is the same in the same order, whatever it is called."""
    matcher = SequenceMatcher(None, [p.kept for p in old], [p.kept for p in new], autojunk=False)
    for i, j, length in matcher.get_matching_blocks():
        for before, now in zip(old[i : i + length], new[j : j + length]):
            partner[now.key] = before


def _alone(old: Sequence[Place], new: Sequence[Place], partner: _Partners) -> None:
    """Pair layers with those of their kinds, where between two pairs there are as many, of the same kinds in the same order."""
    taken = {place.key for place in partner.values()}
    spare = _between([(place, place.key if place.key in taken else None) for place in old])
    left = _between([(place, partner[place.key].key if place.key in partner else None) for place in new])
    for around, places in left.items():
        before = spare.get(around, [])
        if [place.row.kind for place in before] == [place.row.kind for place in places]:
            partner.update((place.key, other) for place, other in zip(places, before))


def _between(places: Sequence[tuple[Place, Optional[tuple[str, int]]]]) -> dict[Hashable, list[Place]]:
    """What has tensors and no partner, by the pairs before and after it; each place with the name of its pair."""
    found: dict[Hashable, list[Place]] = {}
    before: Optional[tuple[str, int]] = None
    waiting: list[Place] = []
    for place, name in places:
        if not place.row.tensors:
            continue
        if name is None:
            waiting.append(place)
            continue
        found[before, name] = waiting
        before, waiting = name, []
    found[before, None] = waiting
    return found


def _merged(old: Sequence[Place], new: Sequence[Place], partner: _Partners) -> list[Pair]:
    taken = {place.key for place in partner.values()}
    order = {place.key: i for i, place in enumerate(old)}
    gone = [place for place in old if place.key not in taken]
    found: list[Pair] = []
    for place in new:
        before = partner.get(place.key)
        while before is not None and gone and order[gone[0].key] < order[before.key]:
            found.append((gone.pop(0), None))
        found.append((before, place))
    return found + [(place, None) for place in gone]
