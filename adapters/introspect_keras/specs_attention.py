"""Keras 3's layers whose law depends on how they are called: attention, what is read backwards, boxes in pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from introspect.layers import BoxCount, DotAttention, PerHeadAttention, ReversibleEmbedding

from .dialect import Arguments
from .stored import Law, Stored

_BY_POSITION = ("query", "value", "key")
_PROJECTIONS = (
    ("query", "in head out", "head out"),
    ("key", "in head out", "head out"),
    ("gate", "in head out", "head out"),
    ("value", "in head out", "head out"),
)


def _given(arguments: Optional[Arguments]) -> tuple[str, ...]:
    return _BY_POSITION if arguments is None else arguments.names


def _asked(arguments: Optional[Arguments], name: str) -> bool:
    return arguments is not None and bool(arguments.values.get(name, False))


def _projections(widths: int, holder: Callable[[str], str], gate: bool) -> tuple[Stored, ...]:
    found = [
        Stored(f"{name}.{part}", (f"{name}_{part}",), layout, f"{holder(name)}.{part}")
        for name, kernel, bias in _PROJECTIONS
        if gate or name != "gate"
        for part, layout in (("kernel", kernel), ("bias", bias))
    ]
    out = " ".join(f"out{i}" if i else "out" for i in range(widths))
    for part, layout in (("kernel", f"head in {out}"), ("bias", out)):
        found.append(Stored(f"attention_output.{part}", (f"output_{part}",), layout, f"{holder('output')}.{part}"))
    return tuple(found)


def _multi_head(layer: Any, arguments: Optional[Arguments]) -> Law:
    output_shape = layer._output_shape
    spec = PerHeadAttention(
        layer._num_heads,
        layer._key_dim,
        layer._value_dim,
        bias=bool(layer._use_bias),
        gate=bool(getattr(layer, "_use_gate", False)),
        output_shape=None if output_shape is None else tuple(output_shape),
        attended=tuple(layer._attention_axes or ()),
        given=_given(arguments),
        scores=_asked(arguments, "return_attention_scores"),
    )
    return Law(spec, _projections(len(output_shape or (0,)), lambda name: f"_{name}_dense", spec.gate))


def _grouped(layer: Any, arguments: Optional[Arguments]) -> Law:
    spec = PerHeadAttention(
        layer.num_query_heads,
        layer.head_dim,
        layer.head_dim,
        key_value_heads=layer.num_key_value_heads,
        bias=bool(layer.use_bias),
        gate=bool(getattr(layer, "use_gate", False)),
        given=_given(arguments),
        scores=_asked(arguments, "return_attention_scores"),
        self_width=True,
    )
    return Law(spec, _projections(1, lambda name: f"_{name}_dense", spec.gate))


def _dot(scaled: str) -> Callable[[Any, Optional[Arguments]], Law]:
    def law(layer: Any, arguments: Optional[Arguments]) -> Law:
        concat = getattr(layer, "score_mode", "dot") == "concat"
        lists = _given(arguments)
        names = lists if arguments is None else (*_BY_POSITION[: lists.count("inputs")], *lists[lists.count("inputs") :])
        spec = DotAttention(
            scaled if layer.use_scale else None,
            concat and scaled == "scalar",
            names,
            _asked(arguments, "return_attention_scores"),
        )
        weight = Stored("concat_score_weight", ("concat_score_weight",))
        return Law(spec, (Stored("scale", ("scale",)), *((weight,) if spec.concat else ())))

    return law


def _reversible(layer: Any, arguments: Optional[Arguments]) -> Law:
    tied = bool(layer.tie_weights)
    spec = ReversibleEmbedding(layer.input_dim, layer.output_dim, tied, _asked(arguments, "reverse"))
    backwards = Stored("reverse_embeddings", ("reverse_embedding",), "out in")
    return Law(spec, (Stored("embeddings", ("embedding",), "in out"), *(() if tied else (backwards,))))


def _boxes(layer: Any, arguments: Optional[Arguments]) -> Law:
    return Law(
        BoxCount(layer.max_number, sum(name.endswith((".boxes", "bounding_boxes.labels")) for name in _given(arguments)))
    )


CALLED: dict[str, Callable[[Any, Optional[Arguments]], Optional[Law]]] = {
    "MultiHeadAttention": _multi_head,
    "GroupedQueryAttention": _grouped,
    "GroupQueryAttention": _grouped,
    "Attention": _dot("scalar"),
    "AdditiveAttention": _dot("vector"),
    "ReversibleEmbedding": _reversible,
    "MaxNumBoundingBoxes": _boxes,
}
