"""Keras' operations, each on small tensors: what its law says of them is set against Keras, and against what it computes."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import Any, Callable, NamedTuple

import keras
from keras import ops

BINARY = (
    "add", "subtract", "multiply", "divide", "true_divide", "divide_no_nan", "floor_divide", "maximum", "minimum", "power",
    "equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or", "logical_xor", "mod",
    "arctan2", "logaddexp", "logaddexp2", "hypot", "fmax", "fmin", "fmod", "heaviside", "isclose", "nextafter", "polar",
)  # fmt: skip
WHOLE_BINARY = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "left_shift",
                "right_shift", "gcd", "lcm", "ldexp")  # fmt: skip
UNARY = (
    "relu", "relu6", "sigmoid", "sparse_sigmoid", "sparse_plus", "softplus", "softsign", "silu", "squareplus", "log_sigmoid",
    "leaky_relu", "hard_sigmoid", "hard_silu", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "elu", "selu", "gelu",
    "celu", "softmax", "log_softmax", "sparsemax", "tanh", "absolute", "abs", "fabs", "negative", "exp", "exp2", "expm1", "log",
    "log1p", "log2", "log10", "sqrt", "rsqrt", "cbrt", "square", "reciprocal", "sin", "cos", "tan", "sinh", "cosh", "arcsin",
    "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "erf", "erfc", "erfinv", "stop_gradient", "sign", "signbit", "round",
    "floor", "ceil", "trunc", "logical_not", "isnan", "isfinite", "isinf", "isneginf", "isposinf", "isreal", "nan_to_num",
    "flip", "fliplr", "flipud", "tril", "triu", "ones_like", "zeros_like", "empty_like", "copy", "real", "imag", "conj",
    "conjugate", "deg2rad", "rad2deg", "sinc", "convert_to_tensor", "normalize", "angle", "i0", "array",
)  # fmt: skip
REDUCING = (
    "any", "all", "sum", "mean", "max", "min", "prod", "std", "var", "amax", "amin", "argmax", "argmin", "median",
    "count_nonzero", "logsumexp", "ptp", "nansum", "nanmean", "nanmax", "nanmin", "nanstd", "nanvar", "average", "nanargmax",
    "nanargmin", "nanmedian", "nanprod", "norm",
)  # fmt: skip
X, Y = (2, 4, 6), (2, 4, 6)


class Sample(NamedTuple):
    """Shapes with the batch, what is done with tensors of them, and their types."""

    shapes: tuple[tuple[int, ...], ...]
    apply: Callable[..., Any]
    dtypes: tuple[str, ...] = ()


def on(*shapes: tuple[int, ...]) -> Callable[..., Sample]:
    return lambda apply, *dtypes: Sample(shapes, apply, dtypes)


def several() -> dict[str, Sample]:
    """All that are not in one of the lists."""
    one, two, square, image = on(X), on(X, Y), on((2, 3, 3)), on((2, 6, 6, 4))
    whole = on((2, 5))
    return {
        "where": on(X, X, (6,))(lambda c, x, y: ops.where(c > 0, x, y)),
        "getitem": one(lambda x: x[:, 1:3, None, ..., -1]), "transpose": one(lambda x: ops.transpose(x, (2, 0, 1))),
        "swapaxes": one(lambda x: ops.swapaxes(x, 0, -1)), "moveaxis": one(lambda x: ops.moveaxis(x, 0, 2)),
        "reshape": one(lambda x: ops.reshape(x, (2, -1, 3))), "ravel": one(ops.ravel),
        "expand_dims": one(lambda x: ops.expand_dims(x, (0, -1))), "squeeze": on((2, 1, 4))(lambda x: ops.squeeze(x, 1)),
        "split": one(lambda x: ops.split(x, [1, 3], axis=1)), "unstack": one(lambda x: ops.unstack(x, axis=1)),
        "concatenate": two(lambda x, y: ops.concatenate([x, y], 1)), "stack": two(lambda x, y: ops.stack([x, y], -1)),
        "tile": one(lambda x: ops.tile(x, (2, 1, 3))), "repeat": one(lambda x: ops.repeat(x, 3, axis=1)),
        "broadcast_to": on((2, 1, 6))(lambda x: ops.broadcast_to(x, (5, 2, 3, 6))),
        "pad": one(lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3)))), "cumsum": one(lambda x: ops.cumsum(x, 1)),
        "cumprod": one(lambda x: ops.cumprod(x, 1)), "roll": one(lambda x: ops.roll(x, 1, 1)), "sort": one(ops.sort),
        "argsort": one(ops.argsort), "argpartition": on((6,))(lambda x: ops.argpartition(x, 2)),
        "nancumsum": one(lambda x: ops.nancumsum(x, 1)), "nancumprod": one(lambda x: ops.nancumprod(x, 1)),
        "take": on(X, (3, 5))(lambda x, i: ops.take(x, i, axis=1), "float32", "int32"),
        "take_along_axis": on((2, 4, 6), (2, 3, 1))(lambda x, i: ops.take_along_axis(x, i, axis=1), "float32", "int32"),
        "matmul": on((2, 4, 6), (6, 5))(ops.matmul), "dot": on((2, 4, 6), (6, 5))(ops.dot),
        "einsum": on((2, 4, 6), (2, 5, 6))(lambda x, y: ops.einsum("bij,bkj->bik", x, y)),
        "tensordot": on((2, 4, 6), (6, 4, 3))(lambda x, y: ops.tensordot(x, y, ((1, 2), (1, 0)))),
        "inner": on((2, 4, 6), (3, 6))(ops.inner), "outer": on((4,), (5,))(ops.outer), "vdot": on((4,), (4,))(ops.vdot),
        "cross": on((2, 3), (2, 3))(ops.cross), "kron": on((2, 3), (4, 5))(ops.kron),
        "dot_product_attention": on((2, 4, 6, 3), (2, 5, 2, 3), (2, 5, 2, 3), (2, 6, 4, 5))(
            lambda q, k, v, m: ops.dot_product_attention(q, k, v, mask=m), "float32", "float32", "float32", "bool"),
        "clip": one(lambda x: ops.clip(x, 0.0, 1.0)), "cast": one(lambda x: ops.cast(x, "int32")),
        "saturate_cast": one(lambda x: ops.saturate_cast(x, "int8")), "threshold": one(lambda x: ops.threshold(x, 0.5, 0.0)),
        "full_like": one(lambda x: ops.full_like(x, 2.0)), "full": on(())(lambda x: ops.full((3, 4), x)),
        "digitize": one(lambda x: ops.digitize(x, ops.array([0.0, 1.0]))), "isin": on(X, (3,))(ops.isin),
        "bitwise_invert": whole(ops.bitwise_invert, "int32"), "bitwise_not": whole(ops.bitwise_not, "int32"),
        "allclose": two(ops.allclose), "size": one(ops.size),
        "append": two(lambda x, y: ops.append(x, y, axis=1)), "hstack": two(lambda x, y: ops.hstack([x, y])),
        "vstack": two(lambda x, y: ops.vstack([x, y])), "dstack": two(lambda x, y: ops.dstack([x, y])),
        "array_split": one(lambda x: ops.array_split(x, 4, axis=2)), "hsplit": one(lambda x: ops.hsplit(x, 2)),
        "vsplit": one(lambda x: ops.vsplit(x, 2)), "dsplit": one(lambda x: ops.dsplit(x, [2])),
        "diff": one(lambda x: ops.diff(x, 2, axis=1)), "rot90": one(lambda x: ops.rot90(x, 1, (1, 2))),
        "diagonal": one(lambda x: ops.diagonal(x, 1, 1, 2)), "diag": on((4, 6))(lambda x: ops.diag(x, 1)),
        "trace": one(lambda x: ops.trace(x, 0, 1, 2)), "trapezoid": one(lambda x: ops.trapezoid(x, axis=1)),
        "quantile": one(lambda x: ops.quantile(x, 0.5, axis=1)), "percentile": one(lambda x: ops.percentile(x, 50.0, axis=1)),
        "nanquantile": one(lambda x: ops.nanquantile(x, 0.5, axis=1, keepdims=True)),
        "nanpercentile": one(lambda x: ops.nanpercentile(x, 50.0, axis=(1, 2))),
        "moments": one(lambda x: ops.moments(x, [1], keepdims=True)),
        "select": two(lambda x, y: ops.select([x > 0.0, y > 1.0], [x, y])),
        "meshgrid": on((4,), (5,))(lambda x, y: ops.meshgrid(x, y)),
        "linspace": on((2,), (2,))(lambda x, y: ops.linspace(x, y, 7, axis=-1)),
        "logspace": on((2,), (2,))(lambda x, y: ops.logspace(x, y, 7)),
        "geomspace": on((2,), (2,))(lambda x, y: ops.geomspace(x + 1.0, y + 1.0, 7)),
        "unravel_index": on((5,))(lambda x: ops.unravel_index(x, (3, 4)), "int32"),
        "searchsorted": on((6,), (3,))(ops.searchsorted),
        "slice": one(lambda x: ops.slice(x, (0, 1, 2), (2, -1, 3))),
        "slice_update": two(lambda x, y: ops.slice_update(x, (0, 1, 0), y[:, :2])),
        "scatter": on((3, 1), (3, 4))(lambda i, x: ops.scatter(i, x, (5, 4)), "int32"),
        "scatter_update": on((5, 4), (3, 1), (3, 4))(ops.scatter_update, "float32", "int32"),
        "segment_sum": on((6, 4), (6,))(lambda x, i: ops.segment_sum(x, i, 3), "float32", "int32"),
        "segment_max": on((6, 4), (6,))(lambda x, i: ops.segment_max(x, i, 3), "float32", "int32"),
        "segment_min": on((6, 4), (6,))(lambda x, i: ops.segment_min(x, i, 3), "float32", "int32"),
        "segment_prod": on((6, 4), (6,))(lambda x, i: ops.segment_prod(x, i, 3), "float32", "int32"),
        "top_k": one(lambda x: ops.top_k(x, 2)),
        "in_top_k": on((5,), (5, 4))(lambda t, p: ops.in_top_k(t, p, 2), "int32", "float32"),
        "cdist": on((2, 4, 3), (2, 5, 3))(ops.cdist),
        "one_hot": whole(lambda x: ops.one_hot(x, 7, axis=1), "int32"), "multi_hot": whole(lambda x: ops.multi_hot(x, 7), "int32"),
        "fft": two(lambda x, y: ops.fft((x, y))), "fft2": two(lambda x, y: ops.fft2((x, y))),
        "ifft2": two(lambda x, y: ops.ifft2((x, y))), "rfft": one(ops.rfft), "irfft": two(lambda x, y: ops.irfft((x, y))),
        "stft": on((2, 40))(lambda x: ops.stft(x, 8, 2, 8)),
        "istft": on((2, 21, 5), (2, 21, 5))(lambda x, y: ops.istft((x, y), 8, 2, 8)),
        "extract_sequences": on((2, 20))(lambda x: ops.extract_sequences(x, 6, 2)),
        "view_as_complex": on((3, 2))(ops.view_as_complex), "view_as_real": on((3, 4))(ops.view_as_real, "complex64"),
        "det": square(ops.det), "logdet": square(ops.logdet), "slogdet": square(ops.slogdet), "inv": square(ops.linalg.inv),
        "cholesky": square(ops.cholesky), "cholesky_inverse": square(ops.cholesky_inverse), "eig": square(ops.eig),
        "eigh": square(ops.eigh), "lu_factor": on((3, 3))(ops.lu_factor), "qr": one(ops.qr), "svd": one(ops.svd),
        "pinv": one(ops.pinv), "matrix_rank": one(ops.matrix_rank), "lstsq": on((5, 3), (5, 2))(ops.lstsq),
        "solve": on((2, 3, 3), (2, 3, 4))(ops.solve), "solve_triangular": on((2, 3, 3), (2, 3, 4))(ops.solve_triangular),
        "batch_normalization": on(X, (6,), (6,))(lambda x, m, v: ops.batch_normalization(x, m, v, axis=-1)),
        "rms_normalization": on(X, (6,))(ops.rms_normalization), "layer_normalization": one(ops.layer_normalization),
        "binary_crossentropy": two(ops.binary_crossentropy), "categorical_crossentropy": two(ops.categorical_crossentropy),
        "sparse_categorical_crossentropy": on((2, 4), X)(ops.sparse_categorical_crossentropy, "int32", "float32"),
        "ctc_loss": on((2, 3), (2, 6, 5), (2,), (2,))(ops.ctc_loss, "int32", "float32", "int32", "int32"),
        "psnr": two(lambda x, y: ops.psnr(x, y, 1.0)), "glu": one(ops.glu),
        "max_pool": image(lambda x: ops.max_pool(x, 2, 1, "same")), "average_pool": image(lambda x: ops.average_pool(x, 3, 2)),
        "adaptive_max_pool": image(lambda x: ops.adaptive_max_pool(x, (2, 3))),
        "adaptive_average_pool": image(lambda x: ops.adaptive_average_pool(x, (2, 3))),
        "conv": on((2, 6, 6, 4), (3, 2, 4, 8))(lambda x, k: ops.conv(x, k, 2, "same")),
        "depthwise_conv": on((2, 6, 6, 4), (3, 2, 4, 2))(ops.depthwise_conv),
        "separable_conv": on((2, 6, 6, 4), (3, 2, 4, 2), (1, 1, 8, 5))(ops.separable_conv),
        "conv_transpose": on((2, 6, 6, 4), (3, 2, 5, 4))(lambda x, k: ops.conv_transpose(x, k, 2)),
        "unfold": on((2, 3, 6, 8))(lambda x: ops.unfold(x, 2, stride=2)),
        "fold": on((2, 12, 12))(lambda x: ops.fold(x, (6, 8), 2, stride=2)),
        "depth_to_space": image(lambda x: ops.depth_to_space(x, 2)), "space_to_depth": image(lambda x: ops.space_to_depth(x, 2)),
        "extract_patches": image(lambda x: ops.image.extract_patches(x, 3, 2)),
        "resize": image(lambda x: ops.image.resize(x, (3, 9))),
        "rgb_to_grayscale": on((2, 6, 6, 3))(ops.image.rgb_to_grayscale), "rgb_to_hsv": on((2, 6, 6, 3))(ops.image.rgb_to_hsv),
        "hsv_to_rgb": on((2, 6, 6, 3))(ops.image.hsv_to_rgb),
        "crop_images": image(lambda x: ops.image.crop_images(x, 1, 2, 0, 1)),
        "pad_images": image(lambda x: ops.image.pad_images(x, 1, 2, target_height=9, target_width=10)),
        "sobel_edges": image(ops.image.sobel_edges), "ssim": on((2, 12, 12, 3), (2, 12, 12, 3))(ops.image.ssim),
        "map_coordinates": on((6, 8), (2, 5))(lambda x, c: ops.image.map_coordinates(x, c, 1)),
        "affine_transform": on((2, 6, 6, 4), (2, 8))(ops.image.affine_transform),
        "perspective_transform": on((2, 6, 6, 4), (2, 4, 2), (2, 4, 2))(ops.image.perspective_transform),
        "gaussian_blur": image(ops.image.gaussian_blur), "elastic_transform": image(lambda x: ops.image.elastic_transform(x, seed=1)),
    }  # fmt: skip


def samples() -> dict[str, Sample]:
    """By the name of the function in `keras.ops`; what the installed Keras lacks is left out."""
    two, alike = on(X, (4, 6)), on(X, X)
    found = {name: (alike if name in ("nextafter", "polar") else two)(_named(name)) for name in BINARY}
    found.update({name: two(_named(name), "int32", "int32") for name in WHOLE_BINARY})
    found.update({name: on(X)(_named(name)) for name in UNARY})
    found.update({name: on(X)(_reduced(name)) for name in REDUCING})
    found.update(several())
    return {name: sample for name, sample in found.items() if name == "getitem" or _function(name) is not None}


def _function(name: str) -> Any:
    return next((getattr(place, name) for place in (ops, ops.image, ops.linalg, ops.nn) if hasattr(place, name)), None)


def _named(name: str) -> Callable[..., Any]:
    return lambda *inputs: _function(name)(*inputs)


def _reduced(name: str) -> Callable[..., Any]:
    return lambda x: _function(name)(x, axis=1)


def operations() -> set[str]:
    """The classes of all operations that the installed Keras has."""
    package = import_module("keras.src.ops")
    found: set[str] = set()
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.endswith("_test"):
            held = vars(import_module(f"keras.src.ops.{module.name}"))
            found |= {n for n, cls in held.items() if inspect.isclass(cls) and issubclass(cls, keras.Operation)}
    return found - {"Operation"}
