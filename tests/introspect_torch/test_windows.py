"""Convolutions, pools, padding and resampling: every law against the real module, refusals included."""

from __future__ import annotations

from typing import Any

import torch
from against_torch import check
from breadth import covering
from hypothesis import given
from hypothesis import strategies as st
from strategies_torch import RANKS, RECENT, SMALL, WRONG, built, each, images
from torch import nn


@given(st.data(), RANKS)
def test_conv(data: Any, rank: int) -> None:
    groups = data.draw(st.integers(1, 3))
    c_in, c_out = (groups * data.draw(st.integers(1, 3)) for _ in range(2))
    stride = data.draw(each(rank, st.integers(1, 3)))
    padding = data.draw(st.one_of(st.sampled_from(["same", "valid"]), each(rank, st.integers(0, 3))))
    mode = data.draw(st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"]))
    cls = getattr(nn, f"Conv{rank}d")
    kernel, dilation = data.draw(each(rank, SMALL)), data.draw(each(rank, st.integers(1, 3)))
    bias = data.draw(st.booleans())
    module = built(lambda: cls(c_in, c_out, kernel, stride, padding, dilation, groups, bias, mode))
    x = images(data, rank, c_in)
    if RECENT or mode != "circular" or x.dim() == rank + 2:  # PyTorch 1 asks for a batch
        check(module, x)


@given(st.data(), RANKS)
def test_conv_transpose(data: Any, rank: int) -> None:
    groups = data.draw(st.integers(1, 3))
    c_in, c_out = (groups * data.draw(st.integers(1, 3)) for _ in range(2))
    stride, dilation = data.draw(each(rank, st.integers(1, 3))), data.draw(each(rank, st.integers(1, 3)))
    kernel, padding = data.draw(each(rank, SMALL)), data.draw(each(rank, st.integers(0, 2)))
    extra, bias = data.draw(each(rank, st.integers(0, 2))), data.draw(st.booleans())
    cls = getattr(nn, f"ConvTranspose{rank}d")
    module = built(lambda: cls(c_in, c_out, kernel, stride, padding, extra, groups, bias, dilation))
    check(module, images(data, rank, c_in, 6))


@given(st.data(), RANKS)
def test_max_pool(data: Any, rank: int) -> None:
    kernel, stride = data.draw(each(rank, SMALL)), data.draw(st.one_of(st.none(), each(rank, st.integers(1, 4))))
    padding, dilation = data.draw(each(rank, st.integers(0, 2))), data.draw(each(rank, st.integers(1, 2)))
    ceil_mode = data.draw(st.booleans())
    check(getattr(nn, f"MaxPool{rank}d")(kernel, stride, padding, dilation, False, ceil_mode), images(data, rank, 2))


@given(st.data(), RANKS)
def test_avg_pool(data: Any, rank: int) -> None:
    kernel, stride = data.draw(each(rank, SMALL)), data.draw(st.one_of(st.none(), each(rank, st.integers(1, 4))))
    padding, ceil_mode = data.draw(each(rank, st.integers(0, 2))), data.draw(st.booleans())
    check(getattr(nn, f"AvgPool{rank}d")(kernel, stride, padding, ceil_mode), images(data, rank, 2))


@given(st.data(), st.booleans())
def test_pixel_shuffle(data: Any, inverse: bool) -> None:
    factor = data.draw(st.integers(1, 3))
    shape = [data.draw(st.integers(1, 3)) * data.draw(st.sampled_from([1, factor, factor**2])) for _ in range(3)]
    lead = data.draw(st.lists(st.integers(1, 2), max_size=2))
    check((nn.PixelUnshuffle if inverse else nn.PixelShuffle)(factor), torch.zeros(*lead, *shape))


@given(st.data())
def test_channel_shuffle(data: Any) -> None:
    groups = data.draw(st.integers(1, 3))
    channels = groups * data.draw(st.integers(1, 3)) + data.draw(st.sampled_from([0, 0, 0, 1]))
    check(nn.ChannelShuffle(groups), torch.zeros(2, channels, *data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))))


@given(st.data(), st.sampled_from([rank for rank in (1, 2, 3) if hasattr(nn, f"LPPool{rank}d")]))
def test_lp_pool(data: Any, rank: int) -> None:
    kernel, stride = data.draw(each(rank, SMALL)), data.draw(st.one_of(st.none(), each(rank, st.integers(1, 4))))
    if rank == 1:
        kernel, stride = data.draw(SMALL), data.draw(st.one_of(st.none(), SMALL))
    check(getattr(nn, f"LPPool{rank}d")(2, kernel, stride, data.draw(st.booleans())), images(data, rank, 2))


@covering(2)
@given(st.data(), RANKS, st.sampled_from(["Avg", "Max"]))
def test_adaptive_pool(data: Any, rank: int, mode: str) -> None:
    sizes = each(1, st.integers(1, 5)) if rank == 1 else each(rank, st.one_of(st.integers(1, 5), st.none()))
    options = {"return_indices": data.draw(st.booleans())} if mode == "Max" else {}
    check(getattr(nn, f"Adaptive{mode}Pool{rank}d")(data.draw(sizes), **options), images(data, rank, 2))


@given(st.data(), RANKS)
def test_max_pool_with_indices(data: Any, rank: int) -> None:
    kernel, stride = data.draw(st.integers(1, 3)), data.draw(st.one_of(st.none(), st.integers(1, 3)))
    check(getattr(nn, f"MaxPool{rank}d")(kernel, stride, return_indices=True), images(data, rank, 2))


