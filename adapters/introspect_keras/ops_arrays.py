"""Keras' operations on arrays beyond the plainest: picked, cut, joined, counted, multiplied, taken apart."""

from __future__ import annotations

from typing import Any, Optional

from introspect.layers import (
    Along,
    Concatenate,
    Created,
    CrossDistance,
    Diagonal,
    Einsum,
    Elementwise,
    Factors,
    Gather,
    Identity,
    Index,
    Meshgrid,
    OneHot,
    Permute,
    RealFourier,
    Reduce,
    ShortFourier,
    SlidingView,
    Split,
    Stack,
    TopK,
)

from .dialect import Node, leaves
from .equations import meeting
from .operands import (
    WHOLE,
    Operation,
    all_known,
    alone,
    along_an_axis,
    as_long,
    axes_of,
    elementwise,
    like,
    numbers,
    rank_of,
    reduction,
    sized,
)
from .stored import Law


def _kept(op: Any, node: Node) -> Optional[Law]:
    """As a start and a size of plain numbers say; a size of -1 is what is left."""
    start = node.args[1] if len(node.args) > 1 else node.kwargs.get("start_indices")
    sizes = numbers(op.shape, rank_of(node))
    if sizes is None:
        return None
    begins = numbers(start, rank_of(node)) if isinstance(start, (list, tuple)) else None
    if begins is None:
        return Law(Created(sizes)) if -1 not in sizes else None
    return Law(Index(tuple((begin, None if size == -1 else begin + size, 1) for begin, size in zip(begins, sizes))))


def _made(op: Any, node: Node) -> Optional[Law]:
    sizes = numbers(op.shape, len(op.shape)) if isinstance(op.shape, (list, tuple)) else numbers(op.shape, 1)
    return None if sizes is None else Law(Created(sizes))


def _along_an_index(op: Any, node: Node) -> Optional[Law]:
    return Law(Gather(op.axis, stretched=True)) if op.axis is not None and len(node.inputs) == 2 else None


def _segments(op: Any, node: Node) -> Optional[Law]:
    count = op.num_segments
    return Law(Created((count, *axes_of(node, 0, 1)))) if isinstance(count, int) else None


def _top(op: Any, node: Node) -> Optional[Law]:
    return Law(TopK(op.k)) if isinstance(op.k, int) else None


def _appended(op: Any, node: Node) -> Optional[Law]:
    return Law(Concatenate(op.axis)) if op.axis is not None and all_known(node, 2) else None


def _joined(axis: int, least: int) -> Operation:
    """Along `axis`, where all have `least` axes or more."""

    def law(op: Any, node: Node) -> Optional[Law]:
        ranks = {len(x.shape) for x in node.inputs}
        if not all_known(node) or not ranks:
            return None
        if axis == 0 and ranks == {1}:
            return Law(Stack(0))
        if axis == 1 and ranks == {1}:
            return Law(Concatenate(0))
        return Law(Concatenate(axis)) if min(ranks) >= least else None

    return law


def split_along(op: Any, node: Node, axis: int, uneven: bool = False) -> Optional[Law]:
    """As many pieces as are asked for, or at the places that are; `uneven`: the first pieces are one longer."""
    whole, wanted = node.inputs[0].shape[axis], op.indices_or_sections
    if whole is None:
        return None
    if isinstance(wanted, int):
        each, rest = divmod(whole, wanted)
        return Law(Split((each + 1,) * rest + (each,) * (wanted - rest), axis)) if uneven or not rest else None
    ends = [0, *(int(end) for end in wanted), whole]
    return Law(Split(tuple(b - a for a, b in zip(ends, ends[1:])), axis))


def _cut(op: Any, node: Node) -> Optional[Law]:
    return split_along(op, node, op.axis, uneven=True)


def _cut_along(axis: int) -> Operation:
    return lambda op, node: split_along(op, node, min(axis, rank_of(node) - 1))


def _differences(op: Any, node: Node) -> Optional[Law]:
    axis = op.axis % rank_of(node)
    return Law(Index(tuple((op.n, None, 1) if i == axis else WHOLE for i in range(axis + 1))))


