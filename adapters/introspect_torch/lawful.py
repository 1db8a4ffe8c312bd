"""What a row of the table of laws is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

from torch.nn.modules.lazy import LazyModuleMixin

from introspect.layers import Activation
from introspect.layers.base import Spec

Layouts = Mapping[str, tuple[str, str]]  # stored name -> (role keys, layout)


class Law(NamedTuple):
    """A module's law, and where its tensors are."""

    spec: Spec
    layouts: Layouts = {}


Rule = Callable[[Any], Optional[Law]]  # from a module's configuration; None where there is no law for it


def named(function: str, ranks: tuple[int, ...] = ()) -> Rule:
    """An activation that is told by its name alone."""
    return lambda m: Law(Activation(function, ranks=ranks))


def declared(m: Any, size: int) -> Optional[int]:
    """A size that the configuration declares; a lazy module takes its from the input."""
    return None if isinstance(m, LazyModuleMixin) else size
