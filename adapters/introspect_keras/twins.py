"""What a layer's own code is run on: an object with its attributes, of a class in which Keras' own `call` is answered apart.

A class of the user's that extends one of Keras' layers calls that one's `call` by ``super()``: there the law speaks.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any, Callable

from introspect.reported import ReportedShape

from .calling import refilled
from .detecting import framework_class, is_a, is_second, overrides
from .dialect import leaves

REPEATING = ("RNN", "Bidirectional", "TimeDistributed")  # their weights are those of what they repeat
CELLS = ("SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells")
_GENERIC = ("Layer", "Wrapper", "Model", "Sequential", "Functional", "Lambda")

Answer = Callable[[tuple[Any, ...], dict[str, Any]], Any]


def extends_a_law(layer: Any) -> bool:
    """Whether the class of `layer` is the user's, with a `call` of its own, over one of Keras' that makes the variables."""
    cls = framework_class(layer)
    return cls is not None and cls.__name__ not in _GENERIC and overrides(layer, ("call",)) and not makes_weights(layer)


def makes_weights(layer: Any) -> bool:
    """Whether the code of the user's makes the variables."""
    return overrides(layer, ("build", "add_weight"))


def owns_weights(layer: Any) -> bool:
    """Whether Keras' own class makes variables, and does not only build the layers inside."""
    return not is_a(layer, *REPEATING, "StackedRNNCells")


def made_like(layer: Any, answer: Answer) -> Any:
    """An empty object of the class of `layer`. `answer` is given what ``super().call`` is, where a law speaks of that."""
    cls, own = type(layer), framework_class(layer)
    if own is None or not extends_a_law(layer):
        return object.__new__(cls)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return answer(args, kwargs)

    between = _class(own, (own,), {"call": call, "__module__": cls.__module__})
    return object.__new__(_class(cls, (cls, between), {"__module__": cls.__module__}))


def _class(like: Any, bases: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
    meta: Any = type(like)
    return meta(like.__name__, bases, attributes)


def shape_method(layer: Any) -> Any:
    """What says the shape that comes out of the class of Keras' own which the class of `layer` extends; None without one."""
    cls = framework_class(layer)
    owner = next((base for base in (cls.__mro__ if cls is not None else ()) if "compute_output_shape" in vars(base)), None)
    return vars(owner)["compute_output_shape"] if owner is not None and owner.__name__ != "Layer" else None


def step_of(layer: Any, shape: ReportedShape) -> ReportedShape:
    """What ``TimeDistributed`` says that one step of a sequence is; how many of them there are, it does not."""
    if is_second(layer):
        return (None, *layer._remove_timesteps(sys.modules["tensorflow"].TensorShape(shape)).as_list()[1:])
    return (None, *layer._get_child_input_shape(shape)[1:])


def bound(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of Keras' own `call`, by its names; what is not given, or None, is left out."""
    own: Any = framework_class(layer)
    signature = inspect.signature(own.call)
    found = signature.bind(layer, *args, **kwargs).arguments
    more = next((name for name, p in signature.parameters.items() if p.kind is p.VAR_KEYWORD), "")
    named = {**found, **found.get(more, {})}
    first = next(iter(signature.parameters))
    return {name: value for name, value in named.items() if name not in (first, more) and value is not None}


def as_returned(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], made: Any) -> Any:
    """What Keras' own layer returns: what was given in a dict in such a dict, a cell's states as they were given."""
    if args and isinstance(args[0], dict):
        return refilled(args[0], dict(zip(map(id, leaves(args[0])), leaves(made))))
    if not is_a(layer, *CELLS):
        return made
    given = args[1] if len(args) > 1 else kwargs.get("states")
    several = isinstance(given, (list, tuple))
    output, *states = made
    left = iter(states)
    nest: Any = given if several else [given]
    filled = [[next(left) for _ in part] if isinstance(part, (list, tuple)) else next(left) for part in nest]
    return output, filled if several else filled[0]
