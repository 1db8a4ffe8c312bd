"""The one table of conventions: what frameworks, papers and people fill in differently for "the same" layer.

A convention is one or more fields of a law. Comparing two models reads it to name the field behind a difference; a wrong
number is diagnosed by trying its other values. Nothing here counts: whatever is said from the table is proved by the laws.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Callable

from .choices import (
    Fields,
    Inputs,
    Others,
    affine_others,
    back_to,
    bias_others,
    bias_words,
    cell_is,
    dense_others,
    extent_others,
    extent_words,
    flatten_words,
    location_others,
    numeric_padding,
    only,
    padding_others,
    padding_words,
    pool_words,
    quantised_others,
    quantised_words,
    recurrent_bias_words,
    reset_after_others,
    sharing_others,
    sharing_words,
    statistics_others,
    toggled,
    transposed_others,
    worded,
    yes_no,
)
from .layers.base import Spec
from .layers.distributed import TimeDistributed

SLIDING = ("conv", "depthwise_conv", "separable_conv", "transposed_conv", "locally_connected")
RECURRENT = ("recurrent", "recurrent_cell")
BATCH_NORMS = ("batch_norm", "instance_norm")
NORMS = (*BATCH_NORMS, "layer_norm", "rms_norm", "group_norm", "scale_shift")


@dataclass(frozen=True)
class Convention:
    """A named choice, written down in `fields` of the laws of these `kinds`.

    `because`: what the choice is about, in one sentence. `states`: what a given law has chosen, in a few words.
    `others`: the values worth trying instead, for a law and the shapes that flow in.
    `shape_only`: it decides what comes out, and what is owned only where that depends on it. `before`: it is spoken of
    only where a layer of one of these kinds reads the output.
    """

    code: str
    kinds: tuple[str, ...]
    fields: tuple[str, ...]
    because: str
    states: Callable[[Any], str]
    others: Others
    shape_only: bool = False
    before: tuple[str, ...] = ()


def conventions(spec: Spec) -> tuple[Convention, ...]:
    """The conventions that a law can differ in; those of what it wraps, for a wrapper.

    >>> from .layers import Recurrent
    >>> [c.code for c in conventions(Recurrent(cell="lstm"))][:3]
    ['second_recurrent_bias', 'reset_after', 'peepholes']
    """
    return _of_kind(unwrapped(spec).kind)


@cache
def _of_kind(kind: str) -> tuple[Convention, ...]:
    return tuple(convention for convention in CONVENTIONS if kind in convention.kinds)


def unwrapped(spec: Spec) -> Spec:
    """The law inside a wrapper."""
    return unwrapped(spec.inner) if isinstance(spec, TimeDistributed) else spec


def _given_to_inner(spec: Spec, inputs: Inputs) -> Inputs:
    if not isinstance(spec, TimeDistributed):
        return inputs
    return _given_to_inner(spec.inner, tuple(None if x is None else spec.step(x) for x in inputs))


def rewrapped(spec: Spec, changes: Fields) -> Spec:
    """`spec` with fields of the (innermost) law changed."""
    return spec.replace(inner=rewrapped(spec.inner, changes)) if isinstance(spec, TimeDistributed) else spec.replace(**changes)


def alternatives(spec: Spec, inputs: Inputs = ()) -> list[tuple[Convention, Spec]]:
    """Every other way to fill in a convention of `spec`, as a law.

    >>> from .layers import Dense
    >>> [(c.code, law.leading_axes) for c, law in alternatives(Dense(5), ((2, 4, 3, 3),)) if c.code == "dense_flattens"]
    [('dense_flattens', 1)]
    """
    inner, inputs = unwrapped(spec), _given_to_inner(spec, inputs)
    found = [(c, rewrapped(spec, fields)) for c in conventions(spec) for fields in c.others(inner, inputs)]
    return [(c, law) for c, law in found if law != spec]


def field_differences(a: Spec, b: Spec) -> dict[str, tuple[Any, Any]]:
    """The fields in which two laws of one kind differ, with both values; what only restates the input is left out.

    >>> from .layers import Dense
    >>> field_differences(Dense(5, in_features=3), Dense(5, False))
    {'bias': (True, False)}
    """
    a, b = unwrapped(a), unwrapped(b)
    names = [field.name for field in dataclasses.fields(a) if field.name not in a.declared and hasattr(b, field.name)]
    return {name: (getattr(a, name), getattr(b, name)) for name in names if getattr(a, name) != getattr(b, name)}


CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        "second_recurrent_bias", RECURRENT, ("bias_sets",),
        "a gate may add one bias to what comes in and another to the hidden state, though only their sum matters",
        recurrent_bias_words, only(lambda spec: spec.cell != "gru", toggled("bias_sets", 1, 2)),
    ),
    Convention(
        "reset_after", RECURRENT, ("bias_sets", "reset_after"),
        "a GRU that resets after the matrix product needs a second bias for each gate, one that resets before does not",
        recurrent_bias_words, only(cell_is("gru"), reset_after_others),
    ),
    Convention(
        "peepholes", RECURRENT, ("peepholes",), "three gates of an LSTM may look at the cell, with a weight for each unit",
        yes_no("peepholes", "peepholes"), only(cell_is("lstm"), toggled("peepholes", False, True)),
    ),
    Convention(
        "initial_states", RECURRENT, ("initial_states", "given_states"),
        "the states that a sequence starts from may be stored as parameters, learned or not",
        worded("initial_states", {None: "no stored initial states", "fixed": "stored initial states, not trained",
                                  "learned": "learned initial states"}),
        toggled("initial_states", None, "fixed", "learned"),
    ),
    Convention(
        "projection", RECURRENT, ("projection_size",), "an LSTM's hidden state may be projected to fewer features",
        lambda spec: f"projected to {spec.projection_size}" if spec.projection_size else "no projection",
        back_to("projection_size", 0),
    ),
    Convention(
        "directions", RECURRENT, ("bidirectional",), "a second set of weights reads the sequence backwards",
        lambda spec: "two directions" if spec.bidirectional else "one direction", toggled("bidirectional", False, True),
    ),
    Convention(
        "return_sequences", ("recurrent",), ("return_sequences",), "what is handed on is every step's output or the last's",
        worded("return_sequences", {True: "every step's output", False: "the last step's output"}),
        toggled("return_sequences", True, False), shape_only=True,
    ),
    Convention(
        "bias_before_batchnorm", (*SLIDING, "dense"), ("bias",),
        "batch normalisation takes the mean away, and a bias before it with it; some leave that bias out",
        bias_words, bias_others, before=("batch_norm",),
    ),
    Convention(
        "untied_bias", SLIDING, ("bias",), "a filter has one bias, or one for each position of the output",
        worded("bias", {"shared": "one bias for each filter", "untied": "one bias for each filter and position"}),
        toggled("bias", "shared", "untied"),
    ),
    Convention(
        "bias", (*SLIDING, *RECURRENT, "dense", "bilinear", "maxout_dense", "highway", "multi_head_attention"),
        ("bias", "bias_sets"), "a layer may go without a bias", bias_words, bias_others,
    ),
    Convention(
        "groups_ignored", ("conv", "transposed_conv"), ("groups",),
        "with groups, a filter sees only the input channels of its own group",
        lambda spec: f"{spec.groups} groups" if spec.groups != 1 else "no groups", back_to("groups", 1),
    ),
    Convention(
        "channelwise", ("locally_connected",), ("channelwise",), "each filter may see one channel alone",
        lambda spec: "one channel a filter" if spec.channelwise else "all channels a filter",
        toggled("channelwise", False, True),
    ),
    Convention(
        "running_statistics", BATCH_NORMS, ("statistics", "counter"),
        "a running mean and a running variance for each channel are parameters to one framework and buffers to another",
        worded("statistics", {"parameters": "running statistics among the parameters",
                              "buffers": "running statistics as buffers", None: "no running statistics"}),
        statistics_others,
    ),
    Convention(
        "batchnorm_counter", BATCH_NORMS, ("counter",), "the number of batches seen may be kept as a buffer",
        yes_no("counter", "counter of batches", "a "),
        only(lambda spec: bool(spec.statistics == "buffers"), toggled("counter", False, True)),
    ),
    Convention(
        "renormalization", BATCH_NORMS, ("renormalization",), "batch renormalisation keeps three more statistics a channel",
        yes_no("renormalization", "renormalisation"), toggled("renormalization", False, True),
    ),
    Convention(
        "per_location", BATCH_NORMS, ("parameter_axis",), "parameters may be one for each location instead of each channel",
        lambda spec: "parameters for each location" if len(spec.parameter_axis) > 1 else "parameters for each channel",
        location_others,
    ),
    Convention(
        "no_affine", NORMS, ("scale", "center"), "scale and shift may both be left out",
        lambda spec: "scale and shift" if spec.scale and spec.center else "neither scale nor shift", affine_others,
    ),
    Convention(
        "no_gamma", NORMS, ("scale",), "the scale may be left out where the next layer can take it over",
        yes_no("scale", "scale (gamma)", "a "), toggled("scale", True, False),
    ),
    Convention(
        "no_beta", NORMS, ("center",), "the shift may be left out where the next layer has a bias",
        yes_no("center", "shift (beta)", "a "), toggled("center", True, False),
    ),
    Convention(
        "layernorm_extent", ("layer_norm", "rms_norm"), ("normalized_shape", "axis"),
        "scale and shift have an element for each normalised location: those of the last axis, or of the whole example",
        extent_words, extent_others,
    ),
    Convention(
        "prelu_sharing", ("prelu",), ("num_parameters", "shared_axes", "keepdims"),
        "slopes are learned for the whole layer, for each channel or for each location", sharing_words, sharing_others,
    ),
    Convention(
        "whole_numbers", ("quantized",), ("scheme", "block", "tabled", "history", "index", "kept", "packed"),
        "whole numbers of few bits may have a scale for each output, or for each block of what is summed over, and more beside",
        quantised_words, quantised_others,
    ),
    Convention(
        "dense_flattens", ("dense", "maxout_dense"), ("leading_axes",),
        "a dense layer works on the last axis alone, or flattens all but the batch", flatten_words, dense_others,
    ),
    Convention(
        "attention_bias_kv", ("multi_head_attention",), ("bias_kv",), "keys and values may get one learned entry more",
        yes_no("bias_kv", "extra key and value", "an "), toggled("bias_kv", False, True),
    ),
    Convention(
        "adapted_statistics", ("data_normalization",), ("adapted",), "input statistics are given, or adapted and stored",
        lambda spec: "stored statistics" if spec.adapted else "given statistics", toggled("adapted", False, True),
    ),
    Convention(
        "pool_rounding", ("pool",), ("rounding",), "windows that hang over the end are dropped, or looked at",
        pool_words, only(numeric_padding, toggled("rounding", "floor", "ceil", "ceil_inside")), shape_only=True,
    ),
    Convention(
        "transposed_rule", ("transposed_conv",), ("padding", "output_padding", "output_size"),
        "how large a transposed convolution's output is follows one of several rules", padding_words, transposed_others,
        shape_only=True,
    ),
    Convention(
        "padding", ("conv", "depthwise_conv", "separable_conv", "locally_connected", "pool"), ("padding", "padding_mode"),
        "padding keeps what comes out from shrinking", padding_words, padding_others, shape_only=True,
    ),
)  # fmt: skip

WORDS: Mapping[str, str] = {  # hyper-parameters, as people call them; any other field is called by its own name
    "kernel_size": "kernel size", "pool_size": "window", "filters": "filters", "units": "units", "stride": "stride",
    "dilation": "dilation", "depth_multiplier": "depth multiplier", "vocabulary": "vocabulary", "dimension": "dimension",
    "layers": "stacked layers", "cell": "cell", "width": "width", "heads": "heads", "pieces": "pieces",
}  # fmt: skip


def hyper_parameters(spec: Spec) -> tuple[str, ...]:
    """The fields of a law that are sizes rather than conventions.

    >>> from .layers import Dense
    >>> hyper_parameters(Dense(5))
    ('units',)
    """
    inner = unwrapped(spec)
    return tuple(name for name in inner.terms if name not in (*inner.declared, "padding", "normalized_shape"))
