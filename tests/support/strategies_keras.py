"""Configurations and input shapes for each of Keras 3's layers, mostly acceptable, now and then not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from hypothesis import strategies as st
from under_test_keras import layers

Shape = tuple[Optional[int], ...]
Draw = Any

BATCH = st.sampled_from([None, 1, 3])
SMALL = st.integers(1, 4)
SIDE = st.integers(1, 11)
FORMATS = st.sampled_from(["channels_last", "channels_first"])
NOISES = (
    "Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "ActivityRegularization", "Rescaling", "Identity",
)  # fmt: skip
ACTIVATIONS = st.sampled_from([None, "linear", "relu", "tanh"])


@dataclass(frozen=True)
class Case:
    """A layer to be made, perhaps around another, and the shapes it is to be applied to.

    `spread`: the inputs are arguments of their own, not one list; `asked`: what else the layer is called with; `dtype`: what the inputs are.
    """

    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = ()
    inner: Optional[Case] = None
    spread: bool = False
    asked: dict[str, Any] = field(default_factory=dict)
    dtype: Optional[str] = None

    def layer(self) -> layers.Layer:
        """A new layer. Raises what Keras raises for a configuration that it refuses."""
        around = () if self.inner is None else (self.inner.layer(),)
        return getattr(layers, self.name)(*around, **self.fields)

    def apply(self, layer: layers.Layer, inputs: list[Any]) -> Any:
        """The layer's outputs. Raises what Keras raises for inputs that it refuses."""
        if self.spread:
            return layer(*inputs, **self.asked)
        return layer(inputs if len(inputs) > 1 else inputs[0], **self.asked)


def _image(draw: Draw, rank: int, data_format: str, channels: int, sides: Any = SIDE) -> Shape:
    """Now and then of a rank that is not the layer's."""
    odd = draw(st.sampled_from([0] * 14 + [-1, 1]))
    spatial = tuple(draw(sides) for _ in range(max(rank + odd, 0)))
    batch = draw(BATCH)
    return (batch, *spatial, channels) if data_format == "channels_last" else (batch, channels, *spatial)


def _each(draw: Draw, rank: int, numbers: Any) -> Any:
    """One number for all axes, or one for each."""
    return draw(st.one_of(numbers, st.tuples(*[numbers] * rank)))


def _sliding(draw: Draw, rank: int, paddings: tuple[str, ...] = ("valid", "same")) -> dict[str, Any]:
    found = {
        "kernel_size": _each(draw, rank, SMALL),
        "padding": draw(st.sampled_from(paddings)),
        "data_format": draw(FORMATS),
        "use_bias": draw(st.booleans()),
        "activation": draw(ACTIVATIONS),
    }
    which = draw(st.sampled_from(["strides", "dilation_rate", None]))
    return {**found, which: _each(draw, rank, st.integers(1, 3))} if which else found


@st.composite
def convolutions(draw: Draw) -> Case:
    rank = draw(st.integers(1, 3))
    fields = _sliding(draw, rank, ("valid", "same", "causal") if rank == 1 else ("valid", "same"))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    channels = groups * draw(SMALL) + draw(st.sampled_from([0, 0, 0, 1]))
    fields.update(filters=groups * draw(SMALL), groups=groups)
    return Case(f"Conv{rank}D", fields, (_image(draw, rank, fields["data_format"], channels),))


@st.composite
def transposed_convolutions(draw: Draw) -> Case:
    rank = draw(st.integers(1, 3))
    fields = _sliding(draw, rank)
    if draw(st.booleans()):
        fields["output_padding"] = _each(draw, rank, st.integers(0, 2))
    return Case(
        f"Conv{rank}DTranspose",
        {**fields, "filters": draw(SMALL)},
        (_image(draw, rank, fields["data_format"], draw(SMALL)),),
    )


@st.composite
def depthwise_convolutions(draw: Draw) -> Case:
    rank = draw(st.integers(1, 2))
    fields = {**_sliding(draw, rank), "depth_multiplier": draw(SMALL)}
    name = draw(st.sampled_from(["DepthwiseConv", "SeparableConv"]))
    if name == "SeparableConv":
        fields["filters"] = draw(SMALL)
    return Case(f"{name}{rank}D", fields, (_image(draw, rank, fields["data_format"], draw(SMALL)),))


