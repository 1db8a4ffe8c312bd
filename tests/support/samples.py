"""A small model by hand, with a truth to verify it against and a falsehood to catch."""

from __future__ import annotations

from dataclasses import replace

from introspect import Explanation
from introspect.building import Builder
from introspect.ir import Holding, Model
from introspect.layers import Conv, Dense, Flatten
from introspect.reported import Reported, ReportedLayer, ReportedOutput, ReportedTensor


def small_model() -> Model:
    builder = Builder("paper", "1", "small")
    value = builder.input((1, 3, 6, 6))
    kernel = Holding("weight", "t0", ("kernel",), "out in kh kw")
    conv = builder.layer(
        "conv", Conv((3, 3), (1, 1), ((0, 0), (0, 0)), filters=4), [kernel, Holding("bias", "t1", ("bias",), "out")]
    )
    (value,) = builder.call(conv, [value])
    (value,) = builder.call(builder.layer("flat", Flatten()), [value])
    fc = builder.layer("fc", Dense(2, bias=False), [Holding("weight", "t2", ("kernel",), "out in", trainable=False)])
    return builder.finish(builder.call(fc, [value]))


CONV = ReportedLayer("conv", (ReportedTensor("weight", (4, 3, 3, 3), True), ReportedTensor("bias", (4,), True)), 112)
FC = ReportedLayer("fc", (ReportedTensor("weight", (2, 64), False),))
OUTPUTS = tuple(ReportedOutput(i, (shape,)) for i, shape in enumerate([(1, 3, 6, 6), (1, 4, 4, 4), (None, 64), (1, 2)]))
TRUTH = Reported((CONV, FC), OUTPUTS, 240, 112, "the truth")


def verified() -> Explanation:
    """The model with its truth."""
    return Explanation(small_model(), TRUTH)


def mismatched() -> Explanation:
    """The model with a kernel of another shape."""
    conv = ReportedLayer("conv", (ReportedTensor("weight", (4, 3, 3, 2), True), CONV.tensors[1]))
    return Explanation(small_model(), replace(TRUTH, layers=(conv, FC), params=None, trainable=None))
