"""Hypothesis strategies for Lasagne layers: each example is a real layer on an input of its own, small enough to be cheap."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from hypothesis import strategies as st
from lasagne import init, layers, nonlinearities
from standins_lasagne import NEW, TPSTransformerLayer, newer_layers
from theano import tensor

NONLINEARITIES = [None, nonlinearities.rectify, nonlinearities.softmax, nonlinearities.tanh, nonlinearities.LeakyRectify(0.1)]
BIASES = [init.Constant(0.0), init.Constant(1.0), None]
small = st.integers(1, 5)
batches = st.one_of(st.none(), st.integers(1, 4))
ZERO = init.Constant(0.0)


@st.composite
def sources(draw: Any, shape: tuple) -> Any:
    """An input layer of `shape`, with and without a name, or the bare shape."""
    kind = draw(st.sampled_from(["layer", "named", "bare"]))
    if kind == "bare":
        return shape
    return layers.InputLayer(shape, name="pixels" if kind == "named" else None)


@st.composite
def shapes(draw: Any, rank: int, low: int = 1, high: int = 6) -> tuple:
    """A shape of `rank` axes, the batch perhaps open."""
    return (draw(batches), *(draw(st.integers(low, high)) for _ in range(rank - 1)))


@st.composite
def dense(draw: Any) -> Any:
    source = draw(sources(draw(shapes(draw(st.integers(2, 5)), high=4))))
    return layers.DenseLayer(
        source, draw(small), W=ZERO, b=draw(st.sampled_from(BIASES)), nonlinearity=draw(st.sampled_from(NONLINEARITIES))
    )


@st.composite
def network_in_network(draw: Any) -> Any:
    source = draw(sources(draw(shapes(draw(st.integers(2, 5)), high=4))))
    return layers.NINLayer(source, draw(small), draw(st.booleans()), W=ZERO, b=draw(st.sampled_from(BIASES)))


@st.composite
def convolutions(draw: Any, cls: Any, axes: int, **extra: Any) -> Any:
    """`cls` with a kernel that fits its input, one way of padding or another."""
    kernel, stride, pad, sizes = [], [], [], []
    style = draw(st.sampled_from(["valid", "same", "full", "number", "numbers"]))
    common = draw(st.integers(0, 3))
    for _ in range(axes):
        k = draw(st.integers(1, 4))
        kernel.append(k - 1 + k % 2 if style == "same" and NEW else k)
        stride.append(draw(st.integers(1, 3)))
        pad.append({"number": common, "numbers": draw(st.integers(0, 3))}.get(style, 0))
        least = 1 if style in ("same", "full") else max(1, kernel[-1] - 2 * pad[-1])
        sizes.append(draw(st.integers(least, least + 6)))
    source = draw(sources((draw(batches), draw(small), *sizes)))
    return cls(
        source, draw(small), tuple(kernel), tuple(stride),
        pad={"number": common, "numbers": tuple(pad)}.get(style, style), untie_biases=draw(st.booleans()), W=ZERO,
        b=draw(st.sampled_from(BIASES)), nonlinearity=draw(st.sampled_from(NONLINEARITIES)), **extra,
    )  # fmt: skip


@st.composite
def pools(draw: Any, cls: Any, axes: int) -> Any:
    """`cls` with windows that fit, borders ignored or not."""
    ignore = draw(st.booleans())
    window = [draw(st.integers(1, 4)) for _ in range(axes)]
    stride = draw(st.one_of(st.none(), st.tuples(*[st.integers(1, 4)] * axes)))
    pad = tuple(draw(st.integers(0, k - 1)) if ignore else 0 for k in window)
    sizes = [draw(st.integers(max(1, k - 2 * p) if ignore else 1, 10)) for k, p in zip(window, pad)]
    source = draw(sources((draw(batches), draw(small), *sizes)))
    options = {"mode": draw(st.sampled_from(["max", "average_inc_pad", "average_exc_pad"]))}
    return cls(source, tuple(window), stride, pad, ignore, **(options if not cls.__name__.startswith("Max") else {}))


@st.composite
def feature_pools(draw: Any) -> Any:
    cls = draw(st.sampled_from([layers.FeaturePoolLayer, layers.FeatureWTALayer]))
    shape, size = list(draw(shapes(draw(st.integers(2, 4))))), draw(st.integers(1, 4))
    axis = draw(st.integers(1, len(shape) - 1))
    shape[axis] *= size
    return cls(draw(sources(tuple(shape))), size, axis=axis)


@st.composite
def global_pools(draw: Any) -> Any:
    function = draw(st.sampled_from([tensor.mean, tensor.max]))
    return layers.GlobalPoolLayer(draw(sources(draw(shapes(draw(st.integers(3, 5)))))), function)


@st.composite
def passing(draw: Any) -> Any:
    """Layers that own nothing and change no shape."""
    source = draw(sources(draw(shapes(4))))
    return draw(
        st.sampled_from(
            [
                lambda: layers.NonlinearityLayer(source, nonlinearities.sigmoid),
                lambda: layers.NonlinearityLayer(source, None),
                lambda: layers.DropoutLayer(source, p=0.3),
                lambda: layers.GaussianNoiseLayer(source, 0.2),
                lambda: layers.LocalResponseNormalization2DLayer(source),
            ]
        )
    )()


@st.composite
def embeddings(draw: Any) -> Any:
    source = layers.InputLayer(draw(shapes(draw(st.integers(1, 3)))), input_var=None)
    return layers.EmbeddingLayer(source, draw(st.integers(1, 30)), draw(small), W=ZERO)


@st.composite
def flattenings(draw: Any) -> Any:
    shape = draw(shapes(draw(st.integers(2, 5))))
    first = 1 if shape[0] is not None else 0
    return layers.FlattenLayer(draw(sources(shape)), draw(st.integers(2 - first, len(shape))))


@st.composite
def reshapings(draw: Any) -> Any:
    """The input's factors dealt out anew, one entry perhaps left open or taken from the input."""
    shape = draw(shapes(draw(st.integers(2, 4))))
    rest = [draw(st.permutations(shape[1:]))] if draw(st.booleans()) else [[int(np.prod(shape[1:]))]]
    target: list = [[0], *rest[0]]
    if shape[0] is not None and draw(st.booleans()):
        target[0] = shape[0]
    if draw(st.booleans()):
        target[draw(st.integers(1, len(target) - 1))] = -1
    elif shape[0] is None and draw(st.booleans()):
        target[0] = -1
    return layers.ReshapeLayer(draw(sources(shape)), tuple(target))


