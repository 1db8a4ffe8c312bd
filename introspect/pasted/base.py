"""What a printed summary says, and nothing about whether it is right.

A number is an int where the tool printed all of its digits, and the printed text where it rounded (``"1.2 M"``).
What a layout does not say is None: unknown is never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional, Union

Amount = Union[int, str]
PrintedShape = tuple[Optional[int], ...]


@dataclass(frozen=True)
class PastedRow:
    """One row of a summary.

    `name`: the layer's own name as printed; empty where only its class is, and without what was cut off it.
    `path`: the names from the top down to it, joined by dots, where the layout shows them all. `depth`: 0 for the model
    itself where it has a row, 1 for its children.
    `output_shapes`: batch included, None for an axis left open. `trainable`: None where the layout does not say, or where
    it says *partly*. `repeated`: marked as counted in an earlier row. `line`: its first line in the text, from 1.
    """

    name: str
    kind_name: str = ""
    output_shapes: tuple[PrintedShape, ...] = ()
    params: Optional[Amount] = None
    trainable: Optional[bool] = None
    line: int = 0
    path: str = ""
    depth: int = 1
    repeated: bool = False

    @property
    def output_shape(self) -> Optional[PrintedShape]:
        """The first output's shape; None where none is printed."""
        return self.output_shapes[0] if self.output_shapes else None

    @property
    def label(self) -> str:
        """What to call it: its path, else its name, else its class."""
        return self.path or self.name or self.kind_name


@dataclass(frozen=True)
class Pasted:
    """A whole summary: which tool's layout it has, its rows in order, and its totals by quantity.

    `tool`: ``keras1  keras2  keras3  torchinfo  torchsummary  lightning  nolearn``.
    Quantities: ``total  trainable  non_trainable  optimizer`` (parameters), and as text with a unit ``total_size  params_size``
    and the like, and ``mult_adds  flops``. `whole`: False where the text is cut off at an end.
    """

    tool: str
    rows: tuple[PastedRow, ...]
    totals: Mapping[str, Amount] = field(default_factory=dict)
    whole: bool = True


class Stopped(Exception):
    """Reading could not go on at a line; `read` says so in an error of ours."""

    def __init__(self, number: int, text: str, expected: str) -> None:
        super().__init__(number, text, expected)
        self.number, self.text, self.expected = number, text, expected
