"""What Lasagne refuses, we refuse, naming the layer; and nothing that it takes."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import assert_verified
from hypothesis import event, given
from hypothesis import strategies as st
from lasagne import init, layers
from standins_lasagne import NEW
from theano import tensor

from introspect import IntrospectError, explain

ZERO = init.Constant(0.0)


def lasagne_refuses(layer: Any) -> bool:
    """Whether Lasagne raises for the output's shape, for another layer on top, or when it builds the output's expression."""
    try:
        if any(dim is not None and dim < 1 for dim in layer.output_shape):
            return True
        layers.NonlinearityLayer(layer)
        layers.get_output(layer, deterministic=True)
    except Exception:
        return True
    return False


def built(cls: Any, *args: Any, **more: Any) -> Any:
    """The layer; None where Lasagne 0.2.dev1 refuses it at once, so that there is no model to explain."""
    try:
        return cls(*args, **more)
    except (ValueError, NotImplementedError, ZeroDivisionError):
        assert NEW
        return None


def check(layer: Any, path: str) -> None:
    """Both take the layer, or both refuse it."""
    if layer is None:
        return
    refused = lasagne_refuses(layer)
    event("refused" if refused else "taken")
    if not refused:
        assert_verified(explain(layer))
        return
    with pytest.raises(IntrospectError, match=f"^{path}: ") as caught:
        explain(layer)
    assert caught.value.path == path


@st.composite
def inputs(draw: Any, ranks: tuple) -> Any:
    rank = draw(st.sampled_from(ranks))
    return layers.InputLayer((draw(st.sampled_from([None, 2])), *(draw(st.integers(1, 6)) for _ in range(rank - 1))))


@given(inputs((4, 4, 4, 3, 5)), st.integers(1, 6), st.integers(0, 3), st.integers(0, 2))
def test_convolutions_that_do_not_fit(source, kernel, stride, pad):
    check(built(layers.Conv2DLayer, source, 2, kernel, stride, pad, W=ZERO), "conv2d")


@given(inputs((3, 3, 3, 2, 4)), st.integers(1, 6), st.integers(0, 3), st.sampled_from([0, 1, 2, "same", "full"]))
def test_convolutions_1d_that_do_not_fit(source, kernel, stride, pad):
    check(built(layers.Conv1DLayer, source, 2, kernel, stride, pad, W=ZERO), "conv1d")


@given(inputs((4, 4, 4, 3)), st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.booleans())
def test_pools_that_do_not_fit(source, size, stride, pad, ignore_border):
    check(built(layers.Pool2DLayer, source, size, stride, pad, ignore_border), "pool2d")


@given(inputs((4, 3, 2)))
def test_local_response_normalisation_is_for_images(source):
    check(layers.LocalResponseNormalization2DLayer(source), "localresponsenormalization2d")


@given(inputs((2, 3, 4)))
def test_global_pools_need_something_to_pool(source):
    check(layers.GlobalPoolLayer(source, tensor.max), "globalpool")


@given(st.lists(st.lists(st.integers(1, 2), min_size=2, max_size=3), min_size=2, max_size=3), st.booleans())
def test_elementwise_layers_do_not_broadcast(shapes, multiply):
    sources = [layers.InputLayer((4, *shape)) for shape in shapes]
    if multiply:
        check(built(layers.ElemwiseMergeLayer, sources, tensor.mul), "elemwisemerge")
    else:
        check(built(layers.ElemwiseSumLayer, sources), "elemwisesum")


@pytest.mark.parametrize("axis", [-1, -2])
def test_feature_pools_along_an_axis_from_the_end(axis):
    with pytest.raises(IntrospectError, match=r"^featurepool: FeaturePool counts its axis from the front"):
        explain(layers.FeaturePoolLayer((2, 4, 4), 2, axis=axis))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (lambda: layers.ConcatLayer([(None, 3, 4), (None, 3, 5)], axis=1), "inputs does not fit"),
        (lambda: layers.ConcatLayer([(None, 3, 4), (None, 3)], axis=1), "cannot be concatenated"),
        (lambda: layers.SliceLayer((None, 3), 7), "index out of range"),
        (lambda: layers.FlattenLayer((2, 3, 4), outdim=6), "no such axes"),
        (lambda: layers.PadLayer((None, 3, 4), [1, 1, 1], batch_ndim=2), "not that many axes"),
    ],
)
def test_shapes_that_only_theano_would_refuse(layer, words):
    built = None
    try:
        built = layer()
    except (ValueError, IndexError):
        pytest.skip("this Lasagne refuses to build it")
    with pytest.raises(IntrospectError, match=words) as caught:
        explain(built)
    assert caught.value.path


@pytest.mark.parametrize("inputs", [(1, 3, 28, 28), (1, 1, 28), (4, 1, 28, 28)])
def test_given_inputs_that_contradict_the_declared_ones(inputs):
    net = layers.DenseLayer(layers.InputLayer((2, 1, 28, 28), name="image"), 3, W=ZERO)
    with pytest.raises(IntrospectError, match=r"^image: ") as caught:
        explain(net, inputs)
    assert caught.value.path == "image"


def test_given_inputs_that_are_not_the_models():
    net = layers.ElemwiseSumLayer([layers.InputLayer((None, 3), name="a"), layers.InputLayer((None, 3), name="b")])
    with pytest.raises(IntrospectError, match="expected: a, b"):
        explain(net, {"c": (1, 3)})
    with pytest.raises(IntrospectError, match="expected: a, b"):
        explain(net, (1, 3))
