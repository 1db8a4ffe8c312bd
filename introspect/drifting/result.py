"""What a drift says, as plain data: tensors on both sides, layers that give something else, totals that add up, and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..comparing.result import Account, Reason, Side
from ..notation import formula
from ..rendering.printed import Printed

OWNED = ("params", "trainable", "non_trainable", "buffers")  # quantities that are sums over tensors
QUANTITIES = (*OWNED, "neurons", "connections")
APPEARED, DISAPPEARED, CHANGED = "appeared", "disappeared", "changed"


@dataclass(frozen=True)
class Held:
    """One tensor on one side. `size` is None where nobody knows it; `working` gives it, ``7·7·3·64``."""

    name: str
    role: str
    shape: str
    size: Optional[Dim]
    working: str
    trainable: bool
    buffer: bool
    holders: tuple[str, ...]
    opaque: bool = False

    @property
    def worked(self) -> str:
        """``7·7·3·64 = 9,408``."""
        total = said(self.size)
        return total if self.working in ("", total.replace(",", ""), total) else f"{self.working} = {total}"

    def measured(self, quantity: str) -> Optional[Dim]:
        """What it adds to one of the `OWNED` quantities."""
        counted = {
            "params": not self.buffer, "trainable": not self.buffer and self.trainable,
            "non_trainable": not self.buffer and not self.trainable, "buffers": self.buffer,
        }  # fmt: skip
        return self.size if counted[quantity] else 0


@dataclass(frozen=True)
class Row:
    """A tensor that appeared, disappeared or changed, and `what` of it changed."""

    change: str
    old: Optional[Held]
    new: Optional[Held]
    what: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As it is called now, if it is still there."""
        held = self.new or self.old
        return held.name if held is not None else ""

    @property
    def role(self) -> str:
        held = self.new or self.old
        return held.role if held is not None else ""

    def difference(self, quantity: str = "params") -> Optional[Dim]:
        """How much more of a quantity there is now; None where one side is not known."""
        old, new = (0 if held is None else held.measured(quantity) for held in (self.old, self.new))
        return None if old is None or new is None else new - old


@dataclass(frozen=True)
class Reshaped:
    """A layer that has the tensors it had, and gives something else. Outputs are without the batch."""

    old_path: str
    path: str
    kind: str
    old_output: str
    output: str
    old_neurons: Optional[Dim]
    neurons: Optional[Dim]


@dataclass(frozen=True)
class Renamed:
    """A tensor that is what it was, under another name."""

    old: str
    new: str


@dataclass(frozen=True)
class Total:
    """One quantity of both; None where it is not known."""

    quantity: str
    old: Optional[Dim]
    new: Optional[Dim]

    @property
    def same(self) -> bool:
        return self.old == self.new

    @property
    def difference(self) -> Optional[Dim]:
        """How much more there is now."""
        return None if self.old is None or self.new is None else self.new - self.old


@dataclass(frozen=True)
class Drift(Printed):
    """What became of a model's ledger. Made by `drift`; prints as an answer.

    `rows`: the tensors that differ. `layers`: what gives another output, or is counted as other neurons, with the tensors it
    had. `renamed`: tensors that only are called otherwise, which is no drift. `accounts`: the reasons of each quantity, of the
    new model less the old one.
    """

    old: Side
    new: Side
    rows: tuple[Row, ...] = ()
    layers: tuple[Reshaped, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    totals: tuple[Total, ...] = ()
    accounts: tuple[Account, ...] = ()
    notes: tuple[str, ...] = ()
    renderer: ClassVar[str] = "introspect.rendering.drift"

    @property
    def same(self) -> bool:
        """Whether every count and every shape is what it was. Another version, or another name, is no drift."""
        return not self.rows and not self.layers and all(total.same for total in self.totals)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, each reason once: code, text, amount, working and places."""
        found = {(r.code, r.text): r for account in reversed(self.accounts) for r in reversed(account.reasons)}
        return tuple(reversed(found.values()))

    def __getitem__(self, quantity: str) -> Total:
        """One total. Raises `KeyError` naming those there are."""
        for total in self.totals:
            if total.quantity == quantity:
                return total
        raise KeyError(f"no total of {quantity!r}; there are {', '.join(total.quantity for total in self.totals)}")

    def __repr__(self) -> str:
        what = "the same" if self.same else f"{len(self.rows)} tensors and {len(self.layers)} layers differ"
        return f"<Drift of {self.new.name}: {what}>"


@dataclass(frozen=True)
class Pairing:
    """A file of either folder, or of both; `drift` is None where it is in one alone."""

    name: str
    old: bool
    new: bool
    drift: Optional[Drift] = None

    @property
    def same(self) -> bool:
        return self.drift is not None and self.drift.same


@dataclass(frozen=True)
class Drifts(Printed):
    """What became of a folder of baselines."""

    old: str
    new: str
    files: tuple[Pairing, ...] = ()
    renderer: ClassVar[str] = "introspect.rendering.drifts"

    @property
    def same(self) -> bool:
        """Whether the same files say the same counts."""
        return all(file.same for file in self.files)


def said(number: Optional[Dim]) -> str:
    """A number for people."""
    if number is None:
        return "unknown"
    return f"{number:,}".replace("-", "−") if isinstance(number, int) else formula(number)
