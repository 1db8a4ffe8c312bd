"""Well-known architectures in Lasagne, each with the parameters that its paper, or the published model, has."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import assert_verified
from lasagne import layers
from standins_lasagne import newer_layers

from fixtures import lasagne_nets as nets
from introspect import Explanation, explain
from introspect.algebra import symbol

SHAPES = {  # what comes out of some of the layers, without the batch
    "vgg16": {"conv1_2": (64, 224, 224), "pool3": (256, 28, 28), "pool5": (512, 7, 7), "prob": (1000,)},
    "vgg19": {"conv5_4": (512, 14, 14), "pool5": (512, 7, 7), "prob": (1000,)},
    "vgg_cnn_s": {"conv1": (96, 109, 109), "pool1": (96, 37, 37), "pool2": (256, 17, 17), "pool5": (512, 6, 6)},
    "caffenet": {"conv1": (96, 55, 55), "conv2": (256, 27, 27), "conv4": (384, 13, 13), "pool5": (256, 6, 6)},
    "nin_cifar10": {"pool1": (96, 16, 16), "pool2": (192, 8, 8), "cccp6": (10, 8, 8), "prob": (10,)},
    "googlenet": {
        "pool1": (64, 56, 56), "inception_3a/output": (256, 28, 28), "inception_4e/output": (832, 14, 14),
        "inception_5b/output": (1024, 7, 7), "prob": (1000,),
    },
    "resnet50": {"pool1": (64, 56, 56), "res2c": (256, 56, 56), "res4f": (1024, 14, 14), "res5c": (2048, 7, 7)},
    "c3d": {"pool1": (64, 16, 56, 56), "pool4": (512, 2, 7, 7), "pad": (512, 2, 8, 8), "pool5": (512, 1, 4, 4)},
    "unet": {"bottom_2": (1024, 28, 28), "up4_concat": (1024, 56, 56), "up1_2": (64, 388, 388), "output": (2, 388, 388)},
}  # fmt: skip
PARAMS = {
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "vgg_cnn_s": 102_908_520,
    "caffenet": 60_965_224,  # AlexNet's two groups cost as much
    "nin_cifar10": 966_986,
    "googlenet": 6_998_552,
    "resnet50": 25_557_032 + 53_120,  # 26,560 channels are normalised; their statistics are parameters here
    "c3d": 78_409_573 + (487 - 101) * 4097,  # the published figure is for 101 classes
    "unet": 31_030_658,
}


def built(name: str) -> Any:
    make = getattr(nets, name)
    return make(newer_layers) if name in ("resnet50", "c3d", "unet") else make()


def explained(name: str) -> tuple[Any, Explanation]:
    net = built(name)
    e = explain(net)
    assert_verified(e)
    assert not e.opaque
    return net, e


@pytest.mark.parametrize("name", PARAMS)
def test_parameters_and_shapes(name):
    net, e = explained(name)
    assert e.params == e.reported.params == PARAMS[name]
    assert [row.path for row in e.layers] == [layer.name for layer in layers.get_all_layers(net)]
    for path, shape in SHAPES[name].items():
        assert e[path].output_shape == (symbol("N"), *shape), path


def test_batch_norm_moved_bias_and_nonlinearity():
    _, e = explained("resnet50")
    assert (e.trainable, e.non_trainable) == (25_557_032, 53_120)
    assert not [t for t in e.tensors if t.role == "bias" and t.path != "fc1000"]
    first = [row.path for row in e.layers[1:4]]
    assert first == ["conv1", "conv1_bn", "conv1_bn_nonlin"]
    assert [e[path].spec.nonlinear for path in (first[0], first[2])] == [False, True]


def test_the_neurons_of_vgg16():
    _, e = explained("vgg16")
    maps = [(64, 224, 2), (128, 112, 2), (256, 56, 3), (512, 28, 3), (512, 14, 3)]
    assert e.neurons == sum(channels * side * side * count for channels, side, count in maps) + 4096 + 4096 + 1000


def test_groups_are_halves_joined_again():
    _, e = explained("caffenet")
    assert [e[path].params for path in ("conv2_part1", "conv2_part2")] == [(5 * 5 * 48 + 1) * 128] * 2
    assert e["conv2"].output_shape[1:] == (256, 27, 27)


def test_a_network_that_takes_images_of_any_size():
    e = explain(nets.resnet50(newer_layers, (None, 3, None, None)))
    assert e.params == PARAMS["resnet50"]
    assert e["res5c"].output_shape[1] == 2048
    assert e["fc1000"].output_shape[1:] == (1000,)
    assert e["res2c"].units.at(H=224, W=224) == 256 * 56 * 56
