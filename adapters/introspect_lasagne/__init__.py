"""The Lasagne adapter, nolearn's networks included. Importing it imports neither of them, nor Theano."""

from __future__ import annotations

from typing import Any

from introspect.ir import Model
from introspect.reported import Reported

from .detecting import ROOTS, is_model

__all__ = ["LasagneAdapter", "adapter"]


class LasagneAdapter:
    """Owns Lasagne's layers, lists, tuples and dicts of them, and nolearn's ``NeuralNet``."""

    name = "lasagne"
    roots = ROOTS

    def owns(self, model: Any) -> bool:
        """Whether `model` is an output layer, several of them, or a nolearn network; looks at classes along the MRO only."""
        return is_model(model)

    def translate(self, model: Any, inputs: Any = None) -> Model:
        """The model in the IR, from the layers' configuration and the declared (or given) input shapes."""
        from .translating import translate

        return translate(model, inputs)

    def report(self, model: Any, translated: Model, inputs: Any = None, *, full: bool = True) -> Reported:
        """What Lasagne itself says of the model's parameters and outputs; no Theano function is compiled."""
        from .reported import report

        return report(model, translated, full=full)


adapter = LasagneAdapter()
