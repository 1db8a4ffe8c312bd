"""Keras 3's layers: from a layer's configuration to its law, and where the layer keeps the law's tensors."""

from __future__ import annotations

from functools import cache
from typing import Any, Optional

from introspect.errors import ConfigurationError
from introspect.layers import (
    Activation,
    AdaptivePool,
    BatchNorm,
    Concatenate,
    Contraction,
    Conv,
    DataNormalization,
    Dense,
    DepthwiseConv,
    EinsumDense,
    Elementwise,
    Embedding,
    Flatten,
    FourierFeatures,
    GlobalPool,
    GroupNorm,
    Identity,
    LayerNorm,
    LocallyConnected,
    Noise,
    Pad,
    Permute,
    Pool,
    PReLU,
    Repeat,
    Reshape,
    RMSNorm,
    ScaleShift,
    SeparableConv,
    SpectralNorm,
    Standardization,
    TimeDistributed,
    TransposedConv,
    Upsample,
    axis_suffixes,
    kernel_axes,
)

from .detecting import framework_class, is_second, overrides
from .specs_attention import CALLED
from .specs_preparing import PREPARING
from .specs_recurrent import RECURRENT
from .stored import CHANNELS, Law, Stored, Table, chosen, name_of, pairs, plain, sliding_padding

_BIAS = Stored("bias", ("bias",), "out")
_DENSE = (Stored("kernel", ("kernel",), "in out"), _BIAS)


def channels(layer: Any) -> str:
    """Where the channels are; what has no such field, in the first versions of Keras 2, has them last."""
    return str(chosen(CHANNELS, getattr(layer, "data_format", "channels_last"), "data format"))


def _axes(axis: Any) -> tuple[int, ...]:
    """One axis, or several in the order in which Keras takes them."""
    return tuple(sorted(axis)) if isinstance(axis, (list, tuple)) else (axis,)


# -- convolution


def _sliding(layer: Any, *, dilates: bool = True) -> dict[str, Any]:
    return {
        "kernel_size": tuple(layer.kernel_size),
        "stride": tuple(layer.strides),
        "padding": sliding_padding(layer.padding, len(layer.kernel_size)),
        "dilation": tuple(layer.dilation_rate) if dilates else (1,) * len(layer.kernel_size),
        "bias": "shared" if layer.use_bias else None,
        "channels": channels(layer),
        "activation": name_of(layer.activation),
        "unbatched": False,
    }


@cache
def _kernel(rank: int, axes: str, name: str = "kernel", role: str = "kernel") -> Stored:
    """A kernel over a window of `rank` axes, with these axes behind."""
    return Stored(name, (role,), " ".join((*kernel_axes(rank), axes)))


def _conv(layer: Any) -> Law:
    folds = is_second(layer) and getattr(layer.input_spec, "min_ndim", None) is not None  # axes in front go with the batch
    spec = Conv(**_sliding(layer), filters=layer.filters, groups=getattr(layer, "groups", 1), extra_batch=folds)
    return Law(spec, (_kernel(len(layer.kernel_size), "in out"), _BIAS))


def _transposed(layer: Any) -> Law:
    forgets = is_second(layer) and (len(layer.kernel_size) == 3 or not hasattr(layer, "output_padding"))
    if is_second(layer) and not forgets and len(set(layer.dilation_rate)) > 1:
        raise ConfigurationError("this layer dilates all axes alike", got=tuple(layer.dilation_rate), expected="one number")
    fields = _sliding(layer, dilates=not forgets)  # Keras 2 takes a dilation, and some of its layers do nothing with it
    if layer.padding == "valid":
        fields["padding"] = "valid"  # TensorFlow's rule for it is not that of padding by 0
    spec = TransposedConv(**fields, filters=layer.filters, output_padding=tuple(getattr(layer, "output_padding", None) or ()))
    return Law(spec, (_kernel(len(layer.kernel_size), "out in"), _BIAS))


def _depthwise(layer: Any) -> Law:
    spec = DepthwiseConv(**_sliding(layer), depth_multiplier=layer.depth_multiplier)
    kernel = _kernel(len(layer.kernel_size), "in multiplier", _depthwise_name(layer), "depthwise_kernel")
    return Law(spec, (kernel, _BIAS))


def _depthwise_name(layer: Any) -> str:
    """Keras 2 calls it otherwise."""
    return "kernel" if "depthwise_kernel" not in vars(layer) else "depthwise_kernel"


