"""The items of a baseline as an explanation: laws, the tensors that each holds, the numbers carried for what has no law."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

from ..counting import NEURONS
from ..errors import IntrospectError, UnreadableError
from ..ir import Call, Layer, Model, Value
from ..layers.base import Shape
from ..reported import Reported, ReportedLayer
from ..serial import decode
from .canonical import canonical, keys_of
from .eliding import Elision, Record
from .form import Item, Sections, at_line, line_of
from .tensors import Line, fitting, flag, lines_of, recorded, shape_of
from .writing import COUNTED

if TYPE_CHECKING:
    from ..explaining import Explanation

DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError)


class Reader:
    """Reads the sections of one file; `where` is what an error calls it."""

    def __init__(self, sections: Sections, where: str) -> None:
        self.sections, self.where = sections, where
        self.values: list[Value] = []
        self.calls: list[Call] = []
        self.layers: list[Layer] = []
        self._index: dict[str, int] = {}
        self._named: dict[Any, int] = {}  # values by what they are called
        self._times: Counter[str] = Counter()
        self.elision = Elision()

    def explanation(self) -> Explanation:
        """Raises `UnreadableError` naming the line that cannot be read."""
        from ..explaining import Explanation

        lines: list[Line] = []
        for i, item in enumerate(self.sections["tensors"]):
            with self._at("tensors", i):
                lines += lines_of(item)
        held = recorded(lines)
        for i, item in enumerate(self.sections["layers"]):
            with self._at("layers", i):
                self._call(item, held)
        for i, item in enumerate(self.sections["tensors"]):
            with self._at("tensors", i):
                self._require_layers(lines_of(item))
        model = canonical(self._model())
        return Explanation(model, Reported(tuple(_carried(lines, model))), verified=False)

    @contextmanager
    def _at(self, name: str, index: int) -> Iterator[None]:
        """Says of which line it is that an error within speaks."""
        line = line_of(self.sections, name, index)
        try:
            yield
        except IntrospectError as error:
            raise at_line(error, self.where, line) from None
        except DAMAGE as error:
            raise at_line(UnreadableError("this line is damaged", got=repr(error)), self.where, line) from None

    def _require_layers(self, lines: list[Line]) -> None:
        for line in lines:
            if line.layer not in self._index:
                raise UnreadableError("a tensor has no layer", got=line.layer, expected="a layer that has a line")

    def _call(self, item: Item, held: dict[str, Record]) -> None:
        """One call of a layer, or a layer that is never called."""
        if not item.get("called", True):
            self._layer(item, (), held)
            return
        key = item["layer"] if "layer" in item else item["again"]
        inputs = tuple(self._taken(ref, key, at) for at, ref in enumerate(item["from"]))
        if "layer" in item:
            self._layer(item, tuple(self.values[i].shape for i in inputs), held)
        self._times[key] += 1
        self.calls.append(Call(self._index[key], inputs, self._given(item, key)))

    def _taken(self, ref: Any, key: str, at: int) -> int:
        """The value that is meant by what stands under ``from``."""
        if not isinstance(ref, dict):
            return self._value(ref)
        self.values.append(Value(shape_of(ref["value"]), flag(ref.get("reported", False))))
        self._named[key, self._times[key] + 1, -1 - at] = len(self.values) - 1
        return len(self.values) - 1

    def _value(self, ref: Any) -> int:
        name = (ref, 1, 0) if isinstance(ref, str) else tuple(ref)
        if name not in self._named:
            raise UnreadableError("nothing of that name was made before", got=ref, expected="a layer further up")
        return self._named[name]

    def _given(self, item: Item, key: str) -> tuple[int, ...]:
        reported = item.get("reported", [False] * len(item["gives"]))
        first = len(self.values)
        for at, (shape, said) in enumerate(zip(item["gives"], reported)):
            self._named[key, self._times[key], at] = len(self.values)
            self.values.append(Value(shape_of(shape), flag(said)))
        return tuple(range(first, len(self.values)))

    def _layer(self, item: Item, inputs: tuple[Optional[Shape], ...], held: dict[str, Record]) -> None:
        key = item["layer"]
        if key in self._index:
            raise UnreadableError("a layer has two lines", got=key, expected="one, and 'again' for a further call")
        record = held.get(key, Record((), {}))
        fields = {"kind_name": item.get("class", ""), "function": item.get("function", False)}
        written = decode(Layer, {"path": item.get("path", key), "spec": item["law"], **fields})
        if not written.function and not record.near(written.spec, inputs):
            raise UnreadableError(
                "the law has far more tensors than there are", got=len(record.tensors), expected="all of them"
            )
        spec = self.elision.found(written.spec, inputs, record)
        self._index[key] = len(self.layers)
        self.layers.append(replace(written, spec=spec, holdings=record.holdings))

    def _model(self) -> Model:
        """The layers and calls that were read, under what the header says."""
        header: dict[str, Any] = {"notes": []}
        for i, item in enumerate(self.sections["header"]):
            with self._at("header", i):
                header["notes"] += [item["note"]] if "note" in item else []
                header.update(item)
                _require_convention(item)
        with self._at("header", 0):
            made = Model(
                header["framework"], header["version"], header["model"], tuple(self.layers), tuple(self.calls),
                tuple(self.values), self._ends(header["inputs"]), self._ends(header["outputs"]), header["complete"],
                tuple(header["notes"]),
            )  # fmt: skip
            return fitting(made, vars(made))

    def _ends(self, refs: list[Any]) -> tuple[int, ...]:
        return tuple(self._taken(ref, "", at) for at, ref in enumerate(refs))


def _require_convention(item: Item) -> None:
    if "neurons" in item and item["neurons"] not in NEURONS:
        raise UnreadableError("this baseline counts neurons otherwise", got=item["neurons"], expected=COUNTED)


def _carried(lines: list[Line], model: Model) -> Iterator[ReportedLayer]:
    """What the framework said of the layers that have a tensor without a law, or a packed one."""
    told: dict[str, list[Line]] = {}
    for line in lines:
        if line.told is not None and line.first:
            told.setdefault(line.layer, []).append(line)
    wanted = {line.layer for line in lines if line.told and (not line.seen.keys or line.told.nbytes is not None)}
    for key, layer in zip(keys_of(model.layers), model.layers):
        if key in wanted:
            yield ReportedLayer(layer.path, tuple(line.told for line in told[key] if line.told))
