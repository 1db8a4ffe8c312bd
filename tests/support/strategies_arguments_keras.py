"""Constructor arguments of Keras 3's layers beside those that the other strategies draw: any of them, one at a time.

`BESIDE` has those that could change a number or a shape, or make Keras refuse; `CHANGE_NOTHING` what only says how values
are computed, where numbers start, or what a thing is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from strategies_keras import FORMATS, Case, Draw
from strategies_preparing_keras import HAS_TENSORFLOW
from under_test_keras import layers

CHANGE_NOTHING = {
    "RandomFlip.mode", "RandomGaussianBlur.kernel_size", "activity_regularizer", "all_ops", "alpha", "autocast", "bins",
    "chain_depth", "clip_limit", "encoding", "factor", "fill_mode", "fill_value", "idf_weights", "kwargs", "lora_alpha",
    "mag_exp", "mask_value", "max_freq", "max_value", "min_freq", "min_power", "momentum", "name", "num_chains", "num_ops",
    "offset", "oov_method", "oov_token", "ref_power", "renorm_clipping", "renorm_momentum", "salt", "sampling_rate", "scale",
    "scaling", "seed", "sigma", "threshold", "tile_grid_size", "top_db", "value_range", "vocabulary_dtype", "weights",
}  # fmt: skip
CHANGE_NOTHING_BUT = ("_initializer", "_regularizer", "_constraint", "_factor")

FLAG = st.booleans()
RATE = st.sampled_from([0.0, 0.25])
BESIDE: dict[str, Any] = {
    "activation": st.sampled_from(["tanh", "relu"]), "antialias": FLAG, "attention_axes": st.sampled_from([1, (1,), (1, 2)]),
    "axis": st.sampled_from([-1, 1, (1, -1)]), "data_format": FORMATS, "dilation_rate": st.integers(1, 2),
    "dropout": RATE, "dtype": st.sampled_from(["float32", "float16", "mixed_bfloat16"]), "epsilon": st.just(1e-3),
    "flash_attention": st.sampled_from([None, False]), "go_backwards": FLAG,
    "interpolation": st.sampled_from(["nearest", "bilinear"]), "invert": FLAG, "l2": st.just(0.1),
    "logit_soft_cap": st.just(5.0), "lora_rank": st.integers(1, 3), "mask_zero": FLAG, "negative_slope": st.just(0.1),
    "noise_shape": st.just(None), "periodic": FLAG, "power_iterations": st.integers(1, 2), "power_to_db": FLAG,
    "recurrent_activation": st.just("relu"), "recurrent_dropout": RATE, "reverse_dtype": st.just("float32"),
    "sliding_window": st.integers(1, 3), "sparse": FLAG, "stateful": FLAG, "synchronized": FLAG, "trainable": FLAG,
    "unit_forget_bias": FLAG, "unroll": FLAG, "use_cudnn": st.sampled_from(["auto", False]), "window": st.just("hamming"),
    "zero_output_for_mask": FLAG,
}  # fmt: skip
EVERY_LAYERS = {"dtype", "trainable", "autocast", "name", "activity_regularizer"}


def arguments(cls: type) -> set[str]:
    """What the constructor of a layer takes."""
    found = set(inspect.signature(cls.__init__).parameters) - {"self", "args"}
    return found | (EVERY_LAYERS if "kwargs" in found else set())


def changes_nothing(cls: str, name: str) -> bool:
    """Whether an argument has no say in any number or shape."""
    return bool({name, f"{cls}.{name}"} & CHANGE_NOTHING) or name.endswith(CHANGE_NOTHING_BUT)


def strategies(*modules: Any) -> list[Any]:
    """All strategies for layers that stand in these modules."""
    made = [value() for module in modules for name, value in vars(module).items() if _draws_cases(module, name, value)]
    return [strategy for strategy in made if isinstance(strategy, st.SearchStrategy)]


def _draws_cases(module: Any, name: str, value: Any) -> bool:
    if name in ("lookups", "texts") and not HAS_TENSORFLOW:
        return False
    return inspect.isfunction(value) and value.__module__ == module.__name__ and not inspect.signature(value).parameters


@st.composite
def with_one_more(draw: Draw, cases: Any) -> Case:
    """One of `cases`, its layer or the one inside, with one more argument."""
    case: Case = draw(cases)
    if case.inner is not None and draw(st.booleans()):
        refused = {"stateful"} if case.inner.fields.get("return_state") else set()  # by a mistake of Keras' own, in both ways
        return replace(case, inner=_one_more(draw, case.inner, refused))
    return _one_more(draw, case) if isinstance(case.fields, dict) and hasattr(layers, case.name) else case


def _one_more(draw: Draw, case: Case, refused: AbstractSet[str] = frozenset()) -> Case:
    left = (arguments(getattr(layers, case.name)) & set(BESIDE)) - set(case.fields) - refused
    own = left - EVERY_LAYERS
    if not left:
        return case
    name = draw(st.sampled_from(sorted(own if own and draw(st.integers(0, 3)) else left)))
    return replace(case, fields={**case.fields, name: draw(BESIDE[name])})
