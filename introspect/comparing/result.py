"""What a comparison says, as plain data: it prints, and reads back from JSON without any model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..rendering.printed import Printed


@dataclass(frozen=True)
class Side:
    """One of the two models: what it is, and how it is called in a sentence."""

    framework: str
    version: str
    name: str
    label: str
    status: str


@dataclass(frozen=True)
class Place:
    """Where a reason is at work: a layer of either model, or of both, and how much it comes to there."""

    a: Optional[str]
    b: Optional[str]
    amount: int
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """Why the two numbers differ by `amount` (the first's less the second's).

    `code` is the convention's or hyper-parameter's name, `text` a sentence, `working` arithmetic that gives `amount`;
    `formula` says how much it is at each place, where that is one formula.
    """

    code: str
    text: str
    amount: int
    working: str
    places: tuple[Place, ...]
    formula: str = ""


@dataclass(frozen=True)
class Account:
    """One quantity of both models. `a` or `b` is None where it is not known, and then nothing is said about it."""

    quantity: str
    a: Optional[int]
    b: Optional[int]
    reasons: tuple[Reason, ...] = ()
    unexplained: tuple[Place, ...] = ()

    @property
    def known(self) -> bool:
        return self.a is not None and self.b is not None

    @property
    def difference(self) -> Optional[int]:
        """The first model's less the second's."""
        return self.a - self.b if self.a is not None and self.b is not None else None

    @property
    def left(self) -> int:
        """How much of the difference has no reason."""
        return sum(place.amount for place in self.unexplained)


@dataclass(frozen=True)
class Tensors:
    """The elements of one role on both sides; None where there is no such tensor, and `note` what kind of thing it is there."""

    role: str
    a: Optional[int]
    b: Optional[int]
    note_a: str = ""
    note_b: str = ""


@dataclass(frozen=True)
class PairRow:
    """A layer of the first model and its counterpart; None where there is none. `tensors` are those that differ."""

    a: Optional[str]
    b: Optional[str]
    kind: str
    tensors: tuple[Tensors, ...] = ()
    shape_a: str = ""
    shape_b: str = ""

    @property
    def differs(self) -> bool:
        reshaped = bool(self.shape_a and self.shape_b) and self.shape_a != self.shape_b
        return bool(self.tensors) or self.a is None or self.b is None or reshaped


@dataclass(frozen=True)
class Comparison(Printed):
    """Two models, layer by layer, and every difference with its reason. Made by `compare`; prints as an answer."""

    a: Side
    b: Side
    accounts: tuple[Account, ...]
    rows: tuple[PairRow, ...]
    coincidences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    renderer: ClassVar[str] = "introspect.rendering.comparison"

    def __getitem__(self, quantity: str) -> Account:
        """The account of one quantity: params, trainable, buffers or neurons. Raises `KeyError` naming those there are."""
        for account in self.accounts:
            if account.quantity == quantity:
                return account
        raise KeyError(f"no account of {quantity!r}; there are {', '.join(account.quantity for account in self.accounts)}")

    @property
    def difference(self) -> Optional[int]:
        """Parameters of the first model less those of the second; None where one of the two is not known."""
        return self["params"].difference

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why the parameters differ; of other quantities: ``comparison["neurons"].reasons``."""
        return self["params"].reasons

    @property
    def unexplained(self) -> tuple[Place, ...]:
        """Where parameters differ for no known reason."""
        return self["params"].unexplained

    @property
    def same(self) -> bool:
        """Whether nothing differs: no tensor, no shape, no count."""
        return not any(row.differs for row in self.rows) and all(account.difference == 0 for account in self.accounts)

    @staticmethod
    def from_json(text: str) -> Comparison:
        """The comparison that `to_json` wrote. Raises `UnreadableError` for anything else."""
        from ..rendering.comparison import read

        return read(text)

    def __repr__(self) -> str:
        found = " + ".join(f"{r.amount:,} {r.code}" for r in self.reasons)
        return f"<Comparison of {self.a.name} and {self.b.name}: {self.difference} parameters apart{found and ': ' + found}>"
