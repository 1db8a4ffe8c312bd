"""Keras 1's layers: from a layer's configuration to its law, and where the layer keeps the law's tensors."""

from __future__ import annotations

import sys
from typing import Any, Optional

from introspect.errors import ConfigurationError
from introspect.layers import (
    Activation,
    BatchNorm,
    Concatenate,
    Contraction,
    Conv,
    ConvRecurrent,
    Created,
    Dense,
    Elementwise,
    Embedding,
    Flatten,
    GlobalPool,
    Highway,
    Identity,
    LocallyConnected,
    MaxoutDense,
    Noise,
    Pad,
    Permute,
    Pool,
    PReLU,
    Recurrent,
    Repeat,
    Reshape,
    SeparableConv,
    TimeDistributed,
    TransposedConv,
    Upsample,
    axis_suffixes,
    kernel_axes,
)
from introspect.layers.window import Padding

from .detecting import framework_class, overrides
from .stored import Law, Stored, Table, chosen, name_of, pairs, plain

_CHANNELS = {"th": "first", "tf": "last"}
_BIAS = Stored("b", ("bias",), "out")


def _channels(layer: Any) -> str:
    return str(chosen(_CHANNELS, getattr(layer, "dim_ordering", "tf"), "dim_ordering"))


def _padding(layer: Any, rank: int) -> Padding:
    options: dict[str, Padding] = {"valid": ((0, 0),) * rank, "same": "same"}
    padding: Padding = chosen(options, layer.border_mode, "border_mode")
    return padding


def _kernel_size(layer: Any) -> tuple[int, ...]:
    for names in (("filter_length",), ("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3")):
        if hasattr(layer, names[0]):
            return tuple(int(getattr(layer, name)) for name in names)
    raise AttributeError("a convolution of Keras 1 without a kernel size")


def _sliding(layer: Any) -> dict[str, Any]:
    size = _kernel_size(layer)
    stride = (layer.subsample_length,) if len(size) == 1 else tuple(layer.subsample)
    dilation = getattr(layer, "atrous_rate", 1)
    return {
        "kernel_size": size,
        "stride": stride,
        "padding": _padding(layer, len(size)),
        "dilation": tuple(dilation) if isinstance(dilation, (tuple, list)) else (dilation,) * len(size),
        "bias": "shared" if layer.bias else None,
        "channels": _channels(layer),
        "activation": name_of(layer.activation),
        "unbatched": False,
    }


def _stacked(layer: Any, sides: str = "out in", last: str = "in out") -> str:
    """How a kernel lies: by Theano's order of axes or by TensorFlow's; one axis more in one dimension."""
    size = _kernel_size(layer)
    window = " ".join(kernel_axes(len(size)))
    if len(size) == 1:
        return f"{window} one {last}"
    return f"{sides} {window}" if _channels(layer) == "first" else f"{window} {last}"


def _conv(layer: Any) -> Law:
    if len(_kernel_size(layer)) == 3 and layer.border_mode == "same" and set(layer.subsample) != {1} and _old_volumes():
        raise ConfigurationError("this Theano has no strided 3-D convolution of mode same", got=layer.subsample, expected="1")
    return Law(Conv(**_sliding(layer), filters=layer.nb_filter), (Stored("W", ("kernel",), _stacked(layer)), _BIAS))


def _old_volumes() -> bool:
    """Whether Keras falls back on the 3-D convolution of Theano before 0.9."""
    on_theano = sys.modules["keras.backend"].backend() == "theano"
    return on_theano and not hasattr(sys.modules.get("theano.tensor.nnet"), "conv3d")


def _deconv(layer: Any) -> Law:
    given = tuple(layer.output_shape_)
    spatial = given[2:] if _channels(layer) == "first" else given[1:-1]
    spec = TransposedConv(**_sliding(layer), filters=layer.nb_filter, output_size=spatial)
    return Law(spec, (Stored("W", ("kernel",), _stacked(layer)), _BIAS))


