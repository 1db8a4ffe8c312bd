"""What the first Keras 3 says otherwise than it does, or refuses by a mistake of its own: by class, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from under_test_keras import SECOND, keras

if TYPE_CHECKING:
    from strategies_keras import Case

FIRST = not SECOND and str(keras.__version__).startswith("3.0.")


def _attention(case: Case) -> bool:
    """It declares the query's width, whatever the values', and never the scores."""
    return bool(case.asked) or case.shapes[0][-1] != case.shapes[1][-1]


def _hands_on_states(case: Case) -> bool:
    """It cannot say the shapes of states beside an output: of a list of cells, or in both directions."""
    inside = case.inner.fields if case.inner is not None else case.fields.get("around", case.fields)
    return bool(inside.get("return_state"))


def _given_a_mean(case: Case) -> bool:
    """It refuses one number for several axes."""
    return "mean" in case.fields


def _to_vectors(case: Case) -> bool:
    """It declares the input's shape for them too, or two axes whatever the input has."""
    return str(case.fields.get("output_mode", "int")) != "int"


def _one_number(case: Case) -> bool:
    """It declares no axis for the vector of a batch that is one."""
    return case.fields["output_mode"] == "one_hot" and len(case.shapes[0]) == 1


OTHERWISE = {
    "Attention": _attention, "AdditiveAttention": _attention, "Bidirectional": _hands_on_states, "RNN": _hands_on_states,
    "Normalization": _given_a_mean, "Discretization": _to_vectors,
    "StringLookup": _to_vectors, "IntegerLookup": _to_vectors, "TextVectorization": _to_vectors,
    "CategoryEncoding": _one_number,
}  # fmt: skip


def otherwise(case: Case) -> bool:
    """Whether the first Keras 3 is no witness for such a layer."""
    return FIRST and case.name in OTHERWISE and OTHERWISE[case.name](case)