def _turned(op: Any, node: Node) -> Optional[Law]:
    order = list(range(rank_of(node)))
    first, second = (axis % rank_of(node) for axis in op.axes)
    if op.k % 2:
        order[first], order[second] = order[second], order[first]
    return Law(Permute(tuple(order)))


def _last_two_exchanged(op: Any, node: Node) -> Optional[Law]:
    *lead, rows, columns = range(rank_of(node))
    return Law(Permute((*lead, columns, rows)))


def _diagonal(op: Any, node: Node) -> Optional[Law]:
    return Law(Diagonal(op.offset, op.axis1, op.axis2))


def _of_a_matrix(op: Any, node: Node) -> Optional[Law]:
    return Law(Diagonal(op.k)) if rank_of(node) == 2 else None


def _trace(op: Any, node: Node) -> Optional[Law]:
    return Law(Reduce("trace", (op.axis1, op.axis2)))


def _quantile(op: Any, node: Node) -> Optional[Law]:
    """One for each of several shares that are asked for stands in front."""
    asked = node.args[1] if len(node.args) > 1 else node.kwargs.get("q")
    if not isinstance(asked, (int, float)):
        return None
    over = op.axis if op.axis is None or isinstance(op.axis, (list, tuple)) else (op.axis,)
    return Law(Reduce("quantile", None if over is None else tuple(over), bool(op.keepdims)))


def _moments(op: Any, node: Node) -> Optional[Law]:
    over = op.axes if isinstance(op.axes, (list, tuple)) else (op.axes,)
    return Law(Reduce("moments", tuple(over), bool(op.keepdims), copies=2))


def _selected(op: Any, node: Node) -> Optional[Law]:
    return Law(Elementwise("where")) if all_known(node) else None


def _meshed(op: Any, node: Node) -> Optional[Law]:
    return Law(Meshgrid(op.indexing)) if all_known(node) and all(len(x.shape) < 2 for x in node.inputs) else None


def _evenly_spread(op: Any, node: Node) -> Optional[Law]:
    """As many numbers on a new axis, between two ends that are alike or of which one is a plain number."""
    shapes = {tuple(x.shape) for x in node.inputs}
    if len(shapes) != 1 or not all_known(node) or getattr(op, "retstep", False) or not isinstance(op.num, int):
        return None
    return Law(OneHot(op.num, op.axis))


def _product(op: Any, node: Node, meet: list[tuple[int, int]]) -> Optional[Law]:
    if len(node.inputs) != 2:
        return None
    m, n = (len(x.shape) for x in node.inputs)
    return Law(Einsum(meeting(m, n, [(i % m, j % n) for i, j in meet])))


def _tensordot(op: Any, node: Node) -> Optional[Law]:
    axes, m = op.axes, rank_of(node)
    if isinstance(axes, int):
        return _product(op, node, [(m - axes + i, i) for i in range(axes)])
    left, right = ([axis] if isinstance(axis, int) else list(axis) for axis in axes)
    return _product(op, node, list(zip(left, right)))


def _inner(op: Any, node: Node) -> Optional[Law]:
    vectors = len(node.inputs) == 2 and all(x.shape for x in node.inputs)
    return _product(op, node, [(-1, -1)]) if vectors else None


def _outer(op: Any, node: Node) -> Optional[Law]:
    return _product(op, node, []) if all(len(x.shape) == 1 for x in node.inputs) else None


def _crossed(op: Any, node: Node) -> Optional[Law]:
    """Vectors of three along the last axis."""
    last = all(axis in (-1, len(x.shape) - 1) for x in node.inputs for axis in (op.axisa, op.axisb, op.axisc))
    return Law(Elementwise("cross")) if last and all_known(node, 2) and all(x.shape[-1] == 3 for x in node.inputs) else None


def _norm(op: Any, node: Node) -> Optional[Law]:
    return Law(Reduce("norm", None if op.axis is None else tuple(op.axis), bool(op.keepdims)))


