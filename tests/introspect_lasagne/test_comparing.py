"""Well-known networks as Lasagne's users had them, against the papers and against PyTorch: where they differ, and why."""

from __future__ import annotations

import environment
import papers
from accounted import amounts, assert_accounted
from standins_lasagne import newer_layers

from fixtures import lasagne_nets as nets
from introspect import compare, explain


def test_two_halves_are_a_convolution_with_two_groups() -> None:
    halves = explain(nets.caffenet())
    assert compare(halves, papers.alexnet()).difference == 0
    assert not compare(halves, papers.alexnet()).reasons
    c = compare(halves, papers.alexnet(groups=1))
    assert_accounted(c)
    assert amounts(c) == {"groups_ignored": 60_965_224 - 62_378_344}
    assert [place.a for place in c.reasons[0].places] == [f"conv{i}_part1 + conv{i}_part2" for i in (2, 4, 5)]


def test_vgg16_is_the_papers() -> None:
    c = compare(nets.vgg16(), papers.vgg16())
    assert not any(account.difference or account.reasons for account in c.accounts)


if "torchvision" in environment.frameworks():

    def test_resnet50_keeps_its_statistics_among_the_parameters_and_strides_earlier() -> None:
        from torchvision_torch import build

        c = compare(explain(nets.resnet50(newer_layers)), build("resnet50"))
        assert_accounted(c)
        assert amounts(c) == {"running_statistics": 53_120}
        assert amounts(c, "neurons") == {"stride_placement": -526_848}

    def test_googlenet_as_ported_to_pytorch_has_3_by_3_kernels_where_the_paper_has_5_by_5() -> None:
        from torchvision_torch import build

        c = compare(explain(nets.googlenet()), build("googlenet"))
        assert_accounted(c)
        fives = sum((25 - 9) * into * out for *_, into, out, _ in nets.INCEPTIONS.values())
        assert amounts(c)["kernel_size"] == fives == 380_928
        assert c["neurons"].difference == 0
