"""The Keras adapter: Keras 3 (also as tf.keras) and Keras 1. Importing it imports neither Keras nor a backend."""

from __future__ import annotations

from typing import Any

from introspect.ir import Model
from introspect.reported import Reported

from .detecting import ROOTS, is_layer

__all__ = ["KerasAdapter", "adapter"]


class KerasAdapter:
    """Owns every object whose class descends from Keras' own ``Layer``."""

    name = "keras"
    roots = ROOTS

    def owns(self, model: Any) -> bool:
        """Whether `model` is a Keras layer or model; looks at classes along the MRO only."""
        return is_layer(model)

    def translate(self, model: Any, inputs: Any = None) -> Model:
        """The model in the IR, from its configuration, its graph and its input shapes."""
        from .translating import translate

        return translate(model, inputs)

    def report(self, model: Any, translated: Model, inputs: Any = None, *, full: bool = True) -> Reported:
        """What Keras itself says of the model's weights and outputs."""
        from .reported import report

        return report(model, translated, full=full)

    def opened(self, path: str, kind: str, *, trust: bool, inputs: Any = None) -> Any:
        """What a ``.keras`` or ``.h5`` file holds: an explanation, or a live model where the file is trusted."""
        from .saved import opened

        return opened(path, kind, trust=trust, inputs=inputs)

    def counterpart(self) -> Any:
        """The demonstration's network in Keras, untrained; for ``introspect demo``."""
        from .demo import network

        return network()


adapter = KerasAdapter()