@given(st.data(), st.integers(2, 3))
def test_fractional_pool(data: Any, rank: int) -> None:
    wanted = {"output_size": each(rank, st.integers(1, 6)), "output_ratio": each(rank, st.sampled_from([0.3, 0.5, 0.7]))}
    option = data.draw(st.sampled_from(sorted(wanted)))
    kernel, indices = data.draw(each(rank, st.integers(1, 3))), data.draw(st.booleans())
    cls = getattr(nn, f"FractionalMaxPool{rank}d")
    module = built(lambda: cls(kernel, **{option: data.draw(wanted[option])}, return_indices=indices))
    check(module, images(data, rank, 2))


@given(st.data(), RANKS)
def test_max_unpool(data: Any, rank: int) -> None:
    kernel, stride = data.draw(each(rank, SMALL)), data.draw(st.one_of(st.none(), each(rank, st.integers(1, 3))))
    module = getattr(nn, f"MaxUnpool{rank}d")(kernel, stride, data.draw(each(rank, st.integers(0, 1))))
    x = images(data, rank, 2, 4)
    where = torch.zeros(*x.shape[:-1], x.shape[-1] + data.draw(WRONG), dtype=torch.long)
    check(module, x, where)


class Sized(nn.Module):
    """A module that is told in the call how large its output is to be."""

    def __init__(self, inner: nn.Module, size: Any) -> None:
        super().__init__()
        self.inner, self.size = inner, size

    def forward(self, *xs: torch.Tensor) -> torch.Tensor:
        return self.inner(*xs, output_size=self.size)


@given(st.data(), RANKS)
def test_transposed_convolution_to_a_size(data: Any, rank: int) -> None:
    kernel, stride = data.draw(SMALL), data.draw(st.integers(1, 3))
    size = [data.draw(st.integers(1, 9)) for _ in range(rank)]
    inner = getattr(nn, f"ConvTranspose{rank}d")(2, 3, kernel, stride)
    x = torch.zeros(1, 2, *[data.draw(st.integers(1, 3)) for _ in range(rank)])
    check(Sized(inner, size), x)


@given(st.data(), RANKS)
def test_max_unpool_to_a_size(data: Any, rank: int) -> None:
    size = [data.draw(st.integers(1, 9)) for _ in range(rank)]
    x = torch.zeros(1, 2, *[data.draw(st.integers(1, 3)) for _ in range(rank)])
    check(Sized(getattr(nn, f"MaxUnpool{rank}d")(2), size), x, torch.zeros(x.shape, dtype=torch.long))


@given(st.data())
def test_unfold(data: Any) -> None:
    kernel, dilation = data.draw(each(2, SMALL)), data.draw(each(2, st.integers(1, 2)))
    padding, stride = data.draw(each(2, st.integers(0, 2))), data.draw(each(2, st.integers(1, 3)))
    x = images(data, 2, 3)
    if x.dim() == 4 or RECENT:  # PyTorch 1 asks for a batch
        check(nn.Unfold(kernel, dilation, padding, stride), x)


@given(st.data())
def test_fold(data: Any) -> None:
    size, kernel = (data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))), data.draw(each(2, st.integers(1, 3)))
    dilation, padding = data.draw(each(2, st.integers(1, 2))), data.draw(each(2, st.integers(0, 1)))
    stride, lead = data.draw(each(2, st.integers(1, 3))), data.draw(st.sampled_from([(), (2,), (2,), (2, 1)]))
    try:
        positions = nn.Unfold(kernel, dilation, padding, stride)(torch.zeros(1, 1, *size)).shape[-1]
    except RuntimeError:  # no window fits
        positions = 1
    kh, kw = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    columns = torch.zeros(*lead, 3 * kh * kw + data.draw(WRONG), positions + data.draw(WRONG))
    check(nn.Fold(size, kernel, dilation, padding, stride), columns)


PADS = [
    f"{kind}Pad{rank}d"
    for kind in ("Constant", "Zero", "Reflection", "Replication", "Circular")
    for rank in (1, 2, 3)
    if hasattr(nn, f"{kind}Pad{rank}d")
]


@covering(3)
@given(st.data(), st.sampled_from(PADS))
def test_pad(data: Any, name: str) -> None:
    rank = int(name[-2])
    amounts = data.draw(st.one_of(st.integers(-1, 3), st.tuples(*[st.integers(-1, 3)] * (2 * rank))))
    cls = getattr(nn, name)
    check(cls(amounts, 1.0) if name.startswith("Constant") else cls(amounts), images(data, rank, 2, 5))


MODES = ["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"]


@covering(2)
@given(st.data(), RANKS, st.sampled_from(MODES))
def test_upsample(data: Any, rank: int, mode: str) -> None:
    axes = rank + data.draw(st.sampled_from([0] * 9 + [1]))
    options = {
        "size": data.draw(st.one_of(st.none(), each(axes, st.integers(1, 7)))),
        "scale_factor": data.draw(st.one_of(st.none(), each(axes, st.sampled_from([1.0, 1.5, 2, 3.0, 2.7, 0.5])))),
        "align_corners": data.draw(st.sampled_from([None, None, True, False])),
    }
    check(nn.Upsample(mode=mode, **options), torch.zeros(2, 3, *[data.draw(st.integers(1, 5)) for _ in range(rank)]))


@given(st.data(), st.sampled_from(["Nearest", "Bilinear"]))
def test_upsampling(data: Any, mode: str) -> None:
    factor = data.draw(each(2, st.sampled_from([1, 2, 1.5])))
    check(getattr(nn, f"Upsampling{mode}2d")(scale_factor=factor), torch.zeros(1, 2, 3, data.draw(SMALL)))
