"""From a Lasagne layer's configuration to its law, and to the roles of the variables it holds.

Classes are told by their exact names, so that 0.1, 0.2.dev1 and forks are served alike. A subclass that overrides how shapes or
outputs come about is not what its parent's law speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import index
from typing import Any, Callable, Optional

from introspect import layers as laws
from introspect.algebra import unknown
from introspect.layers import Shape, Spec, kernel_axes

from .arguments import amounts, function_name, hidden_units, in_range, pairs, rate, reshape_target, sliced, spatial
from .detecting import root
from .parameters import chained, expressions

Roles = Mapping[str, tuple[str, str]]  # attribute -> (role, layout)
Make = Callable[[Any, int], Optional[Spec]]  # layer, number of its input's axes -> law; None where there is none

_DEFINING = {"get_output_shape_for", "output_shape", "get_output_for", "get_params", "get_W_shape", "convolve"}
_GATES = {"LSTMLayer": ("ingate", "forgetgate", "cell", "outgate"), "GRULayer": ("updategate", "resetgate", "hidden_update")}
_STEPWISE = (laws.Dense, laws.Conv, laws.TransposedConv, laws.LocallyConnected, laws.BatchNorm, laws.ScaleShift, laws.PReLU,
             laws.Activation, laws.Noise, laws.Standardization, laws.Pool, laws.Upsample, laws.FeaturePool)  # fmt: skip
_PEEPING = ("ingate", "forgetgate", "outgate")


@dataclass(frozen=True)
class Rule:
    """How a class is read: its law, and the roles of what it holds."""

    make: Make
    roles: Callable[[Spec], Roles] = lambda spec: {}

    def roles_of(self, layer: Any, spec: Spec) -> Roles:
        """The roles of what this very layer holds."""
        return _inner_roles(layer, spec) if isinstance(spec, laws.CustomRecurrent) else self.roles(spec)


def rule_for(layer: Any) -> Optional[Rule]:
    """The rule of the layer's class; None where no law covers it."""
    if not _DEFINING.isdisjoint(vars(layer)):
        return None
    for cls in type(layer).__mro__:
        if cls.__name__ in RULES and root(cls) == "lasagne":
            return RULES[cls.__name__]
        if not _DEFINING.isdisjoint(vars(cls)):
            return None
    return None


def _bias(layer: Any) -> Optional[str]:
    if layer.b is None:
        return None
    return "untied" if getattr(layer, "untie_biases", False) else "shared"


def _activation(layer: Any) -> str:
    return function_name(layer.nonlinearity)


def _dense(layer: Any, rank: int) -> Spec:
    leading = index(getattr(layer, "num_leading_axes", 1))
    return laws.Dense(index(layer.num_units), layer.b is not None, leading_axes=leading, activation=_activation(layer))


def _nin(layer: Any, rank: int) -> Spec:
    ones = (1,) * (rank - 2)
    return laws.Conv(
        ones, ones, pairs((0,) * len(ones)), bias=_bias(layer), activation=_activation(layer), unbatched=False,
        filters=index(layer.num_units),
    )  # fmt: skip


def _conv(axes: int) -> Make:
    def make(layer: Any, rank: int) -> Spec:
        return laws.Conv(
            spatial(layer.filter_size, axes), spatial(layer.stride, axes), amounts(layer.pad, axes), bias=_bias(layer),
            activation=_activation(layer), unbatched=False, filters=index(layer.num_filters),
            groups=index(getattr(layer, "num_groups", 1)),
        )  # fmt: skip

    return make


def _c01b(make: Make) -> Make:
    """`make`'s law, for layers that take the batch at the end unless they shuffle it there themselves."""

    def made(layer: Any, rank: int) -> Optional[Spec]:
        spec = make(layer, rank)
        shuffles = getattr(layer, "dimshuffle", not hasattr(layer, "num_units"))
        return spec if spec is None or shuffles else spec.replace(channels="outermost")

    return made


def _dilated(layer: Any, rank: int) -> Spec:
    return laws.Conv(
        spatial(layer.filter_size, 2), (1, 1), amounts(layer.pad, 2), spatial(layer.dilation, 2), bias=_bias(layer),
        activation=_activation(layer), unbatched=False, filters=index(layer.num_filters),
    )  # fmt: skip


def _transposed(axes: int) -> Make:
    def make(layer: Any, rank: int) -> Spec:
        crop = amounts(layer.crop, axes)
        return laws.TransposedConv(
            spatial(layer.filter_size, axes), spatial(layer.stride, axes), "half" if crop == "same" else crop,
            bias=_bias(layer), activation=_activation(layer), unbatched=False, filters=index(layer.num_filters),
            output_size=_size(layer, axes),
        )  # fmt: skip

    return make


