"""What the command line is pointed at: ``package.module:callable``, and input shapes as text."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any, Optional, Union

from .errors import IntrospectError
from .registry import adapters


def resolve(target: str) -> Any:
    """The model that ``package.module:name`` is, or makes when called without arguments.

    Raises `IntrospectError` naming the part that could not be found, or what the callable raised.
    """
    if ":" not in target:
        raise IntrospectError(
            "this is not a target", got=target, expected="package.module:callable, or a saved file that exists",
            hint="--all for every model of a module",
        )  # fmt: skip
    found = locate(target)
    if any(adapter.owns(found) for adapter in adapters().values()) or not callable(found):
        return found
    try:
        return found()
    except TypeError as error:
        raise IntrospectError(
            f"{target} cannot be called without arguments", got=error, hint="a function that makes the model"
        ) from None
    except Exception as error:  # the model's own code
        raise IntrospectError(f"{target} makes no model", got=f"{type(error).__name__}: {error}") from error


def locate(target: str) -> Any:
    """What ``package.module:name``, or a module alone, names; nothing is called. A module may be a file: ``folder/zoo.py``."""
    module_name, _, attribute = target.partition(":")
    module = _from_file(module_name) if module_name.endswith(".py") else _imported(module_name)
    found: Any = module
    for part in attribute.split(".") if attribute else ():
        if not hasattr(found, part):
            raise IntrospectError(f"{module_name} has no {attribute}", hint=f"one of its names, such as {_names(module)}")
        found = getattr(found, part)
    return found


def _imported(name: str) -> Any:
    if "" not in sys.path and "." not in sys.path:
        sys.path.insert(0, "")  # a module beside the user, as `python -m` would find it
    try:
        return import_module(name)
    except Exception as error:  # a module's own code runs, and may raise anything
        raise _not_imported(name, error) from None


def _from_file(name: str) -> Any:
    """A file's module, with what stands beside it importable, as `python file.py` would have it."""
    path = os.path.realpath(name)
    if path in sys.modules:
        return sys.modules[path]
    spec = spec_from_file_location(path, path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise IntrospectError("there is no such file", got=name, expected="a file of Python, or a module's name")
    module = sys.modules[path] = module_from_spec(spec)
    sys.path.insert(0, os.path.dirname(path))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[path]
        raise _not_imported(name, error) from None
    return module


def _not_imported(name: str, error: Exception) -> IntrospectError:
    got = error if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
    return IntrospectError(f"{name} cannot be imported", got=got, hint="run it where `python -c 'import ...'` works")


def _names(module: Any) -> str:
    return ", ".join([name for name in vars(module) if not name.startswith("_")][:5])


Shapes = Union[None, tuple[Any, ...], "dict[str, tuple[Any, ...]]"]


def parse_shapes(texts: tuple[str, ...]) -> Shapes:
    """Shapes from the command line: one, several, or by name.

    >>> parse_shapes(("1,3,H,W",)), parse_shapes(("a=1x5", "b=?,7"))
    ((1, 3, 'H', 'W'), {'a': (1, 5), 'b': (None, 7)})

    Raises `IntrospectError` for text that is no shape.
    """
    if not texts:
        return None
    if all("=" in text for text in texts):
        return {name: _shape(text) for name, _, text in (t.partition("=") for t in texts)}
    shapes = tuple(_shape(text) for text in texts)
    return shapes[0] if len(shapes) == 1 else shapes


def _shape(text: str) -> tuple[Any, ...]:
    parts = text.strip(" ()[]").replace("x", ",").replace("×", ",").split(",")
    return tuple(_dim(part.strip(), text) for part in parts if part.strip())


def _dim(part: str, text: str) -> Optional[Union[int, str]]:
    if part in ("?", "None", "*"):
        return None
    if part.isdigit() and int(part) > 0:
        return int(part)
    if part.isidentifier():
        return part
    raise IntrospectError("this is not a shape", got=text, expected="numbers or names with commas: 1,3,224,224 or N,3,H,W")