@st.composite
def dense_layers(draw: Draw) -> Case:
    fields = {"units": draw(SMALL), "use_bias": draw(st.booleans()), "activation": draw(ACTIVATIONS)}
    shape = (draw(BATCH), *draw(st.lists(SIDE, max_size=3)))
    return Case("Dense", fields, (shape,))


@st.composite
def embeddings(draw: Draw) -> Case:
    fields = {"input_dim": draw(SIDE), "output_dim": draw(SMALL), "mask_zero": draw(st.booleans())}
    return Case("Embedding", fields, ((draw(BATCH), *draw(st.lists(SIDE, max_size=2))),))


@st.composite
def pools(draw: Draw) -> Case:
    rank, data_format = draw(st.integers(1, 3)), draw(FORMATS)
    fields = {
        "pool_size": _each(draw, rank, SMALL),
        "strides": draw(st.none() | SMALL),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "data_format": data_format,
    }
    kind = draw(st.sampled_from(["Max", "Average"]))
    return Case(f"{kind}Pooling{rank}D", fields, (_image(draw, rank, data_format, draw(SMALL)),))


@st.composite
def global_pools(draw: Draw) -> Case:
    rank, data_format = draw(st.integers(1, 3)), draw(FORMATS)
    shape = _image(draw, rank, data_format, draw(SMALL))
    if draw(st.booleans()):
        fields: dict[str, Any] = {"keepdims": draw(st.booleans()), "data_format": data_format}
        return Case(f"Global{draw(st.sampled_from(['Max', 'Average']))}Pooling{rank}D", fields, (shape,))
    fields = {"output_size": _each(draw, rank, SMALL), "data_format": data_format}
    return Case(f"Adaptive{draw(st.sampled_from(['Max', 'Average']))}Pooling{rank}D", fields, (shape,))


def _example(draw: Draw, least: int = 1) -> Shape:
    return (draw(BATCH), *draw(st.lists(SIDE, min_size=least, max_size=4)))


@st.composite
def normalizations(draw: Draw) -> Case:
    shape = _example(draw)
    axis = draw(st.integers(1, len(shape)) | st.integers(-len(shape) + 1, -1))
    axes = st.lists(st.integers(1, len(shape) - 1), min_size=1, unique=True)
    fields: dict[str, Any] = {"axis": axis}
    name = draw(st.sampled_from(["Batch", "Layer", "Group", "RMS", "Unit", ""]))
    if name in ("Batch", "Layer", "Group"):
        fields.update(scale=draw(st.booleans()), center=draw(st.booleans()))
    if name == "Batch" and draw(st.booleans()):
        fields["renorm"] = True
    if name == "Group":
        fields["groups"] = draw(st.sampled_from([-1, 1, 2, 3]))
    if name in ("Layer", "RMS", "Unit", "") and draw(st.booleans()):
        fields["axis"] = draw(axes)
    if name == "" and draw(st.booleans()):
        fields.update(mean=0.5, variance=2.0)
    return Case(f"{name}Normalization", fields, (shape,))


@st.composite
def recurrences(draw: Draw) -> Case:
    name = draw(st.sampled_from(["SimpleRNN", "LSTM", "GRU"]))
    fields = {
        "units": draw(SMALL),
        "use_bias": draw(st.booleans()),
        "return_sequences": draw(st.booleans()),
        "return_state": draw(st.booleans()),
        "go_backwards": draw(st.booleans()),
    }
    if name == "GRU":
        fields["reset_after"] = draw(st.booleans())
    odd = draw(st.sampled_from([1] * 12 + [0, 2]))
    return Case(name, fields, ((draw(BATCH), draw(SIDE), *(draw(SIDE) for _ in range(odd))),))


@st.composite
def bidirectional_recurrences(draw: Draw) -> Case:
    inner = draw(recurrences())
    inner.fields["go_backwards"] = False
    mode = draw(st.sampled_from(["concat", "sum", "mul", "ave", None]))
    return Case("Bidirectional", {"merge_mode": mode}, inner.shapes, inner)


