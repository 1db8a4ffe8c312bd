"""Pasted summaries as they arrive: coloured, quoted, mangled, wrapped, cut off. The same rows, or refused; never a wrong number."""

from __future__ import annotations

import re
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from introspect import IntrospectError
from introspect.pasted import Pasted, PastedRow, read

RECORDED = Path(__file__).parent.parent.parent / "fixtures" / "summaries" / "recorded"
TEXTS = {
    str(path.relative_to(RECORDED).with_suffix("")): re.sub(r"\x1b\[[\d;]*m", "", path.read_text(encoding="utf-8"))
    for path in sorted(RECORDED.glob("*/*.txt"))
}
READ = {name: read(text) for name, text in TEXTS.items()}
NAMES = st.sampled_from(list(TEXTS))
BEFORE = "2026-01-01 10:00:00,123 INFO Using 1 worker (of 8)\nloss: 0.31, 3 epochs\n\n"
AFTER = "\nEpoch 1/10\n 12/832 [>.....] - loss: 0.31\nWhy is it 1,664?\n"


def without_lines(rows: tuple[PastedRow, ...]) -> list[PastedRow]:
    return [replace(row, line=0) for row in rows]


def assert_same(found: Pasted, whole: Pasted) -> None:
    assert (without_lines(found.rows), dict(found.totals)) == (without_lines(whole.rows), dict(whole.totals))


def fits(row: PastedRow, true: PastedRow) -> bool:
    """Whether a row says nothing that the true one does not say."""
    return (
        (row.params is None or row.params == true.params)
        and (row.output_shapes in ((), true.output_shapes))
        and (row.trainable is None or row.trainable == true.trainable)
        and (not row.kind_name or true.kind_name.endswith(row.kind_name))
    )


def assert_part(found: Pasted, whole: Pasted) -> None:
    """Rows that stand one below the other in the whole, nothing in them that is not there; totals likewise."""
    places = range(len(whole.rows) - len(found.rows) + 1)
    assert any(all(fits(row, true) for row, true in zip(found.rows, whole.rows[k:])) for k in places)
    assert dict(found.totals).items() <= dict(whole.totals).items()


def coloured(text: str) -> str:
    return re.sub(r"(\w+)", "\x1b[38;5;34m\\1\x1b[0m", text)


def mojibake(text: str) -> str:
    """UTF-8 read as Windows-1252; where that has no character, most programs pass the byte on."""
    return "".join(_windows(byte) for byte in text.encode("utf-8"))


