"""Sets an explanation against a real run of a PyTorch module on numbers: the independent word on shapes and refusals."""

from __future__ import annotations

from typing import Any, Optional

import pytest
import torch
from agreement import assert_verified
from torch import nn

from introspect import Explanation, IntrospectError, ShapeError, explain

torch.set_num_threads(1)  # a handful of numbers is not worth sharing out
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError, AssertionError, NotImplementedError)


def leaves(tree: Any) -> list[torch.Tensor]:
    """Tensors of a nest, in order."""
    if isinstance(tree, torch.Tensor):
        return [tree]
    items = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (tuple, list)) else ()
    return [leaf for item in items for leaf in leaves(item)]


def run(module: nn.Module, *examples: torch.Tensor) -> list[tuple[int, ...]]:
    """The shapes that a real run gives; raises what PyTorch raises."""
    with torch.no_grad():
        return [tuple(t.shape) for t in leaves(module.eval()(*examples))]


def check(module: nn.Module, *examples: torch.Tensor, verified: bool = True) -> Optional[Explanation]:
    """PyTorch refuses and so do we, or all agrees: tensors by role, trainability, every output's shape, the totals.

    Returns the explanation, or None where both refused. `verified=False`: this module cannot run without numbers, so that
    its shapes and sizes are held against the real ones alone.
    """
    try:
        expected = run(module, *examples)
    except REFUSALS:
        with pytest.raises(IntrospectError):
            explain(module, tuple(examples) if len(examples) > 1 else examples[0])
        return None
    try:
        e = explain(module, tuple(examples) if len(examples) > 1 else examples[0], verify=verified)
    except ShapeError:
        if any(0 in shape for shape in expected):
            return None  # nothing is left of the input: some of PyTorch's kernels answer, others refuse; we refuse
        raise
    if verified:
        assert_verified(e)
    assert [e.model.values[i].shape for i in e.model.outputs] == expected
    assert e.params == sum(p.numel() for p in module.parameters())
    assert e.trainable == sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert e.buffers == sum(b.numel() for b in module.buffers())
    held = {t.name: (tuple(t.shape), t.role) for t in e.tensors}
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        shape, role = held[name.rpartition(".")[2]] if "." not in name else (tuple(tensor.shape), "any")
        assert shape == tuple(tensor.shape)
        assert role != "unknown"
    return e
