"""Keras 3's layers: from a layer's configuration to its law, and where the layer keeps the law's tensors."""

from __future__ import annotations

from typing import Any, Optional

from introspect.layers import (
    Activation,
    AdaptivePool,
    BatchNorm,
    Concatenate,
    Conv,
    DataNormalization,
    Dense,
    DepthwiseConv,
    Elementwise,
    Embedding,
    Flatten,
    GlobalPool,
    GroupNorm,
    Identity,
    LayerNorm,
    Noise,
    Pad,
    Permute,
    Pool,
    PReLU,
    Recurrent,
    Repeat,
    Reshape,
    RMSNorm,
    ScaleShift,
    SeparableConv,
    Standardization,
    TimeDistributed,
    TransposedConv,
    Upsample,
    kernel_axes,
)
from introspect.layers.window import Padding

from .detecting import framework_class, overrides
from .stored import Law, Stored, Table, chosen, name_of, pairs, plain

_CHANNELS = {"channels_first": "first", "channels_last": "last"}
_BIAS = Stored("bias", ("bias",), "out")


def channels(layer: Any) -> str:
    return str(chosen(_CHANNELS, layer.data_format, "data format"))


def _padding(layer: Any, rank: int) -> Padding:
    options: dict[str, Padding] = {"valid": ((0, 0),) * rank, "same": "same", "causal": "causal"}
    padding: Padding = chosen(options, layer.padding, "padding")
    return padding


def _axes(axis: Any) -> tuple[int, ...]:
    """One axis, or several in the order in which Keras takes them."""
    return tuple(sorted(axis)) if isinstance(axis, (list, tuple)) else (axis,)


# -- convolution


def _sliding(layer: Any) -> dict[str, Any]:
    return {
        "kernel_size": tuple(layer.kernel_size),
        "stride": tuple(layer.strides),
        "padding": _padding(layer, len(layer.kernel_size)),
        "dilation": tuple(layer.dilation_rate),
        "bias": "shared" if layer.use_bias else None,
        "channels": channels(layer),
        "activation": name_of(layer.activation),
        "unbatched": False,
    }


def _window(layer: Any) -> str:
    return " ".join(kernel_axes(len(layer.kernel_size)))


def _conv(layer: Any) -> Law:
    spec = Conv(**_sliding(layer), filters=layer.filters, groups=layer.groups)
    return Law(spec, (Stored("kernel", ("kernel",), f"{_window(layer)} in out"), _BIAS))


def _transposed(layer: Any) -> Law:
    fields = _sliding(layer)
    if layer.padding == "valid":
        fields["padding"] = "valid"  # TensorFlow's rule for it is not that of padding by 0
    spec = TransposedConv(**fields, filters=layer.filters, output_padding=tuple(layer.output_padding or ()))
    return Law(spec, (Stored("kernel", ("kernel",), f"{_window(layer)} out in"), _BIAS))


def _depthwise(layer: Any) -> Law:
    spec = DepthwiseConv(**_sliding(layer), depth_multiplier=layer.depth_multiplier)
    return Law(spec, (Stored("kernel", ("depthwise_kernel",), f"{_window(layer)} in multiplier"), _BIAS))


def _separable(layer: Any) -> Law:
    spec = SeparableConv(**_sliding(layer), depth_multiplier=layer.depth_multiplier, filters=layer.filters)
    depthwise = Stored("depthwise_kernel", ("depthwise_kernel",), f"{_window(layer)} in multiplier")
    return Law(spec, (depthwise, Stored("pointwise_kernel", ("pointwise_kernel",), f"{_window(layer)} middle out"), _BIAS))


# -- dense and embedding


def _dense(layer: Any) -> Law:
    spec = Dense(layer.units, bias=bool(layer.use_bias), activation=name_of(layer.activation))
    return Law(spec, (Stored("kernel", ("kernel",), "in out"), _BIAS))


def _embedding(layer: Any) -> Law:
    return Law(Embedding(layer.input_dim, layer.output_dim), (Stored("embeddings", ("embedding",), "in out"),))


# -- pooling


def _pool(mode: str) -> Any:
    def law(layer: Any) -> Law:
        size = tuple(layer.pool_size)
        fields: dict[str, Any] = {"mode": mode, "channels": channels(layer), "unbatched": False}
        return Law(Pool(size, tuple(layer.strides), _padding(layer, len(size)), **fields))

    return law


def _global(mode: str, rank: int) -> Any:
    return lambda layer: Law(GlobalPool(rank, bool(layer.keepdims), mode, channels(layer), unbatched=False))


def _adaptive(mode: str) -> Any:
    return lambda layer: Law(AdaptivePool(tuple(layer.output_size), mode, channels(layer), unbatched=False))


# -- normalisation


