"""The recorded ledgers, without any framework: each is counted anew, and each drift between two versions has its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from environments.matrix import read_matrix
from fixtures.ledgers import checking
from fixtures.ledgers.checking import (
    Book,
    Findings,
    Recorded,
    Told,
    beside,
    found_drifts,
    problems,
    read_book,
    read_environment,
)
from fixtures.ledgers.record import INDEX
from fixtures.ledgers.table import page
from introspect.comparing import Place
from introspect.errors import UnreadableError

LEDGERS = Path(checking.__file__).parent
RECORDED = [name for name in read_matrix() if (LEDGERS / name / INDEX).exists()]
OLD, NEW = "torch-2.2.2", "torch-2.13.0"  # two environments between which nothing drifts

NOTHING = Book()


@cache
def recorded(name: str) -> Recorded:
    return read_environment(LEDGERS / name)


@cache
def everything() -> Findings:
    book = read_book((LEDGERS / "drifts.toml").read_text(encoding="utf-8"))
    return Findings(read_matrix(), {name: recorded(name) for name in RECORDED}, book)


@pytest.mark.parametrize("name", RECORDED)
def test_every_ledger_counts_to_the_sum_of_its_lines(name: str) -> None:
    assert len(recorded(name).ledgers) >= 15
    for model, e in recorded(name).ledgers.items():
        lines = json.loads((LEDGERS / name / f"{model}.json").read_text(encoding="utf-8"))["tensors"][:-1]
        owned = [line for line in lines if not line.get("buffer")]
        assert e.params == sum(line["size"] for line in owned), model
        assert e.trainable == sum(line["size"] for line in owned if line["trainable"]), model
        assert e.buffers == sum(line["size"] for line in lines if line.get("buffer")), model
        assert e.neurons.known, model
        assert e.connections.known, model


def test_a_ledger_changed_by_hand_is_refused_with_its_line(tmp_path: Path) -> None:
    for path in (LEDGERS / NEW).glob("*.json"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(
            text.replace('"shape": [32], "size": 32', '"shape": [33], "size": 33'), encoding="utf-8"
        )
    with pytest.raises(UnreadableError, match=r"document_000.json:\d+: this line is not as it was written"):
        read_environment(tmp_path)


def test_from_version_to_version_all_is_equal_or_explained() -> None:
    assert problems(everything()) == []


def test_the_page_is_what_the_ledgers_give() -> None:
    on_disk = (LEDGERS.parent.parent / "docs" / "drift.md").read_text(encoding="utf-8")
    assert on_disk == page(everything()), "python fixtures/ledgers/checking.py --table > docs/drift.md"


# ── that it can fail ─────────────────────────────────────────────────────────────────────────────────────────────────


def two(now: Recorded) -> dict[str, Recorded]:
    return {OLD: recorded(OLD), NEW: now}


def said(now: Recorded, told: Book = NOTHING) -> list[str]:
    """What is wrong between the two environments, when the newer one were `now`."""
    rows = {name: row for name, row in read_matrix().items() if name in (OLD, NEW)}
    given = replace(
        told, drifts=(*told.drifts, *(entry for entry in everything().book.drifts if (entry.old, entry.new) == (OLD, NEW)))
    )
    return problems(Findings(rows, two(now), given))


def with_ledger(name: str, other: str) -> Recorded:
    """The newer environment, one model's ledger being another's."""
    now = recorded(NEW)
    return replace(now, ledgers={**now.ledgers, name: now.ledgers[other]})


def test_a_drift_that_nobody_explained_is_told_with_its_tensors() -> None:
    assert said(recorded(NEW)) == []
    (found,) = [text for text in said(with_ledger("gru_classifier", "simple_rnn")) if "gru_classifier" in text]
    assert found.startswith("torch-2.2.2 -> torch-2.13.0, gru_classifier: cell is not explained")
    assert "weight_ih_l0" in found


def test_a_drift_that_is_explained_is_no_problem_and_only_between_those_versions_and_in_that_model() -> None:
    now = with_ledger("gru_classifier", "simple_rnn")
    rows = {name: row for name, row in read_matrix().items() if name in (OLD, NEW)}
    (drifted,) = (one for one in found_drifts(rows, two(now)) if one.model == "gru_classifier")
    told = tuple(Told(OLD, NEW, ("gru_classifier",), code, "a test") for code in drifted.codes)
    assert said(now, Book(told)) == []
    assert said(now, Book(tuple(replace(one, models=("stacked",)) for one in told)))
    assert said(now, Book(tuple(replace(one, old="torch-1.12.1") for one in told)))


def test_an_explanation_that_explains_nothing_is_a_problem() -> None:
    told = Told(OLD, NEW, ("gru_classifier",), "reset_after", "a test")
    assert said(recorded(NEW), Book((told,))) == [
        "torch-2.2.2 -> torch-2.13.0, gru_classifier: reset_after is explained, and there is no such drift"
    ]


def test_a_model_that_is_gone_or_not_verified_is_a_problem() -> None:
    now = recorded(NEW)
    ledgers, verdicts = ({k: v for k, v in d.items() if k != "tied"} for d in (now.ledgers, now.verdicts))
    assert said(replace(now, ledgers=ledgers, verdicts=verdicts)) == [
        "torch-2.2.2 -> torch-2.13.0, tied: model_disappears is not explained"
    ]
    (found,) = said(replace(now, verdicts={**now.verdicts, "tied": {"status": "incomplete"}}))
    assert found == "torch-2.13.0/tied: not verified: {'status': 'incomplete'}"
    (found,) = said(now, Book(unverified={NEW: {"tied": "a test"}}))
    assert found == "torch-2.13.0/tied: drifts.toml says why it is not, and it is"


def test_an_environment_without_ledgers_is_a_problem_unless_it_is_said_why() -> None:
    rows = {name: row for name, row in read_matrix().items() if name == NEW}
    missing = ["torch-2.13.0: it stands in the matrix and was not recorded"]
    assert problems(Findings(rows, {}, Book())) == missing
    assert problems(Findings(rows, {}, Book(unrecorded={NEW: "a test"}))) == []
    assert said(recorded(NEW), Book(unrecorded={NEW: "a test"})) == [
        "torch-2.13.0: drifts.toml says why it was not recorded, and it was"
    ]


def test_what_two_frameworks_count_differently_for_no_reason_is_a_problem() -> None:
    pairs = list(beside({name: recorded(name) for name in (NEW, "lasagne-0.1-theano-1.0.5")}))
    assert [pair.model for pair in pairs if not pair.comparison.same] == ["bidirectional", "gru_classifier", "lstm_tagger"]
    assert list(checking.unaccounted(pairs)) == []
    first, *rest = pairs
    account, *others = first.comparison.accounts
    left = replace(account, unexplained=(Place("a", "b", 1),))
    (found,) = checking.unaccounted([replace(first, comparison=replace(first.comparison, accounts=(left, *others))), *rest])
    assert found.startswith("torch-2.13.0 beside lasagne-0.1-theano-1.0.5, bidirectional: not all is accounted for")