def _local(layer: Any) -> Law:
    """Its `implementation` says what of the kernel is stored."""
    rank, last = len(layer.kernel_size), channels(layer) == "last"
    fields = {**_sliding(layer, dilates=False), "bias": "untied" if layer.use_bias else None}
    stored = {1: "positions", 2: "everything", 3: "pairs"}[getattr(layer, "implementation", 1)]
    names = [suffix or "n" for suffix in axis_suffixes(rank)]
    places, window, fed = " ".join(names), " ".join(kernel_axes(rank)), " ".join(f"in_{name}" for name in names)
    layouts = {
        "positions": f"({places}) ({window} in) out" if last else f"({places}) (in {window}) out",
        "everything": f"{fed} in {places} out" if last else f"in {fed} out {places}",
        "pairs": "pairs",
    }
    spec = LocallyConnected(**fields, filters=layer.filters, stored=stored)
    return Law(spec, (Stored("kernel", ("kernel",), layouts[stored]), Stored("bias", ("bias",), f"{places} out")))


def _separable(layer: Any) -> Law:
    spec = SeparableConv(**_sliding(layer), depth_multiplier=layer.depth_multiplier, filters=layer.filters)
    rank = len(layer.kernel_size)
    depthwise = _kernel(rank, "in multiplier", "depthwise_kernel", "depthwise_kernel")
    return Law(spec, (depthwise, _kernel(rank, "middle out", "pointwise_kernel", "pointwise_kernel"), _BIAS))


# -- dense and embedding


def _dense(layer: Any) -> Law:
    spec = Dense(layer.units, bias=bool(layer.use_bias), activation=name_of(layer.activation))
    return Law(spec, _DENSE)


def _embedding(layer: Any) -> Law:
    return Law(Embedding(layer.input_dim, layer.output_dim), (Stored("embeddings", ("embedding",), "in out"),))


def _einsum_dense(layer: Any) -> Law:
    shape = tuple(layer.partial_output_shape)
    spec = EinsumDense(str(layer.equation), shape, layer.bias_axes, name_of(layer.activation))
    return Law(spec, plain("kernel", "bias"))


def _fourier(layer: Any) -> Law:
    spec = FourierFeatures(layer.output_dim, activation="cos")
    stored = (Stored("unscaled_kernel", ("kernel",), "in out"), _BIAS, Stored("kernel_scale", ("scale",)))
    return Law(spec, stored)


# -- pooling


def _pool(mode: str) -> Any:
    def law(layer: Any) -> Law:
        size = tuple(layer.pool_size)
        fields: dict[str, Any] = {"mode": mode, "channels": channels(layer), "unbatched": False}
        return Law(Pool(size, tuple(layer.strides), sliding_padding(layer.padding, len(size)), **fields))

    return law


def _global(mode: str, rank: int) -> Any:
    return lambda layer: Law(GlobalPool(rank, bool(getattr(layer, "keepdims", False)), mode, channels(layer), unbatched=False))


def _adaptive(mode: str) -> Any:
    return lambda layer: Law(AdaptivePool(tuple(layer.output_size), mode, channels(layer), unbatched=False))


# -- normalisation


_BATCH_NORM = (
    *plain("gamma", "beta"),
    Stored("moving_mean", ("running_mean",)),
    Stored("moving_variance", ("running_variance",)),
    *plain("moving_stddev", "renorm_mean", "renorm_stddev"),
)


def _batch_norm(layer: Any) -> Law:
    renormalised = bool(getattr(layer, "renorm", False))
    spec = BatchNorm(bool(layer.scale), bool(layer.center), _axes(layer.axis), "parameters", renormalization=renormalised)
    return Law(spec, _BATCH_NORM if renormalised else _BATCH_NORM[:4])


def _layer_norm(layer: Any) -> Law:
    rms = bool(getattr(layer, "rms_scaling", False))
    spec = LayerNorm(bool(layer.scale) or rms, bool(layer.center) and not rms, axis=_layer_norm_axes(layer))
    return Law(spec, plain("gamma", "beta"))


def _layer_norm_axes(layer: Any) -> tuple[int, ...]:
    """Keras 2 keeps the order that was given."""
    return tuple(layer.axis) if is_second(layer) and not isinstance(layer.axis, int) else _axes(layer.axis)


def _group_norm(layer: Any) -> Law:
    spec = GroupNorm(bool(layer.scale), bool(layer.center), layer.groups, layer.axis)
    return Law(spec, plain("gamma", "beta"))


def _rms_norm(layer: Any) -> Law:
    return Law(RMSNorm(axis=_axes(layer.axis)), (Stored("scale", ("gamma",)),))


def _layer_scale(layer: Any) -> Law:
    return Law(ScaleShift(center=False, shared_axes=(0, 1, 2)), plain("gamma"))  # one factor a channel, of images


def _data_normalization(layer: Any) -> Law:
    spec = DataNormalization(_axes(layer.axis), adapted=getattr(layer, "input_mean", None) is None)
    before = "adapt_" if hasattr(layer, "input_mean") else ""  # tf.keras 2.5 can only adapt
    mean = Stored("mean", ("running_mean",), attribute=f"{before}mean")
    variance = Stored("variance", ("running_variance",), attribute=f"{before}variance")
    return Law(spec, (mean, variance, Stored("count", ("counter",))) if spec.adapted else ())