def _size(layer: Any, axes: int) -> Any:
    size = layer.output_size
    if size is None:
        return None
    return tuple(index(n) for n in size) if isinstance(size, (tuple, list)) else tuple(unknown() for _ in range(axes))


def _local(layer: Any, rank: int) -> Spec:
    return laws.LocallyConnected(
        spatial(layer.filter_size, 2), spatial(layer.stride, 2), amounts(layer.pad, 2), bias=_bias(layer),
        activation=_activation(layer), unbatched=False, filters=index(layer.num_filters), channelwise=bool(layer.channelwise),
    )  # fmt: skip


def _pool(axes: int) -> Make:
    def make(layer: Any, rank: int) -> Optional[Spec]:
        rounding = "floor" if getattr(layer, "ignore_border", not hasattr(layer, "dimshuffle")) else "ceil_skipping"
        return laws.Pool(
            spatial(layer.pool_size, axes), spatial(layer.stride, axes), amounts(getattr(layer, "pad", 0), axes),
            rounding=rounding, mode=str(getattr(layer, "mode", "max")), padding_limit="whole", unbatched=False,
        )  # fmt: skip

    return make


def _batch_norm(layer: Any, rank: int) -> Spec:
    kept = tuple(axis for axis in range(rank) if axis not in layer.axes)
    return laws.BatchNorm(layer.gamma is not None, layer.beta is not None, parameter_axis=kept)


def _recurrent(cell: str) -> Make:
    def make(layer: Any, rank: int) -> Spec:
        own = {id(variable) for variable in layer.get_params()}
        learned = {id(variable) for variable in layer.get_params(trainable=True)}
        states = {"initial_state": layer.hid_init, "initial_cell_state": getattr(layer, "cell_init", None)}
        given = tuple(role for role, state in states.items() if id(state) not in own)
        initial = "learned" if any(id(state) in learned for state in states.values()) else "fixed"
        return laws.Recurrent(
            cell, hidden_units(layer), bias_sets=0 if getattr(layer, "b", True) is None else 1,
            peepholes=bool(getattr(layer, "peepholes", False)), initial_states=initial, given_states=given,
            return_sequences=not getattr(layer, "only_return_final", False), flatten=True,
            activation=function_name(getattr(layer, "nonlinearity", None) or getattr(layer, "nonlinearity_hid", None)),
        )  # fmt: skip

    return make


def _links(last: Any) -> Optional[tuple[tuple[str, Spec], ...]]:
    """The laws of a chain of layers; None where it branches, or one has no law that works on a single example."""
    found = []
    for name, layer in chained(last):
        rule = rule_for(layer)
        spec = rule.make(layer, len(layer.input_shape)) if rule is not None else None
        if spec is None or not isinstance(spec, _STEPWISE) or expressions(layer):
            return None
        found.append((name, spec))
    return tuple(found) or None


def _custom_recurrent(layer: Any, rank: int) -> Optional[Spec]:
    into, within = _links(layer.input_to_hidden), _links(layer.hidden_to_hidden)
    if into is None or within is None:
        return None
    hidden = tuple(chained(layer.hidden_to_hidden)[0][1].input_layer.shape[1:])
    if None in hidden:
        return None
    learned = {id(variable) for variable in layer.get_params(trainable=True)}
    held = any(variable is layer.hid_init for variable in layer.get_params())
    initial = ("learned" if id(layer.hid_init) in learned else "fixed") if held else None
    final = getattr(layer, "only_return_final", False)
    return laws.CustomRecurrent(into, within, hidden, initial, not final, function_name(layer.nonlinearity))


def _inner_roles(layer: Any, spec: laws.CustomRecurrent) -> Roles:
    found = {"hid_init": ("initial_state", "")}
    for chain in ("input_to_hidden", "hidden_to_hidden"):
        for (name, one), (_, law) in zip(chained(getattr(layer, chain)), getattr(spec, chain)):
            rule = rule_for(one)
            roles = rule.roles(law) if rule is not None else {}
            found.update({f"{chain}.{name}.{own}": (f"{chain}.{name}.{role}", layout) for own, (role, layout) in roles.items()})
    return found


def _transformer(parameters: Callable[[Any], int], mode: str) -> Make:
    def make(layer: Any, rank: int) -> Spec:
        factors = tuple(f if isinstance(f, float) else index(f) for f in layer.downsample_factor)
        return laws.SpatialTransformer(factors, parameters(layer), mode)

    return make


