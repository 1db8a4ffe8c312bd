"""Cells as users write them, for Keras 3 and tf.keras 2, and recurrent layers around them, generated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Optional

from hypothesis import strategies as st
from strategies_keras import SMALL, Draw
from under_test_keras import SECOND, keras, layers

if SECOND:
    from tensorflow import TensorShape, concat, matmul, tanh, zeros
else:
    from keras.ops import concatenate as concat
    from keras.ops import matmul, tanh, zeros

registered = keras.utils.register_keras_serializable("cells")


@registered
class Parts(layers.Layer):
    """A cell that is made of other layers: a chain for the input, and one more for each state."""

    def __init__(
        self,
        states: Any,
        depth: int = 1,
        norm: bool = False,
        output_size: Optional[int] = None,
        bias: bool = True,
        **fields: Any,
    ) -> None:
        super().__init__(**fields)
        self.state_size = states if isinstance(states, int) else list(states)
        if output_size is not None:
            self.output_size = output_size
        sizes = [states] if isinstance(states, int) else list(states)
        self.chain = [layers.Dense(3, activation="relu", name=f"chain{i}") for i in range(depth)]
        self.changes = [layers.Dense(size, use_bias=bias, name=f"update{i}") for i, size in enumerate(sizes)]
        self.norm = layers.LayerNormalization(name="norm") if norm else None
        self.head = layers.Dense(output_size, name="head") if output_size is not None else None
        self.fields = {"states": states, "depth": depth, "norm": norm, "output_size": output_size, "bias": bias}

    def call(self, inputs: Any, states: Any) -> Any:
        hidden = inputs
        for part in self.chain:
            hidden = part(hidden)
        given = states if isinstance(states, (list, tuple)) else [states]
        new = [tanh(update(concat([hidden, state], axis=-1))) for update, state in zip(self.changes, given)]
        first = self.norm(new[0]) if self.norm is not None else new[0]
        return (self.head(first) if self.head is not None else first), new

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.fields}


@registered
class Weights(layers.Layer):
    """A cell that has weights of its own, as in Keras' own example."""

    def __init__(self, units: int, **fields: Any) -> None:
        super().__init__(**fields)
        self.units = self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")
        self.built = True

    def call(self, inputs: Any, states: Any) -> Any:
        output = matmul(inputs, self.kernel) + matmul(states[0], self.recurrent)
        return output, [output]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@registered
class Doubled(layers.LSTMCell):
    """A cell of Keras' own, with something done to what comes out."""

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        output, states = super().call(inputs, states, training=training)
        return output * 2.0, states


@registered
class Over(layers.Layer):
    """A cell around one of Keras' own, which it applies as a layer."""

    def __init__(self, kind: str, units: int, **fields: Any) -> None:
        super().__init__(**fields)
        self.inner = getattr(layers, kind)(units, name="inner")
        self.head = layers.Dense(units, name="head")
        self.state_size, self.output_size, self.fields = self.inner.state_size, units, {"kind": kind, "units": units}

    def call(self, inputs: Any, states: Any) -> Any:
        output, states = self.inner(inputs, states)
        return self.head(output), states

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.fields}


@registered
class Maps(layers.Layer):
    """A cell whose state has spatial axes."""

    def __init__(self, side: int, filters: int, **fields: Any) -> None:
        super().__init__(**fields)
        self.side, self.filters = side, filters
        size = (side, side, filters)
        self.state_size = [TensorShape(size)] if SECOND else [size]
        self.output_size = TensorShape(size) if SECOND else size
        self.of_input = layers.Conv2D(filters, 3, padding="same", name="inputs")
        self.of_state = layers.Conv2D(filters, 3, padding="same", use_bias=False, name="states")

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        return [zeros((batch_size, self.side, self.side, self.filters))]

    def call(self, inputs: Any, states: Any) -> Any:
        output = tanh(self.of_input(inputs) + self.of_state(states[0]))
        return output, [output]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side, "filters": self.filters}


@dataclass(frozen=True)
class Plan:
    """A recurrent layer around cells, perhaps in both directions, on sequences of `shape`."""

    cells: tuple[tuple[str, dict[str, Any]], ...]
    fields: dict[str, Any]
    shape: tuple[int, ...]
    merge: Any = ""  # nothing: in one direction

    def cell(self) -> Any:
        made = [_CELLS[name](**fields) for name, fields in self.cells]
        return made if len(made) > 1 else made[0]

    def layer(self) -> Any:
        recurrent = layers.RNN(self.cell(), name="rnn", **self.fields)
        return recurrent if self.merge == "" else layers.Bidirectional(recurrent, merge_mode=self.merge, name="both")

    def one_way(self) -> Plan:
        return replace(self, merge="")


_CELLS: dict[str, Any] = {
    "Parts": Parts,
    "Weights": Weights,
    "Doubled": Doubled,
    "Over": Over,
    **{name: getattr(layers, name) for name in ("SimpleRNNCell", "LSTMCell", "GRUCell")},
}


@st.composite
def _cells(draw: Draw) -> tuple[str, dict[str, Any]]:
    name = draw(st.sampled_from(["Parts", "Parts", "Parts", "Weights", "Doubled", "Over", "LSTMCell", "GRUCell"]))
    if name == "Over":
        return name, {"kind": draw(st.sampled_from(["SimpleRNNCell", "LSTMCell", "GRUCell"])), "units": draw(SMALL)}
    if name != "Parts":
        return name, {"units": draw(SMALL)}
    several = st.lists(SMALL, min_size=1, max_size=3).map(tuple)
    states = draw(SMALL | several)
    return name, {
        "states": states,
        "depth": draw(st.integers(0, 2)),
        "norm": draw(st.booleans()),
        "output_size": draw(st.none() | SMALL),
        "bias": draw(st.booleans()),
    }


@st.composite
def plans(draw: Draw) -> Plan:
    """Recurrent layers around one to three cells."""
    cells = tuple(draw(st.lists(_cells(), min_size=1, max_size=3)))
    fields = {name: draw(st.booleans()) for name in ("return_sequences", "return_state", "unroll", "go_backwards")}
    merge = draw(st.sampled_from(["", "", "concat", "sum", "mul", "ave", None]))
    if merge != "":
        fields["go_backwards"] = False
    return Plan(cells, fields, (draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(SMALL)), merge)
