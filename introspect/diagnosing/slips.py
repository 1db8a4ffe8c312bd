"""Counting slips: the model is as it is, and the count is not. Each says what was counted too often, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Optional

from ..algebra import Dim, evaluate, product
from ..counting import Entry, Row
from ..layers.base import Tensor
from . import costs
from .edits import Edit, Piece, gathered
from .naming import in_places, listed, name_of, plural
from .storing import stored
from .tally import Tally
from .workings import Terms

_OPTIMIZERS = (
    ("adam", "Adam", 2, 2), ("sgd", "SGD with momentum", 1, 2), ("plain", "SGD without momentum", 0, 2),
    ("rmsprop", "an optimiser that keeps one more number", 1, 0), ("torch", "Adam, without its two counters", 2, 0),
)  # fmt: skip


def slips(tally: Tally) -> Iterator[Edit]:
    """Every slip that would change the quantity."""
    terms = Terms(tally)
    if tally.owned:
        yield from _other_parameters(tally)
        yield from _optimizers(tally)
        yield from _tied(tally, terms)
        yield from _again(tally, terms)
        yield from _unseen(tally, terms)
        yield from _factors(tally, terms)
        yield from _edges(tally)
        yield from stored(tally, terms)
    else:
        yield from _definitions(tally)
    yield from _left_out(tally, terms)
    yield from _blocks(tally, terms)


def _amount(tally: Tally, row: Row) -> int:
    amount = tally.before(row)
    return amount if isinstance(amount, int) else 0


def _rows(tally: Tally) -> list[Row]:
    """The rows that add something."""
    return [row for row in tally.rows if _amount(tally, row)]


def _instead(tally: Tally, quantity: str, code: str, text: str, cost: float, more: int = 0) -> Iterator[Edit]:
    """Another quantity was counted."""
    other = tally.over(quantity)
    try:
        delta = other.total + more - tally.total
    except Exception:  # unknown without an input: nothing can be said
        return
    if not delta or not other.total + more:
        return
    touched = frozenset(row.layer_index for row in tally.rows if _amount(other, row) != _amount(tally, row))
    yield Edit(code, text, cost, delta, (), touched, pieces=lambda: [Piece(abs(delta), 1 if delta > 0 else -1)])


def _other_parameters(tally: Tally) -> Iterator[Edit]:
    if tally.quantity != "params":
        yield from _instead(tally, "params", "another_quantity", "these are all the parameters", costs.OTHER_QUANTITY)
    if tally.quantity in ("params", "trainable"):
        yield from _statistics(tally)
    frozen = any(
        not e.trainable and not e.buffer and all(t.trainable for t in e.tensors) for r in tally.rows for e in r.entries
    )
    left = "the frozen ones are taken for absent" if frozen else "those that training leaves alone are not counted"
    words = (
        ("trainable", "trainable_only", f"only the trainable parameters are counted: {left}", costs.TRAINABLE),
        ("weights", "biases_left_out", "the biases are left out", costs.WEIGHTS),
        ("non_trainable", "another_quantity", "only what training leaves alone is counted", costs.OTHER_QUANTITY),
        ("buffers", "another_quantity", "only the buffers are counted, and no parameter", costs.OTHER_QUANTITY),
        ("biases", "another_quantity", "only the biases are counted", costs.OTHER_QUANTITY),
    )
    untrained = [e for row in tally.rows for e in row.entries if not e.buffer and not e.trainable]
    statistics = tally.quantity == "params" and all(e.role.startswith("running") for e in untrained)  # said already
    for quantity, code, text, cost in words:
        if quantity != tally.quantity and not (statistics and quantity == "trainable"):
            yield from _instead(tally, quantity, code, text, cost)


def _statistics(tally: Tally) -> Iterator[Edit]:
    """Buffers counted among the parameters, and running statistics not counted where they are parameters."""
    both = [(row, e) for row in tally.rows if tally.scope.holds(row.layer_index) for e in row.entries if tally.scope.wants(e)]
    buffers = [(row, e) for row, e in both if e.buffer]
    kept = [(row, e) for row, e in both if tally.counts(e) and e.role.startswith("running")]
    plain = [(row, e) for row, e in buffers if e.role != "counter"]
    yield from _entries(tally, buffers, 1, "buffers_counted", "the buffers are counted as well", costs.STATE)
    if len(plain) < len(buffers):
        text = "the running statistics are counted as well, though they are buffers"
        yield from _entries(tally, plain, 1, "running_statistics", text, costs.STATISTICS)
    text = "the running statistics, which training leaves alone, are not counted"
    yield from _entries(tally, kept, -1, "running_statistics", text, costs.STATISTICS)


def _entries(tally: Tally, found: list[tuple[Row, Entry]], sign: int, code: str, text: str, cost: float) -> Iterator[Edit]:
    sizes = [tally.size(entry) for _, entry in found]
    delta = sum(size for size in sizes if isinstance(size, int)) * sign
    if not delta or not all(isinstance(size, int) for size in sizes):
        return
    rows = {row.layer_index: row for row, _ in found}
    text += f", {in_places([row.layer for row in rows.values()])}"
    places = tuple(row.layer.path for row in rows.values())
    yield Edit(code, text, cost, delta, places, frozenset(rows), pieces=partial(_spelled, tally, found, sign))


def _spelled(tally: Tally, found: list[tuple[Row, Entry]], sign: int) -> list[Piece]:
    terms = Terms(tally)
    return gathered([Piece(terms.tensor(row, entry), sign) for row, entry in found])


def _optimizers(tally: Tally) -> Iterator[Edit]:
    """Keras counts an optimiser's slots in its total: two for each trained number with Adam, and its own two counters."""
    if tally.scope.layers is not None or tally.quantity != "params":
        return
    trained = tally.over("trainable").total
    every = frozenset(row.layer_index for row in tally.rows)
    for key, name, slots, counters in _OPTIMIZERS:
        pieces = [Piece(trained, slots), Piece(counters)]
        kept = f"{plural(slots, 'number')} for each of {trained:,} trained parameters"
        text = f"the optimiser's slots are counted: {name} keeps {kept}"
        text += f", and {counters} of its own" if counters else ""
        yield Edit(
            "optimizer_slots", text, costs.OPTIMIZER[key], slots * trained + counters, (), every, pieces=partial(list, pieces)
        )