@st.composite
def shuffles(draw: Any) -> Any:
    shape = list(draw(shapes(draw(st.integers(2, 4)))))
    dropped = draw(st.integers(1, len(shape) - 1)) if draw(st.booleans()) else None
    if dropped is not None:
        shape[dropped] = 1
    order: list = [i for i in draw(st.permutations(range(len(shape)))) if i != dropped]
    for _ in range(draw(st.integers(0, 2))):
        order.insert(draw(st.integers(0, len(order))), "x")
    return layers.DimshuffleLayer(draw(sources(tuple(shape))), tuple(order))


@st.composite
def paddings(draw: Any) -> Any:
    shape = draw(shapes(draw(st.integers(3, 5))))
    first = draw(st.integers(1, len(shape) - 1))
    axes, number = len(shape) - first, st.integers(0, 3)
    width = draw(
        st.one_of(
            number,
            st.lists(number, min_size=axes, max_size=axes).map(tuple),
            st.lists(st.tuples(number, number), min_size=1, max_size=axes),
        )
    )
    return layers.PadLayer(draw(sources(shape)), width, batch_ndim=first)


@st.composite
def slices(draw: Any) -> Any:
    shape = draw(shapes(draw(st.integers(2, 4))))
    axis = draw(st.integers(1, len(shape) - 1))
    n = shape[axis]
    edge = st.one_of(st.none(), st.integers(-n - 1, n + 1))
    part = slice(draw(edge), draw(edge), draw(st.one_of(st.none(), st.integers(1, 3), st.integers(-3, -1))))
    index = draw(st.one_of(st.integers(-n, n - 1), st.just(part)))
    return layers.SliceLayer(draw(sources(shape)), index, axis=draw(st.sampled_from([axis, axis - len(shape)])))


@st.composite
def concatenations(draw: Any) -> Any:
    """Two to four inputs that differ along one axis."""
    shape = draw(shapes(draw(st.integers(2, 4))))
    axis = draw(st.integers(1, len(shape) - 1))
    sized = [tuple(draw(small) if i == axis else n for i, n in enumerate(shape)) for _ in range(draw(st.integers(2, 4)))]
    return layers.ConcatLayer([draw(sources(one)) for one in sized], axis=draw(st.sampled_from([axis, axis - len(shape)])))


