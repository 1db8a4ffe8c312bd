"""The demonstration: a small convolutional network, trained where a framework is there, and explained.

It is the network of a well-known question: why does the second convolution own 51,264 parameters, and not 1,664?
"""

from __future__ import annotations

import shutil
from importlib import import_module
from importlib.util import find_spec
from textwrap import fill
from typing import Callable

from .algebra import symbol
from .building import Builder
from .explaining import Explanation, explain
from .ir import Model
from .layers import Activation, Conv, Dense, Flatten, Noise, Pool
from .layers.base import Spec

_NO_PADDING = ((0, 0), (0, 0))
LAYERS: tuple[tuple[str, Spec], ...] = (
    ("conv1", Conv((5, 5), (1, 1), _NO_PADDING, filters=32)),
    ("relu1", Activation("relu")),
    ("pool1", Pool((2, 2), (2, 2), _NO_PADDING)),
    ("conv2", Conv((5, 5), (1, 1), _NO_PADDING, filters=64)),
    ("relu2", Activation("relu")),
    ("pool2", Pool((2, 2), (2, 2), _NO_PADDING)),
    ("drop1", Noise("dropout", 0.25)),
    ("flatten", Flatten()),
    ("fc1", Dense(100)),
    ("relu3", Activation("relu")),
    ("drop2", Noise("dropout", 0.5)),
    ("fc2", Dense(2)),
    ("softmax", Activation("softmax")),
)


def on_paper() -> Model:
    """The network without any framework: laws applied to a 28×28 image.

    >>> explain(on_paper())["conv2"].params
    <Count 51,264>
    """
    builder = Builder("", "", "the demonstration network")
    value = builder.input((symbol("N"), 1, 28, 28))
    for path, spec in LAYERS:
        (value,) = builder.call(builder.layer(path, spec), [value])
    return builder.finish([value])


def run(seconds: float, show: Callable[[Explanation], None]) -> Explanation:
    """Train and explain the network with PyTorch; without it, work it out on paper."""
    if find_spec("torch") is None:
        print("PyTorch is not installed, so nothing is trained and nothing can be verified:")
        print("pip install 'introspect-nn[torch]' for that. This is the network worked out on paper.\n")
        explanation = explain(on_paper())
    else:
        model, inputs = import_module("introspect_torch.demo").trained(seconds)
        explanation = explain(model, inputs)
    show(explanation)
    print("\n" + fill(answer(explanation), shutil.get_terminal_size((100, 24)).columns - 1))
    return explanation


def answer(explanation: Explanation) -> str:
    """Why it is 51,264."""
    second = explanation["conv2"].params
    return (
        f"conv2 owns {second.formula} = {second.working} = {second}: each of the 64 filters spans all 32 maps that come in, "
        "and has one bias. (5·5 + 1)·64 = 1,664 forgets the 32; dropout owns nothing and takes nothing away."
    )