def _tied(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """Tensors that several layers hold, counted for each of them."""
    found: list[tuple[Row, Entry, Dim]] = []
    for row in tally.rows:
        for claim, entry in zip(row.claims, row.shared):
            size = tally.size(claim)
            if tally.scope.holds(row.layer_index) and tally.counts(claim) and isinstance(size, int) and size:
                found.append((row, entry, terms.tensor(row, claim)))
    for group in [found, *([one] for one in found)] if len(found) > 1 else [found] if found else []:
        said = [f"{_holder(row)} shares {entry.path}.{entry.name}" for row, entry, _ in group]
        pieces = [Piece(size) for _, _, size in group]
        yield Edit(
            "tied_counted_twice", f"a tied tensor is counted twice: {listed(said)}",
            costs.TIED_TWICE + (costs.ODD_ONE if len(group) < len(found) else 0), sum(piece.value for piece in pieces),
            tuple(row.layer.path for row, _, _ in group), frozenset(row.layer_index for row, _, _ in group),
            pieces=partial(list, pieces),
        )  # fmt: skip


def _holder(row: Row) -> str:
    return name_of(row.layer)


def _again(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """Layers called several times, counted for each call."""
    firsts = {row.layer_index: row for row in _rows(tally) if not row.repeated}
    times: dict[int, int] = {}
    for row in tally.rows:
        if row.repeated and row.layer_index in firsts:
            times[row.layer_index] = times.get(row.layer_index, 0) + 1
    for group in [times, *({i: n} for i, n in times.items())] if len(times) > 1 else [times] if times else []:
        rows = [(firsts[i], n) for i, n in group.items()]
        names = listed([name_of(row.layer) for row, _ in rows])
        yield Edit(
            "shared_counted_per_call", f"a shared layer is counted at each of its calls: {names}",
            costs.SHARED_AGAIN + (costs.ODD_ONE if len(group) < len(times) else 0), sum(n * _amount(tally, r) for r, n in rows),
            tuple(r.layer.path for r, _ in rows), frozenset(group),
            pieces=partial(_repeated, terms, rows),
        )  # fmt: skip


def _repeated(terms: Terms, rows: list[tuple[Row, int]]) -> list[Piece]:
    return gathered([Piece(terms.row(row), n) for row, n in rows])


def _unseen(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """What a hook on layers does not see: bare parameters, and layers that are never called, or not as layers."""
    held = [(row, e) for row in tally.rows for e in row.entries if tally.counts(e) and tally.scope.holds(row.layer_index)]
    bare = [(row, e) for row, e in held if not e.tensors and row.layer.spec.kind == "container"]
    names = listed([f"{name_of(row.layer)}.{e.name}" for row, e in bare])
    text = f"parameters that belong to no layer of their own are left out ({names})"
    yield from _entries(tally, bare, -1, "bare_parameter", text, costs.BARE)
    for row, entry in bare if len(bare) > 1 else []:
        text = f"{name_of(row.layer)}.{entry.name}, which belongs to no layer of its own, is left out"
        yield from _entries(tally, [(row, entry)], -1, "bare_parameter", text, costs.BARE + costs.ODD_ONE)
    magnitudes = [(row, e) for row, e in held if e.name.endswith(("_g", "original0"))]
    text = "the magnitudes (g) of weight normalisation are left out"
    yield from _entries(tally, magnitudes, -1, "weight_norm", text, costs.BARE)
    idle = [row for row in _rows(tally) if row.call is None and any(e.tensors for e in row.entries)]
    if tally.model.complete and idle:
        yield from _without(tally, terms, idle, "never_called", "what is never called is left out", costs.NEVER_CALLED)
        both = [*idle, *[r for r, _ in bare]] if bare else []
        yield from _without(tally, terms, both, "never_called", "what no call reaches is left out", costs.BARE)
    if tally.total:
        text = "nothing of it is counted: a hook sees layers that are called as such, and what these hold themselves"
        every = frozenset(row.layer_index for row in _rows(tally))
        pieces = [Piece(tally.total, -1)]
        yield Edit("not_seen_by_hooks", text, costs.BARE, -tally.total, (), every, pieces=partial(list, pieces))


def _without(
    tally: Tally, terms: Terms, rows: Iterable[Row], code: str, text: str, cost: float, sign: int = -1
) -> Iterator[Edit]:
    """The rows are not counted (or, with a sign of 1, counted twice)."""
    unique = list({id(row): row for row in rows}.values())
    amount = sum(_amount(tally, row) for row in unique)
    if not amount or (sign < 0 and amount == tally.total):
        return
    yield Edit(
        code, text, cost, sign * amount, tuple(dict.fromkeys(row.layer.path for row in unique)),
        frozenset(row.layer_index for row in unique),
        pieces=lambda: gathered([Piece(terms.row(row), sign) for row in unique]),
    )  # fmt: skip


def _left_out(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """Embeddings, the head, the fully connected top, and any one layer."""
    rows = _rows(tally)
    if len(rows) < 2:
        return
    embeddings = [row for row in rows if row.layer.spec.kind == "embedding"]
    for group in [embeddings, *([one] for one in embeddings)]:
        names = listed([name_of(row.layer) for row in group])
        text = f"the embedding is left out: {names}"
        yield from _without(tally, terms, group, "embedding_left_out", text, costs.EMBEDDING_LEFT_OUT)
    weighted = [row for row in rows if row.layer.spec.weighted and row.call is not None]
    if weighted:
        text = f"the head is left out: {name_of(weighted[-1].layer)}"
        yield from _without(tally, terms, weighted[-1:], "head_left_out", text, costs.HEAD_LEFT_OUT)
    convolutions = [i for i, row in enumerate(rows) if "conv" in row.layer.spec.kind]
    top = [row for row in rows[convolutions[-1] + 1 :] if row.layer.spec.kind == "dense"] if convolutions else []
    if len(top) > 1:
        text = f"the fully connected top is left out: {listed([name_of(row.layer) for row in top])}"
        yield from _without(tally, terms, top, "top_left_out", text, costs.TOP_LEFT_OUT)
    seen: set[int] = set()
    for row in rows:
        amount = _amount(tally, row)
        if amount not in seen and row.layer.spec.kind != "container":
            seen.add(amount)
            yield from _without(tally, terms, [row], "layer_left_out", f"{name_of(row.layer)} is left out", costs.LEFT_OUT)
            yield from _without(
                tally, terms, [row], "layer_counted_twice", f"{name_of(row.layer)} is counted twice", costs.COUNTED_TWICE, 1
            )


def _blocks(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """A block of layers that share the front of their paths: left out, or counted twice."""
    groups: dict[str, list[Row]] = {}
    for row in _rows(tally):
        parts = row.layer.path.split(".")
        for depth in range(1, len(parts)):
            groups.setdefault(".".join(parts[:depth]), []).append(row)
    seen: set[int] = set()
    for prefix, rows in groups.items():
        amount = sum(_amount(tally, row) for row in rows)
        if len(rows) > 1 and amount not in seen:
            seen.add(amount)
            cost = costs.NAMED_LEFT_OUT if "aux" in prefix.lower() else costs.LEFT_OUT - 0.4
            code = "auxiliary_head" if "aux" in prefix.lower() else "block_left_out"
            yield from _without(tally, terms, rows, code, f"all of {prefix} is left out", cost)
            yield from _without(
                tally, terms, rows, "block_counted_twice", f"all of {prefix} is counted twice", costs.COUNTED_TWICE, 1
            )


def _definitions(tally: Tally) -> Iterator[Edit]:
    """Other definitions of a neuron, the input among them; edges with those of the biases."""
    if tally.quantity.startswith("neurons"):
        for name, meaning in (("outputs", "what comes out of every call is counted"),
                              ("nonlinear", "only what comes out of nonlinearities is counted"),
                              ("channels", "channels and units are counted, wherever they are")):  # fmt: skip
            yield from _instead(tally, f"neurons:{name}", "another_definition", meaning, costs.DEFINITION)
        yield from _inputs_counted(tally)
    elif tally.quantity == "connections":
        biases = tally.over("bias_connections")
        text = "the edges from the biases are counted as well"
        yield from _instead(tally, "connections", "bias_edges", text, costs.DEFINITION, biases.total)


def _inputs_counted(tally: Tally) -> Iterator[Edit]:
    inputs = [row for row in tally.rows if row.layer.spec.kind == "input" and row.output is not None]
    sizes = [evaluate(_elements(row)) for row in inputs]
    if sizes and all(isinstance(size, int) for size in sizes) and tally.scope.layers is None:
        delta = sum(int(size) for size in sizes)
        yield Edit("input_counted", "the input's elements are counted as well", costs.INPUT_COUNTED, delta,
                   tuple(row.layer.path for row in inputs), frozenset(row.layer_index for row in inputs),
                   pieces=lambda: [Piece(_elements(row)) for row in inputs])  # fmt: skip


def _elements(row: Row) -> Dim:
    return product(row.layer.spec.per_example(row.output or ()))


def _edges(tally: Tally) -> Iterator[Edit]:
    """Weight sharing ignored: every use of a weight counted."""
    if tally.quantity != "params" or not tally.model.complete or tally.scope.tensor:
        return
    uses = tally.over("connections")
    rows = [row for row in tally.rows if not row.repeated and isinstance(uses.amount(row), int)]
    if not any(_amount(uses, row) > _amount(tally, row) > 0 for row in rows):
        return  # nothing is shared
    text = "weight sharing is ignored: every connection is counted, not every weight"
    for biases, cost in ((True, costs.EDGES), (False, costs.EDGES + 0.1)):
        edges = [Terms(tally.over(name)) for name in ("connections", "bias_connections")[: 1 + biases]]
        pieces = gathered(Piece(terms.row(row)) for terms in edges for row in tally.rows if _amount(terms.tally, row))
        said = f"{text} (those of the biases {'as well' if biases else 'not'})"
        every = frozenset(row.layer_index for row in tally.rows)
        delta = sum(piece.value for piece in pieces) - tally.total
        yield Edit("weight_sharing_ignored", said, cost, delta, (), every, pieces=partial(list, pieces), whole=True)


_FORGOTTEN = (  # an axis of the kernel that is not multiplied by
    (
        "in",
        "input_channels_forgotten",
        "the input channels are forgotten: a filter spans all {n} of them",
        costs.INPUT_CHANNELS,
    ),
    ("out", "factor_forgotten", "the number of outputs, {n}, is forgotten", costs.FACTOR_FORGOTTEN),
    ("gate", "gates_forgotten", "the {n} gates are forgotten: each owns weights of its own", costs.KERNEL_FORGOTTEN),
    ("kw", "kernel_side_forgotten", "one side of the window, {n}, is forgotten", costs.KERNEL_FORGOTTEN),
)


def _factors(tally: Tally, terms: Terms) -> Iterator[Edit]:
    """A factor that is forgotten, in one layer or in all of its kind."""
    if tally.quantity != "params" or tally.scope.tensor:
        return
    seen: set[tuple[object, object]] = set()
    for row in _rows(tally):
        if (row.layer.spec, row.inputs) in seen or not row.layer.spec.weighted or any(not e.tensors for e in row.entries):
            continue
        seen.add((row.layer.spec, row.inputs))
        before = list(terms.workings.tensors(row).values())
        if sum(int(evaluate(t.size)) for t in before) != _amount(tally, row):
            continue  # something of it is tied, or frozen
        for axis, code, text, cost in _FORGOTTEN:
            found = _dropped(before, axis)
            if found is not None:
                yield _factor(tally, row, before, found[0], code, text.format(n=found[1]), cost)
        several = _bias_for_each_input(before)
        if several is not None and row.layer.spec.kind == "conv":
            text = "a filter is given one bias for each input channel, where it has one alone"
            yield _factor(tally, row, before, several, "bias_for_each_input", text, costs.ONE_BIAS_AN_INPUT)


def _factor(tally: Tally, row: Row, before: list[Tensor], after: list[Tensor], code: str, text: str, cost: float) -> Edit:
    was, now = (sum((t.size for t in tensors), 0) for tensors in (before, after))
    alone = len(_rows(tally)) == 1
    delta = int(evaluate(now)) - int(evaluate(was))
    return Edit(
        code, f"{text}, in {name_of(row.layer)}", cost + (0.0 if alone else costs.ODD_ONE), delta,
        (row.layer.path,), frozenset([row.layer_index]),
        pieces=lambda: [Piece(now)] if alone else [Piece(was, -1), Piece(now)], whole=alone,
    )  # fmt: skip


def _dropped(tensors: list[Tensor], axis: str) -> Optional[tuple[list[Tensor], int]]:
    """The tensors without one axis of those that are no biases (a forgotten output takes the biases with it)."""
    sizes = [
        evaluate(dim) for t in tensors for name, dim in t.axes if name == axis and (not t.is_bias or axis in ("out", "gate"))
    ]
    if not sizes or all(size == 1 for size in sizes):
        return None
    found = [
        t
        if t.is_bias and axis not in ("out", "gate")
        else t._replace(axes=tuple((n, 1 if n == axis else d) for n, d in t.axes))
        for t in tensors
    ]
    return found, int(sizes[0])


def _bias_for_each_input(tensors: list[Tensor]) -> Optional[list[Tensor]]:
    inner = [dim for t in tensors if not t.is_bias for name, dim in t.axes if name == "in"]
    if not inner or evaluate(inner[0]) == 1 or not any(t.is_bias for t in tensors):
        return None
    return [t._replace(axes=(*t.axes, ("in", inner[0]))) if t.is_bias else t for t in tensors]
