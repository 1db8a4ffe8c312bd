"""Every constructor argument of every class: drawn by a strategy, or named among those that change no number and no shape."""

from __future__ import annotations

import inspect
from collections import defaultdict
from functools import cache

import strategies_arguments_keras as beside
import strategies_composed_keras as composed
import strategies_keras as plain
import strategies_preparing_keras as preparing
from against_keras import holds
from breadth import sharing
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from keras import layers
from strategies_keras import Case

ALL = beside.strategies(plain, composed, preparing)
AROUND = {  # what is made of functions, of files or of other frameworks' models has tests of its own
    "FlaxLayer", "InputLayer", "JaxLayer", "Lambda", "Layer", "Pipeline", "TFSMLayer", "TorchModuleWrapper", "Wrapper",
}  # fmt: skip
ELSEWHERE = {  # by the tests that have them
    "Bidirectional.backward_layer": "test_recurrences_of_two_kinds", "Equalization.data_format": "test_preparing_laws",
    "Dense.quantization_config": "test_adapted", "EinsumDense.quantization_config": "test_adapted",
    "Embedding.quantization_config": "test_adapted", "EinsumDense.gptq_unpacked_column_size": "test_adapted",
}  # fmt: skip


@sharing(2)
@given(beside.with_one_more(st.one_of(ALL)))
def test_one_more_argument(case: Case) -> None:
    holds(case)


@cache
def drawn() -> dict[str, set[str]]:
    """The arguments of each class in many cases of each strategy."""
    found: dict[str, set[str]] = defaultdict(set)

    def note(case: Case) -> None:
        if isinstance(case, composed.Stacked):
            for name, fields in case.fields["cells"]:
                found[f"{name}Cell"] |= set(fields)
            found["RNN"] |= {"cell", *case.fields["around"]}
            found["StackedRNNCells"].add("cells")
            return
        name = getattr(layers, case.name).__name__
        found[name] |= set(case.fields)
        if case.inner is not None:
            found[name].add("layer")
            note(case.inner)

    def note_all(cases: list[Case]) -> None:
        for case in cases:
            note(case)

    for strategy in ALL:
        many = st.lists(strategy, min_size=40, max_size=40)
        settings(max_examples=4, phases=[Phase.generate], database=None)(given(many)(note_all))()
    return found


def classes() -> dict[str, type]:
    """All that this environment can make: some of Keras' own layers need TensorFlow on every backend."""
    found = {cls.__name__: cls for _, cls in inspect.getmembers(layers, inspect.isclass) if issubclass(cls, layers.Layer)}
    lacking = () if preparing.HAS_TENSORFLOW else preparing.NEED_TENSORFLOW
    return {name: cls for name, cls in found.items() if name not in lacking}


def test_every_argument_is_drawn_or_changes_nothing() -> None:
    found, missing = drawn(), []
    for name, cls in classes().items():
        known = {*found[name], *beside.BESIDE}
        left = {a for a in beside.arguments(cls) - known if not beside.changes_nothing(name, a)}
        missing += [f"{name}.{a}" for a in sorted(left) if name not in AROUND and f"{name}.{a}" not in ELSEWHERE]
    assert not missing


def test_every_class_is_drawn() -> None:
    assert len(classes()) > 80
    assert set(classes()) - set(drawn()) - AROUND - {"Equalization"} == set()
