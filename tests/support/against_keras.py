"""Sets a law against Keras 2 or 3: what Keras makes of a layer is what the law says; what Keras refuses is refused."""

from __future__ import annotations

import json
import traceback

import pytest
from agreement import assert_verified
from hypothesis import event
from older_keras import FIRST, otherwise
from strategies_keras import Case
from under_test_keras import ALONE, SECOND, keras, models, symbolic

from introspect import IntrospectError, explain
from introspect.serial import model_from_json, model_to_json


def refused_when_it_runs(case: Case) -> bool:
    """Whether Keras lets a graph be built that cannot run: of some layers, the rank or that inputs fit is not asked."""
    shape = case.shapes[0]
    if ALONE:
        return nothing_left(case) or (case.name == "Bidirectional" and len(shape) != 3)
    if (SECOND and _fails_on_zeros(case)) or (FIRST and (_declares_nothing(case) or _fails_on_zeros(case))):
        return True
    if SECOND:
        return False
    if case.name == "RNN":
        return len(shape) != 3
    if case.name == "ReversibleEmbedding":
        return bool(case.asked) and shape[-1] != case.fields["output_dim"]
    if case.name.endswith("Attention"):
        return _do_not_fit(case)
    if case.inner is None:
        return case.name.startswith("Adaptive") and len(shape) != int(case.name[-2]) + 2
    try:
        case.inner.layer()(symbolic((shape[0], *shape[2:])))
    except Exception:  # whatever Keras refuses an input with
        return True
    return False


def _fails_on_zeros(case: Case) -> bool:
    """Whether the layer itself, on an example, raises or gives nothing."""
    zero = keras.backend.zeros if SECOND else keras.ops.zeros
    zeros = [zero([dim or 1 for dim in shape]) for shape in case.shapes]
    try:
        made = case.apply(case.layer(), zeros)
    except Exception:  # whatever Keras or TensorFlow refuses an input with
        return True
    return any(0 in tuple(tensor.shape) for tensor in (made if isinstance(made, (list, tuple)) else [made]))


def _declares_nothing(case: Case) -> bool:
    """Whether Keras itself says that nothing comes out."""
    made = case.apply(case.layer(), [symbolic(shape, case.dtype) for shape in case.shapes])
    return any(0 in tuple(tensor.shape) for tensor in (made if isinstance(made, (list, tuple)) else [made]))


def nothing_left(case: Case) -> bool:
    """Whether a size below one was handed on; Keras 2 on Theano does not look."""
    layer = case.layer()
    case.apply(layer, [symbolic(shape) for shape in case.shapes])
    nodes = getattr(layer, "_inbound_nodes", None) or layer.inbound_nodes
    return any(dim is not None and dim < 1 for shape in nodes[0].output_shapes for dim in shape)


def _refused_by_theano(case: Case, error: Exception) -> bool:
    """Whether it is the backend that refuses, or a batch that is open where another one is not: neither is a law's."""
    if case.name == "Concatenate" and len({shape[0] for shape in case.shapes}) > 1:
        return True
    return any("theano" in frame.filename for frame in traceback.extract_tb(error.__traceback__))


def _do_not_fit(case: Case) -> bool:
    query, value, key = (*case.shapes, case.shapes[1])[:3]
    if case.name in ("Attention", "AdditiveAttention") and query[-1] != key[-1]:
        return True
    return value[1:-1] != key[1:-1] or len(query) != len(value)


def holds(case: Case) -> None:
    """Keras and the law agree on `case`, by acceptance or by refusal."""
    if otherwise(case):
        event("the first Keras 3 says otherwise than it does")
        return
    try:
        layer = case.layer()
    except (ValueError, TypeError, AttributeError):
        event("no such layer")
        return
    inputs = [symbolic(shape, case.dtype) for shape in case.shapes]
    try:
        outputs = case.apply(layer, inputs)
    except Exception as error:  # whatever Keras refuses an input with
        if ALONE and _refused_by_theano(case, error):
            event("refused by Theano")
            return
        event("refused")
        with pytest.raises(IntrospectError):
            explain(case.layer(), list(case.shapes))
        return
    model = models.Model(inputs, outputs)
    try:
        explained = explain(model)
    except IntrospectError:
        event("refused only when it runs")
        assert refused_when_it_runs(case), f"refused, though Keras takes it: {case}"
        return
    event("accepted")
    assert_verified(explained)
    assert not explained.opaque
    assert model_from_json(json.loads(json.dumps(model_to_json(explained.model)))) == explained.model
    assert explained.params == layer.count_params()
    assert explain(case.layer(), list(case.shapes), verify=False).params == explained.params
