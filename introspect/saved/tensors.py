"""An explanation of tensors alone: a file says how large they are, and nothing of what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple, Optional

from ..errors import UnreadableError
from ..explaining import Explanation
from ..ir import Holding, Layer, Model
from ..layers import Opaque
from ..reported import Reported, ReportedLayer, ReportedTensor

MOST_TENSORS = 500_000
LONGEST_NAME = 1000
STATE = {"running_mean", "running_var", "num_batches_tracked"}  # PyTorch's normalisations call their buffers so


class Stored(NamedTuple):
    """One tensor of a file, by its full name. `buffer`, `trainable`: None where the file does not say.

    `identity`: equal for two names of one and the same tensor; empty where the file stores each for itself.
    """

    name: str
    shape: tuple[int, ...]
    identity: str = ""
    buffer: Optional[bool] = None
    trainable: Optional[bool] = None


class Contents(NamedTuple):
    """What a file holds, in its own order. `kinds`: the class of the layer at a prefix, where the file names it.

    `left_out`: how many tensors more belong to an optimiser.
    """

    form: str
    tensors: list[Stored]
    version: str = ""
    kinds: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()
    separator: str = "."
    left_out: int = 0


def explained(contents: Contents, name: str) -> Explanation:
    """Parameters per prefix, each tensor's number carried from the file and marked. Raises `UnreadableError` for no tensors."""
    if not contents.tensors:
        raise UnreadableError("there is no tensor in this file", got=f"an empty {contents.form}")
    if len(contents.tensors) > MOST_TENSORS:
        raise UnreadableError(
            "there are too many tensors in this file", got=f"{len(contents.tensors):,}", expected=MOST_TENSORS
        )
    groups = _grouped(contents)
    kinds = {_clean(path): _clean(kind) for path, kind in contents.kinds.items()}
    layers = [_layer(path, group, kinds.get(path, "")) for path, group in groups.items()]
    model = Model(contents.form, contents.version, _clean(name), tuple(layers), complete=False,
                  notes=(*contents.notes, *_notes(contents)))  # fmt: skip
    reported = tuple(ReportedLayer(path, tuple(map(_reported, group))) for path, group in groups.items())
    return Explanation(model, Reported(reported, source=model.name))


def _grouped(contents: Contents) -> dict[str, list[Stored]]:
    """The tensors of each prefix, by their names within it."""
    groups: dict[str, list[Stored]] = {}
    seen: set[str] = set()
    for tensor in contents.tensors:
        whole = _clean(tensor.name)
        if whole in seen:
            raise UnreadableError("two tensors of this file have one name", got=whole)
        seen.add(whole)
        path, _, name = whole.rpartition(contents.separator)
        groups.setdefault(path, []).append(tensor._replace(name=name, identity=tensor.identity or f"name {whole}"))
    return groups


def checked(shape: object, what: str) -> tuple[int, ...]:
    """A shape that a file claims. Raises `UnreadableError` unless it is a list of numbers from 0 on."""
    if not isinstance(shape, (list, tuple)) or not all(type(n) is int and 0 <= n < 2**63 for n in shape) or len(shape) > 64:
        raise UnreadableError(
            f"{_clean(what)} has no shape", got=_clean(str(shape)[:80]), expected="a list of numbers, from 0 on"
        )
    return tuple(shape)


def fits(tensor: str, shape: tuple[int, ...], bits: int, stored: int) -> None:
    """Raise `UnreadableError` unless `stored` bytes are what the shape takes at `bits` an element."""
    needed = (prod(shape) * bits + 7) // 8
    if needed != stored:
        raise UnreadableError(
            f"{_clean(tensor)} is not as large as it claims", got=f"{stored:,} bytes in the file",
            expected=f"{needed:,} bytes for {'×'.join(map(str, shape)) or 'a scalar'}",
        )  # fmt: skip


def _clean(text: str) -> str:
    """What a terminal may be shown: nothing that it would act on."""
    if len(text) > LONGEST_NAME:
        raise UnreadableError("a name in this file is too long", got=f"{len(text):,} characters")
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _layer(path: str, group: list[Stored], kind: str) -> Layer:
    return Layer(path, Opaque(kind), tuple(map(_holding, group)), kind)


def _holding(tensor: Stored) -> Holding:
    return Holding(tensor.name, tensor.identity, trainable=_trainable(tensor), buffer=_buffer(tensor))


def _reported(tensor: Stored) -> ReportedTensor:
    return ReportedTensor(tensor.name, tensor.shape, _trainable(tensor), _buffer(tensor))


def _buffer(tensor: Stored) -> bool:
    return tensor.name.rpartition(".")[2] in STATE if tensor.buffer is None else tensor.buffer


def _trainable(tensor: Stored) -> bool:
    return not _buffer(tensor) if tensor.trainable is None else tensor.trainable


def _notes(contents: Contents) -> list[str]:
    silent = [tensor for tensor in contents.tensors if tensor.buffer is None]
    n = contents.left_out
    notes = [f"the state of an optimiser is left out: {n:,} tensor{'' if n == 1 else 's'}"] if n else []
    if any(_buffer(tensor) for tensor in silent):
        notes.append(f"{', '.join(sorted(STATE))} are taken for buffers by their names: the file does not say")
    if any(tensor.trainable is None for tensor in contents.tensors):
        notes.append("the file does not say what training changes: every parameter stands as trainable")
    return notes
