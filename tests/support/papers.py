"""Networks on paper: built of laws alone, as no framework has to be there to count them."""

from __future__ import annotations

from typing import Any, Optional

from introspect.building import Builder
from introspect.ir import Holding, Model
from introspect.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Elementwise,
    Embedding,
    Flatten,
    GlobalPool,
    LayerNorm,
    Pool,
    Recurrent,
    RMSNorm,
)
from introspect.layers.base import Shape, Spec

Steps = list[tuple[str, Spec]]
_FIELDS = {"conv": "out in kh kw", "dense": "out in"}


def conv(filters: int, k: int = 3, stride: int = 1, pad: int = 0, **fields: Any) -> Conv:
    """A square convolution."""
    return Conv((k, k), (stride, stride), ((pad, pad), (pad, pad)), filters=filters, **fields)


def pool(k: int, stride: Optional[int] = None, pad: int = 0, **fields: Any) -> Pool:
    """A square pooling window."""
    return Pool((k, k), (stride or k,) * 2, ((pad, pad), (pad, pad)), **fields)


def chain(shape: Shape, steps: Steps, name: str = "chain") -> Model:
    """Layers one after another."""
    builder = Builder("", "", name)
    value = builder.input(shape)
    for path, spec in steps:
        (value,) = builder.call(builder.layer(path, spec), [value])
    return builder.finish([value])


def alexnet(side: int = 227, groups: int = 2) -> Model:
    """The paper's network: the second, fourth and fifth convolution see the maps of one graphics card only."""
    steps: Steps = [
        ("conv1", conv(96, 11, 4)), ("relu1", Activation("relu")), ("pool1", pool(3, 2)),
        ("conv2", conv(256, 5, pad=2, groups=groups)), ("relu2", Activation("relu")), ("pool2", pool(3, 2)),
        ("conv3", conv(384, pad=1)), ("relu3", Activation("relu")),
        ("conv4", conv(384, pad=1, groups=groups)), ("relu4", Activation("relu")),
        ("conv5", conv(256, pad=1, groups=groups)), ("relu5", Activation("relu")), ("pool5", pool(3, 2)),
        ("flatten", Flatten()), ("fc6", Dense(4096)), ("relu6", Activation("relu")),
        ("fc7", Dense(4096)), ("relu7", Activation("relu")), ("fc8", Dense(1000)),
    ]  # fmt: skip
    return chain((1, 3, side, side), steps, "AlexNet")


def vgg16(classes: int = 1000) -> Model:
    """VGG's configuration D."""
    steps: Steps = []
    for block, (filters, depth) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        for i in range(1, depth + 1):
            steps += [(f"conv{block}_{i}", conv(filters, pad=1)), (f"relu{block}_{i}", Activation("relu"))]
        steps.append((f"pool{block}", pool(2)))
    steps += [("flatten", Flatten()), ("fc6", Dense(4096)), ("fc7", Dense(4096)), ("fc8", Dense(classes))]
    return chain((1, 3, 224, 224), steps, "VGG16")


def convnet(shape: Shape = (1, 3, 32, 32), classes: int = 10, bias: bool = True) -> Model:
    """A small network with batch normalisation, as PyTorch keeps its statistics."""
    steps: Steps = []
    for i, filters in enumerate((32, 64, 128), 1):
        steps += [
            (f"conv{i}", conv(filters, pad=1, bias="shared" if bias else None)),
            (f"bn{i}", BatchNorm(statistics="buffers", counter=True)),
            (f"relu{i}", Activation("relu")), (f"pool{i}", pool(2)),
        ]  # fmt: skip
    steps += [("flatten", Flatten()), ("fc1", Dense(256)), ("relu4", Activation("relu")), ("fc2", Dense(classes))]
    return chain(shape, steps, "convnet")


def tied(vocabulary: int = 1000, d: int = 64) -> Model:
    """An embedding whose matrix is also the head's: 64·1000 + 64·65 = 68,160 parameters."""
    builder = Builder("", "", "tied")
    value = builder.input((1, 7))
    shared = Holding("weight", "t0", ("embedding",), "in out")
    (value,) = builder.call(builder.layer("embedding", Embedding(vocabulary, d), [shared]), [value])
    (value,) = builder.call(builder.layer("mix", Dense(d)), [value])
    head = Holding("weight", "t0", ("kernel",), "out in")
    (value,) = builder.call(builder.layer("head", Dense(vocabulary, bias=False), [head]), [value])
    return builder.finish([value])


def recurrent(cell: str = "lstm", **fields: Any) -> Model:
    """One recurrent layer, 16 → 32, and a decision."""
    steps: Steps = [
        ("rnn", Recurrent(cell=cell, units=32, return_sequences=False, **fields)),
        ("fc", Dense(5)),
    ]
    return chain((1, 9, 16), steps, cell)