def _separable(layer: Any) -> Law:
    spec = SeparableConv(**_sliding(layer), depth_multiplier=layer.depth_multiplier, filters=layer.nb_filter)
    depthwise = Stored("depthwise_kernel", ("depthwise_kernel",), _stacked(layer, "multiplier in", "in multiplier"))
    pointwise = Stored("pointwise_kernel", ("pointwise_kernel",), _stacked(layer, "out middle", "middle out"))
    return Law(spec, (depthwise, pointwise, _BIAS))


def _local(layer: Any) -> Law:
    fields = _sliding(layer)
    fields["bias"] = "untied" if layer.bias else None
    places = " ".join(suffix or "n" for suffix in axis_suffixes(len(fields["kernel_size"])))
    window = " ".join(kernel_axes(len(fields["kernel_size"])))
    inner = f"({window} in)" if _channels(layer) == "last" else f"(in {window})"
    stored = (Stored("W", ("kernel",), f"({places}) {inner} out"), Stored("b", ("bias",), f"{places} out"))
    return Law(LocallyConnected(**fields, filters=layer.nb_filter), stored)


# -- dense and embedding


def _dense(layer: Any) -> Law:
    spec = Dense(layer.output_dim, bias=bool(layer.bias), activation=name_of(layer.activation))
    return Law(spec, (Stored("W", ("kernel",), "in out"), _BIAS))


def _maxout(layer: Any) -> Law:
    spec = MaxoutDense(layer.output_dim, bool(layer.bias), pieces=layer.nb_feature)
    return Law(spec, (Stored("W", ("kernel",), "feature in out"), Stored("b", ("bias",), "feature out")))


def _highway(layer: Any) -> Law:
    spec = Highway(bool(layer.bias), name_of(layer.activation))
    kernels = (Stored("W", ("kernel",), "in out"), Stored("W_carry", ("carry_kernel",), "in out"))
    return Law(spec, (*kernels, _BIAS, Stored("b_carry", ("carry_bias",), "out")))


def _embedding(layer: Any) -> Law:
    return Law(Embedding(layer.input_dim, layer.output_dim), (Stored("W", ("embedding",), "in out"),))


# -- pooling


def _pool(mode: str) -> Any:
    def law(layer: Any) -> Law:
        one = hasattr(layer, "pool_length")
        size = (layer.pool_length,) if one else tuple(layer.pool_size)
        stride = (layer.stride,) if one else tuple(layer.strides)
        if len(size) == 3 and layer.border_mode == "same" and _old_volumes():
            raise ConfigurationError("this Theano has no 3-D pooling of mode same", got="same", expected="valid")
        fields: dict[str, Any] = {"mode": mode, "channels": _channels(layer), "unbatched": False}
        return Law(Pool(size, stride, _padding(layer, len(size)), **fields))

    return law


def _global(mode: str, rank: int) -> Any:
    return lambda layer: Law(GlobalPool(rank, False, mode, _channels(layer), unbatched=False))


# -- normalisation


def _batch_norm(layer: Any) -> Law:
    running = (Stored("running_mean", ("running_mean",)), Stored("running_std", ("running_variance",)))
    return Law(BatchNorm(parameter_axis=(layer.axis,), statistics="parameters"), (*plain("gamma", "beta"), *running))


# -- recurrence

_GATES = {"SimpleRNN": ("simple", ""), "LSTM": ("lstm", "ifco"), "GRU": ("gru", "zrh")}


def _cell(layer: Any, part: str = "", holder: str = "") -> Optional[tuple[Recurrent, tuple[Stored, ...]]]:
    cls = framework_class(layer)
    if cls is None or cls.__name__ not in _GATES or overrides(layer, ("call", "build", "get_output_shape_for")):
        return None
    cell, gates = _GATES[cls.__name__]
    spec = Recurrent(
        cell,
        layer.output_dim,
        return_sequences=bool(layer.return_sequences),
        reset_after=False if cell == "gru" else None,
        activation=name_of(layer.activation),
    )
    together = layer.consume_less == "gpu" or not gates
    key = f"{part}." if part else ""
    return spec, tuple(
        Stored(f"{key}{name}", (f"{key}{role}",), layout, f"{holder}{name}")
        for role, letter, layout in _matrices(together and bool(gates))
        for name in ([letter] if together else [f"{letter}_{gate}" for gate in gates])
    )


