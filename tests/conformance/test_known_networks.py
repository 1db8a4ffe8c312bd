"""Well-known networks as Keras and torchvision ship them: the difference to the last unit, and why."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import environment
import pytest
from accounted import amounts, assert_accounted

from introspect import Comparison, compare

# params, trainable and neurons by reason; Keras has more where it is positive. 53,120 = 2·26,560 normalised channels
STATISTICS = "running_statistics"
KNOWN: dict[tuple[str, str], dict[str, dict[str, int]]] = {
    ("VGG16", "vgg16"): {"params": {}, "trainable": {}, "neurons": {}},
    ("MobileNetV2", "mobilenet_v2"): {"params": {STATISTICS: 34_112}, "trainable": {}, "neurons": {}},
    ("ResNet50", "resnet50"): {
        "params": {STATISTICS: 53_120, "bias_before_batchnorm": 26_560}, "trainable": {"bias_before_batchnorm": 26_560},
        "neurons": {"stride_placement": -526_848},
    },
}  # fmt: skip
TOTALS = {
    ("VGG16", "vgg16"): (138_357_544, 138_357_544), ("MobileNetV2", "mobilenet_v2"): (3_538_984, 3_504_872),
    ("ResNet50", "resnet50"): (25_636_712, 25_557_032),
}  # fmt: skip
DOCS = (Path(__file__).parent.parent.parent / "docs" / "comparing.md").read_text(encoding="utf-8")
BOTH = {"torchvision", "keras"} <= environment.frameworks()


@cache
def compared(in_keras: str, in_torch: str) -> Comparison:
    from keras import applications
    from torchvision_torch import build

    model: Any = getattr(applications, in_keras)(weights=None)
    return compare(model, build(in_torch))


if BOTH:

    @pytest.mark.parametrize(("in_keras", "in_torch"), KNOWN)
    def test_the_difference_and_its_reasons(in_keras: str, in_torch: str) -> None:
        c = compared(in_keras, in_torch)
        assert_accounted(c)
        for quantity, reasons in KNOWN[in_keras, in_torch].items():
            assert amounts(c, quantity) == reasons

    @pytest.mark.parametrize(("in_keras", "in_torch"), TOTALS)
    def test_the_totals(in_keras: str, in_torch: str) -> None:
        params = compared(in_keras, in_torch)["params"]
        assert (params.a, params.b) == TOTALS[in_keras, in_torch]

    def test_the_documentation_shows_what_is_printed() -> None:
        shown = DOCS.partition("```text\n")[2].partition("...\n")[0]
        printed = compared("ResNet50", "resnet50").render("text", width=120)
        assert len(shown.splitlines()) > 12
        assert re.sub(r"\((keras|torch) [^)]*\)", r"(\1)", printed).startswith(
            re.sub(r"\((keras|torch) [^)]*\)", r"(\1)", shown)
        )

    def test_the_answer_in_one_line() -> None:
        said = compared("ResNet50", "resnet50").render("text", width=400)
        line = "79,680 more in Keras = 53,120 running statistics + 26,560 biases before BatchNorm, 0 left"
        assert line in said
        assert "the stride is on conv3_block1_1_conv in Keras, on layer2.0.conv2 in PyTorch" in said
        assert "note: ResNet was given the input of resnet50" in said


def test_the_expected_sums_are_those_of_the_published_totals() -> None:
    for pair, (in_keras, in_torch) in TOTALS.items():
        assert in_keras - in_torch == sum(KNOWN[pair]["params"].values())
