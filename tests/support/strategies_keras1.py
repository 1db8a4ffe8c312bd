"""Configurations and input shapes for the layers of Keras 1, mostly acceptable, now and then not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from hypothesis import strategies as st
from keras import layers

Shape = tuple[Optional[int], ...]
Draw = Any

BATCH = st.sampled_from([None, 1, 3])
SMALL = st.integers(1, 4)
SIDE = st.integers(1, 11)
WIDE = st.integers(4, 11)
ORDERINGS = st.sampled_from(["th", "tf"])
ACTIVATIONS = st.sampled_from(["linear", "relu", "tanh"])
BORDERS = st.sampled_from(["valid", "same"])


@dataclass(frozen=True)
class Case:
    """A layer to be made, perhaps around another, and the shapes it is to be applied to."""

    name: str
    arguments: tuple[Any, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = ()
    inner: Optional[Case] = None

    def layer(self) -> layers.Layer:
        """A new layer. Raises what Keras raises for a configuration that it refuses."""
        around = () if self.inner is None else (self.inner.layer(),)
        return getattr(layers, self.name)(*around, *self.arguments, **self.fields)


def _odd(draw: Draw) -> int:
    return int(draw(st.sampled_from([0] * 14 + [-1, 1])))


def _image(draw: Draw, rank: int, ordering: str, channels: int, sides: Any = WIDE) -> Shape:
    spatial = tuple(draw(sides) for _ in range(max(rank + _odd(draw), 0)))
    return (draw(BATCH), *spatial, channels) if ordering == "tf" else (draw(BATCH), channels, *spatial)


@st.composite
def convolutions(draw: Draw) -> Case:
    rank = draw(st.sampled_from([1, 2, 2, 3]))
    ordering = "tf" if rank == 1 else draw(ORDERINGS)
    size = tuple(draw(SMALL) for _ in range(rank))
    fields: dict[str, Any] = {"border_mode": draw(BORDERS), "bias": draw(st.booleans()), "activation": draw(ACTIVATIONS)}
    name = f"Convolution{rank}D"
    if rank == 1:
        fields["subsample_length"] = draw(SMALL)
    else:
        fields.update(dim_ordering=ordering, subsample=tuple(draw(SMALL) for _ in range(rank)))
    if rank < 3 and draw(st.booleans()):
        name = f"Atrous{name}"
        fields["atrous_rate"] = draw(SMALL) if rank == 1 else (draw(SMALL), draw(SMALL))
        fields.pop("subsample", None)
        fields.pop("subsample_length", None)
    return Case(name, (draw(SMALL), *size), fields, (_image(draw, rank, ordering, draw(SMALL), SIDE),))


@st.composite
def local_convolutions(draw: Draw) -> Case:
    rank = draw(st.integers(1, 2))
    ordering = "tf" if rank == 1 else draw(ORDERINGS)
    fields: dict[str, Any] = {"bias": draw(st.booleans())}
    if rank == 1:
        fields["subsample_length"] = draw(SMALL)
    else:
        fields.update(dim_ordering=ordering, subsample=(draw(SMALL), draw(SMALL)))
    size = tuple(draw(SMALL) for _ in range(rank))
    return Case(f"LocallyConnected{rank}D", (draw(SMALL), *size), fields, (_image(draw, rank, ordering, draw(SMALL)),))


@st.composite
def dense_layers(draw: Draw) -> Case:
    name = draw(st.sampled_from(["Dense", "TimeDistributedDense", "MaxoutDense", "Highway"]))
    fields: dict[str, Any] = {"bias": draw(st.booleans())}
    if name == "MaxoutDense":
        fields["nb_feature"] = draw(SMALL)
    if name == "TimeDistributedDense":
        fields["bias"] = True  # without one Keras 1.1.1 forgets its kernel; see test_models
    rank = (2 if name == "TimeDistributedDense" else 1) + _odd(draw)
    arguments = () if name == "Highway" else (draw(SMALL),)
    return Case(name, arguments, fields, ((draw(BATCH), *(draw(SIDE) for _ in range(rank))),))


@st.composite
def embeddings(draw: Draw) -> Case:
    return Case("Embedding", (draw(SIDE), draw(SMALL)), {}, ((draw(BATCH), draw(SIDE)),))


@st.composite
def pools(draw: Draw) -> Case:
    rank = draw(st.integers(1, 3))
    ordering = "tf" if rank == 1 else draw(ORDERINGS)
    kind = draw(st.sampled_from(["Max", "Average"]))
    fields: dict[str, Any] = {} if rank == 1 else {"dim_ordering": ordering}
    if draw(st.booleans()):
        name = f"Global{kind}Pooling{rank}D"
    else:
        name = f"{kind}Pooling{rank}D"
        fields["border_mode"] = draw(BORDERS)
        sizes = SMALL if fields["border_mode"] == "valid" else st.integers(2, 4)  # Keras pads a window of 1 by -1
        if rank == 1:
            fields.update(pool_length=draw(sizes), stride=draw(st.none() | SMALL))
        else:
            fields["pool_size"] = tuple(draw(sizes) for _ in range(rank))
            fields["strides"] = draw(st.none() | st.tuples(*[SMALL] * rank))
    return Case(name, (), fields, (_image(draw, rank, ordering, draw(SMALL), SIDE),))


def _example(draw: Draw, least: int = 1, most: int = 4) -> Shape:
    return (draw(BATCH), *draw(st.lists(SIDE, min_size=least, max_size=most)))


@st.composite
def normalizations(draw: Draw) -> Case:
    shape = _example(draw)
    axis = draw(st.integers(1, len(shape)) | st.integers(-len(shape) + 1, -1))
    return Case("BatchNormalization", (), {"axis": axis, "mode": draw(st.sampled_from([0, 2]))}, (shape,))


@st.composite
def recurrences(draw: Draw) -> Case:
    name = draw(st.sampled_from(["SimpleRNN", "LSTM", "GRU"]))
    fields = {
        "return_sequences": draw(st.booleans()),
        "go_backwards": draw(st.booleans()),
        "consume_less": draw(st.sampled_from(["cpu", "mem", "gpu"])),
    }
    rank = 2 + _odd(draw)
    return Case(name, (draw(SMALL),), fields, ((draw(BATCH), *(draw(SIDE) for _ in range(rank))),))


@st.composite
def bidirectional_recurrences(draw: Draw) -> Case:
    inner = draw(recurrences().filter(lambda case: len(case.shapes[0]) == 3))  # the wrapper lets any rank pass
    mode = draw(st.sampled_from(["concat", "sum", "mul", "ave"]))
    return Case("Bidirectional", (), {"merge_mode": mode}, inner.shapes, inner)


@st.composite
def distributed(draw: Draw) -> Case:
    dense = dense_layers().filter(
        lambda case: case.name == "Dense" or (len(case.shapes[0]) == 2 and case.name != "TimeDistributedDense")
    )
    inner = draw(st.one_of(convolutions(), dense))
    (shape,) = inner.shapes
    return Case("TimeDistributed", (), {}, ((shape[0], draw(SMALL), *shape[1:]),), inner)


@st.composite
def activations(draw: Draw) -> Case:
    name = draw(st.sampled_from(["PReLU", "SReLU", "ParametricSoftplus", "LeakyReLU", "ELU", "ThresholdedReLU", "Activation"]))
    arguments = (draw(ACTIVATIONS),) if name == "Activation" else ()
    return Case(name, arguments, {}, (_example(draw),))


@st.composite
def noises(draw: Draw) -> Case:
    name = draw(st.sampled_from(["Dropout", "GaussianNoise", "GaussianDropout", "ActivityRegularization", "Masking"]))
    arguments = () if name in ("ActivityRegularization", "Masking") else (draw(st.sampled_from([0.0, 0.25])),)
    return Case(name, arguments, {}, (_example(draw),))


@st.composite
def rearrangements(draw: Draw) -> Case:
    name = draw(st.sampled_from(["Flatten", "Reshape", "Permute", "RepeatVector"]))
    shape = _example(draw)
    rest = shape[1:]
    if name == "Flatten":
        return Case(name, (), {}, (shape,))
    if name == "Reshape":
        whole = draw(st.permutations(rest)) if draw(st.booleans()) else [draw(SMALL), *rest[1:]]
        at = len(whole) if shape[0] is None else draw(st.integers(0, len(whole)))  # -1 needs the batch in Keras 1.1.1
        return Case(name, (tuple(-1 if i == at else dim for i, dim in enumerate(whole)),), {}, (shape,))
    if name == "Permute":
        return Case(name, (tuple(draw(st.permutations(range(1, len(rest) + 1)))),), {}, (shape,))
    return Case(name, (draw(SMALL),), {}, (shape,))


@st.composite
def resizings(draw: Draw) -> Case:
    rank = draw(st.integers(1, 3))
    name = draw(st.sampled_from(["ZeroPadding", "Cropping", "UpSampling"]))
    ordering = "tf" if rank == 1 else draw(ORDERINGS)
    fields: dict[str, Any] = {} if rank == 1 else {"dim_ordering": ordering}
    pair = st.tuples(st.integers(0, 3), st.integers(0, 3))
    if name == "UpSampling":
        fields["length" if rank == 1 else "size"] = draw(SMALL) if rank == 1 else tuple(draw(SMALL) for _ in range(rank))
    elif name == "Cropping":
        fields["cropping"] = draw(pair) if rank == 1 else tuple(draw(pair) for _ in range(rank))
    else:
        fields["padding"] = tuple(draw(st.integers(0, 3)) for _ in range(draw(_how_many(rank))))
    return Case(f"{name}{rank}D", (), fields, (_image(draw, rank, ordering, draw(SMALL), SIDE),))


def _how_many(rank: int) -> Any:
    """Numbers that a padding consists of: symmetric, or for each side."""
    return st.sampled_from({1: [2], 2: [2, 4], 3: [3]}[rank])


def _product(draw: Draw, mode: str, shape: Shape) -> Case:
    """Two inputs that mostly meet along an axis of each."""
    other = shape if mode == "cos" else (shape[0], *_example(draw)[1:])
    last = draw(st.booleans())
    i, j = (len(x) - 1 if last else draw(st.integers(1, len(x) - 1)) for x in (shape, other))
    met = draw(st.sampled_from([shape[i]] * 5 + [13]))
    return Case("Merge", (), {"mode": mode, "dot_axes": -1 if last else [i, j]}, (shape, (*other[:j], met, *other[j + 1 :])))


@st.composite
def merges(draw: Draw) -> Case:
    mode = draw(st.sampled_from(["sum", "mul", "ave", "max", "concat", "dot", "cos"]))
    shape = _example(draw)
    if mode in ("dot", "cos"):
        return _product(draw, mode, shape)
    count = draw(st.integers(2, 3))
    if mode == "concat":
        axis = draw(st.integers(1, len(shape) - 1) | st.just(-1))
        at = axis % len(shape)
        others = [tuple(draw(SIDE) if i == at else dim for i, dim in enumerate(shape)) for _ in range(count)]
        return Case("Merge", (), {"mode": mode, "concat_axis": axis}, tuple(others))
    last = draw(st.sampled_from([shape] * 6 + [(*shape[:-1], 12), (*shape, 1)]))
    return Case("Merge", (), {"mode": mode}, (*[shape] * (count - 1), last))
