"""Every law, broken on purpose, in every framework that has the layer: a role left out, an axis of a tensor off by one, an
output off by one, floor for ceil. The verifier must catch each of them, or the agreement it otherwise reports means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Callable

import environment
import pytest
from agreement import assert_verified

from introspect import Explanation, explain
from introspect.layers import Pool, base, window
from introspect.memory import forget
from introspect.rows import LayerRow

WITH_SAMPLES = ("torch", "keras", "keras1", "lasagne")
SAMPLES: dict[str, Callable[[], tuple[Any, Any]]] = {
    f"{framework}: {name}": make
    for framework in WITH_SAMPLES
    if framework in environment.frameworks()
    for name, make in import_module(f"samples_{framework}").SAMPLES.items()
}


def subject(name: str) -> tuple[Callable[[], Explanation], LayerRow]:
    """How to explain the sample again, and the row of the law under test; as it stands it is verified."""
    model, inputs = SAMPLES[name]()
    e = explain(model, inputs)
    assert_verified(e)
    own = [row for row in e.layers if row.kind != "input" and row.called]
    held = [row for row in e.layers if row.tensors]  # tensors beside layers: their module's code is followed, not called
    return lambda: explain(model, inputs), (own or held)[-1]


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    """What a broken law said is not to be heard elsewhere."""
    yield
    forget()


@pytest.mark.parametrize("name", SAMPLES)
def test_an_output_that_is_off_by_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    again, row = subject(name)
    if not row.called:
        assert row.output_shape is None
        return
    law, outputs = type(row.spec), type(row.spec).outputs
    for axis in range(1, len(row.output_shape or ())):

        def off(self: Any, *inputs: Any, axis: int = axis) -> Any:
            (y, *others) = outputs(self, *inputs)
            return ((*y[:axis], y[axis] + 1, *y[axis + 1 :]), *others)

        monkeypatch.setattr(law, "outputs", off)
        e = again()
        assert e.status == "mismatch"
        assert "output worked out as" in " ".join(e[row.path].verdicts)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_role_that_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    again, row = subject(name)
    law, tensors = type(row.spec), type(row.spec).tensors
    for missing in {key for t in row.tensors for key in t.keys}:
        monkeypatch.setattr(law, "tensors", lambda self, *x, gone=missing: tuple(t for t in tensors(self, *x) if t.key != gone))
        e = again()
        assert e.status == "mismatch", missing
        assert e[row.path].status == "mismatch"


@pytest.mark.parametrize("name", SAMPLES)
def test_an_axis_of_a_tensor_that_is_off_by_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    again, row = subject(name)
    if not row.tensors:
        assert row.spec.tensors(*row.input_shapes) == ()
        return
    law, tensors = type(row.spec), type(row.spec).tensors
    for tensor in tensors(row.spec, *row.input_shapes):
        for axis in range(len(tensor.axes)):

            def off(self: Any, *inputs: Any, key: str = tensor.key, axis: int = axis) -> Any:
                return tuple(grown(t, axis) if t.key == key else t for t in tensors(self, *inputs))

            monkeypatch.setattr(law, "tensors", off)
            assert again().status == "mismatch", (tensor.key, axis)


@pytest.mark.parametrize("name", SAMPLES)
def test_trainability_turned_round(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    again, row = subject(name)
    law, tensors = type(row.spec), type(row.spec).tensors
    for tensor in tensors(row.spec, *row.input_shapes):
        if tensor.buffer or not tensor.trainable:
            continue  # a flag of the configuration can freeze what a law calls trainable, never the reverse

        def off(self: Any, *inputs: Any, key: str = tensor.key) -> Any:
            return tuple(t._replace(trainable=False) if t.key == key else t for t in tensors(self, *inputs))

        monkeypatch.setattr(law, "tensors", off)
        assert again().status == "mismatch", tensor.key


def grown(tensor: base.Tensor, axis: int) -> base.Tensor:
    """`tensor` with one axis longer by one."""
    return tensor._replace(axes=tuple((n, dim + 1 if i == axis else dim) for i, (n, dim) in enumerate(tensor.axes)))


POOLS = [name for name in SAMPLES if name.endswith((": max pool", ": average pool", ": pool"))]


@pytest.mark.parametrize("name", POOLS)
def test_floor_for_ceil_and_ceil_for_floor(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    again, row = subject(name)
    assert isinstance(row.spec, Pool)
    other = "floor" if row.spec.padding == "same" or row.spec.rounding != "floor" else "ceil"
    original = window.windows

    def otherwise(n: Any, k: Any, s: Any, pad: Any, dilation: Any = 1, rounding: str = "") -> Any:
        return original(n, k, s, (0, 0) if pad == "same" else pad, dilation, other)

    monkeypatch.setattr(window, "windows", otherwise)
    forget()  # the rule of all windows is no law's own
    assert again().status == "mismatch"


def test_there_is_something_to_break() -> None:
    assert bool(SAMPLES) == bool(set(WITH_SAMPLES) & environment.frameworks())
