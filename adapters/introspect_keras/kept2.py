"""What a layer of Keras 2 keeps of the inputs that it was built on or called with; each version keeps something else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Optional

from introspect.reported import ReportedShape

from .dialect import parameters

Inputs = list[tuple[str, ReportedShape]]


def kept_inputs(layer: Any) -> Optional[Inputs]:
    """Names and shapes of a layer's inputs; None where it has kept none.

    tf.keras since 2.8 keeps all arguments of the first call, before that only the first one; it is overridden by the shape that
    `build` was given.
    """
    args, kwargs = getattr(layer, "_saved_model_arg_spec", None) or ((), {})
    called = {**dict(zip(parameters(layer), args)), **kwargs}
    several = {name: shapes_in(_shape(spec)) for name, spec in called.items() if _holds_tensors(spec)}
    if len(several) > 1:
        return [(name, found[0]) for name, found in several.items()] if all(len(f) == 1 for f in several.values()) else None
    nest = getattr(layer, "_build_input_shape", None)
    if nest is None:
        nest = getattr(layer, "_saved_model_inputs_spec", None)
    return _named(_shape(nest)) or None


def _named(nest: Any) -> Inputs:
    """By the keys of a dict, else by their numbers."""
    if isinstance(nest, dict) and all(len(shapes_in(part)) == 1 for part in nest.values()):
        return [(str(key), shapes_in(nest[key])[0]) for key in sorted(nest)]
    found = shapes_in(nest) if nest is not None else []
    return [("input" if len(found) == 1 else f"input_{i + 1}", shape) for i, shape in enumerate(found)]


def _holds_tensors(spec: Any) -> bool:
    parts = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, (list, tuple)) else ()
    return hasattr(spec, "shape") or any(_holds_tensors(part) for part in parts)


def _shape(spec: Any) -> Any:
    """A nest of specifications as one of shapes."""
    if isinstance(spec, dict):
        return {key: _shape(part) for key, part in spec.items()}
    if isinstance(spec, (list, tuple)) and any(_holds_tensors(part) for part in spec):
        return [_shape(part) for part in spec]
    return getattr(spec, "shape", spec)


def shapes_in(answer: Any) -> list[ReportedShape]:
    """Keras 2's shapes, one or a nest of them, as a list."""
    if hasattr(answer, "as_list"):
        answer = tuple(answer.as_list())
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, (list, tuple)) and all(dim is None or isinstance(dim, int) for dim in answer):
        return [tuple(answer)]
    return [shape for part in _parts(answer) for shape in shapes_in(part)]


def _parts(answer: Any) -> Iterable[Any]:
    return answer if isinstance(answer, (list, tuple)) else ()