def _windows(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def prefixed(prefix: str) -> Any:
    return lambda text: "".join(prefix + line for line in text.splitlines(keepends=True))


HARMLESS = {
    "coloured": coloured,
    "coloured, the escape character lost": lambda text: coloured(text).replace("\x1b", ""),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "read as Windows-1252": mojibake,
    "read as code page 850": lambda text: text.encode("utf-8").decode("cp850"),
    "saved as ASCII": lambda text: text.encode("ascii", "replace").decode("ascii"),
    "quoted": prefixed("> "),
    "quoted twice": prefixed(">> "),
    "indented": prefixed("      "),
    "commented out": prefixed("# "),
    "logged": prefixed("2026-01-01 10:00:00 INFO: "),
    "no blanks at the ends": lambda text: "\n".join(line.rstrip() for line in text.split("\n")),
    "blanks that do not break": lambda text: text.replace(" ", "\xa0"),
    "among other text": lambda text: BEFORE + text + AFTER,
    "empty lines gone": lambda text: re.sub(r"\n\s*\n", "\n", text),
    "double-spaced": lambda text: text.replace("\n", "\n\n"),
    "a mark at the start": lambda text: "\ufeff" + text,
}


@pytest.mark.parametrize("how", HARMLESS)
def test_what_does_no_harm_changes_nothing(how: str) -> None:
    for name, text in TEXTS.items():
        found = read(HARMLESS[how](text))
        assert_same(found, READ[name])
        assert (name, found.tool) == (name, READ[name].tool)


@given(NAMES, st.sampled_from(list(HARMLESS)), st.sampled_from(list(HARMLESS)))
def test_two_of_them_together(name: str, first: str, second: str) -> None:
    assume(not first.startswith(("read as", "saved as")))  # a text is mangled as a whole, and once
    assume(not (first.startswith("coloured") and second.startswith("coloured")))  # nobody colours a colour code
    lost = ("blanks that do not break", "a mark at the start")  # what is no ASCII
    assume(not (first in lost and second == "saved as ASCII"))
    assume(first != "double-spaced" or second not in (first, "among other text"))
    assert_same(read(HARMLESS[second](HARMLESS[first](TEXTS[name]))), READ[name])


def read_or_refused(text: str) -> Any:
    """What is read; None where it is refused as it should be."""
    try:
        return read(text)
    except IntrospectError as error:
        refusal = str(error)
    assert re.search(r"at line \d+\n  expected: .+\n  got: ", refusal)
    return None


@given(NAMES, st.data())
def test_a_text_cut_off_by_lines_says_nothing_wrong(name: str, data: st.DataObject) -> None:
    lines = TEXTS[name].splitlines(keepends=True)
    start = data.draw(st.integers(0, len(lines)))
    stop = data.draw(st.integers(start, len(lines)))
    found = read_or_refused("".join(lines[start:stop]))
    if found is not None:
        assert_part(found, READ[name])


@given(NAMES, st.data())
def test_a_text_cut_off_anywhere_says_nothing_wrong(name: str, data: st.DataObject) -> None:
    text = TEXTS[name]
    found = read_or_refused(text[: data.draw(st.integers(0, len(text)))])
    if found is not None:
        assert_part(found, READ[name])


@pytest.mark.parametrize("name", [name for name in TEXTS if not name.startswith("nolearn")])
def test_a_table_without_its_end_is_read_as_far_as_it_goes(name: str) -> None:
    whole = READ[name]
    if len(whole.rows) < 3:
        return
    lines = TEXTS[name].splitlines(keepends=True)
    found = read("".join(lines[: whole.rows[-1].line - 1]))
    assert not found.whole
    assert_part(found, whole)
    assert len(found.rows) == len(whole.rows) - 1


def wrapped(text: str, width: int) -> str:
    """As a terminal does it."""
    return "\n".join("\n".join(line[i : i + width] for i in range(0, len(line), width)) for line in text.split("\n"))


def filled(text: str, width: int) -> str:
    """As a mail program does it."""
    return "\n".join("\n".join(textwrap.wrap(line, width)) for line in text.split("\n"))


def stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n"))


WRAPS = {
    "wrapped": wrapped,
    "wrapped, then stripped": lambda text, width: stripped(wrapped(text, width)),
    "stripped, then wrapped": lambda text, width: wrapped(stripped(text), width),
    "filled": filled,
}


@given(NAMES, st.sampled_from(list(WRAPS)), st.integers(20, 120))
def test_a_wrapped_text_says_nothing_wrong(name: str, how: str, width: int) -> None:
    found = read_or_refused(WRAPS[how](TEXTS[name], width))
    if found is not None:
        assert len(found.rows) == len(READ[name].rows)
        assert all(fits(row, true) for row, true in zip(found.rows, READ[name].rows))
        assert dict(found.totals).items() <= dict(READ[name].totals).items()


@pytest.mark.parametrize(("how", "share"), [("wrapped", 0.95), ("stripped, then wrapped", 0.95), ("filled", 0.75)])
def test_most_wrapped_texts_are_read(how: str, share: float) -> None:
    tried = [(name, width) for name in TEXTS for width in (52, 76) if WRAPS[how](TEXTS[name], width) != TEXTS[name]]
    done = [read_or_refused(WRAPS[how](TEXTS[name], width)) for name, width in tried]
    assert len(tried) > 100
    assert sum(found is not None for found in done) >= share * len(tried)


def numbers_in(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,]*(?:\.\d+)?(?: [KMBT]\b)?", text))


@given(st.lists(NAMES, min_size=1, max_size=2), st.randoms(use_true_random=False))
def test_lines_at_random_raise_nothing_else_and_say_no_new_number(names: list[str], random: Any) -> None:
    lines = [line for name in names for line in TEXTS[name].splitlines()]
    chosen = [random.choice(lines) for _ in range(random.randint(0, 40))]
    found = read_or_refused("\n".join(chosen) + "\n")
    said = numbers_in("\n".join(chosen))
    for row in found.rows if found else ():
        assert row.params is None or {str(row.params), f"{row.params:,}" if isinstance(row.params, int) else ""} & said


PIECES = [
    " ",
    "  ",
    "\n",
    *"│ ┃ | ├─ └─ ━━━ ─── ==== ____ ---- ( ) [ ] None , : 1 832 51,264 1-1 -1 conv1 (Conv2D) Layer (type) Output Shape Param # Name Type Params".split(
        " "
    ),
]


@given(st.one_of(st.text(max_size=400), st.lists(st.sampled_from(PIECES), max_size=120).map(" ".join)))
def test_any_text_is_read_or_refused_and_soon(text: str) -> None:
    start = time.process_time()
    read_or_refused(text)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "piece", ["(", "│ ", "a (B) ", "[1, ", "0 | ", "None", "- ", "1x", "9", "> ", "a\n", "\n", "├─a\n", "a (B) [\n"]
)
def test_long_texts_take_no_longer_than_their_length(piece: str) -> None:
    start = time.process_time()
    for head in ("", "Layer (type)  Output Shape  Param #\n====\n", "  | Name | Type | Params\n", "a-1 [-1, 2] 3\n"):
        read_or_refused(head + piece * 4_000)
    assert time.process_time() - start < 5


def test_the_comparisons_can_fail() -> None:
    whole = READ["keras3/digits"]
    wrong = replace(whole, rows=(replace(whole.rows[0], params=833), *whole.rows[1:]))
    for compare in (assert_same, assert_part):
        with pytest.raises(AssertionError):
            compare(wrong, whole)
    with pytest.raises(AssertionError):
        assert_part(replace(whole, totals={"total": 1}), whole)