def _matrices(stacked: bool) -> tuple[tuple[str, str, str], ...]:
    """Role, letter and layout; a gate is a variable of its own unless they are stacked."""
    out = "(gate out)" if stacked else "out"
    return (("kernel", "W", f"in {out}"), ("recurrent_kernel", "U", f"state {out}"), ("bias", "b", out))


def _recurrent(layer: Any) -> Optional[Law]:
    found = _cell(layer)
    return Law(*found) if found is not None else None


def _bidirectional(layer: Any) -> Optional[Law]:
    forward = _cell(layer.forward_layer, "forward", "forward_layer.")
    backward = _cell(layer.backward_layer, "backward", "backward_layer.")
    if forward is None or backward is None or forward[0] != backward[0]:
        return None
    return Law(forward[0].replace(bidirectional=True, merge=layer.merge_mode), (*forward[1], *backward[1]))


def _time_distributed(layer: Any) -> Optional[Law]:
    cls = framework_class(layer.layer)
    made = LAYERS.get(cls.__name__) if cls is not None else None
    inner = made(layer.layer) if made is not None and not overrides(layer.layer, ("call", "build")) else None
    if inner is None:
        return None
    stored = tuple(Stored(s.name, s.roles, s.layout, f"layer.{s.attribute or s.name}") for s in inner.stored)
    ranks = {getattr(spec, "ndim", None) for spec in getattr(layer.layer, "input_spec", None) or ()}
    return Law(TimeDistributed(inner.spec, tuple(rank for rank in ranks if isinstance(rank, int))), stored)


def _conv_lstm(layer: Any) -> Law:
    spec = ConvRecurrent(
        _kernel_size(layer),
        tuple(layer.subsample),
        _padding(layer, 2),
        filters=layer.nb_filter,
        channels=_channels(layer),
        return_sequences=bool(layer.return_sequences),
        activation=name_of(layer.activation),
    )
    kernel, recurrent = _stacked(layer), _stacked(layer, "out state", "state out")
    held = (("kernel", "W", kernel), ("recurrent_kernel", "U", recurrent), ("bias", "b", "out"))
    return Law(spec, tuple(Stored(f"{letter}_{gate}", (role,), layout) for role, letter, layout in held for gate in "ifco"))


# -- activations, noise


def _activation(layer: Any) -> Law:
    return Law(Activation(name_of(layer.activation) or "linear"))


def _named(function: str) -> Any:
    return lambda layer: Law(Activation(function))


def _learned(**stored: str) -> Any:
    """An activation that learns something for each place: by role, where it is kept."""
    holders = tuple(Stored(name, (role,)) for role, name in stored.items())
    return lambda layer: Law(PReLU(learned=tuple(stored)), holders)


def _noise(variant: str) -> Any:
    return lambda layer: Law(Noise(variant, float(getattr(layer, "p", getattr(layer, "sigma", 0.0)))))


def _identity(layer: Any) -> Law:
    return Law(Identity())


# -- rearranging and merging


def _flatten(layer: Any) -> Law:
    return Law(Flatten(channels=_CHANNELS.get(_ordering_before(layer), "first")))


def _ordering_before(layer: Any) -> str:
    """The dim_ordering of what a layer is fed with; only the names in a working depend on it."""
    while getattr(layer, "inbound_nodes", None) and layer.inbound_nodes[0].inbound_layers:
        layer = layer.inbound_nodes[0].inbound_layers[0]
        if hasattr(layer, "dim_ordering"):
            return str(layer.dim_ordering)
    return str(sys.modules["keras.backend"].image_dim_ordering())


def _start(layer: Any) -> int:
    return 2 if _channels(layer) == "first" else 1


def _zero_padding(layer: Any) -> Law:
    if hasattr(layer, "left_pad"):
        sides = (("top_pad", "bottom_pad"),) if hasattr(layer, "top_pad") else ()
        amounts = pairs((getattr(layer, a), getattr(layer, b)) for a, b in (*sides, ("left_pad", "right_pad")))
    else:
        amounts = pairs((n, n) for n in layer.padding)
    return Law(Pad(amounts, _start(layer)))


