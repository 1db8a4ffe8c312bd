"""Recognises PyTorch's modules by the classes along their MRO; nothing is imported to find out."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any

from introspect.ir import Model
from introspect.reported import Reported

_MODELS = {("torch.nn.modules.module", "Module"), ("torch.export.exported_program", "ExportedProgram")}


class TorchAdapter:
    """The adapter for `torch.nn.Module` and exported programs."""

    name = "torch"
    roots = ("torch", "torchvision")

    def owns(self, model: Any) -> bool:
        return "torch" in sys.modules and any((base.__module__, base.__name__) in _MODELS for base in type(model).__mro__)

    def translate(self, model: Any, inputs: Any = None) -> Model:
        from .translating import translate

        return translate(model, inputs)

    def report(self, model: Any, translated: Model, inputs: Any = None, *, full: bool = True) -> Reported:
        from .reported import report

        return report(model, translated, inputs, full=full)

    def opened(self, path: str, kind: str, *, trust: bool, inputs: Any = None) -> Any:
        """What a file that is trusted holds: a live module, or an explanation of the tensors in it."""
        from .saved import opened

        return opened(path, kind)

    def demonstration(self, seconds: float) -> tuple[Any, tuple[int, ...]]:
        """A small network, trained for about `seconds`, and the shape of its input; for ``introspect demo``."""
        from .demo import trained

        return trained(seconds)

    def unallocated(self) -> list[AbstractContextManager[Any]]:
        """Ways of making models that take no memory for their parameters; none before PyTorch is imported, or before 2.0."""
        if not hasattr(getattr(sys.modules.get("torch"), "device", None), "__enter__"):
            return []
        from .unallocated import ways

        return ways()


adapter = TorchAdapter()
