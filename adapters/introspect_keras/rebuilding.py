"""A Keras model from its configuration alone: no weight is made, and nothing but Keras' own code is run."""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from importlib import import_module
from typing import Any

from introspect.errors import IntrospectError, UnreadableError
from introspect.saved.recognising import KERAS

from .safety import checked

_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_COUNTED = ("uninitialized_variables", "object_name_uids")


def installed() -> Any:
    """Keras 3, or tf.keras 2. Raises `IntrospectError` where neither is installed."""
    try:
        keras = import_module("keras")
        if is_third(keras):
            return keras
        return import_module("tensorflow").keras
    except Exception as error:
        culprit, hint = "a saved Keras model is rebuilt by Keras 3, or tf.keras 2", "pip install 'introspect-nn[keras]'"
        raise IntrospectError(culprit, got=said(error), hint=hint) from None


def is_third(keras: Any) -> bool:
    """Whether this is Keras 3."""
    return str(getattr(keras, "__version__", "")).startswith("3.")


def said(error: Exception) -> str:
    """What an error of Keras' says, in one line, without its colours."""
    text = _COLOUR.sub("", f"{type(error).__name__}: {error}")
    return " ".join(text.split())[:300]


def loaded(path: str, kind: str) -> Any:
    """The model as Keras loads it, running what lies in the file."""
    keras = installed()
    options = {"safe_mode": False} if is_third(keras) or kind == KERAS else {}
    try:
        with _called_as_keras_wants(path, ".keras" if kind == KERAS else ".h5") as name:
            return keras.models.load_model(name, compile=False, **options)
    except Exception as error:  # Keras raises anything over a file that it cannot load
        raise UnreadableError("Keras cannot load this file", got=said(error)) from None


@contextmanager
def _called_as_keras_wants(path: str, suffix: str) -> Iterator[str]:
    """Keras goes by the end of a file's name."""
    if path.endswith(suffix):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, f"model{suffix}")
        os.symlink(os.path.abspath(path), link)
        yield link


def rebuilt(config: Any, written: str, *, old: bool) -> Any:
    """The model that a configuration says. `old`: as in an ``.h5`` file; `written`: the version of Keras that wrote it."""
    keras = installed()
    custom = keras.saving.get_custom_objects() if is_third(keras) else keras.utils.get_custom_objects()
    known = checked(config, frozenset(custom))
    try:
        return _by_old_rules(keras, known) if old else _deserialized(keras, known)
    except Exception as error:  # as above
        here = str(getattr(keras, "__version__", ""))
        hint = f"Keras {written[:20]} wrote it, and this is {here}" if written and written != here else ""
        culprit = "Keras cannot rebuild a model from this file's configuration"
        raise UnreadableError(culprit, got=said(error), hint=hint) from None


def _deserialized(keras: Any, config: Any) -> Any:
    saving = keras.saving if is_third(keras) else inner("saving.serialization_lib")
    return saving.deserialize_keras_object(config, safe_mode=True)


def _by_old_rules(keras: Any, config: Any) -> Any:
    if not is_third(keras):
        return keras.models.model_from_config(config)
    old = inner("legacy.saving.saving_options").keras_option_scope(use_legacy_config=True)
    with old, inner("saving.serialization_lib").SafeModeScope(True):
        return inner("legacy.saving.saving_utils").model_from_config(config)


def inner(name: str) -> Any:
    """A module of Keras' own, wherever this version has it."""
    try:
        return import_module(f"keras.src.{name}")
    except ImportError:
        return import_module(f"keras.{name}")


@contextmanager
def unallocated() -> Iterator[None]:
    """Variables that are made here have a shape and never get values; Keras counts on as if nothing had been made."""
    keras = installed()
    drawn = random.getstate()  # a layer without a seed draws one
    try:
        with _stateless(keras) if is_third(keras) else sys.modules["tensorflow"].Graph().as_default():
            yield
    finally:
        random.setstate(drawn)


@contextmanager
def _stateless(keras: Any) -> Iterator[None]:
    state = inner("backend.common.global_state")
    before = {name: copy(state.get_global_attribute(name)) for name in _COUNTED}
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        for name, value in before.items():
            state.set_global_attribute(name, value)
