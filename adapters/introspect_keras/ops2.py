"""Functions of TensorFlow that stand in a graph of Keras 2 as layers: from what they were called with to a law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from introspect.layers import (
    Activation,
    Along,
    Concatenate,
    Created,
    Diagonal,
    Einsum,
    Elementwise,
    Expand,
    Flatten,
    Identity,
    Index,
    MatMul,
    OneHot,
    Pad,
    Permute,
    Reduce,
    Repeat,
    Reshape,
    SlidingView,
    Spec,
    Split,
    Stack,
    Tile,
    TopK,
)

from .calls2 import Call, NoLawError, name_of_function, operands, plain
from .dialect import Node, fed_to, leaves
from .equations import meeting
from .ops2_windows import WINDOWS
from .stored import Law, pairs

Function = Callable[[Call], Spec]
_WHOLE = (None, None, None)
_PLACES = ("", "math.", "nn.", "__operators__.", "linalg.", "keras.backend.")  # TensorFlow has most functions in several


def function_law(layer: Any, node: Node) -> Optional[Law]:
    """The law of one call of a function; None where there is none, or something about the call is not known."""
    function = FUNCTIONS.get(name_of_function(layer))
    if function is None:
        return None
    try:
        return Law(function(Call(layer, node)))
    except (NoLawError, KeyError, IndexError):
        return None


def fed(layer: Any, symbolic: tuple[Any, ...], args: Any, kwargs: Any) -> tuple[Any, ...]:
    """What flows into a function; of one without a law, every tensor that it was given."""
    if name_of_function(layer) in FUNCTIONS:
        return operands(layer, symbolic, args, kwargs)
    return fed_to(symbolic, args, kwargs)


def _elementwise(operation: str, arguments: tuple[str, ...] = ("x", "y")) -> Function:
    def spec(call: Call) -> Spec:
        for value in (call.given[name] for name in arguments):
            if value is None or isinstance(value, str):
                raise NoLawError
        return Elementwise(operation)

    return spec


def _reduction(operation: str, axis: Optional[int] = None) -> Function:
    """`axis`: over which it goes where none is given; None: over all."""

    def spec(call: Call) -> Spec:
        given = call.get("axis", "reduction_indices", "dimension")
        over = (None if axis is None else (axis,)) if given is None else call.numbers("axis", "reduction_indices", "dimension")
        return Reduce(operation, over, call.flag("keepdims", "keep_dims"))

    return spec


def _same(call: Call) -> Spec:
    return Identity()


def _along(operation: str, name: str = "axis", default: int = 0) -> Function:
    def spec(call: Call) -> Spec:
        return Along(operation, (default,) if call.get(name) is None else call.numbers(name))

    return spec


def _values(call: Call) -> list[Any]:
    """What is in a list, all of which flows in."""
    values = call.get("values", "tensors", "inputs", "x")
    if not isinstance(values, (list, tuple)) or len(values) != len(call.node.inputs):
        raise NoLawError
    return list(values)


def _concat(call: Call) -> Spec:
    _values(call)
    return Concatenate(call.number("axis", default=-1))


def _stack(call: Call) -> Spec:
    _values(call)
    return Stack(call.number("axis", default=0))


def _sum_of_all(call: Call) -> Spec:
    _values(call)
    return Elementwise("add")


def _reshape(call: Call) -> Spec:
    return Reshape(call.sizes("shape"))


def _transpose(call: Call) -> Spec:
    order = call.numbers("perm", "pattern") if call.get("perm", "pattern") is not None else tuple(range(call.rank()))[::-1]
    return Permute(order)


def _last_two_exchanged(call: Call) -> Spec:
    *first, a, b = range(call.rank())
    return Permute((*first, b, a))


def _expand(call: Call) -> Spec:
    rank = call.rank() + 1
    axis = call.axis("axis", "dim", default=-1, rank=rank)
    return Index(tuple(None if i == axis else _WHOLE for i in range(rank)))


def _squeeze(call: Call) -> Spec:
    """Without axes, which ones vanish depends on sizes that may be open."""
    gone = {axis % call.rank() for axis in call.numbers("axis", "squeeze_dims")}
    return Index(tuple(0 if i in gone else _WHOLE for i in range(call.rank())))


def _pad(call: Call) -> Spec:
    given = call.get("paddings")
    amounts = given if isinstance(given, (list, tuple)) else plain(given)
    if not isinstance(amounts, (list, tuple)) or not all(isinstance(plain(n), int) for n in leaves(amounts)):
        raise NoLawError
    return Pad(pairs([plain(n) for n in pair] for pair in amounts), 0)


def _matmul(call: Call) -> Spec:
    a, b = call.flag("transpose_a", "adjoint_a"), call.flag("transpose_b", "adjoint_b")
    return MatMul(turned=(a, b))


def _einsum(call: Call) -> Spec:
    return Einsum(str(call.given["equation"]))


def _tensordot(call: Call) -> Spec:
    """As an Einstein sum."""
    m, n = call.rank_of(call.given["a"]), call.rank_of(call.given["b"])
    axes = call.get("axes")
    if isinstance(plain(axes), int):
        meet = [(m - axes + i, i) for i in range(axes)]
    else:
        left, right = ([axis] if isinstance(axis, int) else list(axis) for axis in axes)
        meet = [(i % m, j % n) for i, j in zip(left, right)]
    return Einsum(meeting(m, n, meet))


def _split(call: Call) -> Spec:
    axis = call.axis("axis", "split_dim", default=0)
    given = call.get("num_or_size_splits")
    whole = call.node.inputs[0].shape[axis]
    if isinstance(plain(given), int):
        if not isinstance(whole, int) or whole % given:
            raise NoLawError
        return Split((whole // given,) * given, axis)
    sizes = call.numbers("num_or_size_splits")
    rest = whole - sum(size for size in sizes if size >= 0) if -1 in sizes else 0
    return Split(tuple(rest if size == -1 else size for size in sizes), axis)


def _unstack(call: Call) -> Spec:
    axis = call.axis("axis", default=0)
    number = call.get("num") or call.node.inputs[0].shape[axis]
    if not isinstance(number, int):
        raise NoLawError
    return Split((1,) * number, axis, drop=True)


def _tile(call: Call) -> Spec:
    return Tile(call.sizes("multiples"))


def _repeat(call: Call) -> Spec:
    axis, times = call.axis("axis"), call.size("repeats" if "repeats" in call.given else "rep")
    return Tile(tuple(times if i == axis else 1 for i in range(call.rank())))


def _broadcast(call: Call) -> Spec:
    return Expand(call.sizes("shape"))


def _made(name: str) -> Function:
    return lambda call: Created(call.sizes(name))


def _shape(call: Call) -> Spec:
    return Created((call.rank(),))


def _range(call: Call) -> Spec:
    start, step = call.size("start"), call.size("delta")
    if call.given.get("limit") is None:
        return Created((start,)) if step == 1 else Created((("over", ("plus", start, _less(step)), step),))
    room = call.size("limit") if start == 0 else ("minus", call.size("limit"), start)
    return Created((room,)) if step == 1 else Created((("over", ("plus", room, _less(step)), step),))


def _less(step: Any) -> int:
    if not isinstance(step, int) or step < 1:
        raise NoLawError
    return step - 1


def _sliced(call: Call) -> Spec:
    """``x[...]``."""
    return Index(tuple("..." if entry is Ellipsis else entry for entry in call.entries("slice_spec")))


def _part(call: Call) -> Spec:
    """``tf.slice``: a size of -1 is what is left."""
    ends = zip(call.numbers("begin"), call.numbers("size"))
    return Index(tuple((begin, None if size == -1 else begin + size, 1) for begin, size in ends))


def _strided(call: Call) -> Spec:
    """By masks, a bit for each entry: whether it has no beginning or end, stands for an index, a new axis, or all between."""
    begin, end = call.sizes("begin"), call.sizes("end")
    strides = call.numbers("strides") if call.get("strides") is not None else (1,) * len(begin)
    names = ("begin", "end", "shrink_axis", "new_axis", "ellipsis")
    masks = [call.number(f"{name}_mask", default=0) for name in names]
    entries: list[Any] = []
    for i, (first, last, step) in enumerate(zip(begin, end, strides)):
        no_begin, no_end, index, new, rest = (mask >> i & 1 for mask in masks)
        ends = (None if no_begin else first, None if no_end else last, step)
        entries.append("..." if rest else None if new else first if index else ends)
    if any(isinstance(entry, tuple) and entry[0] == "input" for entry in entries):
        raise NoLawError  # an index that is worked out
    return Index(tuple(entries))


def _gather(call: Call) -> Spec:
    """Its axis is the first behind the common ones, unless it says otherwise."""
    batched = call.number("batch_dims", default=0)
    axis = call.axis("axis", default=batched) if call.get("axis") is not None else batched
    if len(call.node.inputs) != 2 or axis < batched or batched < 0:
        raise NoLawError
    return Index((*(_WHOLE,) * axis, "tensor"), batched=batched)


def _looked_up(call: Call) -> Spec:
    if len(call.node.inputs) != 2:
        raise NoLawError
    return Index(("tensor",))


def _one_hot(call: Call) -> Spec:
    return OneHot(call.number("depth", "num_classes"), call.number("axis", default=-1))


def _sequence_mask(call: Call) -> Spec:
    return OneHot(call.number("maxlen"))


def _top_k(call: Call) -> Spec:
    return TopK(call.number("k", default=1))


def _where(call: Call) -> Spec:
    if call.get("x", "then_expression") is None or call.get("y", "else_expression") is None:
        raise NoLawError  # the places of what is true: as many as there are
    return Elementwise("where")


def _doubled(call: Call) -> Spec:
    axis = call.axis("axis", default=-1)
    return Tile(tuple(2 if i == axis else 1 for i in range(call.rank())))


def _frames(call: Call) -> Spec:
    axis = call.axis("axis", default=-1)
    if axis != call.rank() - 1 or call.flag("pad_end"):
        raise NoLawError
    return SlidingView(axis, call.number("frame_length"), call.number("frame_step"))


def _flattened(call: Call) -> Spec:
    return Flatten(widens=True)


def _all_in_one(call: Call) -> Spec:
    return Reshape((-1,))


def _vector_repeated(call: Call) -> Spec:
    return Repeat(call.number("n"))


def _diagonal(call: Call) -> Spec:
    return Diagonal(0, -2, -1)


def _trace(call: Call) -> Spec:
    return Reduce("trace", (-2, -1))


_BINARY = {"add": "add", "sub": "subtract", "subtract": "subtract", "mul": "multiply", "multiply": "multiply",
           "truediv": "divide", "divide": "divide", "div": "divide", "maximum": "maximum", "minimum": "minimum", "pow": "power",
           "greater": "greater", "less": "less", "equal": "equal", "not_equal": "not_equal", "greater_equal": "greater_equal",
           "less_equal": "less_equal", "logical_and": "and", "logical_or": "or", "logical_xor": "xor", "floordiv": "divide",
           "floor_div": "divide", "floormod": "mod", "mod": "mod", "divide_no_nan": "divide", "multiply_no_nan": "multiply",
           "squared_difference": "squared_difference", "xdivy": "divide", "xlogy": "multiply", "truncatediv": "divide",
           "truncatemod": "mod"}  # fmt: skip
_ACTIVATIONS = ("relu", "relu6", "sigmoid", "tanh", "softmax", "softplus", "elu", "selu", "gelu", "silu", "swish",
                "leaky_relu", "log_softmax", "log_sigmoid", "softsign", "hard_sigmoid", "sigmoid_fast")  # fmt: skip
_SAME = ("cast", "saturate_cast", "identity", "stop_gradient", "square", "sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "abs",
         "negative", "neg", "sin", "cos", "tan", "sinh", "cosh", "asin", "acos", "atan", "asinh", "acosh", "atanh", "erf",
         "erfinv", "erfc", "lgamma", "digamma", "reciprocal", "reciprocal_no_nan", "round", "rint", "floor", "ceil", "sign",
         "clip_by_value", "clip", "l2_normalize", "is_nan", "is_inf", "is_finite", "logical_not", "real", "imag", "conj",
         "angle", "convert_to_tensor", "ensure_shape", "check_numerics", "debugging.check_numerics", "zeros_like", "ones_like",
         "band_part", "dropout", "bias_add", "local_response_normalization", "lrn", "signal.fft", "signal.ifft",
         "signal.fft2d", "signal.ifft2d", "bitcast", "clip_by_norm", "nextafter", "fake_quant_with_min_max_args",
         "quantization.fake_quant_with_min_max_args", "logical_not", "zeta", "sqrt_no_nan", "invert_permutation",
         "image.flip_left_right", "image.flip_up_down", "image.random_flip_left_right", "image.random_flip_up_down",
         "image.adjust_brightness", "image.adjust_contrast", "image.adjust_hue", "image.adjust_saturation",
         "image.per_image_standardization", "image.rgb_to_hsv", "image.hsv_to_rgb", "image.rgb_to_yuv", "image.yuv_to_rgb",
         "image.convert_image_dtype", "random.shuffle")  # fmt: skip
_REDUCED = {**{f"reduce_{name}": name for name in ("mean", "sum", "max", "min", "prod", "any", "all", "std", "variance",
                                                   "logsumexp", "euclidean_norm")},
            "norm": "norm", "count_nonzero": "count_nonzero", "zero_fraction": "zero_fraction"}  # fmt: skip
_OTHERS: dict[str, Function] = {
    "concat": _concat, "stack": _stack, "add_n": _sum_of_all, "reshape": _reshape, "transpose": _transpose,
    "matrix_transpose": _last_two_exchanged, "expand_dims": _expand, "squeeze": _squeeze, "pad": _pad, "matmul": _matmul,
    "einsum": _einsum, "tensordot": _tensordot, "split": _split, "unstack": _unstack, "tile": _tile, "repeat": _repeat,
    "broadcast_to": _broadcast, "shape": _shape, "shape_v2": _shape, "range": _range, "getitem": _sliced, "slice": _part,
    "strided_slice": _strided, "gather": _gather, "embedding_lookup": _looked_up, "one_hot": _one_hot,
    "sequence_mask": _sequence_mask, "top_k": _top_k, "where": _where, "where_v2": _where, "crelu": _doubled,
    "signal.frame": _frames, "batch_flatten": _flattened, "flatten": _all_in_one, "diag_part": _diagonal, "trace": _trace,
    "zeros": _made("shape"), "ones": _made("shape"), "fill": _made("dims"),
    **{f"random.{name}": _made("shape") for name in ("normal", "uniform", "truncated_normal")},
    **{name: _made("shape") for name in ("random_normal", "random_uniform", "truncated_normal", "random_bernoulli")},
    "size": lambda call: Reduce("size"), "rank": lambda call: Reduce("rank"),
    "argmax": _reduction("argmax", 0), "argmin": _reduction("argmin", 0), "cross": _elementwise("cross", ("a", "b")),
    "atan2": _elementwise("arctan2", ("y", "x")), "scalar_mul": _elementwise("multiply", ("scalar", "x")),
    "dtypes.complex": _elementwise("complex", ("real", "imag")), "complex": _elementwise("complex", ("real", "imag")),
    "cumsum": _along("cumsum"), "cumprod": _along("cumprod"), "roll": _along("roll"), "reverse": _along("reverse"),
    "sort": _along("sort", default=-1), "argsort": _along("argsort", default=-1), "cumulative_logsumexp": _along("cumsum"),
    "softmax_cross_entropy_with_logits": _reduction("cross_entropy", -1),
    "softmax_cross_entropy_with_logits_v2": _reduction("cross_entropy", -1),
    "sigmoid_cross_entropy_with_logits": _elementwise("cross_entropy", ("labels", "logits")),
}  # fmt: skip


def _activated(function: str) -> Function:
    return lambda call: Activation(function)


FUNCTIONS: dict[str, Function] = {}
for _name, _law in {
    **{name: _elementwise(operation) for name, operation in _BINARY.items()},
    **{name: _activated(name) for name in _ACTIVATIONS},
    **dict.fromkeys(_SAME, _same),
    **{name: _reduction(operation) for name, operation in _REDUCED.items()},
    **_OTHERS,
    **WINDOWS,
}.items():
    FUNCTIONS.update({f"{place}{_name}": _law for place in _PLACES})
