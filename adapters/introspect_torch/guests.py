"""Layers of Keras' among PyTorch's modules, which on its torch backend they are: their own adapter says what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional

import torch
from torch import nn

from introspect.building import Builder
from introspect.errors import IntrospectError
from introspect.guests import Guest
from introspect.inputs import InputShape
from introspect.ir import Alike, Holding, Holdings, Identities
from introspect.layers import Opaque
from introspect.registry import adapter_for
from introspect.reported import ReportedLayer

from .meta import leaves

_known: dict[type, bool] = {}
_MOST = 4096
_OWN = ("torch", "torchvision")


def of_another(module: nn.Module) -> bool:
    """Whether another framework's adapter owns a module; asked once for each class."""
    cls = type(module)
    found = _known.get(cls)
    if found is None:
        if len(_known) >= _MOST:
            _known.clear()
        found = _known[cls] = _asked(module)
    return found


def _asked(module: nn.Module) -> bool:
    if type(module).__module__.partition(".")[0] in _OWN:
        return False
    return adapter_for(module).name != "torch"


class StandFor(nn.Module):  # type: ignore[misc]
    """What runs in the place of such a layer, whose own code is not called; anything else is read from the layer itself."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.__dict__["_layer"] = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_layer"], name)


def guest_on(path: str, module: nn.Module, shapes: Sequence[Any]) -> Guest:
    """The layer as its own adapter has it, on inputs of these shapes."""
    return Guest.of(module, path, tuple(InputShape(tuple(shape)) for shape in shapes))


def tensors_in(args: Any, kwargs: Any) -> list[Any]:
    """The tensors of a call, in order."""
    return [x for x in leaves((args, kwargs)) if isinstance(x, torch.Tensor)]


def hosted(identities: Identities) -> Callable[[Sequence[Holding]], Sequence[Holding]]:
    """Turns a guest's holdings into the host's, which tells their tensors apart by `identities`."""

    def held(holdings: Sequence[Holding]) -> Sequence[Holding]:
        if not holdings:
            return ()
        start = len(identities.keys)
        identities.keys += [one.identity for one in holdings]
        return Holdings(Alike(one._replace(identity="") for one in holdings), start, identities)

    return held


def enter(
    builder: Builder, path: str, module: nn.Module, held: Callable[[Sequence[Holding]], Sequence[Holding]], complete: bool
) -> None:
    """A layer that no call was seen of: what it was built on says what it owns; else how much that is, is unknown.

    `complete`: all calls were seen, so that there is none of this layer.
    """
    if any(layer.path == path or layer.path.startswith(f"{path}.") for layer in builder.layers):
        return
    guest = _alone(path, module)
    if guest is None:
        builder.layer(path, Opaque(type(module).__name__), held([Holding("weights", f"{path}.weights")]), type(module).__name__)
        return
    if not complete:
        guest.embed(builder, [builder.value(*guest.model.values[i]) for i in guest.model.inputs], held)
        return
    for layer in guest.layers():
        builder.layer(layer.path, layer.spec, held(layer.holdings), layer.kind_name)


def _alone(path: str, module: nn.Module) -> Optional[Guest]:
    try:
        return Guest.of(module, path, None)
    except IntrospectError:  # it does not say what it takes
        return None


def held_layers(path: str, module: nn.Module) -> tuple[ReportedLayer, ...]:
    """What the layer's own framework says that it holds; nothing where it is not built."""
    guest = _alone(path, module)
    return () if guest is None else guest.report(0, full=True).layers
