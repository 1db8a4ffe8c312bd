"""nolearn's ``NeuralNet``: a container of Lasagne layers, which may not have been built yet.

A network that is not initialised is built on the side, on a copy: the user's object stays as it is, and so does Lasagne's
random number generator.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from introspect.errors import ConfigurationError, InputNeededError

from .detecting import is_layer


def network_layers(net: Any) -> tuple[list[Any], Mapping[Any, Any]]:
    """The output layers of a network, and all its layers by nolearn's names.

    Raises `ConfigurationError` where nolearn cannot build the network, `InputNeededError` where it is none to build.
    """
    net = built(net)
    outputs = getattr(net, "_output_layers", None)
    if not outputs or not all(is_layer(layer) for layer in outputs):
        raise InputNeededError("this network has no layers yet", got=type(net).__name__, hint="call net.initialize() first")
    named = getattr(net, "layers_", {})
    return list(outputs), {key: named[key] for key in list(named.keys())}


def built(net: Any) -> Any:
    """The network itself where it has its layers, else a copy that was given them."""
    return net if getattr(net, "_output_layers", None) is not None else _built_aside(net)


def learnable(net: Any) -> Optional[int]:
    """The number in what nolearn prints: "Neural Network with N learnable parameters"; None where it prints none."""
    handlers = sys.modules.get("nolearn.lasagne.handlers")
    try:
        greeting = str(handlers.PrintLayerInfo._get_greeting(net))  # type: ignore[union-attr]
        return int(re.search(r"with (\d+) learnable", greeting).group(1))  # type: ignore[union-attr]
    except Exception:  # another version of nolearn, or a network that it cannot greet
        return None


def _built_aside(net: Any) -> Any:
    twin = object.__new__(type(net))  # copy.copy would go through __setstate__, which compiles the network
    vars(twin).update(vars(net))
    if not hasattr(twin, "initialize_layers") or not getattr(twin, "layers", None):
        raise InputNeededError("this network has no layers yet", got=type(net).__name__, hint="call net.initialize() first")
    with _random_state_kept():
        try:
            twin.initialize_layers()
            twin._check_for_unused_kwargs()
        except Exception as error:
            raise ConfigurationError("nolearn cannot build this network", got=f"{type(error).__name__}: {error}") from error
    return twin


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """Building draws initial weights from Lasagne's generator; afterwards it stands where it stood."""
    import lasagne

    generator = lasagne.random.get_rng()
    state = generator.get_state()
    try:
        yield
    finally:
        generator.set_state(state)
