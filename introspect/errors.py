"""Every error names the culprit and where it sits, what was got, what was expected, and what to do."""

from __future__ import annotations

from typing import Optional


class IntrospectError(Exception):
    """Base of everything this library raises on purpose."""

    def __init__(
        self,
        culprit: str,
        *,
        got: object = None,
        expected: object = None,
        hint: str = "",
        path: Optional[str] = None,
    ) -> None:
        super().__init__(culprit)
        self.culprit, self.got, self.expected, self.hint, self.path = culprit, got, expected, hint, path

    def at(self, path: str) -> IntrospectError:
        """The same error, placed at `path` in the model (an inner place is kept)."""
        if self.path is None:
            self.path = path
        return self

    def __str__(self) -> str:
        parts = [f"{self.path}: {self.culprit}" if self.path else self.culprit]
        if self.expected is not None:
            parts.append(f"  expected: {self.expected}")
        if self.got is not None:
            parts.append(f"  got:      {self.got}")
        if self.hint:
            parts.append(f"  try:      {self.hint}")
        return "\n".join(parts)


class ShapeError(IntrospectError):
    """A layer cannot be applied to the shape it is given; the framework refuses it too."""


class ConfigurationError(IntrospectError):
    """A layer's hyper-parameters contradict one another."""


class UnknownDimensionError(IntrospectError):
    """A number was asked for that depends on a dimension nobody has given."""


class NoAdapterError(IntrospectError):
    """No adapter knows this kind of object."""


class InputNeededError(IntrospectError):
    """The model does not say what it takes, and nobody else did."""


class UnreadableError(IntrospectError):
    """A file or text is not what it should be."""
