"""Samples of what is held beside layers or in place of their weights: torchvision's modules by name, and computed weights."""

from __future__ import annotations

import warnings
from typing import Any, Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import prune


class Beside(nn.Module):
    """A module under torchvision's name, with the attributes and tensors that the real one has; hands on what it gets."""

    def __init__(self, attributes: dict[str, Any], parameters: dict[str, Any], buffers: dict[str, Any]) -> None:
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)
        for name, shape in parameters.items():
            self.register_parameter(name, None if shape is None else nn.Parameter(torch.zeros(shape)))
        for name, shape in buffers.items():
            self.register_buffer(name, torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x


def beside(full_name: str, attributes: dict[str, Any], parameters: dict[str, Any], **buffers: Any) -> nn.Module:
    module, _, name = full_name.rpartition(".")
    made = Beside(attributes, parameters, buffers)
    made.__class__ = type(name, (Beside,), {"__module__": f"torchvision.models.{module}", "__qualname__": name})
    return made


def vision_transformer() -> nn.Module:
    encoder = Beside({}, {"pos_embedding": (1, 5, 6)}, {})
    return beside(
        "vision_transformer.VisionTransformer", {"hidden_dim": 6, "seq_length": 5, "encoder": encoder},
        {"class_token": (1, 1, 6)},
    )  # fmt: skip


def multiscale_transformer(relative: bool) -> nn.Module:
    tables = {"rel_pos_h": (11, 2), "rel_pos_w": (11, 2), "rel_pos_t": (7, 2)}
    held = tables if relative else dict.fromkeys(tables)
    attention = Beside({"embed_dim": 8, "head_dim": 2, "pool_q": None, "pool_k": None}, held, {})
    positions = Beside(
        {"spatial_size": (6, 5), "temporal_size": 4},
        {"class_token": (8,)} if relative
        else {"class_token": (8,), "spatial_pos": (30, 8), "temporal_pos": (4, 8), "class_pos": (8,)},
        {},
    )  # fmt: skip
    block = Beside({"attn": attention}, {}, {})
    return beside("video.mvit.MViT", {"pos_encoding": positions, "blocks": nn.ModuleList([block])}, {})


def quietly(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    def made() -> nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()

    return made


def pruned() -> nn.Module:
    return prune.random_unstructured(nn.Linear(8, 5), "weight", 0.5)


SAMPLES: dict[str, Callable[[], nn.Module]] = {
    "class token and positions": vision_transformer,
    "channel scale": lambda: beside("convnext.CNBlock", {"block": [nn.Conv2d(6, 6, 1)]}, {"layer_scale": (6, 1, 1)}),
    "relative positions": lambda: beside(
        "swin_transformer.ShiftedWindowAttention", {"window_size": [3, 4], "num_heads": 2},
        {"relative_position_bias_table": (35, 2)}, relative_position_index=(144,),
    ),
    "relative positions in a square": lambda: beside(
        "maxvit.RelativePositionalMultiHeadAttention", {"size": 3, "n_heads": 2},
        {"relative_position_bias_table": (25, 2)}, relative_position_index=(9, 9),
    ),
    "continuous relative positions": lambda: beside(
        "swin_transformer.ShiftedWindowAttentionV2", {"window_size": [3, 4], "num_heads": 2}, {"logit_scale": (2, 1, 1)},
        relative_coords_table=(1, 5, 7, 2), relative_position_index=(144,),
    ),
    "positions in space and time": lambda: multiscale_transformer(False),
    "relative positions in space and time": lambda: multiscale_transformer(True),
    "weight norm": quietly(lambda: nn.utils.weight_norm(nn.Linear(8, 5))),
    "spectral norm": quietly(lambda: nn.utils.spectral_norm(nn.Linear(8, 5))),
    "pruned": pruned,
}  # fmt: skip