def _factors(into: str) -> Operation:
    return alone(lambda op, node: Law(Factors(into)))


def _svd(op: Any, node: Node) -> Optional[Law]:
    full = "svd_full" if op.full_matrices else "svd"
    return Law(Factors(full if op.compute_uv else "singular_values"))


def _qr(op: Any, node: Node) -> Optional[Law]:
    return Law(Factors("qr" if op.mode == "reduced" else "qr_complete"))


def _least_squares(op: Any, node: Node) -> Optional[Law]:
    return Law(Created((("input", 1, 0), *axes_of(node, 1, 1)))) if len(node.inputs) == 2 else None


def _of_squares(operation: str, copies: int = 1) -> Operation:
    return alone(lambda op, node: Law(Reduce(operation, (-2, -1), copies=copies)))


def _both_parts(op: Any, node: Node) -> Optional[Law]:
    return Law(Along("fourier", copies=2)) if len(node.inputs) == 2 else None


def _spectrum(op: Any, node: Node) -> Optional[Law]:
    return Law(RealFourier(op.fft_length))


def _from_spectrum(op: Any, node: Node) -> Optional[Law]:
    return Law(RealFourier(op.fft_length, inverse=True)) if len(node.inputs) == 2 else None


def _spectrogram(op: Any, node: Node) -> Optional[Law]:
    return Law(ShortFourier(op.fft_length, op.sequence_stride, bool(op.center)))


def _from_spectrogram(op: Any, node: Node) -> Optional[Law]:
    fields = {"inverse": True, "length": op.length}
    return Law(ShortFourier(op.fft_length, op.sequence_stride, bool(op.center), **fields)) if len(node.inputs) == 2 else None


def _windows(op: Any, node: Node) -> Optional[Law]:
    return Law(SlidingView(rank_of(node) - 1, op.sequence_length, op.sequence_stride))


def _distances(op: Any, node: Node) -> Optional[Law]:
    return Law(CrossDistance()) if len(node.inputs) == 2 else None


def _one_hot(op: Any, node: Node) -> Optional[Law]:
    return Law(OneHot(op.num_classes, op.axis))


def _multi_hot(op: Any, node: Node) -> Optional[Law]:
    """The second axis is counted away, or the only one."""
    return Law(Created((*axes_of(node, 0, 0, min(rank_of(node) - 1, 1)), *axes_of(node, 0, 2), op.num_classes)))


def _unravelled(op: Any, node: Node) -> Optional[Law]:
    return Law(Along("unravel_index", copies=len(op.shape)))


def _complex_of_pairs(op: Any, node: Node) -> Optional[Law]:
    return Law(Index(("...", 0)))


def _cross_entropy(op: Any, node: Node) -> Optional[Law]:
    """The classes' axis of the scores goes."""
    axis = getattr(op, "axis", -1) % len(node.inputs[1].shape) if len(node.inputs) == 2 else 0
    return Law(Created((*axes_of(node, 1, 0, axis), *axes_of(node, 1, axis + 1)))) if len(node.inputs) == 2 else None


def _looked_for(op: Any, node: Node) -> Optional[Law]:
    return like(1)(op, node) if len(node.inputs) == 2 else None


def _close(op: Any, node: Node) -> Optional[Law]:
    """How close is said in plain numbers beside."""
    return Law(Elementwise("equal")) if all_known(node) and len(node.inputs) in (1, 2) else None


def _stays(op: Any, node: Node) -> Optional[Law]:
    plain = all(not hasattr(x, "shape") or any(x is y for y in node.inputs) for x in leaves(node.args))
    return Law(Identity()) if plain else None


