"""Trees of arithmetic over a few names, and how to build them from symbols or from numbers."""

from __future__ import annotations

from typing import Any, Callable

from hypothesis import strategies as st

from introspect.algebra import ceil_div, maximum, minimum

VALUES = {"a": 7, "b": 3, "c": 12}
LEAVES = st.one_of(st.integers(-6, 6), st.sampled_from(sorted(VALUES)))
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "ceil": ceil_div,
    "max": maximum,
    "min": minimum,
}
TREES = st.recursive(LEAVES, lambda inner: st.tuples(st.sampled_from(sorted(OPERATIONS)), inner, inner), max_leaves=8)


def build(tree: Any, leaf: Callable[[str], Any]) -> Any:
    """The tree's value, its names read by `leaf`."""
    if isinstance(tree, tuple):
        return OPERATIONS[tree[0]](build(tree[1], leaf), build(tree[2], leaf))
    return leaf(tree) if isinstance(tree, str) else tree
