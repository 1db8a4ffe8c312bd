"""Document 000: a convolutional network for MNIST, as its author wrote it for nolearn, and the same in bare Lasagne."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import lasagne
import pytest
from agreement import assert_verified
from lasagne import init, layers

from introspect import Explanation
from introspect.algebra import symbol

N = symbol("N")

# path, shape without the batch, units, parameters, their working, the working of a spatial axis
TABLE = [
    ("input", (1, 28, 28), 784, 0, "0", "28"),
    ("conv2d1", (32, 24, 24), 18_432, 832, "(5·5·1 + 1)·32", "(28 + 2·0 − 5)/1 + 1 = 24"),
    ("maxpool1", (32, 12, 12), 4_608, 0, "0", "(24 − 2)/2 + 1 = 12"),
    ("conv2d2", (32, 10, 10), 3_200, 9_248, "(3·3·32 + 1)·32", "(12 + 2·0 − 3)/1 + 1 = 10"),
    ("maxpool2", (32, 5, 5), 800, 0, "0", "(10 − 2)/2 + 1 = 5"),
    ("dense", (256,), 256, 205_056, "(32·5·5 + 1)·256", "256"),
    ("output", (10,), 10, 2_570, "(256 + 1)·10", "10"),
]
TOTAL = 217_706
rows = pytest.mark.parametrize(("path", "shape", "units", "params", "working", "axis"), TABLE, ids=[row[0] for row in TABLE])

FORMULA = (
    "(conv2d1.kh·conv2d1.kw·c + 1)·conv2d1.filters + "
    "(conv2d2.kh·conv2d2.kw·conv2d1.filters + 1)·conv2d2.filters + "
    "(conv2d2.filters·{height}·{width} + 1)·dense.units + "
    "(dense.units + 1)·output.units"
)
SIDE = (
    "(⌊(⌊(⌊(⌊({n} + 2·conv2d1.p{n} − conv2d1.k{n})/conv2d1.s{n}⌋ + 1 − maxpool1.k{n})/maxpool1.s{n}⌋"
    " + 1 + 2·conv2d2.p{n} − conv2d2.k{n})/conv2d2.s{n}⌋ + 1 − maxpool2.k{n})/maxpool2.s{n}⌋ + 1)"
)


def closed_formula() -> str:
    """The parameters of any network input – convolution – pool – convolution – pool – hidden – output."""
    return FORMULA.format(height=SIDE.format(n="h"), width=SIDE.format(n="w"))


def evaluated(formula: str, values: dict[str, int]) -> int:
    """`formula`, as it is printed, at other hyper-parameters than those it came from: read by Python, not by us."""
    code = formula.replace("·", "*").replace("−", "-").replace("⌊", "floor(").replace("⌋", ")")
    names = {}
    for name in sorted(values, key=len, reverse=True):
        names[name.replace(".", "_")] = Fraction(values[name])
        code = code.replace(name, name.replace(".", "_")) if "." in name else code
    return int(eval(code, {"__builtins__": {}, "floor": floor}, names))


def bare(
    size: tuple = (28, 28), channels: int = 1, kernels: tuple = ((5, 5), (3, 3)), filters: tuple = (32, 32),
    pool: tuple = (2, 2), pads: tuple = ((0, 0), (0, 0)), strides: tuple = ((1, 1), (1, 1)),
    hidden: int = 256, classes: int = 10, weight: Any = None,
) -> Any:  # fmt: skip
    """The document's family of networks in bare Lasagne; as the document has it by default."""
    weights = {} if weight is None else {"W": weight}
    net = layers.InputLayer((None, channels, *size), name="input")
    for i in (0, 1):
        net = layers.Conv2DLayer(net, filters[i], kernels[i], strides[i], pads[i], name=f"conv2d{i + 1}", **weights)
        net = layers.MaxPool2DLayer(net, pool, name=f"maxpool{i + 1}")
    net = layers.DenseLayer(net, hidden, name="dense", **weights)
    return layers.DenseLayer(net, classes, nonlinearity=lasagne.nonlinearities.softmax, name="output", **weights)


def assert_row(e: Explanation, path: str, shape: tuple, units: int, params: int, working: str, axis: str) -> None:
    """One row of the document's table."""
    row = e[path]
    assert row.output_shape == (N, *shape)
    assert row.units == units
    assert row.params == params
    assert row.params.working == working
    assert row.shape_workings[-1] == axis
    assert row.status == "verified"


def assert_whole(e: Explanation) -> None:
    """The total, the formula and the printed table."""
    assert_verified(e)
    assert [row.path for row in e.layers] == [row[0] for row in TABLE]
    assert e.params == e.trainable == e.reported.params == TOTAL
    assert e.neurons == 18_432 + 3_200 + 256 + 10
    assert e.params.formula == closed_formula()
    printed = str(e)
    for path, shape, units, params, working, axis in TABLE:
        figures = ["×".join(map(str, shape)), f"{units:,}"] if path != "input" else [path, "1×28×28"]
        for figure in [*figures, *([f"{params:,}", working] if params else []), *([axis] if "=" in axis else [])]:
            assert figure in printed, figure
    assert f"{TOTAL:,}" in printed
    assert "verified" in printed


ZERO = init.Constant(0.0)
