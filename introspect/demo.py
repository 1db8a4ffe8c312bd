"""The demonstration: a small convolutional network, trained where a framework is there, and explained.

It is the network of a well-known question: why does the second convolution own 51,264 parameters, and not 1,664?
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from textwrap import fill
from typing import Callable

from .algebra import symbol
from .building import Builder
from .comparing import compare
from .defaults import NAMES
from .diagnosing import diagnose
from .explaining import Explanation, explain
from .ir import Model
from .layers import Activation, Conv, Dense, Flatten, Noise, Pool
from .layers.base import Spec
from .registry import adapters

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
    """Train and explain the network with the first installed framework whose adapter can; without one, work it out on paper."""
    able = [adapter for adapter in adapters().values() if hasattr(adapter, "demonstration")]
    installed = [adapter for adapter in able if find_spec(adapter.roots[0]) is not None]
    if installed:
        model, inputs = installed[0].demonstration(seconds)
        explanation = explain(model, inputs)
    else:
        extras = " or ".join(f"'introspect-nn[{adapter.name}]'" for adapter in able)
        print("No framework is installed that could be shown, so nothing is trained and nothing can be verified:")
        print(f"pip install {extras} for that. This is the network worked out on paper.\n")
        explanation = explain(on_paper())
    show(explanation)
    width = shutil.get_terminal_size((100, 24)).columns - 1
    print("\n" + answer(explanation, width))
    for text in counterparts(explanation, width):
        print("\n" + text)
    return explanation


def counterparts(explanation: Explanation, width: int = 100) -> Iterator[str]:
    """The same network in the other frameworks that are installed, compared with the explained one."""
    for adapter in adapters().values():
        if not hasattr(adapter, "counterpart") or adapter.name == explanation.model.framework:
            continue
        model = adapter.counterpart() if find_spec(adapter.roots[0]) is not None else None
        if model is not None:
            said = compare(explanation, model).render(width=width)
            yield fill(f"And the same network in {NAMES.get(adapter.name, adapter.name)}:", width) + f"\n\n{said}"


def answer(explanation: Explanation, width: int = 100) -> str:
    """Why it is 51,264, and not the 1,664 that was expected."""
    second = explanation["conv2"].params
    asked = fill(
        f"Why does conv2 own {second} parameters, and not 1,664 as was expected? By its law it owns {second.formula}.", width
    )
    return f"{asked}\n\n{diagnose(explanation, 1664, at='conv2').render(width=width)}"