def _cropping(layer: Any) -> tuple[bool, ...]:
    return tuple(side is not None for side in getattr(layer, "cropping", None) or ())


def _elementwise(layer: Any, rank: int) -> Spec:
    return laws.Elementwise(function_name(layer.merge_function), "none", _cropping(layer))


def _expression(layer: Any, rank: int) -> Optional[Spec]:
    return laws.Activation(function_name(layer.function)) if getattr(layer, "_output_shape", ()) is None else None


def _pad(layer: Any, rank: int) -> Spec:
    first = index(layer.batch_ndim)
    return laws.Pad(pairs(layer.width, rank - first), first)


def _slice(layer: Any, rank: int) -> Spec:
    return laws.Slice(index(layer.axis), **sliced(layer.slice))


def _permute(layer: Any, rank: int) -> Spec:
    return laws.Permute(tuple(None if p == "x" else index(p) for p in layer.pattern))


def _upscale(layer: Any, rank: int) -> Spec:
    return laws.Upsample(tuple(index(f) for f in layer.scale_factor), mode=str(getattr(layer, "mode", "repeat")))


def _passing(name: str) -> Make:
    return lambda layer, rank: laws.Activation(name)


def _static(**roles: tuple[str, str]) -> Callable[[Spec], Roles]:
    return lambda spec: roles


def _conv_roles(first: str = "out", second: str = "in") -> Callable[[Spec], Roles]:
    sorts = {rank: " ".join((first, second, *kernel_axes(rank))) for rank in (1, 2, 3)}
    return lambda spec: {"W": ("kernel", sorts[spec.rank()]), "b": ("bias", "")}  # type: ignore[attr-defined]


def _c01b_roles(spec: Spec) -> Roles:
    """With the batch at the end, cuda-convnet's filters are at the end too."""
    if getattr(spec, "channels", "") == "outermost":
        return {"W": ("kernel", "in kh kw out"), "b": ("bias", "")}
    return _conv_roles()(spec)


def _local_roles(spec: Spec) -> Roles:
    sides = "out kh kw h w" if getattr(spec, "channelwise", False) else "out in kh kw h w"
    return {"W": ("kernel", sides), "b": ("bias", "")}


def _gate_roles(gates: Iterable[str]) -> Callable[[Spec], Roles]:
    found: dict[str, tuple[str, str]] = {}
    for gate in gates:
        found[f"W_in_to_{gate}"] = ("kernel", "in out")
        found[f"W_hid_to_{gate}"] = ("recurrent_kernel", "state out")
        found[f"b_{gate}"] = ("bias", "out")
    found.update({f"W_cell_to_{gate}": ("peephole", "out") for gate in gates if gate in _PEEPING})
    return _static(**found, cell_init=("initial_cell_state", "one out"), hid_init=("initial_state", "one out"))


_DENSE = _static(W=("kernel", "in out"), b=("bias", ""))
_SIMPLE = _static(W_in_to_hid=("kernel", "in out"), W_hid_to_hid=("recurrent_kernel", "state out"), b=("bias", "out"),
                  hid_init=("initial_state", "one out"))  # fmt: skip
_NORMALISED = _static(beta=("beta", ""), gamma=("gamma", ""), mean=("running_mean", ""), inv_std=("running_variance", ""))
_NOISE = Rule(lambda layer, rank: laws.Noise("dropout", rate(layer.p)))
_SUM = Rule(_elementwise)