def _batch_norm(layer: Any) -> Law:
    renormalised = bool(getattr(layer, "renorm", False))
    spec = BatchNorm(bool(layer.scale), bool(layer.center), _axes(layer.axis), "parameters", renormalization=renormalised)
    running = (Stored("moving_mean", ("running_mean",)), Stored("moving_variance", ("running_variance",)))
    return Law(spec, (*plain("gamma", "beta"), *running, *plain("moving_stddev", "renorm_mean", "renorm_stddev")))


def _layer_norm(layer: Any) -> Law:
    rms = bool(getattr(layer, "rms_scaling", False))
    spec = LayerNorm(bool(layer.scale) or rms, bool(layer.center) and not rms, axis=_axes(layer.axis))
    return Law(spec, plain("gamma", "beta"))


def _group_norm(layer: Any) -> Law:
    spec = GroupNorm(bool(layer.scale), bool(layer.center), layer.groups, layer.axis)
    return Law(spec, plain("gamma", "beta"))


def _rms_norm(layer: Any) -> Law:
    return Law(RMSNorm(axis=_axes(layer.axis)), (Stored("scale", ("gamma",)),))


def _layer_scale(layer: Any) -> Law:
    return Law(ScaleShift(center=False, shared_axes=(0, 1, 2)), plain("gamma"))  # one factor a channel, of images


def _data_normalization(layer: Any) -> Law:
    spec = DataNormalization(_axes(layer.axis), adapted=layer.input_mean is None)
    mean = Stored("mean", ("running_mean",), attribute="adapt_mean")
    variance = Stored("variance", ("running_variance",), attribute="adapt_variance")
    return Law(spec, (mean, variance, Stored("count", ("counter",))))


# -- recurrence

_CELLS = {"SimpleRNNCell": "simple", "LSTMCell": "lstm", "GRUCell": "gru"}


def _cell_weights(part: str = "", holder: str = "cell", stacked_bias: bool = False) -> tuple[Stored, ...]:
    key = f"{part}." if part else ""
    biases = (f"{key}bias", f"{key}recurrent_bias") if stacked_bias else (f"{key}bias",)
    return (
        Stored(f"{key}kernel", (f"{key}kernel",), "in (gate out)", f"{holder}.kernel"),
        Stored(f"{key}recurrent_kernel", (f"{key}recurrent_kernel",), "state (gate out)", f"{holder}.recurrent_kernel"),
        Stored(f"{key}bias", biases, "set (gate out)" if stacked_bias else "(gate out)", f"{holder}.bias"),
    )


def _cell_spec(layer: Any) -> Optional[Recurrent]:
    """The law of a layer around one of Keras' own cells."""
    cls = framework_class(layer.cell)
    cell = _CELLS.get(cls.__name__) if cls is not None else None
    if cell is None or overrides(layer.cell, ("call", "build")):
        return None
    sets = 2 if _reset_after(layer) else 1
    return Recurrent(
        cell,
        layer.cell.units,
        bias_sets=sets if layer.cell.use_bias else 0,
        return_sequences=bool(layer.return_sequences),
        states="separate" if layer.return_state else None,
        reset_after=bool(layer.cell.reset_after) if cell == "gru" else None,
        activation=name_of(layer.cell.activation),
    )


def _reset_after(layer: Any) -> bool:
    return bool(getattr(layer.cell, "reset_after", False))


def _recurrent(layer: Any) -> Optional[Law]:
    spec = _cell_spec(layer)
    return Law(spec, _cell_weights(stacked_bias=_reset_after(layer))) if spec is not None else None


def _bidirectional(layer: Any) -> Optional[Law]:
    forward, backward = layer.forward_layer, layer.backward_layer
    if not all(hasattr(direction, "cell") for direction in (forward, backward)):
        return None
    spec = _cell_spec(forward)
    if spec is None or spec != _cell_spec(backward):
        return None
    stored = [
        item for part in ("forward", "backward") for item in _cell_weights(part, f"{part}_layer.cell", _reset_after(forward))
    ]
    return Law(spec.replace(bidirectional=True, merge=layer.merge_mode), tuple(stored))


def _time_distributed(layer: Any) -> Optional[Law]:
    made = LAYERS.get(getattr(framework_class(layer.layer), "__name__", ""))
    inner = made(layer.layer) if made is not None and not overrides(layer.layer, ("call", "build")) else None
    if inner is None or isinstance(inner.spec, TimeDistributed):
        return None
    stored = tuple(Stored(s.name, s.roles, s.layout, f"layer.{s.attribute or s.name}") for s in inner.stored)
    return Law(TimeDistributed(inner.spec), stored)


# -- activations


def _activation(layer: Any) -> Law:
    return Law(Activation(name_of(layer.activation) or "linear"))


def _named(function: str) -> Any:
    return lambda layer: Law(Activation(function))


def _prelu(layer: Any) -> Law:
    # Keras counts from the axis behind the batch and indexes with one less: its 0 is the last axis, its -1 the one before
    shared = [axis if axis >= 1 else axis - 1 for axis in layer.shared_axes or ()]
    return Law(PReLU(shared_axes=(0, *shared), keepdims=True), plain("alpha"))


