"""Random networks with random edits: a plan is built from scratch before and after, so that nothing of the search is trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Callable, Optional

from papers import conv, pool

from introspect import explain
from introspect.building import Builder
from introspect.counting import count
from introspect.diagnosing.claims import read_claim
from introspect.diagnosing.diagnosis import ranked
from introspect.diagnosing.proving import Proved
from introspect.diagnosing.searching import Search
from introspect.diagnosing.tally import Tally
from introspect.ir import Holding, Model
from introspect.layers import Activation, BatchNorm, Dense, Elementwise, Embedding, Flatten, GlobalPool, LayerNorm, Recurrent


@dataclass(frozen=True)
class Plan:
    """Everything that makes up a network of one of four families."""

    family: str
    classes: int = 10
    channels: int = 3
    side: int = 32
    filters: tuple[int, ...] = (32, 64)
    kernels: tuple[int, ...] = (3, 3)
    hidden: tuple[int, ...] = (128,)
    conv_bias: bool = True
    dense_bias: bool = True
    statistics: Optional[str] = None
    affine: bool = True
    groups: int = 1
    flat: bool = True
    cell: str = "lstm"
    bias_sets: int = 1
    peepholes: bool = False
    states: Optional[str] = None
    bidirectional: bool = False
    vocabulary: int = 1000
    width: int = 64
    depth: int = 3
    positions: int = 50
    ratio: int = 4
    tied: bool = False
    norm_bias: bool = True


def build(plan: Plan) -> Model:
    """The network of a plan."""
    return {"convolutional": _convolutional, "recurrent": _recurrent, "transformer": _transformer, "residual": _residual}[
        plan.family
    ](plan)


def _conv(plan: Plan, filters: int, k: int = 3, **fields: Any) -> Any:
    return conv(filters, k, pad=k // 2, bias="shared" if plan.conv_bias else None, **fields)


def _norm(plan: Plan) -> Any:
    return BatchNorm(scale=plan.affine, center=plan.affine, statistics=plan.statistics, counter=plan.statistics == "buffers")


def _convolutional(plan: Plan) -> Model:
    builder = Builder("", "", "convolutional")
    value = builder.input((1, plan.channels, plan.side, plan.side))
    for i, (filters, k) in enumerate(zip(plan.filters, plan.kernels)):
        steps = [(f"conv{i}", _conv(plan, filters, k, groups=plan.groups if i else 1))]
        steps += [(f"bn{i}", _norm(plan))] if plan.statistics else []
        for path, spec in [*steps, (f"relu{i}", Activation("relu")), (f"pool{i}", pool(2))]:
            (value,) = builder.call(builder.layer(path, spec), [value])
    (value,) = builder.call(builder.layer("flat", Flatten() if plan.flat else GlobalPool(2)), [value])
    for i, units in enumerate((*plan.hidden, plan.classes)):
        (value,) = builder.call(builder.layer(f"fc{i}", Dense(units, bias=plan.dense_bias)), [value])
    return builder.finish([value])


def _recurrent(plan: Plan) -> Model:
    builder = Builder("", "", "recurrent")
    value = builder.input((1, 12))
    (value,) = builder.call(builder.layer("embedding", Embedding(plan.vocabulary, plan.width)), [value])
    sets = {"bias_sets": plan.bias_sets, "bidirectional": plan.bidirectional, "initial_states": plan.states}
    for i, units in enumerate(plan.hidden):
        spec = Recurrent(
            cell=plan.cell, units=units, peepholes=plan.peepholes, return_sequences=i + 1 < len(plan.hidden), **sets
        )
        (value,) = builder.call(builder.layer(f"rnn{i}", spec), [value])
    (value,) = builder.call(builder.layer("fc", Dense(plan.classes, bias=plan.dense_bias)), [value])
    return builder.finish([value])


def _transformer(plan: Plan) -> Model:
    builder = Builder("", "", "transformer")
    ids, places = builder.input((1, 20), "ids"), builder.input((20,), "places")
    held = ([Holding("weight", "t0", ("embedding",), "in out")], [Holding("weight", "t0", ("kernel",), "out in")])
    first, last = held if plan.tied else ([], [])
    (value,) = builder.call(builder.layer("wte", Embedding(plan.vocabulary, plan.width), first), [ids])
    (place,) = builder.call(builder.layer("wpe", Embedding(plan.positions, plan.width)), [places])
    (value,) = builder.call(builder.layer("add", Elementwise()), [value, place])
    for i in range(plan.depth):
        inner = value
        norm, d = LayerNorm(center=plan.norm_bias), plan.width
        dense = {"bias": plan.dense_bias}
        for path, spec in (("ln1", norm), ("qkv", Dense(d, **dense)), ("out", Dense(d, **dense)), ("ln2", norm),
                           ("up", Dense(plan.ratio * d, **dense)), ("down", Dense(d, **dense))):  # fmt: skip
            (inner,) = builder.call(builder.layer(f"h.{i}.{path}", spec), [inner])
        (value,) = builder.call(builder.layer(f"h.{i}.add", Elementwise()), [value, inner])
    (value,) = builder.call(builder.layer("ln_f", LayerNorm(center=plan.norm_bias)), [value])
    (value,) = builder.call(builder.layer("head", Dense(plan.vocabulary, bias=False), last), [value])
    return builder.finish([value])


def _residual(plan: Plan) -> Model:
    builder = Builder("", "", "residual")
    value = builder.input((1, plan.channels, plan.side, plan.side))
    (value,) = builder.call(builder.layer("stem", _conv(plan, plan.width, plan.kernels[0])), [value])
    for i in range(plan.depth):
        inner = value
        for j in (1, 2):
            (inner,) = builder.call(builder.layer(f"blocks.{i}.conv{j}", _conv(plan, plan.width)), [inner])
            (inner,) = builder.call(builder.layer(f"blocks.{i}.bn{j}", _norm(plan)), [inner])
        (value,) = builder.call(builder.layer(f"blocks.{i}.add", Elementwise()), [value, inner])
    (value,) = builder.call(builder.layer("pool", GlobalPool(2)), [value])
    (value,) = builder.call(builder.layer("fc", Dense(plan.classes, bias=plan.dense_bias)), [value])
    return builder.finish([value])


WIDTHS = (16, 24, 32, 48, 64, 96, 128, 192, 256)
CLASSES = (2, 3, 5, 10, 20, 50, 100, 200, 1000)


def random_plan(random: Random) -> Plan:
    """A plausible network."""
    family = random.choice(("convolutional", "recurrent", "transformer", "residual"))
    depth = random.randint(2, 4)
    return Plan(
        family,
        classes=random.choice(CLASSES),
        channels=random.choice((1, 3)),
        side=random.choice((28, 32, 48, 64)),
        filters=tuple(sorted(random.choice(WIDTHS) for _ in range(depth))),
        kernels=tuple(random.choice((3, 3, 5)) for _ in range(depth)),
        hidden=tuple(random.choice((50, 64, 100, 128, 200, 256, 500, 512)) for _ in range(random.randint(1, 2))),
        conv_bias=random.random() < 0.7,
        statistics=random.choice(("buffers", "parameters")) if family == "residual" or random.random() < 0.5 else None,
        groups=random.choice((1, 1, 2)),
        flat=random.random() < 0.7,
        cell=random.choice(("lstm", "gru", "simple")),
        bias_sets=random.choice((1, 2)),
        peepholes=False,
        vocabulary=random.choice((500, 1000, 2000, 5000, 10000, 20000)),
        width=random.choice((32, 64, 96, 128, 256)),
        depth=random.randint(2, 6),
        positions=random.choice((50, 64, 100, 128)),
        tied=random.random() < 0.5,
    )


def other(random: Random, values: Sequence[Any], now: Any) -> Any:
    return random.choice([value for value in values if value != now])


def _one(random: Random, values: tuple[int, ...], choices: Sequence[int]) -> tuple[int, ...]:
    """One of several numbers changed."""
    i = random.randrange(len(values))
    return (*values[:i], other(random, choices, values[i]), *values[i + 1 :])


Change = Callable[[Random, Plan], Plan]
HYPER: dict[str, Change] = {
    "classes": lambda r, p: replace(p, classes=other(r, CLASSES, p.classes)),
    "channels": lambda r, p: replace(p, channels=other(r, (1, 3, 4), p.channels)),
    "side": lambda r, p: replace(p, side=other(r, (28, 32, 48, 64, 96), p.side)),
    "filters": lambda r, p: replace(p, filters=_one(r, p.filters, WIDTHS)),
    "kernel": lambda r, p: replace(p, kernels=_one(r, p.kernels, (1, 3, 5, 7))),
    "hidden": lambda r, p: replace(p, hidden=_one(r, p.hidden, (50, 64, 100, 128, 200, 256, 500, 512))),
    "every width": lambda r, p: replace(p, filters=tuple(2 * n for n in p.filters), hidden=tuple(2 * n for n in p.hidden)),
    "vocabulary": lambda r, p: replace(p, vocabulary=other(r, (500, 1000, 2000, 5000, 10000, 20000, 30522), p.vocabulary)),
    "width": lambda r, p: replace(p, width=other(r, (32, 64, 96, 128, 256, 512), p.width)),
    "depth": lambda r, p: replace(p, depth=other(r, (1, 2, 3, 4, 5, 6, 8, 12), p.depth)),
    "positions": lambda r, p: replace(p, positions=other(r, (50, 64, 100, 128, 256, 512), p.positions)),
}
CONVENTIONS: dict[str, Change] = {
    "convolutions' bias": lambda r, p: replace(p, conv_bias=not p.conv_bias),
    "dense bias": lambda r, p: replace(p, dense_bias=not p.dense_bias),
    "statistics": lambda r, p: replace(p, statistics=other(r, ("buffers", "parameters"), p.statistics)) if p.statistics else p,
    "affine": lambda r, p: replace(p, affine=not p.affine),
    "groups": lambda r, p: replace(p, groups=1),
    "bias sets": lambda r, p: replace(p, bias_sets=3 - p.bias_sets),
    "peepholes": lambda r, p: replace(p, peepholes=p.cell == "lstm"),
    "states": lambda r, p: replace(p, states="learned"),
    "directions": lambda r, p: replace(p, bidirectional=not p.bidirectional),
    "cell": lambda r, p: replace(p, cell=other(r, ("lstm", "gru", "simple"), p.cell)),
    "norm bias": lambda r, p: replace(p, norm_bias=not p.norm_bias),
}
CHANGES = {**HYPER, **CONVENTIONS}


def edited(random: Random, plan: Plan, times: int) -> tuple[Plan, tuple[str, ...]]:
    """The plan after `times` different changes, each of which changes the parameters."""
    done: list[str] = []
    start = params(plan)
    while len(done) < times:
        name = random.choice([name for name in CHANGES if name not in done])
        changed = CHANGES[name](random, plan)
        if changed != plan and params(changed) not in (params(plan), start):
            plan, done = changed, [*done, name]
    return plan, tuple(done)


def params(plan: Plan) -> int:
    return sum(tensors(build(plan)).elements_sizes())


class Tensors(Counter):  # type: ignore[type-arg]
    """Parameters by path, role and size."""

    def elements_sizes(self) -> list[int]:
        return [size for (_, _, size), times in self.items() for _ in range(times)]


def tensors(model: Model, buffers: bool = False) -> Tensors:
    """What a model owns among its parameters; or its buffers, but for counters."""
    entries = [e for row in count(model).rows for e in row.entries if e.buffer == buffers and e.role != "counter"]
    return Tensors((e.path, e.role, e.size) for e in entries)


def position(plan: Plan, after: Plan) -> Optional[int]:
    """Where, among the reasons for the count of `after`, the model of `after` stands; None where it does not."""
    base, wanted = build(plan), build(after)
    found = ranked(Search(Tally(explain(base))), read_claim(sum(tensors(wanted).elements_sizes())))
    return next((i for i, proved in enumerate(found, 1) if stands_for(proved, plan, after)), None)


def stands_for(proved: Proved, plan: Plan, after: Plan) -> bool:
    """Whether a reason comes to the same tensors: those of its revised model, less or more what its slips name."""
    got, wanted = tensors(proved.model), tensors(build(after))
    for edit in proved.candidate.edits:
        if edit.fields:
            continue
        if edit.code == "running_statistics" and edit.delta > 0:
            got = Tensors(got + tensors(proved.model, buffers=True))
        elif edit.code == "running_statistics":
            got = Tensors({key: n for key, n in got.items() if not key[1].startswith("running")})
        elif edit.code == "biases_left_out":
            got = Tensors({key: n for key, n in got.items() if not key[1].endswith("bias")})
        elif edit.code == "depth" and plan.depth != after.depth:
            if total(got, True) + edit.delta != total(wanted, True) or total(got, False) != total(wanted, False):
                return False
            got, wanted = outside(got), outside(wanted)
        else:
            return False
    return got == wanted


def in_block(path: str) -> bool:
    return path.startswith(("h.", "blocks."))


def total(held: Tensors, blocks: bool) -> int:
    return sum(size * n for (path, _, size), n in held.items() if in_block(path) == blocks)


def outside(held: Tensors) -> Tensors:
    """What is in no block."""
    return Tensors({key: n for key, n in held.items() if not in_block(key[0])})


def measured(times: int, seeds: range, within: int) -> tuple[list[int], float]:
    """The seeds whose edits are not among the first `within` reasons, and the share of those that are."""
    missed = []
    for seed in seeds:
        random = Random(seed)
        plan = random_plan(random)
        after, _ = edited(random, plan, times)
        place = position(plan, after)
        missed += [] if place is not None and place <= within else [seed]
    return missed, 1 - len(missed) / len(seeds)