# -- wrappers


def _inside(layer: Any) -> Optional[Law]:
    """The law of the layer that a wrapper holds."""
    made = LAYERS.get(getattr(framework_class(layer.layer), "__name__", ""))
    return made(layer.layer) if made is not None and not overrides(layer.layer, ("call", "build")) else None


def _moved(inner: Law) -> tuple[Stored, ...]:
    """Where a wrapper keeps the tensors of the layer inside."""
    return tuple(Stored(s.name, s.roles, s.layout, f"layer.{s.attribute or s.name}") for s in inner.stored)


def _time_distributed(layer: Any) -> Optional[Law]:
    inner = _inside(layer)
    if inner is None or isinstance(inner.spec, TimeDistributed):
        return None
    return Law(TimeDistributed(inner.spec), _moved(inner))


def _spectral(layer: Any) -> Optional[Law]:
    """The wrapper takes the kernel or the embedding of the layer inside; its vector is as long as that one's last axis."""
    inner = _inside(layer)
    if inner is None:
        return None
    key = next((s for s in inner.stored if s.name in ("kernel", "embeddings")), None)
    if key is None:
        raise ConfigurationError("the layer inside has no kernel to normalise", got=type(layer.layer).__name__)
    along = key.layout.rpartition(" ")[2]
    spec = SpectralNorm(inner.spec, key.roles[0], along)
    return Law(spec, (*_moved(inner), Stored("vector_u", ("vector_u",), "one out")))


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
    start = None
    if len(factors) == 3 and layer.input_spec is None:  # Keras 2 asks no number of axes of UpSampling3D
        start = 2 if layout == "first" else 1
    return Law(Upsample(factors, mode=str(getattr(layer, "interpolation", "nearest")), channels=layout, start=start))


def _merge(operation: str) -> Any:
    return lambda layer: Law(Elementwise(operation, "per_example"))


def _dot(layer: Any) -> Law:
    return Law(Contraction(layer.axes if isinstance(layer.axes, int) else (layer.axes[0], layer.axes[1])))


def _noise(variant: str) -> Any:
    return lambda layer: Law(Noise(variant, float(getattr(layer, "rate", getattr(layer, "stddev", 0.0)) or 0.0)))


def _identity(layer: Any) -> Law:
    return Law(Identity())


LAYERS: Table = {
    **{f"Conv{rank}D": _conv for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _transposed for rank in (1, 2, 3)},
    "LocallyConnected1D": _local, "LocallyConnected2D": _local, "DepthwiseConv1D": _depthwise, "DepthwiseConv2D": _depthwise,
    "SeparableConv1D": _separable, "SeparableConv2D": _separable,
    "Dense": _dense, "RandomFourierFeatures": _fourier, "Embedding": _embedding,
    "ReversibleEmbedding": lambda layer: CALLED["ReversibleEmbedding"](layer, None),  # inside another one, and read forwards
    **{f"MaxPooling{rank}D": _pool("max") for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": _pool("average") for rank in (1, 2, 3)},
    **{f"GlobalMaxPooling{rank}D": _global("max", rank) for rank in (1, 2, 3)},
    **{f"GlobalAveragePooling{rank}D": _global("average", rank) for rank in (1, 2, 3)},
    **{f"AdaptiveMaxPooling{rank}D": _adaptive("max") for rank in (1, 2, 3)},
    **{f"AdaptiveAveragePooling{rank}D": _adaptive("average") for rank in (1, 2, 3)},
    "BatchNormalization": _batch_norm, "SyncBatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm, "GroupNormalization": _group_norm,
    "RMSNormalization": _rms_norm, "LayerScale": _layer_scale, "Normalization": _data_normalization,
    "UnitNormalization": lambda layer: Law(Standardization("unit", axis=_axes(layer.axis))),
    **RECURRENT, **PREPARING,
    "TimeDistributed": _time_distributed, "SpectralNormalization": _spectral, "EinsumDense": _einsum_dense,
    "Activation": _activation, "ReLU": _named("relu"), "LeakyReLU": _named("leaky_relu"), "ELU": _named("elu"),
    "Softmax": _named("softmax"), "ThresholdedReLU": _named("thresholded_relu"), "PReLU": _prelu,
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
    "Concatenate": lambda layer: Law(Concatenate(layer.axis)), "Dot": _dot,
    "CustomScaleLayer": _merge("add"),  # of keras.applications: a residual and what is added to it
    "Rescaling": _identity, "Identity": _identity, "Masking": _identity, "ActivityRegularization": _identity,
    "InputLayer": _identity,
}  # fmt: skip
