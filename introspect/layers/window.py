"""How many windows fit along an axis: the one rule behind convolution and pooling.

``floor``: windows that lie inside the padded input. ``ceil``: a last window may hang over its end. ``ceil_inside``: it may,
if it starts inside the input or its left padding (PyTorch's `ceil_mode`). ``ceil_skipping``: it may, but windows that
step over elements without looking at them only count starts (Theano's `ignore_border=False`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional, Union

from ..algebra import Dim, ceil_div, maximum, minimum
from ..errors import ConfigurationError, ShapeError
from .base import Shape, Spec, axis_suffixes, positive, require_rank

Pair = tuple[int, int]
Padding = Union[str, tuple[Pair, ...]]  # "same", "causal", "full", "half": see `windows`; or (before, after) for each axis


def windows(n: Dim, k: Dim, s: Dim, pad: Union[str, tuple[Dim, Dim]], dilation: Dim = 1, rounding: str = "floor") -> Dim:
    """Windows of `k` elements, `s` apart, along `n` elements.

    `pad`: ``same`` gives ``n/s`` rounded up, whatever it takes, and so does ``causal``, all of it before; ``full`` is one
    less than the window on both sides, ``half`` half of it.

    Sources: PyTorch's ``Conv2d`` and ``MaxPool2d`` pages, TensorFlow's "Notes on padding", ``Pool.out_shape`` of Theano.

    >>> windows(28, 5, 1, (0, 0)), windows(28, 5, 1, (2, 2)), windows(224, 11, 4, (0, 0))
    (24, 28, 54)
    >>> windows(112, 3, 2, (0, 0)), windows(112, 3, 2, (0, 0), rounding="ceil"), windows(112, 3, 2, "same")
    (55, 56, 56)
    """
    require_at_least(k, 1, "a window's size")
    require_at_least(s, 1, "a window's stride")
    if pad in ("same", "causal"):
        return ceil_div(n, s)
    before, after = margins(pad, k, dilation)
    room = n + before + after - dilation * (k - 1) - 1
    if rounding == "floor":
        return room // s + 1
    if rounding == "ceil":
        return ceil_div(room, s) + 1
    if rounding == "ceil_inside":
        return minimum(ceil_div(room, s) + 1, ceil_div(n + before, s))
    if rounding == "ceil_skipping":
        if before != 0 or after != 0:
            raise ConfigurationError("windows that hang over the end cannot be padded", got=pad, expected="no padding")
        return ceil_div(n, s) if int(s) >= int(k) else maximum(0, ceil_div(room, s)) + 1
    raise ConfigurationError("unknown rounding", got=rounding, expected="floor, ceil, ceil_inside or ceil_skipping")


def margins(pad: Union[str, tuple[Dim, Dim]], k: Dim, dilation: Dim = 1) -> tuple[Dim, Dim]:
    """Padding before and after, for a window of `k` elements.

    >>> margins("full", 5), margins("half", 5), margins((1, 2), 5)
    ((4, 4), (2, 2), (1, 2))
    """
    if not isinstance(pad, str):
        return pad[0], pad[1]
    if pad == "full":
        return dilation * (k - 1), dilation * (k - 1)
    if pad == "half":
        return k // 2, k // 2
    raise ConfigurationError("unknown padding", got=pad, expected="same, causal, full, half, or numbers")


@dataclass(frozen=True)
class Windowed(Spec):
    """A layer with spatial axes, after the channels (``first``) or before them (``last``), the batch in front of both; or with
    the channels in front and the batch at the end (``outermost``: cuda-convnet's c01b).

    A subclass's field `unbatched` says whether an input without a batch axis is taken too, `extra_batch` whether further axes
    in front count with the batch.
    """

    def rank(self) -> int:
        raise NotImplementedError

    def check(self, x: Shape) -> Shape:
        """`x`, if it has the axes the layer asks for."""
        with_batch = self.rank() + 2
        if getattr(self, "extra_batch", False) and len(x) >= with_batch:
            return x
        ranks = (with_batch, with_batch - 1) if getattr(self, "unbatched", True) and not self.batch_last() else (with_batch,)
        require_rank(x, ranks, type(self).__name__)
        return x

    def channels_first(self) -> bool:
        return getattr(self, "channels", "first") == "first"

    def batch_last(self) -> bool:
        return getattr(self, "channels", "first") == "outermost"

    def channel_axis(self) -> int:
        if self.batch_last():
            return -self.rank() - 2
        return -self.rank() - 1 if self.channels_first() else -1

    def spatial(self, x: Shape) -> Shape:
        rank = self.rank()
        return x[len(x) - rank :] if self.channels_first() else x[len(x) - rank - 1 : -1]

    def arranged(self, x: Shape, channels: Dim, spatial: Shape) -> Shape:
        """An output like `x` with other channels and spatial axes."""
        if self.batch_last():
            return (channels, *spatial, x[-1])
        lead = x[: len(x) - self.rank() - 1]
        return (*lead, channels, *spatial) if self.channels_first() else (*lead, *spatial, channels)

    def axes(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        suffixes = axis_suffixes(self.rank())
        spatial = tuple(suffix or "n" for suffix in suffixes)
        if self.batch_last():
            return (("c_in", *spatial, ""),) * len(inputs)
        own = ("c_in", *spatial) if self.channels_first() else (*spatial, "c_in")
        return tuple(("",) * (len(x) - len(own)) + own for x in inputs)

    def batch_axis(self, x: Shape) -> Optional[int]:
        if self.batch_last():
            return len(x) - 1
        return 0 if len(x) >= self.rank() + 2 else None

    def per_example(self, y: Shape) -> Shape:
        if self.batch_last():
            return y[:-1]
        return y[len(y) - self.rank() - 1 :]

    def channels_of(self, y: Shape) -> Dim:
        return y[self.channel_axis()]


def slide(
    spec: Windowed,
    x: Shape,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Padding,
    dilation: Optional[tuple[int, ...]] = None,
    rounding: str = "floor",
) -> Shape:
    """The spatial axes of `x` after a window has been slid over them."""
    dilation = dilation or (1,) * len(kernel_size)
    counts = (
        windows(n, k, s, padding if isinstance(padding, str) else padding[i], d, rounding)
        for i, (n, k, s, d) in enumerate(zip(spec.spatial(x), kernel_size, stride, dilation))
    )
    return outputs_of(spec, counts)


def outputs_of(spec: Windowed, counts: Iterable[Dim]) -> Shape:
    """Spatial axes that have been worked out: each at least 1, and a term of its own in a formula."""
    what = type(spec).__name__
    names = axis_suffixes(spec.rank())
    return tuple(spec.worked_out(f"out_{name or 'n'}", positive(n, what)) for name, n in zip(names, counts))


def require_padding(n: Dim, amount: int, mode: str) -> None:
    """Raise `ShapeError` where padding that repeats the input is wider than the input."""
    limit = {"reflect": 1, "circular": 0}.get(mode)
    if limit is not None and isinstance(n, int) and amount > n - limit:
        raise ShapeError(f"{mode} padding is wider than the input", got=amount, expected=f"at most {n - limit}")


def require_at_least(number: Dim, least: int, what: str) -> None:
    """Raise `ConfigurationError` when `number` is known to be smaller."""
    if isinstance(number, int) and number < least:
        raise ConfigurationError(f"{what} is too small", got=number, expected=f"at least {least}")
