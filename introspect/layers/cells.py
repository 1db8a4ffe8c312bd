"""Recurrent cells one on top of another, run over time or for one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim
from ..errors import ShapeError
from .base import Connections, Shape, Spec, Tensor, need, require_rank, show
from .recurrent import Recurrent


@dataclass(frozen=True)
class StackedCells(Spec):
    """The output of each cell is what the next one reads. Source: Keras' ``StackedRNNCells`` and ``RNN`` pages.

    `steps`: over axis 1 of the input, or one step only. `states`: all cells' states come out behind the output, in order.

    >>> stack = StackedCells((Recurrent("lstm", 8), Recurrent("gru", 4)))
    >>> [t.key for t in stack.tensors((None, 5, 3))][:4], stack.output((2, 5, 3))
    (['cell0.kernel', 'cell0.recurrent_kernel', 'cell0.bias', 'cell1.kernel'], (2, 5, 4))
    """

    cells: tuple[Recurrent, ...]
    steps: bool = True
    return_sequences: bool = True
    states: bool = False
    kind: ClassVar[str] = "stacked_cells"
    weighted: ClassVar[bool] = True

    @property
    def nonlinear(self) -> bool:
        return self.cells[-1].nonlinear

    def part(self, i: int) -> str:
        """What the tensors of one cell are filed under; nothing where there is only one."""
        return f"cell{i}" if len(self.cells) > 1 else ""

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        x = need(inputs[0] if inputs else None, "the number of input features")
        require_rank(x, (3,) if self.steps else (2,), "recurrent cells")
        fed: Dim = x[-1]
        found: list[Tensor] = []
        for i, cell in enumerate(self.cells):
            found += [t._replace(part=self.part(i)) for t in cell.tensors((x[0], 1, fed))]
            fed = cell.width
        return tuple(found)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x = inputs[0]
        self.tensors(x)
        if self.steps and isinstance(x[1], int) and x[1] < 1:
            raise ShapeError("a recurrent layer needs at least one time step", got=show(x))
        time = (x[1],) if self.steps and self.return_sequences else ()
        result: Shape = (x[0], *time, self.cells[-1].width)
        sizes = [cell.width for cell in self.cells for _ in range(2 if cell.cell == "lstm" else 1)]
        return (result, *((x[0], size) for size in sizes if self.states))

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]

    def connections(self, *inputs: Shape) -> Connections:
        """One step's edges, once for each step."""
        x = inputs[0]
        times: Dim = x[1] if self.steps else 1
        sizes = [(t.size, t.is_bias) for t in self.tensors(x)]
        return Connections(times * sum(n for n, bias in sizes if not bias), times * sum(n for n, bias in sizes if bias))

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return (("", "t", "i") if self.steps else ("", "i"), *(("",) * len(other) for other in inputs[1:]))

    def named(self, prefix: str = "") -> StackedCells:
        twin = super().named(prefix)
        several = len(self.cells) > 1
        cells = tuple(cell.named(f"{prefix}cell{i}." if several else prefix) for i, cell in enumerate(self.cells))
        twin.__dict__["cells"] = cells
        return twin
