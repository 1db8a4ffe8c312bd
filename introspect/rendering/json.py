"""The explanation as JSON for programs: totals, rows and tensors to read, and the IR and the report to read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Optional

from ..algebra import Dim
from ..counting import NEURONS
from ..counts import Count
from ..errors import UnreadableError
from ..files import parse_json
from ..layers.base import Shape
from ..notation import PYTHON, formula
from ..reported import Reported
from ..serial import decode, encode, model_from_json, model_to_json

if TYPE_CHECKING:
    from ..explaining import Explanation
    from ..rows import LayerRow, TensorRow

SCHEMA = "introspect/explanation/1"
_COUNTS = ("params", "trainable", "non_trainable", "weights", "biases", "buffers", "neurons", "connections", "bias_connections")


def write(explanation: Explanation, *, indent: Optional[int] = 1) -> str:
    """`explanation` as JSON. An unknown number is null; one that depends on an open dimension is its expression."""
    e = explanation
    data = {
        "schema": SCHEMA,
        "framework": e.model.framework,
        "version": e.model.version,
        "name": e.model.name,
        "status": e.status,
        "verified": e.verified,
        "neurons_are": NEURONS["weighted"],
        "totals": totals(e),
        "layers": [_layer(row) for row in e.layers],
        "tensors": [_tensor(tensor) for tensor in e.tensors],
        "notes": [*e.model.notes, *e.notes_on_totals],
        "model": model_to_json(e.model),
        "reported": None if e.reported is None else encode(e.reported),
    }
    return json.dumps(data, indent=indent, ensure_ascii=False)


def totals(explanation: Explanation) -> dict[str, Any]:
    """The whole model's counts by name: a number, an expression, or None where it is not known."""
    counts = {name: _count(getattr(explanation, name)) for name in _COUNTS}
    return {**counts, "opaque_params": explanation.opaque_params}


def read(text: str, where: str = "") -> Explanation:
    """The explanation that `write` wrote; numbers are worked out anew. Raises `UnreadableError` for anything else.

    `where`: the file, for an error's text.
    """
    from ..explaining import Explanation

    data = parse_json(text, where)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        got = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise UnreadableError("this is not an explanation", got=got, expected=SCHEMA)
    reported = None if data.get("reported") is None else decode(Reported, data["reported"])
    return Explanation(model_from_json(data.get("model", {})), reported, verified=bool(data.get("verified")))


def _layer(row: LayerRow) -> dict[str, Any]:
    return {
        "path": row.path,
        "kind": row.kind,
        "class": row.kind_name,
        "called": row.called,
        "output_shape": _shape(row.output_shape),
        "status": row.status,
        "formula": row.params.formula,
        "working": row.params.working,
        "shape_workings": list(row.shape_workings),
        "shared": row.shared,
        "verdicts": row.verdicts,
        **{name: _count(getattr(row, name)) for name in _COUNTS},
    }


def _tensor(tensor: TensorRow) -> dict[str, Any]:
    return {
        "path": tensor.path,
        "name": tensor.name,
        "role": tensor.role,
        "shape": _shape(tensor.shape),
        "size": None if tensor.size is None else _dim(tensor.size),
        "trainable": tensor.trainable,
        "buffer": tensor.buffer,
        "holders": tensor.holders,
        "tags": list(tensor.tags),
        "nbytes": tensor.nbytes,
        "status": tensor.status,
    }


def _count(count: Count) -> Any:
    return None if count.value is None else _dim(count.value)


def _shape(shape: Optional[Shape]) -> Any:
    return None if shape is None else [_dim(dim) for dim in shape]


def _dim(dim: Dim) -> Any:
    return dim if isinstance(dim, int) else formula(dim, PYTHON)