RULES: Mapping[str, Rule] = {
    "DenseLayer": Rule(_dense, _DENSE),
    "NINLayer": Rule(_nin, _DENSE),
    **{f"Conv{n}DLayer": Rule(_conv(n), _conv_roles()) for n in (1, 2, 3)},
    **{f"Conv{n}DDNNLayer": Rule(_conv(n), _conv_roles()) for n in (2, 3)},
    "Conv2DMMLayer": Rule(_conv(2), _conv_roles()),
    "Conv2DCCLayer": Rule(_c01b(_conv(2)), _c01b_roles),
    "NINLayer_c01b": Rule(_c01b(_nin), _static(W=("kernel", "out in"), b=("bias", ""))),
    "DilatedConv2DLayer": Rule(_dilated, _conv_roles("in", "out")),
    **{
        f"{kind}{n}DLayer": Rule(_transposed(n), _conv_roles("in", "out"))
        for n in (2, 3)
        for kind in ("TransposedConv", "Deconv")
    },
    "LocallyConnected2DLayer": Rule(_local, _local_roles),
    **{f"{m}Pool{n}DLayer": Rule(_pool(n)) for m in ("", "Max") for n in (1, 2, 3)},
    **{f"{m}Pool{n}DDNNLayer": Rule(_pool(n)) for m in ("", "Max") for n in (2, 3)},
    "MaxPool2DCCLayer": Rule(_c01b(_pool(2))),
    "FeaturePoolLayer": Rule(
        lambda layer, rank: laws.FeaturePool(index(layer.pool_size), index(layer.axis), function_name(layer.pool_function))
    ),
    "FeatureWTALayer": Rule(_passing("winner_take_all")),
    "GlobalPoolLayer": Rule(
        lambda layer, rank: laws.GlobalPool(max(rank - 2, 1), mode=function_name(layer.pool_function), unbatched=False)
    ),
    **{
        f"SpatialPyramidPooling{kind}Layer": Rule(
            lambda layer, rank: laws.PyramidPool(tuple(map(index, layer.pool_dims)), layer.mode)
        )
        for kind in ("", "DNN")
    },
    **{f"Upscale{n}DLayer": Rule(_upscale) for n in (1, 2, 3)},
    "NonlinearityLayer": Rule(lambda layer, rank: laws.Activation(_activation(layer))),
    "RandomizedRectifierLayer": Rule(_passing("randomized_rectify")),
    "ParametricRectifierLayer": Rule(
        lambda layer, rank: laws.PReLU(shared_axes=in_range(layer.shared_axes, rank)), _static(alpha=("alpha", ""))
    ),
    "BiasLayer": Rule(
        lambda layer, rank: laws.ScaleShift(False, layer.b is not None, in_range(layer.shared_axes, rank)),
        _static(b=("beta", "")),
    ),
    "ScaleLayer": Rule(
        lambda layer, rank: laws.ScaleShift(True, False, in_range(layer.shared_axes, rank)), _static(scales=("gamma", ""))
    ),
    "BatchNormLayer": Rule(_batch_norm, _NORMALISED),
    "BatchNormDNNLayer": Rule(_batch_norm, _NORMALISED),
    "StandardizationLayer": Rule(lambda layer, rank: laws.Standardization()),
    "LocalResponseNormalization2DLayer": Rule(lambda layer, rank: laws.Standardization("local_response", (4,))),
    "DropoutLayer": _NOISE,
    "GaussianNoiseLayer": Rule(lambda layer, rank: laws.Noise("gaussian", rate(layer.sigma))),
    "EmbeddingLayer": Rule(
        lambda layer, rank: laws.Embedding(index(layer.input_size), index(layer.output_size)),
        _static(W=("embedding", "in out")),
    ),
    "FlattenLayer": Rule(lambda layer, rank: laws.Flatten(index(layer.outdim) - 1, widens=True)),
    "ReshapeLayer": Rule(lambda layer, rank: laws.Reshape(reshape_target(layer.shape))),
    "DimshuffleLayer": Rule(_permute),
    "ShuffleBC01ToC01BLayer": Rule(lambda layer, rank: laws.Permute((1, 2, 3, 0))),
    "ShuffleC01BToBC01Layer": Rule(lambda layer, rank: laws.Permute((3, 0, 1, 2))),
    "PadLayer": Rule(_pad),
    "SliceLayer": Rule(_slice),
    "ConcatLayer": Rule(lambda layer, rank: laws.Concatenate(index(layer.axis), _cropping(layer))),
    "ElemwiseMergeLayer": _SUM,
    "ElemwiseSumLayer": _SUM,
    "ExpressionLayer": Rule(_expression),
    "InverseLayer": Rule(lambda layer, rank: laws.Inverse()),
    "TransformerLayer": Rule(_transformer(lambda layer: 6, "affine")),
    "TPSTransformerLayer": Rule(_transformer(lambda layer: 2 * index(layer.control_points), "thin_plate_spline")),
    "CustomRecurrentLayer": Rule(_custom_recurrent),
    "RecurrentLayer": Rule(_recurrent("simple"), _SIMPLE),
    "LSTMLayer": Rule(_recurrent("lstm"), _gate_roles(_GATES["LSTMLayer"])),
    "GRULayer": Rule(_recurrent("gru"), _gate_roles(_GATES["GRULayer"])),
}


def shapes_rank(layer: Any, shapes: Iterable[Optional[Shape]]) -> int:
    """How many axes the layer's (first) input has: those that flow in, else those that were declared."""
    first = next(iter(shapes), None)
    if first is not None:
        return len(first)
    declared = layer.input_shapes[0] if hasattr(layer, "input_shapes") else layer.input_shape
    return len(declared)
