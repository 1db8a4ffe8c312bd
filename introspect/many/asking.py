"""Which input each of many models is asked about: shapes for all, and for those whose names match a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..errors import IntrospectError
from ..files import read_text
from ..targets import parse_shapes


@dataclass(frozen=True)
class Asked:
    """`rules`: shapes by pattern of names, the first that matches being the one; `otherwise`: for all other models."""

    rules: Mapping[str, Any] = field(default_factory=dict)
    otherwise: Any = None

    def of(self, name: str, own: Any = None) -> Any:
        """What the model called `name` is asked about; `own` is the input that it comes with."""
        for pattern, shapes in self.rules.items():
            if fnmatchcase(name, pattern):
                return shapes
        return self.otherwise if own is None else own

    def check(self, names: Iterable[str]) -> None:
        """Raises `IntrospectError` for a pattern that no name matches."""
        known = list(names)
        check_patterns(self.rules, known, "for a named input of all models: --input '*=name=1,128'")


def check_patterns(patterns: Iterable[str], names: list[str], hint: str = "") -> None:
    """Raises `IntrospectError` for a pattern that none of `names` matches."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            raise IntrospectError("no model has such a name", got=pattern, expected=shown, hint=hint)


def parse_asked(texts: Iterable[str]) -> Asked:
    """What the command line says: ``SHAPE``, ``PATTERN=SHAPE;SHAPE``, ``PATTERN=name=SHAPE``, ``@FILE`` with a line for each.

    >>> asked = parse_asked(["1,3,224,224", "raft_*=1,3,128,128;1,3,128,128", "bert*=ids=1,8"])
    >>> asked.of("resnet18"), asked.of("raft_small"), asked.of("bert")
    ((1, 3, 224, 224), ((1, 3, 128, 128), (1, 3, 128, 128)), {'ids': (1, 8)})

    Raises `IntrospectError` for text that is no shape.
    """
    rules: dict[str, Any] = {}
    plain: list[str] = []
    for text in _lines(texts):
        pattern, equals, shapes = text.partition("=")
        if equals:
            rules.setdefault(pattern.strip(), parse_shapes(tuple(shapes.split(";"))))
        else:
            plain += text.split(";")
    return Asked(rules, parse_shapes(tuple(plain)))


def _lines(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        if text.startswith("@"):
            lines = (line.partition("#")[0].strip() for line in read_text(text[1:]).splitlines())
            yield from (line for line in lines if line)
        else:
            yield text


def as_json(inputs: Any) -> Any:
    """What a model is asked about, as JSON can hold it; of a tensor its shape."""
    if isinstance(inputs, Mapping):
        return {str(name): as_json(one) for name, one in inputs.items()}
    if hasattr(inputs, "shape"):
        return [as_json(dim) for dim in inputs.shape]
    if isinstance(inputs, (tuple, list)):
        return [as_json(one) for one in inputs]
    return inputs if inputs is None or isinstance(inputs, (bool, int, float, str)) else str(inputs)