# -- rearranging and merging


def _reshape(layer: Any) -> Law:
    return Law(Reshape(tuple(layer.target_shape), keep=1))


def _spatial_start(layer: Any) -> int:
    return 2 if getattr(layer, "data_format", "channels_last") == "channels_first" else 1


def _zero_padding(layer: Any) -> Law:
    amounts = pairs(layer.padding) if isinstance(layer.padding[0], (tuple, list)) else pairs([layer.padding])
    return Law(Pad(amounts, _spatial_start(layer)))


def _cropping(layer: Any) -> Law:
    amounts = pairs(layer.cropping) if isinstance(layer.cropping[0], (tuple, list)) else pairs([layer.cropping])
    return Law(Pad(tuple((-before, -after) for before, after in amounts), _spatial_start(layer)))


def _upsampling(layer: Any) -> Law:
    factors = tuple(layer.size) if isinstance(layer.size, (tuple, list)) else (layer.size,)
    layout = channels(layer) if hasattr(layer, "data_format") else "last"
    return Law(Upsample(factors, mode=str(getattr(layer, "interpolation", "nearest")), channels=layout))


def _merge(operation: str) -> Any:
    return lambda layer: Law(Elementwise(operation, "per_example"))


def _noise(variant: str) -> Any:
    return lambda layer: Law(Noise(variant, float(getattr(layer, "rate", getattr(layer, "stddev", 0.0)) or 0.0)))


_AUGMENTATIONS = (
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear", "RandomPerspective", "RandomErasing",
    "RandomBrightness", "RandomContrast", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomGaussianBlur",
)  # fmt: skip


def _identity(layer: Any) -> Law:
    return Law(Identity())


LAYERS: Table = {
    **{f"Conv{rank}D": _conv for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _transposed for rank in (1, 2, 3)},
    "DepthwiseConv1D": _depthwise, "DepthwiseConv2D": _depthwise,
    "SeparableConv1D": _separable, "SeparableConv2D": _separable,
    "Dense": _dense, "Embedding": _embedding,
    **{f"MaxPooling{rank}D": _pool("max") for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": _pool("average") for rank in (1, 2, 3)},
    **{f"GlobalMaxPooling{rank}D": _global("max", rank) for rank in (1, 2, 3)},
    **{f"GlobalAveragePooling{rank}D": _global("average", rank) for rank in (1, 2, 3)},
    **{f"AdaptiveMaxPooling{rank}D": _adaptive("max") for rank in (1, 2, 3)},
    **{f"AdaptiveAveragePooling{rank}D": _adaptive("average") for rank in (1, 2, 3)},
    "BatchNormalization": _batch_norm, "LayerNormalization": _layer_norm, "GroupNormalization": _group_norm,
    "RMSNormalization": _rms_norm, "LayerScale": _layer_scale, "Normalization": _data_normalization,
    "UnitNormalization": lambda layer: Law(Standardization("unit", axis=_axes(layer.axis))),
    "RNN": _recurrent, "SimpleRNN": _recurrent, "LSTM": _recurrent, "GRU": _recurrent,
    "Bidirectional": _bidirectional, "TimeDistributed": _time_distributed,
    "Activation": _activation, "ReLU": _named("relu"), "LeakyReLU": _named("leaky_relu"), "ELU": _named("elu"),
    "Softmax": _named("softmax"), "PReLU": _prelu,
    "Dropout": _noise("dropout"), "AlphaDropout": _noise("alpha_dropout"), "GaussianDropout": _noise("gaussian_dropout"),
    "GaussianNoise": _noise("gaussian_noise"),
    **{f"SpatialDropout{rank}D": _noise("spatial_dropout") for rank in (1, 2, 3)},
    "Flatten": lambda layer: Law(Flatten(channels=channels(layer), widens=True)),
    "Reshape": _reshape, "RepeatVector": lambda layer: Law(Repeat(layer.n)),
    "Permute": lambda layer: Law(Permute((0, *layer.dims))),
    **{f"ZeroPadding{rank}D": _zero_padding for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _cropping for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _upsampling for rank in (1, 2, 3)},
    "Add": _merge("add"), "Subtract": _merge("subtract"), "Multiply": _merge("multiply"), "Average": _merge("average"),
    "Maximum": _merge("maximum"), "Minimum": _merge("minimum"),
    "Concatenate": lambda layer: Law(Concatenate(layer.axis)),
    **dict.fromkeys(_AUGMENTATIONS, _noise("augmentation")),
    "Resizing": lambda layer: Law(Upsample(size=(layer.height, layer.width), mode="resize", channels=channels(layer))),
    "Rescaling": _identity, "Identity": _identity, "Masking": _identity, "ActivityRegularization": _identity,
    "InputLayer": _identity,
}  # fmt: skip