@st.composite
def distributed(draw: Draw) -> Case:
    inner = draw(st.one_of(convolutions(), dense_layers(), pools(), normalizations()))
    (shape,) = inner.shapes
    return Case("TimeDistributed", {}, ((shape[0], draw(SMALL), *shape[1:]),), inner)


@st.composite
def activations(draw: Draw) -> Case:
    shape = _example(draw)
    name = draw(st.sampled_from(["PReLU", "PReLU", "ReLU", "LeakyReLU", "ELU", "Softmax", "Activation"]))
    fields: dict[str, Any] = {}
    if name == "PReLU" and draw(st.booleans()):
        fields["shared_axes"] = draw(st.lists(st.integers(0, len(shape)), max_size=3))
    if name == "Activation":
        fields["activation"] = draw(st.sampled_from(["relu", "linear", "gelu", "softmax"]))
    return Case(name, fields, (shape,))


@st.composite
def noises(draw: Draw) -> Case:
    name = draw(st.sampled_from(NOISES))
    argument = {"GaussianNoise": "stddev", "Rescaling": "scale", "ActivityRegularization": "l1"}.get(name, "rate")
    fields = {} if name == "Identity" else {argument: 0.25}
    return Case(name, fields, (_example(draw),))


@st.composite
def rearrangements(draw: Draw) -> Case:
    name = draw(st.sampled_from(["Flatten", "Reshape", "Permute", "RepeatVector"]))
    shape = _example(draw, 0 if name == "Flatten" else 1)
    rest = shape[1:]
    fields: dict[str, Any] = {}
    if name == "Flatten":
        fields["data_format"] = draw(FORMATS)
    if name == "Reshape":
        whole = draw(st.permutations(rest)) if draw(st.booleans()) else [draw(SMALL), *rest[1:]]
        at = draw(st.integers(0, len(whole)))
        fields["target_shape"] = tuple(-1 if i == at else dim for i, dim in enumerate(whole))
    if name == "Permute":
        fields["dims"] = tuple(draw(st.permutations(range(1, len(rest) + 1 + draw(st.sampled_from([0, 0, 0, 1]))))))
    if name == "RepeatVector":
        fields["n"] = draw(SMALL)
    return Case(name, fields, (shape,))


@st.composite
def resizings(draw: Draw) -> Case:
    name, rank = draw(st.sampled_from([(n, r) for n in ("ZeroPadding", "Cropping", "UpSampling") for r in (1, 2, 3)]))
    data_format = draw(FORMATS)
    fields: dict[str, Any] = {} if rank == 1 and name != "ZeroPadding" else {"data_format": data_format}
    if "data_format" not in fields:
        data_format = "channels_last"
    if name == "UpSampling":
        fields["size"] = draw(SMALL) if rank == 1 else _each(draw, rank, SMALL)
    else:
        amount = st.integers(0, 4)
        pair = st.tuples(amount, amount)
        amounts = st.one_of(amount, pair if rank == 1 else st.tuples(*[pair] * rank))
        fields["padding" if name == "ZeroPadding" else "cropping"] = draw(amounts)
    return Case(f"{name}{rank}D", fields, (_image(draw, rank, data_format, draw(SMALL)),))


@st.composite
def merges(draw: Draw) -> Case:
    name = draw(st.sampled_from(["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"]))
    shape = _example(draw)
    count = 2 if name == "Subtract" else draw(st.integers(2, 3))
    batches = [draw(st.sampled_from([shape[0]] * 8 + [None, 2])) for _ in range(count)]
    if name == "Concatenate":
        axis = draw(st.integers(1, len(shape)) | st.just(-1))
        at = axis % len(shape)
        others = [tuple(draw(SIDE) if i == at else dim for i, dim in enumerate(shape)) for _ in range(count)]
        fields: dict[str, Any] = {"axis": axis}
    else:
        others, fields = [_broadcastable(draw, shape) for _ in range(count)], {}
    return Case(name, fields, tuple((batch, *other[1:]) for batch, other in zip(batches, others)))


def _broadcastable(draw: Draw, shape: Shape) -> Shape:
    dims = [draw(st.sampled_from([dim] * 6 + [1, 1, 5])) for dim in shape[1:]]
    return (shape[0], *dims[draw(st.sampled_from([0] * 8 + [1])) :])
