"""Configurations and input shapes for Keras 3's attention, sums over named axes, stacked and convolutional recurrence."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from strategies_keras import ACTIVATIONS, BATCH, FORMATS, SIDE, SMALL, Case, Draw, Shape, recurrences
from under_test_keras import layers

WIDTH = st.integers(1, 6)
EQUATIONS = (
    ("abc,cd->abd", 3), ("...x,xy->...y", None), ("abc,cde->abde", 3), ("abcd,cde->abe", 4), ("ab...,bc->ac...", None),
    ("abc,bcd->abd", 3), ("ab,bc->ac", 2), ("abc,abd->acd", 3), ("a,b", 1), ("abc,cd->abe", 3),
)  # fmt: skip


def _sequences(draw: Draw, least: int, most: int) -> tuple[Shape, Shape, Shape]:
    """Query, value and key, which mostly fit."""
    batch, middle = draw(BATCH), draw(st.integers(least, most))
    queries, keys = [tuple(draw(st.lists(SIDE, min_size=middle, max_size=middle))) for _ in range(2)]
    others = keys if draw(st.integers(0, 9)) else (draw(SIDE), *keys[1:])
    return (batch, *queries, draw(WIDTH)), (batch, *keys, draw(WIDTH)), (batch, *others, draw(WIDTH))


@st.composite
def multi_head_attentions(draw: Draw) -> Case:
    query, value, key = _sequences(draw, 1, 2)
    fields: dict[str, Any] = {
        "num_heads": draw(SMALL),
        "key_dim": draw(SMALL),
        "value_dim": draw(st.none() | SMALL),
        "use_bias": draw(st.booleans()),
        "use_gate": draw(st.booleans()),
        "output_shape": draw(st.none() | SMALL | st.tuples(SMALL, SMALL)),
    }
    shapes = (query, value, key) if draw(st.booleans()) else (query, value)
    return Case("MultiHeadAttention", fields, shapes, spread=True)


@st.composite
def grouped_attentions(draw: Draw) -> Case:
    query, value, key = _sequences(draw, 1, 1)
    shared, times = draw(SMALL), draw(st.sampled_from([1, 2, 3]))
    fields: dict[str, Any] = {
        "head_dim": draw(SMALL),
        "num_query_heads": shared * times,
        "num_key_value_heads": shared,
        "use_bias": draw(st.booleans()),
        "use_gate": draw(st.booleans()),
    }
    value = (*value[:-1], query[-1]) if draw(st.integers(0, 9)) else value
    asked = {"return_attention_scores": True} if draw(st.booleans()) else {}
    shapes = (query, value, key) if draw(st.booleans()) else (query, value)
    return Case("GroupQueryAttention", fields, shapes, spread=True, asked=asked)


@st.composite
def dot_attentions(draw: Draw) -> Case:
    query, value, key = _sequences(draw, 1, 1)
    key = (*key[:-1], query[-1])
    shapes = (query, value, key) if draw(st.booleans()) else (query, (*value[:-1], query[-1]))
    fields: dict[str, Any] = {"use_scale": draw(st.booleans())}
    name = draw(st.sampled_from(["Attention", "AdditiveAttention"]))
    if name == "Attention":
        fields["score_mode"] = draw(st.sampled_from(["dot", "concat"]))
    asked = {"return_attention_scores": True} if draw(st.booleans()) else {}
    return Case(name, fields, shapes, asked=asked)


@st.composite
def einsum_denses(draw: Draw) -> Case:
    equation, axes = draw(st.sampled_from(EQUATIONS))
    made = equation.partition("->")[2].replace("...", "")
    count = axes if axes is not None else draw(st.integers(2, 3))  # of more, Keras declares the axes in another order
    shape = (draw(BATCH), *(draw(WIDTH) for _ in range(count - 1)))
    read = equation.partition(",")[0]
    sizes = {} if "..." in read else dict(zip(read, shape))
    wanted = made[0 if equation.startswith("...") else 1 :]
    output = tuple(sizes.get(letter, draw(WIDTH)) if draw(st.integers(0, 12)) else draw(WIDTH) for letter in wanted)
    bias = draw(st.none() | st.sampled_from([wanted[-1:], wanted, "z"]))
    fields = {"equation": equation, "output_shape": output, "bias_axes": bias or None, "activation": draw(ACTIVATIONS)}
    return Case("EinsumDense", fields, (shape,))


@st.composite
def dots(draw: Draw) -> Case:
    left = (draw(BATCH), *draw(st.lists(WIDTH, min_size=1, max_size=2)))
    right = (left[0], *draw(st.lists(WIDTH, min_size=1, max_size=2)))
    i, j = draw(st.integers(1, len(left) - 1)), draw(st.integers(1, len(right) - 1))
    if draw(st.integers(0, 5)):
        right = (*right[:j], left[i], *right[j + 1 :])
    axes: Any = draw(st.sampled_from([(i, j), (i, j), i]))
    return Case("Dot", {"axes": axes, "normalize": draw(st.booleans())}, (left, right))


@st.composite
def convolutional_recurrences(draw: Draw) -> Case:
    rank, data_format = draw(st.integers(1, 3)), draw(FORMATS)
    sides = tuple(draw(st.integers(1, 6)) for _ in range(rank + draw(st.sampled_from([0] * 12 + [1]))))
    maps = (*sides, draw(SMALL)) if data_format == "channels_last" else (draw(SMALL), *sides)
    fields: dict[str, Any] = {
        "filters": draw(st.integers(1, 3)),
        "kernel_size": draw(st.integers(1, 3)),
        "strides": draw(st.sampled_from([1, 1, 2])),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "data_format": data_format,
        "use_bias": draw(st.booleans()),
        "return_sequences": draw(st.booleans()),
        "return_state": draw(st.booleans()),
    }
    return Case(f"ConvLSTM{rank}D", fields, ((draw(BATCH), draw(SMALL), *maps),))


class Stacked(Case):
    """Cells of Keras' own in an RNN layer, one on top of another."""

    def layer(self) -> layers.Layer:
        kinds = {"SimpleRNN": layers.SimpleRNNCell, "LSTM": layers.LSTMCell, "GRU": layers.GRUCell}
        cells = [kinds[name](**fields) for name, fields in self.fields["cells"]]
        return layers.RNN(cells, **self.fields["around"])


