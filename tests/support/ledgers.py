"""Random explanations with all that a baseline has to hold: stored tensors, ties, repeated calls, opaque and packed tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from hypothesis import strategies as st

from introspect import Explanation
from introspect.algebra import symbol, unknown
from introspect.building import Builder
from introspect.ir import Holding, Layer
from introspect.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Embedding,
    Identity,
    LayerNorm,
    Opaque,
    PReLU,
    Recurrent,
    Split,
)
from introspect.layers.base import Shape, Spec
from introspect.reported import Reported, ReportedLayer, ReportedTensor
from introspect.storage import default_layout

_BIASES = st.sampled_from(["shared", None, "untied"])
_NORMS = st.builds(
    lambda statistics, counter, scale, center: BatchNorm(
        scale, center, (1,), statistics, counter and statistics == "buffers", ranks=(4,)
    ),
    st.sampled_from(["buffers", "parameters", None]), st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip
_CELLS = st.builds(
    lambda cell, sets, peepholes, states: Recurrent(
        cell, 3, bias_sets=sets, peepholes=peepholes and cell == "lstm", initial_states=states,
        reset_after=sets == 2 if cell == "gru" else None,
    ),
    st.sampled_from(["simple", "lstm", "gru"]), st.integers(0, 2), st.booleans(), st.sampled_from([None, "fixed", "learned"]),
)  # fmt: skip
IMAGE_LAYERS: st.SearchStrategy[Spec] = st.one_of(
    st.builds(lambda f, bias: Conv((3, 3), (1, 1), ((1, 1), (1, 1)), filters=f, bias=bias), st.integers(1, 4), _BIASES),
    _NORMS,
    st.sampled_from([PReLU(), PReLU(1), Activation("relu"), LayerNorm(), LayerNorm(axis=(-3, -2, -1))]),
)
SEQUENCE_LAYERS: st.SearchStrategy[Spec] = st.one_of(
    _CELLS, st.builds(Dense, st.integers(1, 4), st.booleans()), st.just(LayerNorm())
)


class Stored:
    """Lays the tensors of laws out as a framework would: each under its own name, in an order of its own."""

    def __init__(self, draw: Any) -> None:
        self.draw, self.made = draw, 0

    def holdings(self, spec: Spec, shapes: Sequence[Optional[Shape]]) -> list[Holding]:
        found = []
        for tensor in spec.tensors(*shapes):
            axes = default_layout(tensor).split()
            layout = " ".join(self.draw(st.permutations(axes))) if self.draw(st.booleans()) else ""
            trainable = tensor.trainable and self.draw(st.booleans())
            tags = ("regularizable",) if self.draw(st.integers(0, 5)) == 0 else ()
            name = tensor.key.replace(".", "_") if self.draw(st.booleans()) else tensor.key
            found.append(Holding(name, self.identity(), (tensor.key,), layout, trainable, tensor.buffer, tags))
        return list(self.draw(st.permutations(found)))

    def identity(self) -> str:
        self.made += 1
        return f"tensor{self.made}"


@st.composite
def explanations(draw: Any) -> Explanation:
    """An image's or a sequence's model, its tensors stored or not, with odd things put in."""
    builder, stored, odd = Builder("paper", "1.2", draw(st.sampled_from(["net", "ein Netz", ""]))), Stored(draw), _Odd(draw)
    image = draw(st.booleans())
    batch = draw(st.sampled_from([1, symbol("N")]))
    value = builder.input((batch, 2, 5, 5) if image else (batch, 7, 3), draw(st.sampled_from(["input", "x.y", ""])))
    with_holdings = draw(st.booleans())
    for i, spec in enumerate(draw(st.lists(IMAGE_LAYERS if image else SEQUENCE_LAYERS, max_size=5))):
        held = stored.holdings(spec, [builder.shape(value)]) if with_holdings else []
        layer = builder.layer(draw(st.sampled_from([f"layer{i}", f"block.{i}", "again"])), spec, held, "Made")
        (value,) = builder.call(layer, [value])
        value = odd.put(builder, stored, layer, value)
    complete = draw(st.integers(0, 9)) > 0
    builder.notes += draw(st.lists(st.sampled_from(["a note", "mit “Zeichen” \u2028 darin"]), max_size=2))
    return Explanation(builder.finish([value], complete), Reported(tuple(odd.reported)), verified=False)


class _Odd:
    """What is not one layer after another."""

    def __init__(self, draw: Any) -> None:
        self.draw, self.reported = draw, []

    def put(self, builder: Builder, stored: Stored, layer: int, value: int) -> int:
        """One odd thing, or none, on top of what there is; returns what goes on."""
        number = len(builder.layers)
        which = self.draw(st.sampled_from(["", "", "", "again", "tied", "opaque", "split", "free", "nameless", "unused"]))
        if which == "again":
            again = builder.layers[layer].spec
            if again.passes or (isinstance(again, Dense) and again.units == builder.shape(value)[-1]):  # type: ignore[index]
                (value,) = builder.call(layer, [value])
        elif which == "tied":
            self._tied(builder, stored, number, value)
        elif which == "opaque":
            value = self._opaque(builder, stored, number, value)
        elif which == "split":
            rows = builder.shape(value)[1]  # type: ignore[index]
            builder.call(builder.layer(f"split{number}", Split((1,) * int(rows), 1), function=True), [value], keep=2)
        elif which == "free":
            constant = builder.value((1, 4), reported=True)
            for name in ("add", "mul"):
                builder.carry(builder.layer(f"{name}{number}()", Opaque(name), function=True), [value, constant], [(1, 4)])
        elif which == "nameless":
            builder.carry(builder.layer(f"cut{number}", Opaque("cut")), [value], [(1, unknown(), unknown() * 2)])
        elif which == "unused":
            builder.layer(f"unused{number}", Dense(2), stored.holdings(Dense(2), [(1, 3)])[:1])
        return value

    def _tied(self, builder: Builder, stored: Stored, number: int, value: int) -> None:
        """A dense layer that has its kernel from an embedding."""
        table = Holding("weight", stored.identity(), ("embedding",), "")
        builder.layers.append(Layer(f"words{number}", Embedding(9, 4), (table,), "Embedding"))
        kernel = Holding("weight", table.identity, ("kernel",), "out in", True)
        head = builder.layer(f"head{number}", Dense(9, False), [kernel], "Linear")
        builder.call(head, [builder.value((1, 4))])

    def _opaque(self, builder: Builder, stored: Stored, number: int, value: int) -> int:
        """A layer without a law, whose tensors the framework has told, or has not; one of them may be packed."""
        names = self.draw(st.lists(st.sampled_from(["a", "b.c", "d"]), unique=True, max_size=3))
        held = [Holding(name, stored.identity(), (), "", self.draw(st.none() | st.booleans())) for name in names]
        path = f"strange{number}"
        layer = builder.layer(path, Opaque("Strange", Identity() if self.draw(st.booleans()) else None), held, "Strange")
        shapes = st.sampled_from([(3,), (2, 5), (), (None, 4)])
        told = [ReportedTensor(n, self.draw(shapes), self.draw(st.booleans()), self.draw(st.booleans()),
                               self.draw(st.sampled_from([None, 12]))) for n in names[: self.draw(st.integers(0, 3))]]  # fmt: skip
        if told:
            self.reported.append(ReportedLayer(path, tuple(told)))
        return builder.carry(layer, [value], [builder.shape(value)])[0]