_BINARY = {
    "BitwiseAnd": "and", "BitwiseOr": "or", "BitwiseXor": "xor", "BitwiseLeftShift": "shift", "BitwiseRightShift": "shift",
    "LeftShift": "shift", "RightShift": "shift", "Gcd": "gcd", "Lcm": "lcm", "Heaviside": "heaviside",
    "Ldexp": "power", "Logaddexp2": "logaddexp", "Fmod": "mod", "Nextafter": "nextafter", "Polar": "polar",
    "BinaryCrossentropy": "cross_entropy",
}  # fmt: skip
_UNCHANGED = ("Angle", "BitwiseInvert", "BitwiseNot", "EmptyLike", "Fliplr", "Flipud", "I0", "Isneginf", "Isposinf", "Isreal",
              "Erfc", "Array", "Inv", "Cholesky", "CholeskyInverse")  # fmt: skip
_FIRST = ("FullLike", "Digitize", "IsIn", "ScatterUpdate", "SliceUpdate", "InTopK", "BatchNorm", "RMSNorm", "LayerNorm")
_REDUCTIONS = ("Nanargmax", "Nanargmin", "Nanmedian", "Nanprod", "Trapezoid")

ARRAYS: dict[str, Operation] = {
    **{name: elementwise(operation) for name, operation in _BINARY.items()},
    **dict.fromkeys(_UNCHANGED, alone(as_long)),
    "Isclose": _close,
    **dict.fromkeys(_FIRST, _stays),
    **dict.fromkeys(("Nancumsum", "Nancumprod", "Argpartition"), alone(along_an_axis)),
    **{name: reduction(name.lower()) for name in _REDUCTIONS},
    **dict.fromkeys(("Quantile", "Percentile", "Nanquantile", "Nanpercentile"), alone(_quantile)),
    **dict.fromkeys(("AllClose", "Vdot", "Size", "PSNR"), sized()),
    **dict.fromkeys(("SegmentReduction", "SegmentSum", "SegmentMax", "SegmentMin", "SegmentProd"), _segments),
    **dict.fromkeys(("Linspace", "Logspace", "Geomspace"), _evenly_spread),
    **dict.fromkeys(("Solve", "SolveTriangular", "SearchSorted"), _looked_for),
    **dict.fromkeys(("FFT", "FFT2", "IFFT2"), _both_parts),
    **dict.fromkeys(("CategoricalCrossentropy", "SparseCategoricalCrossentropy"), _cross_entropy),
    "Slice": _kept, "Scatter": _made, "Full": _made, "TakeAlongAxis": _along_an_index, "TopK": alone(_top), "Append": _appended,
    "Hstack": _joined(1, 2), "Vstack": _joined(0, 2), "Dstack": _joined(2, 3), "ArraySplit": alone(_cut),
    "Hsplit": alone(_cut_along(1)), "Vsplit": alone(_cut_along(0)), "Dsplit": alone(_cut_along(2)),
    "Diff": alone(_differences), "Rot90": alone(_turned), "Diagonal": alone(_diagonal), "Diag": alone(_of_a_matrix),
    "Trace": alone(_trace), "Moments": alone(_moments), "Select": _selected, "Meshgrid": _meshed, "Tensordot": _tensordot,
    "Inner": _inner, "Outer": _outer, "Cross": _crossed, "Norm": alone(_norm), "Pinv": alone(_last_two_exchanged),
    "Det": _of_squares("det"), "Logdet": _of_squares("logdet"), "MatrixRank": _of_squares("rank"),
    "Slogdet": _of_squares("slogdet", 2), "Eig": _factors("eigen"), "Eigh": _factors("eigen"), "LuFactor": _factors("lu"),
    "SVD": alone(_svd), "Qr": alone(_qr), "Lstsq": _least_squares, "RFFT": alone(_spectrum), "IRFFT": _from_spectrum,
    "STFT": alone(_spectrogram), "ISTFT": _from_spectrogram, "ExtractSequences": alone(_windows), "CDist": _distances,
    "OneHot": alone(_one_hot), "MultiHot": alone(_multi_hot), "UnravelIndex": alone(_unravelled),
    "ViewAsComplex": alone(_complex_of_pairs),
    "ViewAsReal": alone(lambda op, node: Law(OneHot(2))),
    "CTCLoss": lambda op, node: Law(Created((("input", 0, 0),))),
}  # fmt: skip
