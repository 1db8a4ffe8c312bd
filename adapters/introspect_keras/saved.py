"""Saved Keras models: rebuilt from their configuration without a weight being made, and held against what the file stores."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from math import prod
from pathlib import Path
from typing import Any, Optional

from introspect.errors import IntrospectError, UnreadableError
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
from .reported import Reporter, entrances
from .safety import checked
from .translating import translate

LARGEST_CONFIGURATION = 64 * 2**20
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_COUNTED = ("uninitialized_variables", "object_name_uids")


def opened(path: str, kind: str, *, trust: bool, inputs: Any = None) -> Any:
    """A live model where the file is trusted, else an explanation: of the model, or of tensors alone."""
    if kind != KERAS:
        return _of_hdf5(path, trust, inputs)
    if trust:
        return _loaded(path)
    with archives.opened(path) as archive:
        config = parse_json(archive.text("config.json", LARGEST_CONFIGURATION), "config.json")
        place = archive.place("model.weights.h5") if "model.weights.h5" in archive else None
    stored = listed(path, *place) if place is not None else Listed({}, {})
    with unallocated():
        model = _rebuilt(config, old=False)
        return _explained(model, of_keras(model, stored), Path(path).name, inputs)


def _of_hdf5(path: str, trust: bool, inputs: Any) -> Any:
    stored = listed(path)
    said = stored.attribute("", "model_config")
    if said is None:
        return _weights_alone(stored, Path(path).name)
    if trust:
        return _loaded(path)
    with unallocated():
        model = _rebuilt(parse_json(said[0], "model_config"), old=True)
        return _explained(model, of_hdf5(model, stored), Path(path).name, inputs)


def _weights_alone(stored: Listed, name: str) -> Explanation:
    """The tensors of a file without a configuration; what belongs to an optimiser is left out."""
    found = {key: shape for key, shape in stored.datasets.items() if not key.startswith(("optimizer/", "optimizer_weights/"))}
    left = len(stored.datasets) - len(found)
    notes = (f"the state of an optimiser is left out: {left:,} tensors",) if left else ()
    listed_ = [tensors.Stored(key.replace("/vars/", "/"), shape, buffer=False) for key, shape in found.items()]
    return tensors.explained(tensors.Contents("HDF5 weights", listed_, notes=notes, separator="/"), name)


def _keras() -> Any:
    try:
        import keras
    except Exception as error:
        raise IntrospectError("Keras is needed for its saved models", got=str(error)[:200], hint="pip install keras") from None
    if not str(getattr(keras, "__version__", "")).startswith("3."):
        raise IntrospectError(
            "a saved model is rebuilt by Keras 3", got=f"Keras {keras.__version__}",
            hint="explain the model where it is made: introspect explain package.module:callable",
        )  # fmt: skip
    return keras


def _loaded(path: str) -> Any:
    """The model as Keras loads it, running what lies in the file."""
    try:
        return _keras().saving.load_model(path, compile=False, safe_mode=False)
    except IntrospectError:
        raise
    except Exception as error:  # Keras raises anything over a file that it cannot load
        raise UnreadableError("Keras cannot load this file", got=said(error)) from None


def _rebuilt(config: Any, *, old: bool) -> Any:
    """The model that a configuration says, by Keras' own code, nothing else of it being run."""
    keras = _keras()
    custom = keras.saving.get_custom_objects()
    known = checked(config, frozenset(custom))
    try:
        return _by_old_rules(known) if old else keras.saving.deserialize_keras_object(known, safe_mode=True)
    except Exception as error:  # as above
        got = said(error)
        raise UnreadableError("Keras cannot rebuild a model from this file's configuration", got=got) from None


def said(error: Exception) -> str:
    """What an error of Keras' says, in one line, without its colours."""
    text = _COLOUR.sub("", f"{type(error).__name__}: {error}")
    return " ".join(text.split())[:300]


def _by_old_rules(config: Any) -> Any:
    """As Keras reads the configuration in an ``.h5`` file."""
    from keras.src.legacy.saving.saving_options import keras_option_scope
    from keras.src.legacy.saving.saving_utils import model_from_config
    from keras.src.saving.serialization_lib import SafeModeScope

    with keras_option_scope(use_legacy_config=True), SafeModeScope(True):
        return model_from_config(config)


@contextmanager
def unallocated() -> Iterator[None]:
    """Variables that are made here have a shape and never get values; Keras counts on as if nothing had been made."""
    keras = _keras()
    from keras.src.backend.common import global_state

    before = {name: copy(global_state.get_global_attribute(name)) for name in _COUNTED}
    drawn = random.getstate()  # a layer without a seed draws one
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        random.setstate(drawn)
        for name, value in before.items():
            global_state.set_global_attribute(name, value)


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
    total = sum(prod(held.shapes[id(v)]) for v in model.weights if id(v) in held.shapes)
    odd = [f"{place} {'×'.join(map(str, shape)) or 'scalar'}" for place, shape in held.others.items()]
    notes = [f"the file stores what its configuration does not ask for: {', '.join(odd[:4])}"] if odd else []
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
            ReportedTensor(name, self._held.shapes[id(variable)], id(variable) in self._trainable)
            for name, variable in names
            if id(variable) in self._held.shapes
        )