@st.composite
def stacked_recurrences(draw: Draw) -> Case:
    cases = draw(st.lists(recurrences(), min_size=1, max_size=3))
    around = {name: cases[0].fields[name] for name in ("return_sequences", "return_state", "go_backwards")}
    cells = tuple((c.name, {k: v for k, v in c.fields.items() if k not in around}) for c in cases)
    if len(cells) > 1:
        around["return_state"] = False  # Keras 3 cannot say the shapes of nested states
    return Stacked("RNN", {"cells": cells, "around": around}, cases[0].shapes)


@st.composite
def spectral_norms(draw: Draw) -> Case:
    inner = draw(
        st.sampled_from(
            [
                Case("Dense", {"units": 3}),
                Case("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same"}),
                Case("Conv2DTranspose", {"filters": 2, "kernel_size": 2}),
                Case("Embedding", {"input_dim": 5, "output_dim": 3}),
                Case("DepthwiseConv2D", {"kernel_size": 2}),
                Case("Flatten", {}),
            ]
        )
    )
    sides = draw(st.lists(SIDE, min_size=1, max_size=3))
    return Case("SpectralNormalization", {}, ((draw(BATCH), *sides),), inner)


@st.composite
def reversible_embeddings(draw: Draw) -> Case:
    width = draw(SMALL)
    fields = {"input_dim": draw(SIDE), "output_dim": width, "tie_weights": draw(st.booleans())}
    reverse = draw(st.booleans())
    shape = (
        (draw(BATCH), draw(SIDE), width if draw(st.integers(0, 9)) else draw(SIDE)) if reverse else (draw(BATCH), draw(SIDE))
    )
    return Case("ReversibleEmbedding", fields, (shape,), asked={"reverse": True} if reverse else {})
