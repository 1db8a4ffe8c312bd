"""What the command line is pointed at: ``package.module:callable``, and input shapes as text."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Optional, Union

from .errors import IntrospectError
from .registry import adapters


def resolve(target: str) -> Any:
    """The model that ``package.module:name`` is, or makes when called without arguments.

    Raises `IntrospectError` naming the part that could not be found, or what the callable raised.
    """
    module_name, _, attribute = target.partition(":")
    if not attribute:
        raise IntrospectError(
            "this is not a target", got=target, expected="package.module:callable, or a .json file that exists"
        )
    module = _imported(module_name)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise IntrospectError(f"{module_name} has no {attribute}", hint=f"one of its names, such as {_names(module)}")
        found = getattr(found, part)
    if any(adapter.owns(found) for adapter in adapters().values()) or not callable(found):
        return found
    try:
        return found()
    except TypeError as error:
        raise IntrospectError(
            f"{target} cannot be called without arguments", got=error, hint="a function that makes the model"
        ) from None


def _imported(name: str) -> Any:
    if "" not in sys.path and "." not in sys.path:
        sys.path.insert(0, "")  # a module beside the user, as `python -m` would find it
    try:
        return import_module(name)
    except ImportError as error:
        raise IntrospectError(
            f"{name} cannot be imported", got=error, hint="run it where `python -c 'import ...'` works"
        ) from None


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
