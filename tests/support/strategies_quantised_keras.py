"""Layers of Keras 3 that are quantised, made low-rank, or both: in which order, by a call or by their dtype, and inside what."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

import keras
from hypothesis import strategies as st
from keras import layers, quantizers

Draw = st.DrawFn
SIZE = st.integers(1, 5)
EQUATIONS = (
    ("abc,cd->abd", 2),
    ("abc,cde->abed", 2),
    ("abc,bcd->ad", 2),
    ("ab,bc->ac", 1),
    ("abcd,dce->abe", 3),
    ("...x,xy->...y", 2),
)
AROUND = (None, None, "TimeDistributed", "SpectralNormalization")


@dataclass(frozen=True)
class Quantising:
    """`policy`: what a quantised dtype is called; `rank`: of the kernels of low rank, None where there are none.

    `when`: these come ``first``, or ``last``; `by_dtype`: the layer is made like that, and built afterwards.
    """

    name: str
    fields: dict[str, Any]
    shape: tuple[int, ...]
    around: Optional[str]
    policy: Optional[str]
    rank: Optional[int]
    when: str
    by_dtype: bool

    def layer(self) -> Any:
        """The layer, and nothing done to it but what its own arguments say."""
        made = dict(self.fields, dtype=f"{self.policy}_from_float32") if self.policy and self.by_dtype else dict(self.fields)
        if self.rank and self.by_dtype and self.name not in ("MultiHeadAttention", "GroupQueryAttention"):
            made["lora_rank"] = self.rank
        one = getattr(layers, self.name)(**made)
        return one if self.around is None else getattr(layers, self.around)(one)

    def inputs(self) -> Any:
        """The shapes that the layer is applied to."""
        shape = (None, *((3,) if self.around == "TimeDistributed" else ()), *self.shape)
        return (shape, shape) if self.name.endswith("Attention") else shape

    def model(self) -> Any:
        """The layer in a model, with everything done to it. Raises whatever Keras refuses this with."""
        one, shape = self.layer(), self.inputs()
        x = keras.Input(batch_shape=shape[0] if self.name.endswith("Attention") else shape)
        model = keras.Model(x, one(x, x) if self.name.endswith("Attention") else one(x))
        if not self.by_dtype:
            for step in ("rank", "policy") if self.when == "first" else ("policy", "rank"):
                self._do(model, step)
        return model

    def _do(self, model: Any, step: str) -> None:
        for part in model._flatten_layers():
            if step == "rank" and self.rank and hasattr(part, "enable_lora"):
                part.enable_lora(self.rank)
            elif step == "policy" and self.policy and len(list(part._flatten_layers())) == 1:
                self._quantise(part)

    def _quantise(self, part: Any) -> None:
        """As ``Model.quantize`` does it, but for the calibration."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                part.quantize(config=self._config())
            except NotImplementedError:
                return

    def _config(self) -> Any:
        mode, *numbers = str(self.policy).split("/")
        given = [int(number) for number in numbers]
        if mode == "gptq":
            return quantizers.GPTQConfig(None, None, weight_bits=given[0], group_size=given[1])
        if mode == "awq":
            return quantizers.AWQConfig(None, None, group_size=given[1])
        if mode == "int4":
            return quantizers.Int4QuantizationConfig(block_size=given[0])
        return quantizers.Int8QuantizationConfig() if mode == "int8" else quantizers.Float8QuantizationConfig()


def _layers(draw: Draw) -> Iterator[tuple[str, dict[str, Any], tuple[int, ...]]]:
    biased = {"use_bias": draw(st.booleans())}
    yield "Dense", {"units": draw(SIZE), **biased}, (draw(SIZE),)
    equation, axes = draw(st.sampled_from(EQUATIONS))
    shape = tuple(draw(SIZE) for _ in range(axes))
    made = equation.partition("->")[2].replace(".", "")
    sizes = dict(zip(equation.partition(",")[0].replace("...", "_"), (None, *shape)))
    wanted = tuple(sizes.get(letter) or draw(SIZE) for letter in made[0 if "." in equation else 1 :])
    yield (
        "EinsumDense",
        {"equation": equation, "output_shape": wanted, "bias_axes": draw(st.sampled_from([None, made[-1]]))},
        shape,
    )
    yield "Embedding", {"input_dim": draw(SIZE), "output_dim": draw(SIZE)}, (draw(SIZE),)
    yield "ReversibleEmbedding", {"input_dim": draw(SIZE), "output_dim": draw(SIZE), "tie_weights": draw(st.booleans())}, (3,)
    yield (
        "Conv2D",
        {"filters": 2 * draw(SIZE), "kernel_size": (2, 1), "groups": draw(st.sampled_from([1, 2])), **biased},
        (4, 4, 2),
    )
    places = tuple(draw(SIZE) for _ in range(draw(st.integers(1, 2))))
    width = draw(st.none() | SIZE | st.tuples(SIZE, SIZE))
    heads = {"num_heads": draw(SIZE), "key_dim": draw(SIZE), "use_gate": draw(st.booleans()), "output_shape": width, **biased}
    yield "MultiHeadAttention", heads, (*places, draw(SIZE))
    shared = draw(st.integers(1, 2))
    grouped = {"head_dim": draw(SIZE), "num_query_heads": 2 * shared, "num_key_value_heads": shared, **biased}
    yield "GroupQueryAttention", grouped, (draw(SIZE), draw(SIZE))


def _policy(draw: Draw) -> str:
    size = draw(st.sampled_from([-1, 1, 2, 3, 128]))
    bits = draw(st.sampled_from([2, 3, 4, 8]))
    return str(draw(st.sampled_from(["int8", "float8", f"int4/{size}", f"gptq/{bits}/{size}", f"awq/4/{size}"])))


@st.composite
def quantisings(draw: Draw) -> Quantising:
    name, fields, shape = draw(st.sampled_from(list(_layers(draw))))
    around = None if name.endswith("Attention") else draw(st.sampled_from(AROUND))
    policy = draw(st.just(_policy(draw)) if draw(st.integers(0, 5)) else st.none())
    rank = draw(st.none() | st.integers(1, 3))
    return Quantising(name, fields, shape, around, policy, rank, draw(st.sampled_from(["first", "last"])), draw(st.booleans()))