def residual(channels: int = 16, blocks: int = 4, classes: int = 10) -> Model:
    """Equal blocks, each added to what it got."""
    builder = Builder("", "", "residual")
    value = builder.input((1, 3, 32, 32))
    (value,) = builder.call(builder.layer("stem", conv(channels, pad=1, bias=None)), [value])
    for i in range(blocks):
        inner = value
        for j in (1, 2):
            (inner,) = builder.call(builder.layer(f"blocks.{i}.conv{j}", conv(channels, pad=1, bias=None)), [inner])
            norm = BatchNorm(statistics="buffers", counter=True)
            (inner,) = builder.call(builder.layer(f"blocks.{i}.bn{j}", norm), [inner])
        (value,) = builder.call(builder.layer(f"blocks.{i}.add", Elementwise()), [value, inner])
    (value,) = builder.call(builder.layer("pool", GlobalPool(2)), [value])
    (value,) = builder.call(builder.layer("fc", Dense(classes)), [value])
    return builder.finish([value])


def transformer(vocabulary: int = 1000, d: int = 32, positions: int = 50, depth: int = 3, ratio: int = 4) -> Model:
    """Decoder blocks without the attention's look-up, which owns nothing; the head is tied to the embedding."""
    builder = Builder("", "", "transformer")
    ids, places = builder.input((1, 20), "ids"), builder.input((20,), "places")
    shared = Holding("weight", "t0", ("embedding",), "in out")
    (value,) = builder.call(builder.layer("wte", Embedding(vocabulary, d), [shared]), [ids])
    (place,) = builder.call(builder.layer("wpe", Embedding(positions, d)), [places])
    (value,) = builder.call(builder.layer("add", Elementwise()), [value, place])
    for i in range(depth):
        inner = value
        for path, spec in (
            ("ln1", LayerNorm()),
            ("out", Dense(d)),
            ("ln2", LayerNorm()),
            ("up", Dense(ratio * d)),
            ("down", Dense(d)),
        ):
            (inner,) = builder.call(builder.layer(f"h.{i}.{path}", spec), [inner])
        (value,) = builder.call(builder.layer(f"h.{i}.add", Elementwise()), [value, inner])
    (value,) = builder.call(builder.layer("ln_f", LayerNorm()), [value])
    head = Holding("weight", "t0", ("kernel",), "out in")
    (value,) = builder.call(builder.layer("head", Dense(vocabulary, bias=False), [head]), [value])
    return builder.finish([value])


def resnet152(classes: int = 1000) -> Model:
    """Bottlenecks (3, 8, 36, 3), as PyTorch keeps them: 60,192,808 parameters."""
    builder = Builder("", "", "ResNet-152")

    def step(path: str, spec: Spec, *values: int) -> int:
        return builder.call(builder.layer(path, spec), values)[0]

    def unit(path: str, value: int, filters: int, k: int, stride: int = 1, number: str = "1", relu: bool = True) -> int:
        value = step(f"{path}.conv{number}", conv(filters, k, stride, k // 2, bias=None), value)
        value = step(f"{path}.bn{number}", BatchNorm(statistics="buffers", counter=True), value)
        return step(f"{path}.relu{number}", Activation("relu"), value) if relu else value

    value = unit("stem", builder.input((1, 3, 224, 224)), 64, 7, 2)
    value = step("maxpool", pool(3, 2, 1), value)
    for stage, depth in enumerate((3, 8, 36, 3)):
        for i in range(depth):
            path, width, stride = f"layer{stage + 1}.{i}", 64 * 2**stage, 2 if stage and not i else 1
            inner = unit(path, value, width, 1)
            inner = unit(path, inner, width, 3, stride, "2")
            inner = unit(path, inner, 4 * width, 1, 1, "3", relu=False)
            value = unit(f"{path}.down", value, 4 * width, 1, stride, relu=False) if not i else value
            value = step(f"{path}.relu", Activation("relu"), step(f"{path}.add", Elementwise(), inner, value))
    value = step("avgpool", GlobalPool(2), value)
    return builder.finish([step("fc", Dense(classes), value)])


def llama(depth: int = 126, d: int = 16384, kv: int = 1024, inner: int = 53248, vocabulary: int = 128256) -> Model:
    """405,853,388,800 parameters in their proper places; what attention does between its projections is left out."""
    builder = Builder("", "", "llama")

    def step(path: str, spec: Spec, *values: int) -> int:
        return builder.call(builder.layer(path, spec), values)[0]

    value = step("embed_tokens", Embedding(vocabulary, d), builder.input((1, 16)))
    norm, of = RMSNorm(), {n: Dense(n, bias=False) for n in (d, kv, inner, vocabulary)}
    for i in range(depth):
        path = f"layers.{i}"
        x = step(f"{path}.input_layernorm", norm, value)
        q = step(f"{path}.self_attn.q_proj", of[d], x)
        step(f"{path}.self_attn.k_proj", of[kv], x)
        step(f"{path}.self_attn.v_proj", of[kv], x)
        value = step(f"{path}.add", Elementwise(), value, step(f"{path}.self_attn.o_proj", of[d], q))
        x = step(f"{path}.post_attention_layernorm", norm, value)
        gate = step(f"{path}.act", Activation("silu"), step(f"{path}.mlp.gate_proj", of[inner], x))
        x = step(f"{path}.mul", Elementwise("mul"), gate, step(f"{path}.mlp.up_proj", of[inner], x))
        value = step(f"{path}.add2", Elementwise(), value, step(f"{path}.mlp.down_proj", of[d], x))
    return builder.finish([step("lm_head", of[vocabulary], step("norm", norm, value))])