@st.composite
def sums(draw: Any) -> Any:
    shape = draw(shapes(draw(st.integers(1, 4))))
    inputs = [draw(sources(shape)) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        return layers.ElemwiseSumLayer(inputs, coeffs=draw(st.sampled_from([1, 0.5])))
    return layers.ElemwiseMergeLayer(inputs, draw(st.sampled_from([tensor.mul, tensor.maximum])))


@st.composite
def recurrences(draw: Any, cls: Any, **extra: Any) -> Any:
    """`cls` on sequences, whose features may have several axes; open times, masks, initial states from elsewhere."""
    batch, time, units = draw(batches), draw(st.one_of(st.none(), st.integers(1, 5))), draw(st.integers(1, 6))
    features = [draw(st.integers(1, 4)) for _ in range(draw(st.integers(1, 3)))]
    source = layers.InputLayer((batch, time, *features))
    options: dict = {"learn_init": draw(st.booleans()), "backwards": draw(st.booleans()), **extra}
    if draw(st.booleans()):
        options["mask_input"] = layers.InputLayer((batch, time), name="mask")
    if cls.__name__ == "LSTMLayer":
        options["peepholes"] = draw(st.booleans())
    if cls.__name__ == "RecurrentLayer":
        options["b"] = draw(st.sampled_from(BIASES))
        options["nonlinearity"] = draw(st.sampled_from(NONLINEARITIES))
    for state in ("hid_init", "cell_init") if cls.__name__ == "LSTMLayer" else ("hid_init",):
        if not NEW and not extra and draw(st.integers(0, 3)) == 0:
            options[state] = tensor.matrix(state)
    return cls(source, units, **options)


@st.composite
def custom_recurrences(draw: Any) -> Any:
    """Dense or convolutional connections, with something between the layers or not."""
    time, hidden = draw(st.one_of(st.none(), st.integers(1, 4))), draw(small)
    image = draw(st.booleans())
    fed = (draw(small), *((4, 5) if image else ()))

    def chain(size: tuple) -> Any:
        net = layers.InputLayer((None, *size))
        for _ in range(draw(st.integers(0, 2))):
            net = draw(st.sampled_from([layers.DropoutLayer, layers.NonlinearityLayer]))(net)
        if draw(st.booleans()):
            units = draw(small) if NEW else hidden  # 0.1 holds the last layer's input for the hidden state
            net = layers.NINLayer(net, units, W=ZERO) if image else layers.DenseLayer(net, units, W=ZERO, b=None)
        bias = draw(st.sampled_from(BIASES))
        if image:
            return layers.Conv2DLayer(net, hidden, 3, pad="same", W=ZERO, b=bias, untie_biases=draw(st.booleans()))
        return layers.DenseLayer(net, hidden, W=ZERO, b=bias)

    within = (hidden, *fed[1:])
    options: dict = {"learn_init": draw(st.booleans())}
    return layers.CustomRecurrentLayer(layers.InputLayer((draw(batches), time, *fed)), chain(fed), chain(within), **options)


@st.composite
def batch_norms(draw: Any) -> Any:
    shape = draw(shapes(draw(st.integers(2, 5)), high=4))
    axes = draw(st.sampled_from(["auto", 0, (0,), tuple(range(len(shape)))]))
    gamma, beta = draw(st.sampled_from([init.Constant(1), None])), draw(st.sampled_from([init.Constant(0), None]))
    return newer_layers.BatchNormLayer(draw(sources(shape)), axes=axes, beta=beta, gamma=gamma)


@st.composite
def shared_parameters(draw: Any) -> Any:
    """A bias, a scale, or slopes, shared along some axes."""
    shape = draw(shapes(draw(st.integers(2, 5)), high=4))
    kind = draw(st.sampled_from([newer_layers.BiasLayer, newer_layers.ScaleLayer, newer_layers.ParametricRectifierLayer]))
    choices = ["auto", 0, (0,), (0, len(shape) - 1)] + (["all"] if kind is newer_layers.ParametricRectifierLayer else [])
    return kind(draw(sources(shape)), shared_axes=draw(st.sampled_from(choices)))


@st.composite
def transposed(draw: Any, cls: Any, axes: int) -> Any:
    kernel = [draw(st.integers(1, 4)) for _ in range(axes)]
    style = draw(st.sampled_from(["valid", "full", "same", "numbers", "size"]))
    kernel = [k - 1 + k % 2 if style == "same" else k for k in kernel]
    crop = {"numbers": tuple(draw(st.integers(0, (k - 1) // 2)) for k in kernel)}.get(
        style, "valid" if style == "size" else style
    )
    least = [k if style == "full" else 1 for k in kernel]
    source = draw(sources((draw(batches), draw(small), *(draw(st.integers(n, n + 4)) for n in least))))
    options: dict = {"output_size": tuple(draw(st.integers(3, 12)) for _ in range(axes))} if style == "size" else {}
    return cls(
        source, draw(small), tuple(kernel), tuple(draw(st.integers(1, 3)) for _ in range(axes)), crop=crop, W=ZERO,
        b=draw(st.sampled_from(BIASES)), untie_biases=draw(st.booleans()), **options,
    )  # fmt: skip


@st.composite
def dilated(draw: Any) -> Any:
    kernel, dilation = [draw(st.integers(1, 3)) for _ in range(2)], [draw(st.integers(1, 3)) for _ in range(2)]
    sizes = [draw(st.integers((k - 1) * d + 1, (k - 1) * d + 5)) for k, d in zip(kernel, dilation)]
    source = draw(sources((draw(batches), draw(small), *sizes)))
    options: dict = {"b": draw(st.sampled_from(BIASES)), "untie_biases": draw(st.booleans())}
    return newer_layers.DilatedConv2DLayer(source, draw(small), tuple(kernel), dilation=tuple(dilation), W=ZERO, **options)


@st.composite
def locally_connected(draw: Any) -> Any:
    shape, channelwise = draw(shapes(4, high=4)), draw(st.booleans())
    kernel = tuple(draw(st.sampled_from([1, 3])) for _ in range(2))
    options: dict = {"b": draw(st.sampled_from(BIASES)), "untie_biases": draw(st.booleans()), "channelwise": channelwise}
    filters = shape[1] if channelwise else draw(small)
    return newer_layers.LocallyConnected2DLayer(draw(sources(shape)), filters, kernel, W=ZERO, **options)


@st.composite
def upscales(draw: Any) -> Any:
    axes = draw(st.integers(1, 3))
    cls = getattr(newer_layers, f"Upscale{axes}DLayer")
    factors = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    return cls(draw(sources(draw(shapes(axes + 2)))), factors, mode=draw(st.sampled_from(["repeat", "dilate"])))


@st.composite
def grouped(draw: Any) -> Any:
    groups = draw(st.integers(1, 3)) if not NEW or "num_groups" in str(signature(tensor.nnet.conv2d)) else 1
    shape = (draw(batches), groups * draw(small), 5, 5)
    return newer_layers.Conv2DLayer(draw(sources(shape)), groups * draw(small), 3, num_groups=groups, W=ZERO)


@st.composite
def leading_axes(draw: Any) -> Any:
    shape = draw(shapes(draw(st.integers(2, 4)), high=4))
    first = 0 if shape[0] is not None else 1
    kept = draw(st.integers(first, len(shape) - 1))
    leading = draw(st.sampled_from([kept, kept - len(shape)]))
    return newer_layers.DenseLayer(draw(sources(shape)), draw(small), num_leading_axes=leading, b=draw(st.sampled_from(BIASES)))


@st.composite
def final_only(draw: Any) -> Any:
    """Recurrent layers that return their last state, or take their first one from another layer."""
    kind = draw(st.sampled_from(["LSTMLayer", "GRULayer", "RecurrentLayer"]))
    units = draw(small)
    source = layers.InputLayer((draw(batches), draw(st.integers(1, 4)), draw(small)))
    options: dict = {"only_return_final": draw(st.booleans()), "learn_init": draw(st.booleans())}
    for state in ("hid_init", "cell_init") if kind == "LSTMLayer" else ("hid_init",):
        if draw(st.booleans()):
            options[state] = layers.InputLayer((source.shape[0], units), name=state)
    return getattr(newer_layers, kind)(source, units, **options)


@st.composite
def croppings(draw: Any) -> Any:
    """Merges that cut their inputs down to the smallest along some axes."""
    shape = draw(shapes(4, low=2))
    cut = [False, False, *(draw(st.booleans()) for _ in range(2))]
    sized = [tuple(n + draw(st.integers(0, 3)) if c else n for n, c in zip(shape, cut)) for _ in range(draw(st.integers(2, 3)))]
    how = [draw(st.sampled_from(["lower", "center", "upper"])) if c else None for c in cut]
    cls = draw(st.sampled_from([newer_layers.ConcatLayer, newer_layers.ElemwiseSumLayer]))
    return cls([draw(sources(one)) for one in sized], cropping=how)


@st.composite
def pyramids(draw: Any) -> Any:
    dims = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    return newer_layers.SpatialPyramidPoolingLayer(draw(sources(draw(shapes(4)))), dims, implementation="kaiming")


@st.composite
def transformers(draw: Any) -> Any:
    shape = draw(shapes(4, low=4, high=9))
    source = layers.InputLayer(shape)
    factor = draw(st.sampled_from([1, 2, (2, 3), 1.5, (1, 2.5)]))
    if draw(st.booleans()):
        return newer_layers.TransformerLayer(source, layers.DenseLayer(source, 6, W=ZERO), downsample_factor=factor)
    moved = layers.DenseLayer(source, 8, W=ZERO)
    return TPSTransformerLayer(source, moved, downsample_factor=factor, control_points=4)


@st.composite
def inverses(draw: Any) -> Any:
    source = layers.InputLayer(draw(shapes(2)))
    hidden = layers.DenseLayer(source, draw(small), W=ZERO)
    return newer_layers.InverseLayer(hidden, hidden)
