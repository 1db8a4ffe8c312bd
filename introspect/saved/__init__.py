"""Saved models as they lie on disk: `load(path)` explains one, and nothing in the file is executed unless it is trusted.

Tensors alone give parameters per prefix, every number carried from the file and marked; Keras' files give their
configuration too, which is explained by law and set against what the file stores.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import UnreadableError
from ..explaining import Explanation, explain
from ..files import Name, open_regular, parse_json, read_text, reading
from . import archives, arrays, exported, pickles, safetensors, tensors, torch_files
from .recognising import EXPORTED, HDF5, JSON, KERAS, NPY, NPZ, PICKLE, SAFETENSORS, TORCH, TORCH_LEGACY, kind_of

__all__ = ["load", "opened"]

_ADAPTERS = {TORCH: "torch", TORCH_LEGACY: "torch", EXPORTED: "torch", KERAS: "keras", HDF5: "keras"}


def load(path: Name, *, inputs: Any = None, trust: bool = False) -> Explanation:
    """The explanation of a saved model, saved tensors, or a saved explanation.

    `trust`: let the framework unpickle the file and run code that lies in it; only for files whose maker you trust.
    `inputs`: as in :func:`~introspect.explain`, for a model that the file holds whole.

    Raises `UnreadableError` naming the file, for damaged or hostile ones, and where `trust` is needed, naming what would run.
    """
    found = opened(path, trust=trust, inputs=inputs)
    return found if isinstance(found, Explanation) else explain(found, inputs)


def opened(path: Name, *, trust: bool = False, inputs: Any = None) -> Any:
    """What a file holds: a live model where it is trusted and holds one, else an explanation."""
    with reading(path):
        kind = kind_of(path)
        if kind in (KERAS, HDF5) or (trust and kind == EXPORTED):
            return _by_framework(path, kind, trust, inputs)
        if kind == JSON:
            return _of_json(path)
        try:
            return tensors.explained(_contents(path, kind), Path(path).name)
        except UnreadableError:
            if not trust or kind not in (TORCH, TORCH_LEGACY, PICKLE):
                raise
        return _unpickled(path) if kind == PICKLE else _by_framework(path, kind, trust, inputs)


def _unpickled(path: Name) -> Any:
    """What a trusted pickle holds: a model, if an adapter knows it."""
    import pickle

    with open_regular(path) as file:
        try:
            return pickle.load(file)
        except Exception as error:  # it runs code of any kind
            got = f"{type(error).__name__}: {error}"[:500]
            raise UnreadableError("this pickle cannot be loaded", got=got) from None


def _contents(path: Name, kind: str) -> tensors.Contents:
    """The tensors in a file that holds no more."""
    if kind in (NPY, SAFETENSORS, TORCH_LEGACY):
        return {NPY: arrays.of_one, SAFETENSORS: safetensors.contents, TORCH_LEGACY: torch_files.of_legacy}[kind](path)
    if kind == PICKLE:
        raise _pickled(path)
    with archives.opened(path) as archive:
        return {NPZ: arrays.of_many, TORCH: torch_files.of_archive, EXPORTED: exported.contents}[kind](archive)


def _pickled(path: Name) -> UnreadableError:
    """A pickle that no framework framed: what it would import first is named."""
    with open_regular(path) as file:
        pickles.read(file, lambda name: None)
    return UnreadableError("this is a bare pickle, which says nothing of tensors", hint=pickles.TRUST)


def _by_framework(path: Name, kind: str, trust: bool, inputs: Any) -> Any:
    """What the framework's adapter makes of the file."""
    from ..registry import adapters

    adapter: Any = adapters()[_ADAPTERS[kind]]
    return adapter.opened(os.fspath(path), kind, trust=trust, inputs=inputs)


def _of_json(path: Name) -> Explanation:
    """A saved explanation, a baseline, or the index of a model in several files."""
    text = read_text(path)
    data = parse_json(text, os.fspath(path))
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(data, dict) and "weight_map" in data and schema is None:
        return _of_shards(path, data)
    if isinstance(schema, str) and schema.startswith("introspect/baseline"):
        from .. import baselines

        return baselines.loads(text, os.fspath(path))
    from ..rendering.json import read

    return _sound(read(text, os.fspath(path)))


def _sound(e: Explanation) -> Explanation:
    """An explanation that can be told. Raises `UnreadableError` where its numbers, though of the right kind, make no sense."""
    try:
        e.to_json()
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        got = f"{type(error).__name__}: {error}"[:200]
        raise UnreadableError("what this explanation says cannot be counted", got=got) from None
    return e


def _of_shards(path: Name, index: dict[str, Any]) -> Explanation:
    """All tensors that an index names, from the files beside it."""
    found: dict[str, tensors.Stored] = {}
    forms = []
    for shard, names in safetensors.shards(path, index).items():
        beside = Path(path).parent / shard
        with reading(beside):
            kind = kind_of(beside)
            if kind not in (SAFETENSORS, TORCH, TORCH_LEGACY):
                raise UnreadableError("an index names a file that holds no tensors", got=kind)
            contents = _contents(beside, kind)
            held = {tensor.name: tensor for tensor in contents.tensors}
            if set(held) != set(names):
                odd = sorted(set(held) ^ set(names))
                raise UnreadableError("the index and a file that it names disagree", got=", ".join(odd[:4])[:200])
            found.update({name: _of_shard(tensor, shard) for name, tensor in held.items()})
            forms.append(contents.form)
    ordered = [found[name] for name in index["weight_map"]]
    form = f"{forms[0]}, {len(forms):,} files" if len(forms) > 1 else forms[0]
    return tensors.explained(tensors.Contents(form, ordered), Path(path).name)


def _of_shard(tensor: tensors.Stored, shard: str) -> tensors.Stored:
    """Storages are numbered in each file anew."""
    return tensor._replace(identity=f"{shard} {tensor.identity}") if tensor.identity else tensor
