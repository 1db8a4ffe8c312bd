"""Packed sequences: what PyTorch's recurrences take in place of a padded batch of sequences of different lengths.

A packed sequence is counted as the padded one, time before batch: as many steps as the longest sequence has where the
lengths are known, as many as the padded batch has where they are not.
"""

from __future__ import annotations

from typing import Any, Callable

import torch
from torch.nn.utils.rnn import PackedSequence

from introspect.inputs import InputShape
from introspect.layers import Permute

from .applied import Applied, Entry, NoLawError, several, shape_of
from .meta import leaves
from .standins import is_standin


def padded_shape(packed: PackedSequence) -> tuple[int, ...]:
    """Steps, sequences and features of a packed sequence."""
    return (len(packed.batch_sizes), int(packed.batch_sizes[0]), *packed.data.shape[1:])


def with_packed_inputs(given: Any) -> Any:
    """What the user gives, a packed sequence in it as one input."""
    if isinstance(given, PackedSequence):
        return InputShape(padded_shape(given), given.data.dtype, given)
    if type(given) in (tuple, list):
        return type(given)(with_packed_inputs(item) for item in given)
    if type(given) is dict:
        return {name: with_packed_inputs(item) for name, item in given.items()}
    return given


def as_given(one: InputShape, made: Callable[[], Any], data: Callable[[Any], Any]) -> Any:
    """An input as the model takes it: what is `made` for it, or a packed sequence whose data is that of the example."""
    if not isinstance(one.example, PackedSequence):
        return made()
    return PackedSequence(data(one.example.data), *one.example[1:])


def around(packed: PackedSequence, time_major: bool) -> tuple[Any, Callable[[Any], PackedSequence]]:
    """What a recurrence reads of a packed sequence of stand-ins, and what it makes of its output."""

    def turned(x: Any) -> Any:
        return x if time_major else x.transpose(0, 1)

    return turned(packed.data), lambda y: PackedSequence(turned(y), *packed[1:])


def shapes(tree: Any, batch_first: bool) -> list[tuple[int, ...]]:
    """The shapes of all tensors in a nest, a packed sequence's as if it were padded."""
    if isinstance(tree, PackedSequence):
        time, batch, *features = padded_shape(tree)
        return [(batch, time, *features) if batch_first else (time, batch, *features)]
    if isinstance(tree, (tuple, list)):
        return [shape for item in tree for shape in shapes(item, batch_first)]
    return [tuple(leaf.shape) for leaf in leaves(tree) if isinstance(leaf, torch.Tensor)]


def pack(x: Any, lengths: Any, batch_first: bool) -> Applied:
    """``pack_padded_sequence``: the same numbers without what pads them, and how many sequences go on at each step."""
    steps, batch = shape_of(x)[:2] if not batch_first else shape_of(x)[1::-1]
    if not (isinstance(steps, int) and isinstance(batch, int)):
        raise NoLawError
    known = [steps] * batch if is_standin(lengths) else [int(n) for n in lengths]
    if max(known) < steps:
        x = x.narrow(int(batch_first), 0, max(known))
    sizes = torch.tensor([sum(n > step for n in known) for step in range(max(known))])
    return several(Permute(_order(x, batch_first)), (x,), lambda outputs: (outputs[0], sizes))


def unpack(x: Any, batch_sizes: Any, batch_first: bool, padding_value: float, total_length: int) -> Applied:
    """``pad_packed_sequence``: padded again, and how long each sequence is."""
    if total_length > 0 and total_length != shape_of(x)[0]:
        raise NoLawError
    lengths = torch.tensor([int((batch_sizes > i).sum()) for i in range(int(batch_sizes[0]))])
    return several(Permute(_order(x, batch_first)), (x,), lambda outputs: (outputs[0], lengths))


def _order(x: Any, turned: bool) -> tuple[int, ...]:
    rest = range(2, len(shape_of(x)))
    return (1, 0, *rest) if turned else (0, 1, *rest)


PACKING: dict[str, Entry] = {"_pack_padded_sequence": pack, "_pad_packed_sequence": unpack}
