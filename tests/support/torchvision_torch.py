"""torchvision beside a CPU build of PyTorch: its compiled part does not load there, its models need no more than names.

Importing this module declares the operators that torchvision's Python code looks up, and imports its models.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float scale, SymInt h, SymInt w, int ratio, bool aligned) -> Tensor",
    "roi_pool(Tensor input, Tensor rois, float scale, SymInt h, SymInt w) -> (Tensor, Tensor)",
    "ps_roi_align(Tensor input, Tensor rois, float scale, SymInt h, SymInt w, int ratio) -> (Tensor, Tensor)",
    "ps_roi_pool(Tensor input, Tensor rois, float scale, SymInt h, SymInt w) -> (Tensor, Tensor)",
    "deform_conv2d(Tensor input) -> Tensor",
    "_cuda_version() -> int",
)
if "torchvision" not in sys.modules:
    _library = torch.library.Library("torchvision", "DEF")
    for _operator in _OPERATORS:
        _library.define(_operator)

from torchvision import models  # noqa: E402
from torchvision.models import WeightsEnum  # noqa: E402

_ON_THE_PROCESSOR = "regnet"  # its weights are initialised from numbers computed from tensors
_LARGER = {"inception_v3": 299, "quantized_inception_v3": 299}


def names() -> list[str]:
    """Every model of torchvision's registry."""
    return list(models.list_models())


def family(name: str) -> str:
    """``classification``, ``segmentation``, ``detection``, ``video``, ``optical_flow`` or ``quantization``."""
    folder = models.get_model_builder(name).__module__.split(".")[2]
    return folder if folder in ("segmentation", "detection", "video", "optical_flow", "quantization") else "classification"


def build(name: str, weights: Any = None) -> Any:
    """The model called `name`, on the meta device wherever that can be; as it is for `weights`, without loading them."""
    more: dict[str, Any] = {}
    if weights is not None and "Quantized" in type(weights).__name__:  # published for the model before it is quantised
        more["aux_logits"] = {"quantized_googlenet": False}.get(name)
        weights, more = None, {key: value for key, value in more.items() if value is not None}
    if weights is None and name.endswith(("googlenet", "inception_v3")):
        more["init_weights"] = False
    if weights is None and family(name) in ("detection", "segmentation"):
        more["weights_backbone"] = None
    with _without_downloads(), torch.device("cpu" if name.startswith(_ON_THE_PROCESSOR) else "meta"):
        return models.get_model(name, weights=weights, **more).eval()


def inputs(name: str) -> Any:
    """What the model called `name` takes."""
    if family(name) == "detection":
        return ([torch.empty(3, 300, 400, device="meta")],)
    if family(name) == "optical_flow":
        return ((1, 3, 128, 128), (1, 3, 128, 128))
    if family(name) == "video":
        side = 112 if "3d_18" in name or name.startswith(("mc3", "r2plus1d")) else 224
        return (1, 3, 16, side, side)
    side = _LARGER.get(name, 224)
    return (1, 3, side, side)


def published() -> Iterator[tuple[str, Any, int]]:
    """Each set of weights whose metadata says how many parameters its model has."""
    for name in names():
        for weights in models.get_model_weights(name):
            if "num_params" in weights.meta:
                yield name, weights, weights.meta["num_params"]


@contextmanager
def _without_downloads() -> Iterator[None]:
    fetch, load = WeightsEnum.get_state_dict, torch.nn.Module.load_state_dict
    WeightsEnum.get_state_dict = lambda self, *args, **kwargs: {}
    torch.nn.Module.load_state_dict = lambda self, *args, **kwargs: None  # type: ignore[assignment]
    try:
        yield
    finally:
        WeightsEnum.get_state_dict, torch.nn.Module.load_state_dict = fetch, load