def _cropping(layer: Any) -> Law:
    amounts = pairs(layer.cropping) if isinstance(layer.cropping[0], (tuple, list)) else pairs([layer.cropping])
    return Law(Pad(tuple((-before, -after) for before, after in amounts), _start(layer)))


def _upsampling(layer: Any) -> Law:
    factors = (layer.length,) if hasattr(layer, "length") else tuple(layer.size)
    return Law(Upsample(factors, channels=_channels(layer)))


_MERGES = {"sum": "add", "mul": "multiply", "ave": "average", "max": "maximum"}


def _merge(layer: Any) -> Optional[Law]:
    if layer.mode == "concat":
        return Law(Concatenate(layer.concat_axis))
    if isinstance(layer.mode, str) and layer.mode in _MERGES:
        return Law(Elementwise(_MERGES[layer.mode], "none"))
    if layer.mode in ("dot", "cos"):
        axes = layer.dot_axes
        return Law(Contraction(axes if isinstance(axes, int) else (axes[0], axes[1]), alike=layer.mode == "cos"))
    return _declared(layer) if callable(layer.mode) else None


def _declared(layer: Any) -> Optional[Law]:
    """A function that says the shape of what it makes, without the batch; what it does is not looked into."""
    shape = getattr(layer, "_output_shape", None)
    if not isinstance(shape, (tuple, list)) or not all(isinstance(dim, int) for dim in shape):
        return None
    return Law(Created((("input", 0), *shape)))


LAYERS: Table = {
    **dict.fromkeys(("Convolution1D", "AtrousConvolution1D", "Convolution2D", "AtrousConvolution2D", "Convolution3D"), _conv),
    "Deconvolution2D": _deconv, "SeparableConvolution2D": _separable,
    "LocallyConnected1D": _local, "LocallyConnected2D": _local,
    "Dense": _dense, "TimeDistributedDense": _dense, "MaxoutDense": _maxout, "Highway": _highway, "Embedding": _embedding,
    **{f"MaxPooling{rank}D": _pool("max") for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": _pool("average") for rank in (1, 2, 3)},
    **{f"GlobalMaxPooling{rank}D": _global("max", rank) for rank in (1, 2, 3)},
    **{f"GlobalAveragePooling{rank}D": _global("average", rank) for rank in (1, 2, 3)},
    "BatchNormalization": _batch_norm,
    "SimpleRNN": _recurrent, "LSTM": _recurrent, "GRU": _recurrent,
    "ConvLSTM2D": _conv_lstm, "Bidirectional": _bidirectional, "TimeDistributed": _time_distributed,
    "Activation": _activation, "LeakyReLU": _named("leaky_relu"), "ELU": _named("elu"),
    "ThresholdedReLU": _named("thresholded_relu"),
    "PReLU": _learned(alpha="alphas"), "ParametricSoftplus": _learned(alpha="alphas", beta="betas"),
    "SReLU": _learned(left_threshold="t_left", left_slope="a_left", right_threshold="t_right", right_slope="a_right"),
    "Dropout": _noise("dropout"), **{f"SpatialDropout{rank}D": _noise("spatial_dropout") for rank in (1, 2, 3)},
    "GaussianNoise": _noise("gaussian_noise"), "GaussianDropout": _noise("gaussian_dropout"),
    "Flatten": _flatten, "Reshape": lambda layer: Law(Reshape(tuple(layer.target_shape), keep=1)),
    "Permute": lambda layer: Law(Permute((0, *layer.dims))), "RepeatVector": lambda layer: Law(Repeat(layer.n)),
    **{f"ZeroPadding{rank}D": _zero_padding for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _cropping for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _upsampling for rank in (1, 2, 3)},
    "Merge": _merge, "Lambda": _declared, "Masking": _identity, "ActivityRegularization": _identity, "InputLayer": _identity,
}  # fmt: skip
