"""Saved Keras models: rebuilt from their configuration without a weight being made, and held against what the file stores."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any, Optional

from introspect.errors import UnreadableError
from introspect.explaining import Explanation
from introspect.files import parse_json
from introspect.ir import Model
from introspect.reported import Reported, ReportedTensor
from introspect.saved import archives, tensors
from introspect.saved.recognising import KERAS

from .detecting import is_layer
from .dialect import Dialect, dialect_of
from .graph import Walk
from .hdf5 import Listed, listed
from .held import Held, of_hdf5, of_keras
from .rebuilding import loaded, rebuilt, unallocated
from .reported import Reporter, entrances
from .translating import translate

LARGEST_CONFIGURATION = 64 * 2**20


def opened(path: str, kind: str, *, trust: bool, inputs: Any = None) -> Any:
    """A live model where the file is trusted, else an explanation: of the model, or of tensors alone."""
    if kind != KERAS:
        return _of_hdf5(path, kind, trust, inputs)
    if trust:
        return loaded(path, kind)
    with archives.opened(path) as archive:
        config = parse_json(archive.text("config.json", LARGEST_CONFIGURATION), "config.json")
        written = _written(archive)
        place = archive.place("model.weights.h5") if "model.weights.h5" in archive else None
    stored = listed(path, *place) if place is not None else Listed({}, {})
    with unallocated():
        model = rebuilt(config, written, old=False)
        return _explained(model, of_keras(model, stored), Path(path).name, inputs)


def _of_hdf5(path: str, kind: str, trust: bool, inputs: Any) -> Any:
    stored = listed(path)
    said = stored.attribute("", "model_config")
    if said is None:
        return _weights_alone(stored, Path(path).name)
    if trust:
        return loaded(path, kind)
    with unallocated():
        written = (stored.attribute("", "keras_version") or [""])[0]
        model = rebuilt(parse_json(said[0], "model_config"), written, old=True)
        return _explained(model, of_hdf5(model, stored), Path(path).name, inputs)


def _written(archive: archives.Archive) -> str:
    """The version of Keras that wrote the file, if it says so."""
    if "metadata.json" not in archive:
        return ""
    said = parse_json(archive.text("metadata.json", LARGEST_CONFIGURATION), "metadata.json")
    return str(said.get("keras_version", "")) if isinstance(said, dict) else ""


def _weights_alone(stored: Listed, name: str) -> Explanation:
    """The tensors of a file without a configuration; what belongs to an optimiser is left out."""
    found = {key: shape for key, shape in stored.datasets.items() if not key.startswith(("optimizer/", "optimizer_weights/"))}
    listed_ = [tensors.Stored(key.replace("/vars/", "/"), shape, buffer=False) for key, shape in found.items()]
    return tensors.explained(
        tensors.Contents("HDF5 weights", listed_, separator="/", left_out=len(stored.datasets) - len(found)), name
    )


def _explained(model: Any, held: Held, name: str, inputs: Any) -> Explanation:
    """The rebuilt model by law, against the shapes in the file."""
    if not is_layer(model):
        raise UnreadableError("this file's configuration is no model", got=type(model).__name__)
    translated = translate(model, inputs)
    if not held.shapes and not held.others:
        return Explanation(translated, Reported(source=name, notes=("the file stores no weights where Keras looks for them",)))
    return Explanation(translated, reported(model, translated, held, name))


def reported(model: Any, translated: Model, held: Held, name: str) -> Reported:
    """What the file stores, and the shapes that Keras gives the outputs."""
    visitor = _OfFile(dialect_of(model), model, translated, held)
    Walk(visitor.dialect, model, visitor).run(entrances(translated))
    total = sum(prod(held.shapes[id(v)]) for v in model.weights if id(v) in held.shapes) + sum(visitor.missed.values())
    odd = [f"{place} {'×'.join(map(str, shape)) or 'scalar'}" for place, shape in held.others.items()]
    notes = [f"the file stores what its configuration does not ask for: {', '.join(odd[:4])}"] if odd else []
    if held.anew:
        notes.append(
            f"of the kernels of low rank the file stores the product, added to the kernel; Keras makes {held.anew:,} new"
        )
    return Reported(
        tuple(visitor.layers.values()), tuple(visitor.outputs), total + sum(map(prod, held.others.values())) or None,
        source=f"the tensors stored in {name}, and Keras {visitor.dialect.version}'s shapes of its graph", notes=tuple(notes),
    )  # fmt: skip


class _OfFile(Reporter):
    """Reports the shapes in the file instead of the variables'."""

    def __init__(self, dialect: Dialect, model: Any, translated: Model, held: Held) -> None:
        super().__init__(dialect, model, translated)
        self._held = held

    def params_of(self, layer: Any) -> Optional[int]:
        return None  # a count of Keras' would be one of its own variables

    def _tensors(self, names: list[tuple[str, Any]], layer: Any = None) -> tuple[ReportedTensor, ...]:
        return tuple(
            self._tensor(name, variable, layer, self._held.shapes[id(variable)])
            for name, variable in names
            if id(variable) in self._held.shapes
        )
